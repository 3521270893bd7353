//! The node: pool, executor, publisher, custody, use cases.
