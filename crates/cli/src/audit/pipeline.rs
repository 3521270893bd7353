//! Entries on their way from a source to the auditor, over all processors.
//!
//! One task reads bundles and holds them against the checkpoint. As many threads as there are processors take them in turns: they
//! hash, parse and decode the entries and check their signatures, each alone, by the one rule. One thread executes: it
//! asks the threads in the same turns, so the entries come to it in their order and nothing is sorted. What each block
//! changed is written out and hashed by one more thread, while the blocks behind it are executed. Channels are short, so
//! memory is bounded, and whoever is slowest sets the pace.

use anyhow::{Result, ensure};
use databourse_audit::{Auditor, Finding, FindingKind, Prepared, UncheckedEffects};
use databourse_ledger::PreparedKey;
use databourse_mirror::{Bundle, LogError, VerifiedTree};
use databourse_primitives::{KeyId, LeafIndex, PublicKey};
use futures::StreamExt as _;
use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, PoisonError, RwLock, mpsc as sync_mpsc},
};
use tokio::sync::mpsc;

/// Bundles on their way to and from each thread.
const BUNDLES_WAITING_MAX: usize = 4;
/// Blocks whose effects wait to be hashed.
const EFFECTS_WAITING_MAX: usize = 2;

/// Keys that may have signed, by name: all that an entry read so far registers. A name is the hash of its key, so an entry
/// that is not valid can put nothing wrong in here.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<RwLock<BTreeMap<KeyId, Arc<PreparedKey>>>>);

impl Keys {
    pub(crate) fn add(&self, key: PublicKey) {
        let key = PreparedKey::new(key);
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.entry(key.key_id()).or_insert_with(|| Arc::new(key));
    }

    fn find(&self, kid: &KeyId) -> Option<Arc<PreparedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(kid).map(Arc::clone)
    }

    /// Checks the signature of an entry, if its key is known.
    pub(crate) fn check(&self, prepared: Prepared) -> Prepared {
        match prepared.unchecked_kid().and_then(|kid| self.find(&kid)) {
            Some(key) => prepared.checked(&key),
            None => prepared,
        }
    }

    /// All that can be done with these entries before those in front of them are known.
    pub(crate) fn prepare<'a>(&self, entries: impl Iterator<Item = &'a [u8]>) -> Vec<Prepared> {
        let read: Vec<Prepared> = entries.map(Prepared::read).collect();
        read.iter().flat_map(Prepared::registered_keys).for_each(|key| self.add(key));
        read.into_iter().map(|prepared| self.check(prepared)).collect()
    }
}

/// Feeds what `tree` has and `auditor` has not read yet; gives the auditor back with what is wrong with the files.
///
/// # Errors
/// A source that does not answer. A file that is missing or wrong is a finding: nothing behind it is executed, but every
/// file behind it is still checked.
pub(crate) async fn run(
    tree: &VerifiedTree,
    auditor: Auditor,
    keys: &Keys,
) -> Result<(Auditor, Vec<Finding>)> {
    let from = auditor.size();
    let thread_count = std::thread::available_parallelism().map_or(1, usize::from);
    let (mut to_threads, mut from_threads) = (Vec::new(), Vec::new());
    for _ in 0..thread_count {
        let (bundle_sender, mut bundles) = mpsc::channel::<(Bundle, usize)>(BUNDLES_WAITING_MAX);
        let (sender, prepared) = sync_mpsc::sync_channel(BUNDLES_WAITING_MAX);
        let keys = keys.clone();
        std::thread::spawn(move || {
            while let Some((bundle, read_before)) = bundles.blocking_recv() {
                // Nobody listens any more once the audit has broken off.
                if sender.send(keys.prepare(bundle.entries().skip(read_before))).is_err() {
                    break;
                }
            }
        });
        to_threads.push(bundle_sender);
        from_threads.push(prepared);
    }
    let executing = tokio::task::spawn_blocking(move || execute(auditor, &from_threads));
    let mut findings: Vec<Finding> = Vec::new();
    let mut stream = pin!(tree.bundles(LeafIndex(from.0)));
    let mut turn = 0;
    while let Some(bundle) = stream.next().await {
        match bundle {
            Ok(bundle) if findings.is_empty() => {
                let read_before = from.0.saturating_sub(bundle.first_leaf().0);
                let read_before = usize::try_from(read_before).unwrap_or_default();
                if let Some(sender) = to_threads.get(turn % thread_count) {
                    sender.send((bundle, read_before)).await?;
                }
                turn += 1;
            }
            // Entries behind a gap mean nothing, but their files are held against the checkpoint all the same.
            Ok(_) => {}
            Err(error) => {
                let finding = file_finding(&error, tree.size().0).ok_or(error)?;
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
    }
    drop(to_threads);
    Ok((executing.await??, findings))
}

/// Takes from the threads in turns until the one whose turn it is has no more.
///
/// # Errors
/// The thread that hashes failed: then not every block was checked.
fn execute(mut auditor: Auditor, from_threads: &[sync_mpsc::Receiver<Vec<Prepared>>]) -> Result<Auditor> {
    let (to_check, unchecked) = sync_mpsc::sync_channel::<UncheckedEffects>(EFFECTS_WAITING_MAX);
    let (checked, verdicts) = sync_mpsc::channel();
    // Whether everything that came was checked and taken.
    let checking =
        std::thread::spawn(move || unchecked.iter().all(|effects| checked.send(effects.check()).is_ok()));
    for thread in from_threads.iter().cycle() {
        let Ok(entries) = thread.recv() else { break };
        for entry in entries {
            if let Some(effects) = auditor.take_ahead(entry) {
                to_check.send(effects)?;
            }
        }
        verdicts.try_iter().for_each(|verdict| auditor.conclude(verdict));
    }
    drop(to_check);
    verdicts.iter().for_each(|verdict| auditor.conclude(verdict));
    ensure!(matches!(checking.join(), Ok(true)), "the thread that hashes what blocks changed has failed");
    Ok(auditor)
}

/// What is wrong with a file of the ledger, as a finding; `None` if it is the reading that failed.
pub(crate) fn file_finding(error: &LogError, size: u64) -> Option<Finding> {
    let (path, leaf_index) = match error {
        LogError::Altered { path, leaf_index, .. } => (path, *leaf_index),
        LogError::Missing { path } | LogError::File { path, .. } => (path, None),
        _ => return None,
    };
    let (path, code, reason) = (path.clone(), error.code().to_owned(), error.to_string());
    let leaf_index = leaf_index.or_else(|| first_leaf(&path)).unwrap_or(LeafIndex(size));
    Some(Finding { leaf_index, kind: FindingKind::FileDiffers { path, code, reason } })
}

/// The first entry under the tile or bundle of that path.
pub(crate) fn first_leaf(path: &str) -> Option<LeafIndex> {
    use databourse_merkle::TilePath;
    match TilePath::parse(path).ok()? {
        TilePath::Bundle(coord) => coord.first_leaf().map(LeafIndex),
        TilePath::Tile(coord) => {
            let leaves = 1u64.checked_shl(8 * (u32::from(coord.level()) + 1))?;
            coord.index().checked_mul(leaves).map(LeafIndex)
        }
    }
}
