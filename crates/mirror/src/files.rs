//! The files of a mirror: written whole or not at all, and found again.

use crate::LogError;
use databourse_merkle::TilePath;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// Of a file that is being written; nobody else has such a name.
const DRAFT: &str = "tmp";

/// Writes a file under another name, makes it durable, and gives it its name. Makes the folders above it. The name is
/// durable when [`sync_folders`] has returned.
///
/// # Errors
/// `File`.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), LogError> {
    let cannot = |error| LogError::file(path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".");
    draft.push(DRAFT);
    let mut file = File::create(&draft).map_err(cannot)?;
    file.write_all(bytes).map_err(cannot)?;
    file.sync_all().map_err(cannot)?;
    fs::rename(&draft, path).map_err(cannot)
}

/// Makes the names of files durable: their folders, and the folders above up to `root`.
///
/// # Errors
/// `File`.
pub(crate) fn sync_folders<'a>(
    root: &Path,
    files: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), LogError> {
    let mut folders = BTreeSet::from([root]);
    for file in files {
        folders.extend(file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)));
    }
    for folder in folders {
        File::open(folder).and_then(|open| open.sync_all()).map_err(|error| LogError::file(folder, error))?;
    }
    Ok(())
}

/// Removes a file or a folder that may be gone already.
///
/// # Errors
/// `File`.
pub(crate) fn remove(path: &Path) -> Result<(), LogError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LogError::file(path, error)),
        _ => Ok(()),
    }
}

/// Removes what a mirror that was killed has left over: drafts, and unfinished tiles and bundles whose full ones are there.
///
/// # Errors
/// `File`.
pub(crate) fn clean(root: &Path) -> Result<(), LogError> {
    let mut left_over = Vec::new();
    walk(&root.join("tile"), &mut |path| {
        let is_draft = path.extension().is_some_and(|extension| extension == DRAFT);
        let full =
            path.parent().filter(|folder| folder.extension().is_some_and(|extension| extension == "p"));
        if is_draft || full.is_some_and(|folder| folder.with_extension("").is_file()) {
            left_over.push(path.to_owned());
        }
    })?;
    left_over.push(root.join("checkpoint.tmp"));
    left_over.iter().try_for_each(|path| remove(path))
}

/// The files under `tile` of a folder that are not among the tiles and bundles of a tree of `size` leaves, with what they
/// name: an unfinished tile of an earlier tree, or `None` if they name nothing.
///
/// # Errors
/// `File`.
pub fn stray_files(root: &Path, size: u64) -> Result<Vec<(String, Option<TilePath>)>, LogError> {
    let mut strays = Vec::new();
    walk(&root.join("tile"), &mut |path| {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        let named = TilePath::parse(&name).ok();
        let belongs = match named {
            Some(TilePath::Tile(coord)) => {
                databourse_merkle::tile::tile_at(coord.level(), coord.index(), size) == Some(coord)
            }
            Some(TilePath::Bundle(coord)) => {
                databourse_merkle::tile::bundle_at(coord.index(), size) == Some(coord)
            }
            None => false,
        };
        // A draft is no file yet.
        let is_draft = path.extension().is_some_and(|extension| extension == DRAFT);
        if !belongs && !is_draft {
            strays.push((name, named));
        }
    })?;
    strays.sort();
    Ok(strays)
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) -> Result<(), LogError> {
    let cannot = |error| LogError::file(folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
    };
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        if entry.file_type().map_err(cannot)?.is_dir() {
            walk(&entry.path(), visit)?;
        } else {
            visit(&entry.path());
        }
    }
    Ok(())
}
