//! `cargo xtask test`: every test, on a machine that has only Rust and a package manager.

use crate::run::{TESTED_FEATURES, cargo, output_of, root};
use anyhow::bail;
use databourse_store::cluster::Binaries;

/// Installs what the tests need, runs them all, and ends with one line of totals.
pub(crate) fn test(arguments: &[String]) -> anyhow::Result<()> {
    let binaries =
        Binaries::find_or_install(&root().join("target/postgresql"), &|step| eprintln!("· {step}"))?;
    eprintln!("· PostgreSQL in {}", binaries.folder().display());
    let mut command = cargo(&["test", "--no-fail-fast"]);
    if arguments.is_empty() {
        command.args(["--workspace", "--features", TESTED_FEATURES]);
    }
    let (text, succeeded) = output_of(command.args(arguments).env("DATABOURSE_PG_BIN", binaries.folder()))?;
    let (passed, failed) = totals(&text);
    println!("total: {passed} passed, {failed} failed");
    if !succeeded || failed > 0 || passed == 0 {
        bail!("the tests did not pass");
    }
    Ok(())
}

/// Sums the closing lines of the test binaries: `test result: ok. 3 passed; 0 failed; …`.
fn totals(text: &str) -> (u64, u64) {
    let count = |line: &str, what: &str| {
        let words: Vec<_> = line.split([' ', ';']).collect();
        let place = words.iter().position(|word| *word == what)?;
        words.get(place.checked_sub(1)?)?.parse::<u64>().ok()
    };
    let results = text.lines().filter(|line| line.starts_with("test result: "));
    results.fold((0, 0), |(passed, failed), line| {
        (passed + count(line, "passed").unwrap_or(0), failed + count(line, "failed").unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_over_the_binaries() {
        let text = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\nnoise 9 passed\n\
                    test result: FAILED. 4 passed; 2 failed; 0 ignored\n";
        assert_eq!(totals(text), (7, 2));
    }
}
