//! Signing in and out: over real HTTP, with the built-in provider, with one that lies, and with one behind TLS.

mod attacks;
mod builtin;
mod chromium;
mod codes;
mod https;
mod liar;
mod region;
mod tokens;
mod troubles;
pub(crate) mod world;
