//! The ordering boundary and its engines.
