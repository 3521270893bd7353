//! What is kept when this node has diverged from its region: a report and the block, durable before the node ends, so that
//! an engineer can execute the block again on the database as it stands and see where the two part.

use databourse_consensus::{Divergence, Verdict};
use databourse_ledger::Entry;
use databourse_primitives::{Digest, EntryId, ExchangeCode, Height, Refusal, Timestamp, TreeSize};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// Where reports go, and the one that was written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports {
    folder: Option<PathBuf>,
    written: Arc<OnceLock<PathBuf>>,
}

/// The committed ledger under the block.
#[derive(Debug, Serialize)]
pub(crate) struct Before {
    pub(crate) height: Height,
    /// Number of leaves.
    pub(crate) size: TreeSize,
    /// Root over them, lower-case hexadecimal.
    pub(crate) root: String,
}

/// Who reports, and on what ledger.
pub(crate) struct Reporter<'a> {
    pub(crate) exchange: &'a ExchangeCode,
    pub(crate) now: Timestamp,
    pub(crate) before: Before,
}

/// The report.
#[derive(Serialize)]
struct Report<'a> {
    reported_at: Timestamp,
    exchange: &'a ExchangeCode,
    program_version: &'static str,
    height: Height,
    block_id: Digest,
    /// Who made the block.
    author: &'a ExchangeCode,
    verdict: Finding<'a>,
    before: Before,
    round: u32,
    /// Whose precommits the certificate carries.
    signed_by: Vec<&'a ExchangeCode>,
    /// The block's bytes (`Block::decode`), in the same folder.
    block_file: String,
}

/// What this node says of the block.
#[derive(Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
enum Finding<'a> {
    /// The rules refuse an entry.
    CommandRefused {
        /// Position among the block's commands, from 0.
        position: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<Named<'a>>,
        refusal: &'a Refusal,
    },
    /// The rules come to other effects.
    EffectsDiffer { stated: Digest, computed: Digest },
    /// It does not follow the committed state, or its header does not describe it.
    Malformed { expected: &'a str },
    /// Not a reason to diverge; for completeness.
    Agreed,
}

#[derive(Serialize)]
struct Named<'a> {
    id: EntryId,
    #[serde(rename = "type")]
    entry_type: &'a str,
}

impl<'a> Named<'a> {
    fn new(entry: &'a Entry) -> Self {
        Self { id: entry.claims().id, entry_type: &entry.claims().entry_type }
    }
}

impl Reports {
    /// Reports go to that folder; nowhere, for a node that cannot diverge.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, written: Arc::default() }
    }

    /// The report that was written, if one was.
    pub(crate) fn written(&self) -> Option<&Path> {
        self.written.get().map(PathBuf::as_path)
    }

    /// Writes report and block, and waits until both are on the disk.
    ///
    /// # Errors
    /// The disk. What could be written is there.
    pub(crate) fn write(&self, reporter: Reporter<'_>, found: &Divergence<'_>) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        fs::create_dir_all(folder)?;
        let stem = format!("divergence-{}", found.height);
        let block_file = format!("{stem}.block");
        write_durably(&folder.join(&block_file), &found.block.encode())?;
        let Reporter { exchange, now, before } = reporter;
        let report = Report {
            reported_at: now,
            exchange,
            program_version: env!("CARGO_PKG_VERSION"),
            height: found.height,
            block_id: found.block_id,
            author: &found.block.header.claims().exchange,
            verdict: finding(found),
            before,
            round: found.certificate.round,
            signed_by: found.certificate.precommits.keys().collect(),
            block_file,
        };
        let mut text = serde_json::to_vec_pretty(&report)?;
        text.push(b'\n');
        let path = folder.join(format!("{stem}.json"));
        write_durably(&path, &text)?;
        File::open(folder)?.sync_all()?;
        // A node diverges once: the engine ends with it.
        let _ = self.written.set(path);
        Ok(())
    }
}

fn finding<'a>(found: &Divergence<'a>) -> Finding<'a> {
    match found.verdict {
        Verdict::CommandRefused { position, refusal } => {
            let entry = found.block.commands.get(*position).map(Named::new);
            Finding::CommandRefused { position: *position, entry, refusal }
        }
        Verdict::EffectsDiffer { stated, computed } => {
            Finding::EffectsDiffer { stated: *stated, computed: *computed }
        }
        Verdict::Malformed { expected } => Finding::Malformed { expected },
        Verdict::Valid | Verdict::Untimely { .. } => Finding::Agreed,
    }
}

/// Under another name first: a report that is there is whole.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
