//! The one binary, databourse.

fn main() {}
