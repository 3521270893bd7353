//! Signing in and out: over real HTTP, with the built-in provider, with one that lies, and with one behind TLS.

mod attacks;
mod builtin;
mod https;
mod tokens;
pub(crate) mod world;
