//! `cargo xtask generate`: files that are made from the code.

use crate::run::root;
use anyhow::{Context as _, bail};
use databourse_primitives::{Class, RefusalCode};
use std::{fmt::Write as _, fs};

/// Writes docs/refusals.md, or checks that it is what the code says.
pub(crate) fn generate(check: bool) -> anyhow::Result<()> {
    let path = root().join("docs/refusals.md");
    let wanted = refusals();
    if !check {
        return fs::write(&path, wanted).context("docs/refusals.md");
    }
    if fs::read_to_string(&path).context("docs/refusals.md")? != wanted {
        bail!("docs/refusals.md is not what the code says; run: cargo xtask generate");
    }
    Ok(())
}

fn refusals() -> String {
    let mut text = String::from(
        "# Refusals\n\n\
         Made from `crates/primitives/src/refusal.rs` by `cargo xtask generate`; do not edit.\n\n\
         A refusal is an answer, not a failure: it names a stable code, the failing field and what was expected, and it\n\
         changes nothing. Over HTTP it is a problem document (RFC 9457) with the members `code` and `field`. When several\n\
         reasons apply, the first of this table is given. A code never changes its meaning and is never used again.\n\n\
         | code | HTTP | meaning | 含义 |\n|---|---|---|---|\n",
    );
    for code in RefusalCode::ALL {
        let (status, en, zh) = (status(code.class()), code.meaning_en(), code.meaning_zh());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{code}` | {status} | {en} | {zh} |");
    }
    text
}

const fn status(class: Class) -> u16 {
    match class {
        Class::Malformed => 400,
        Class::Unauthenticated => 401,
        Class::Forbidden => 403,
        Class::NotFound => 404,
        Class::Conflict => 409,
        Class::TooLarge => 413,
        Class::Rule => 422,
        Class::Unavailable => 503,
    }
}
