//! One file per command of the binary.

pub(crate) mod anchor;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod certificate;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod fsck;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod migrate;
pub(crate) mod mirror;
pub(crate) mod region;
pub(crate) mod serve;
pub(crate) mod settle;
pub(crate) mod token;
pub(crate) mod trace;
pub(crate) mod verify;
pub(crate) mod witness;

use anyhow::{Context as _, Result};
use std::path::Path;

/// Makes the folder that `file` is to stand in.
pub(crate) fn make_folder_of(file: &Path) -> Result<()> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display())),
        None => Ok(()),
    }
}
