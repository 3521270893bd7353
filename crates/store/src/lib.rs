//! PostgreSQL: the only crate that speaks SQL.

pub mod cluster;
