//! Real PostgreSQL clusters and nodes for tests.
