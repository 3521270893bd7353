//! Snapshots of the state: copied after the block that the region agreed on, kept as files, attested in the ledger.
//!
//! The executor says which blocks are due and, when one is durable and before the next can be, takes hold of that moment.
//! Writing the file happens beside it and bounds nobody: a copy that fails is logged and counted, and this exchange does
//! not attest. What is written is complete under its name or not there at all.

use crate::{Acting, Node, NodeError, Submission, SubmitError, engine::halt, entropy::entry_id};
use databourse_consensus::CommitCertificate;
use databourse_market::{Answer, Command, Key, ProvenEntry, Record, SnapshotProof, Stored as _};
use databourse_party::{AttestSnapshot, Exchange, Snapshot, SnapshotContent, SnapshotState, validators};
use databourse_primitives::{Digest, Height, LeafIndex, Line, RefusalCode, TreeSize};
use databourse_store::{
    Agreement, ConnectionConfig, ListQuery, StateCopy, StateCopyError, StateSummary, Store,
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    fs,
    io::{AsyncWriteExt as _, BufWriter},
    sync::{mpsc, watch},
};
use tracing::{info, warn};

/// How many files are kept.
const FILES_KEPT: usize = 2;
/// How long a block may wait for its copy to begin.
const BEGIN_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait before an attestation is sent again that was not answered.
const ATTEST_PAUSE: Duration = Duration::from_secs(2);
const EXTENSION: &str = "snapshot";

/// Which blocks are due, and where their copies go.
#[derive(Default)]
pub(crate) struct Snapshots {
    due: Mutex<BTreeSet<Height>>,
    /// `None` if this node keeps none.
    copier: Option<Copier>,
}

/// Where copies come from and go to.
struct Copier {
    store: Store,
    database: ConnectionConfig,
    copies: mpsc::UnboundedSender<StateCopy>,
}

impl Snapshots {
    /// Copies of `database`, which `store` reads, go to whoever receives `copies`. The default makes none.
    pub(crate) fn new(
        store: Store,
        database: ConnectionConfig,
        copies: mpsc::UnboundedSender<StateCopy>,
    ) -> Self {
        Self { due: Mutex::default(), copier: Some(Copier { store, database, copies }) }
    }

    fn due(&self) -> MutexGuard<'_, BTreeSet<Height>> {
        // No code that holds the lock can panic halfway through a change.
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a block orders.
    pub(crate) fn follow(&self, writes: &BTreeMap<Key, Arc<Record>>) {
        let written = writes.values().filter_map(|record| Snapshot::from_record(record));
        let ordered = written.filter(|snapshot| snapshot.attestations.is_empty());
        self.due().extend(ordered.map(|snapshot| snapshot.height));
    }

    /// Forgets what is in memory, and notes what the ledger up to `height` has ordered.
    pub(crate) async fn resume(&self, height: Height) {
        let Some(Copier { store, .. }) = &self.copier else { return };
        let query = ListQuery { limit: 1, newest_first: true, ..ListQuery::default() };
        let latest = match store.list::<Snapshot>(&query).await {
            Ok(latest) => latest.items,
            Err(error) => return warn!(%error, "cannot look for a snapshot that is due"),
        };
        let to_come = latest.into_iter().map(|snapshot| snapshot.height).filter(|due| *due > height);
        *self.due() = to_come.collect();
    }

    /// The block of `height` is durable and no other one can be yet: takes hold of its state if a snapshot is due.
    pub(crate) async fn durable(&self, height: Height) {
        if !self.due().remove(&height) {
            return;
        }
        let Some(Copier { database, copies, .. }) = &self.copier else { return };
        let begun = tokio::time::timeout(BEGIN_LIMIT, StateCopy::begin(database.clone())).await;
        match begun {
            Ok(Ok(Some(copy))) if copy.head().height == height => _ = copies.send(copy),
            Ok(Ok(other)) => failed(height, &format!("the database is at {other:?}")),
            Ok(Err(error)) => failed(height, &error.to_string()),
            Err(_elapsed) => failed(height, "the database does not answer"),
        }
    }
}

fn failed(height: Height, reason: &str) {
    metrics::counter!("databourse_snapshots_total", "result" => "failed").increment(1);
    warn!(height = height.0, reason, "there is no snapshot of this block here");
}

/// Writes what is due to `folder` and attests it, until the node halts.
pub(crate) async fn keep(
    node: Node,
    folder: PathBuf,
    mut copies: mpsc::UnboundedReceiver<StateCopy>,
    mut halted: watch::Receiver<bool>,
) {
    loop {
        let copy = tokio::select! {
            () = halt(&mut halted) => return,
            copy = copies.recv() => copy,
        };
        let Some(copy) = copy else { return };
        tokio::select! {
            () = halt(&mut halted) => return,
            () = keep_one(&node, &folder, copy) => {}
        }
    }
}

async fn keep_one(node: &Node, folder: &Path, copy: StateCopy) {
    let height = copy.head().height;
    let StateSummary { head, row_count, digest } = match write(folder, copy).await {
        Ok(summary) => summary,
        Err(error) => return failed(height, &error.to_string()),
    };
    metrics::counter!("databourse_snapshots_total", "result" => "written").increment(1);
    info!(height = height.0, row_count, %digest, folder = %folder.display(), "wrote a snapshot");
    let content = SnapshotContent { tree_size: TreeSize(head.tree_size), row_count, digest };
    attest(node, AttestSnapshot { height, content }).await;
}

/// The state as a file of its own, which has its name only when it is whole and durable.
async fn write(folder: &Path, copy: StateCopy) -> Result<StateSummary, StateCopyError> {
    fs::create_dir_all(folder).await?;
    let file = folder.join(format!("{}.{EXTENSION}", copy.head().height));
    let draft = file.with_extension("draft");
    // Everything that the ledger holds is in it.
    let created =
        fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&draft).await?;
    let mut sink = BufWriter::new(created);
    let summary = copy.write(&mut sink).await?;
    sink.flush().await?;
    sink.get_ref().sync_all().await?;
    fs::rename(&draft, &file).await?;
    fs::File::open(folder).await?.sync_all().await?;
    prune(folder).await?;
    Ok(summary)
}

/// Leaves the files of the last heights, and no draft of a copy that broke off.
async fn prune(folder: &Path) -> std::io::Result<()> {
    let mut kept = BTreeMap::new();
    let mut listing = fs::read_dir(folder).await?;
    while let Some(entry) = listing.next_entry().await? {
        let path = entry.path();
        let height =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        let extension = path.extension().and_then(|extension| extension.to_str());
        match (height, extension) {
            (Some(height), Some(EXTENSION)) => _ = kept.insert(height, path),
            (Some(_), Some("draft")) => fs::remove_file(path).await?,
            _ => {}
        }
    }
    for old in kept.into_values().rev().skip(FILES_KEPT) {
        fs::remove_file(old).await?;
    }
    Ok(())
}

/// Says in the ledger what this node's copy came to.
async fn attest(node: &Node, command: AttestSnapshot) {
    let height = command.height.0;
    let words = format!("databourse snapshot.attest\n{}\n{height}\n", node.exchange());
    let id = entry_id(node.now(), &Sha256::digest(words).into());
    let command = Command::AttestSnapshot(command);
    loop {
        let submission = Submission::Command { id, acting: Acting::Exchange, command: command.clone() };
        match node.submit(vec![submission]).await.pop() {
            Some(Ok(done)) => {
                return info!(height, leaf_index = done.leaf_index.0, "attested a snapshot");
            }
            Some(Err(SubmitError::Refused(refusal))) if refusal.code != RefusalCode::ServiceBusy => {
                return warn!(height, %refusal, "the attestation of a snapshot is refused");
            }
            Some(Err(failure)) => warn!(height, %failure, "the attestation of a snapshot is sent again"),
            None => return,
        }
        tokio::time::sleep(ATTEST_PAUSE).await;
    }
}

/// Whether those of `exchanges` that voted at `height` precommitted the block as it is written.
pub fn is_agreed(
    origin: &Line,
    exchanges: &[Record],
    height: Height,
    block_id: Digest,
    agreement: &Agreement,
) -> bool {
    let exchanges = exchanges.iter().filter_map(Exchange::from_record);
    let voters = validators(exchanges, height).into_iter().collect();
    let precommits = agreement.precommits.clone();
    CommitCertificate { round: agreement.round, precommits }.proves(origin, height, block_id, &voters)
}

impl Node {
    /// The proof of the snapshot of `height`: what more than two thirds of the exchanges attested, with receipts. `None` if
    /// no such snapshot is attested, or the shown checkpoint does not cover its attestations yet.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn snapshot_proof(&self, height: Height) -> Result<Option<SnapshotProof>, NodeError> {
        let store = self.store();
        let Some(snapshot) = store.get::<Snapshot>(&height.to_string()).await? else { return Ok(None) };
        let SnapshotState::Attested { content, .. } = snapshot.state else { return Ok(None) };
        let mut places = vec![LeafIndex(content.tree_size.0)];
        for said in snapshot.attestations.values().filter(|said| said.content == content) {
            let answer = store.get::<Answer>(&said.entry.to_string()).await?;
            let damaged = || NodeError::Damaged(format!("no answer to the attestation {}", said.entry));
            places.push(answer.ok_or_else(damaged)?.leaf_index);
        }
        let mut proven = self.proven(&places).await?.into_iter();
        let Some(header) = proven.next().flatten() else { return Ok(None) };
        // The first attestations decided it; a later one may not be final yet.
        Ok(Some(SnapshotProof::new(header, proven.flatten().collect())))
    }

    async fn proven(&self, places: &[LeafIndex]) -> Result<Vec<Option<ProvenEntry>>, NodeError> {
        let mut proven = Vec::with_capacity(places.len());
        for (place, receipt) in places.iter().zip(self.receipts(places).await?) {
            let damaged = || NodeError::Damaged(format!("leaf {place}"));
            proven.push(match receipt {
                Some(receipt) => {
                    let entry = self.store().entry(place.0).await?.ok_or_else(damaged)?;
                    let entry = String::from_utf8(entry.bytes).map_err(|_| damaged())?;
                    Some(ProvenEntry { entry, receipt })
                }
                None => None,
            });
        }
        Ok(proven)
    }
}
