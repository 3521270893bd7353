//! Settlement statements from the outside: what is refused, and the three forms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod consistency;
mod forms;
mod judges;
mod pdf;
mod support;
