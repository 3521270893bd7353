//! The node's files, as far as the ledger says what is in them.

use crate::{Check, FsckError, KeyFile, own::exchange_of, walk::Ledger};
use databourse_audit::{Difference, Place, Signers};
use databourse_party::{Snapshot, SnapshotState};
use databourse_primitives::{Height, TreeSize};
use databourse_store::fsck::{SnapshotFile, read_snapshot};
use std::path::{Path, PathBuf};
use tokio::{fs, io::BufReader};

/// How much of a file is read at a time.
const BUFFER_BYTES: usize = 1 << 20;
const EXTENSION: &str = "snapshot";

/// All differences, and how many files were looked at.
pub(crate) async fn check(check: &Check, ledger: &Ledger) -> Result<(Vec<Difference>, u64), FsckError> {
    let (mut differences, mut file_count) = (Vec::new(), 0);
    if let KeyFile::Unusable { file, expected } = &check.keys {
        file_count += 1;
        differences.push(Difference::invalid(Place::file(file.as_str()), expected.as_str()));
    }
    if let Some(keys) = check.keys.own() {
        file_count += 1;
        let height = ledger.head.map_or(Height(1), |(height, _)| height);
        // An exchange that is about to join has keys that the ledger does not know yet.
        if let Some(exchange) = exchange_of(ledger, &check.exchange) {
            for (purpose, key) in &keys.keys {
                let history = exchange.keys_for(*purpose);
                let in_force = history.at(height);
                // The latest may be about to come into force.
                if in_force != Some(key) && history.key != *key {
                    let place = Place::file(keys.file.as_str());
                    let expected = format!("the {} key that the ledger names", purpose.as_str());
                    differences.push(Difference::invalid(place, expected));
                }
            }
        }
    }
    if let Some(folder) = &check.snapshot_folder {
        for (height, path) in snapshots(folder).await? {
            file_count += 1;
            differences.extend(snapshot(check, ledger, height, &path).await?);
        }
    }
    Ok((differences, file_count))
}

/// The files of a folder that have the name of a snapshot. There need not be a folder.
async fn snapshots(folder: &Path) -> Result<Vec<(Height, PathBuf)>, FsckError> {
    let failed = |source| FsckError::File { path: folder.to_owned(), source };
    let mut listing = match fs::read_dir(folder).await {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    while let Some(entry) = listing.next_entry().await.map_err(failed)? {
        let path = entry.path();
        let is_snapshot = path.extension().is_some_and(|extension| extension == EXTENSION);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(height) = stem.filter(|_| is_snapshot) {
            found.push((Height(height), path));
        }
    }
    found.sort();
    Ok(found)
}

/// A file must come to what this exchange attested; if it has not yet, to what the others did.
async fn snapshot(
    check: &Check,
    ledger: &Ledger,
    height: Height,
    path: &Path,
) -> Result<Vec<Difference>, FsckError> {
    let place = || Place::file(path.display().to_string());
    let source = fs::File::open(path).await;
    let source = source.map_err(|source| FsckError::File { path: path.to_owned(), source })?;
    let mut source = BufReader::with_capacity(BUFFER_BYTES, source);
    let SnapshotFile { row_count, digest, agreements } = match read_snapshot(&mut source).await {
        Ok(file) => file,
        Err(error) => return Ok(vec![Difference::invalid(place(), format!("a whole snapshot: {error}"))]),
    };
    let state = ledger.replay.state();
    let Some(ordered) = state.find::<Snapshot>(&height) else {
        let expected = format!("of a height that the ledger orders a snapshot of, not {height}");
        return Ok(if ledger.has_ended { Vec::new() } else { vec![Difference::invalid(place(), expected)] });
    };
    let own = ordered.attestations.get(&check.exchange).map(|said| said.content);
    let attested = match &ordered.state {
        SnapshotState::Attested { content, .. } => Some(*content),
        SnapshotState::Open => None,
    };
    let mut differences = Vec::new();
    if let Some(content) = own.or(attested) {
        if (content.row_count, content.digest) != (row_count, digest) {
            let expected = format!("{} rows, {}", content.row_count, content.digest);
            let found = format!("{row_count} rows, {digest}");
            differences.push(Difference::differs(place(), expected, found));
        }
        let after = ledger.blocks.get(&content.tree_size.0).map(|block| block.height);
        if !ledger.has_ended && after != Some(height) {
            let TreeSize(size) = content.tree_size;
            differences.push(Difference::invalid(place(), format!("of {size} leaves after block {height}")));
        }
    }
    let Some(signers) = Signers::of(state) else { return Ok(differences) };
    for (height, agreement) in &agreements {
        let Some(block_id) = ledger.block_ids.get(height) else { continue };
        if !check.is_region && agreement.precommits.is_empty() && agreement.round == 0 {
            continue;
        }
        let proven = signers.check_precommits(*height, *block_id, agreement.round, &agreement.precommits);
        if let Err(expected) = proven {
            differences.push(Difference::invalid(place(), format!("with {expected}")));
        }
    }
    Ok(differences)
}
