//! Reading any of the committed files, damaged or not.

use super::{directory, rail};
use databourse_primitives::{Refusal, RefusalCode};
use databourse_rails::{Directory, Ecny, Rail};
use std::sync::LazyLock;

static DIRECTORY: LazyLock<Directory> = LazyLock::new(directory);

/// Reads a file as what it is; how many lines or instructions it has.
pub(crate) fn read_own(name: &str, bytes: &[u8]) -> Result<usize, Refusal> {
    match name {
        "pacs.009.xml" => rail().read_instructions(bytes, &DIRECTORY).map(|all| all.len()),
        "ecny-transfers.csv" => Ecny.read_instructions(bytes, &DIRECTORY).map(|all| all.len()),
        "ecny-lines.csv" => Ecny.read(bytes).map(|all| all.len()),
        _ => rail().read(bytes).map(|all| all.len()),
    }
}

/// Reads a file in all ways, each of which takes it or says that it is malformed; the answer as what it is.
pub(crate) fn read_anyhow(name: &str, bytes: &[u8]) -> Result<usize, Refusal> {
    let rails: [&dyn Rail; 2] = [&rail(), &Ecny];
    for rail in rails {
        for refusal in [rail.read(bytes).err(), rail.read_instructions(bytes, &DIRECTORY).err()] {
            assert!(refusal.is_none_or(|refusal| refusal.code == RefusalCode::FileMalformed));
        }
    }
    read_own(name, bytes)
}

/// The files.
pub(crate) const FILES: [&str; 6] = [
    "pacs.009.xml",
    "camt.053.xml",
    "camt.054.xml",
    "camt.054.001.02.xml",
    "ecny-lines.csv",
    "ecny-transfers.csv",
];
