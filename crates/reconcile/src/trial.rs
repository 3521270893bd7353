//! trial, below
