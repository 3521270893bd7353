//! Daily work: test, ready, accept.

fn main() {}
