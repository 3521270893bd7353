//! Where an audit stands at the end of a block, so that it can go on from there another day.

use crate::Auditor;
use databourse_market::{Effects, Noun, Record};
use databourse_merkle::{CompactRange, Hash};
use databourse_primitives::{Height, Timestamp, TreeSize};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Where an audit stands, beside the records of its state. Whoever keeps it must keep it from being altered: nothing of
/// it can be proven from the entries that come later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standpoint {
    /// Entries read.
    pub size: TreeSize,
    /// The hashes from which the tree grows on, in hexadecimal, the largest subtree first.
    pub edge: Vec<String>,
    /// Blocks executed.
    pub height: Height,
    /// Time of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Commands executed.
    pub command_count: u64,
}

/// Why an audit cannot go on from somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResumeError {
    /// The hashes are not those of a tree of that size.
    EdgeMalformed,
    /// A record cannot be read.
    RecordMalformed {
        /// Its kind, as far as that was read.
        noun: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EdgeMalformed => f.write_str("the hashes are not those of a tree of that size"),
            Self::RecordMalformed { noun, reason } => write!(f, "a record of kind `{noun}`: {reason}"),
        }
    }
}

impl std::error::Error for ResumeError {}

impl Auditor {
    /// Where the audit stands; `None` in the middle of a block and after something was found.
    pub fn standpoint(&self) -> Option<Standpoint> {
        (self.is_between_blocks() && self.findings().is_empty()).then(|| Standpoint {
            size: self.size(),
            edge: self.tree.hashes().iter().map(Hash::to_string).collect(),
            height: self.height,
            time: self.time,
            command_count: self.command_count,
        })
    }

    /// The records of the state, one line each: `<kind> <JSON>`.
    pub fn record_lines(&self) -> impl Iterator<Item = Result<String, serde_json::Error>> {
        let records = self.state().records();
        records.map(|(key, record)| Ok(format!("{} {}", key.noun.as_str(), record.to_json()?)))
    }

    /// An auditor that goes on from `standpoint`, with the lines that [`Auditor::record_lines`] gave.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn resume<'a>(
        standpoint: &Standpoint,
        lines: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ResumeError> {
        let edge: Result<Vec<Hash>, _> = standpoint.edge.iter().map(|hash| hash.parse()).collect();
        let tree = edge.ok().and_then(|edge| CompactRange::from_parts(standpoint.size.0, edge).ok());
        let tree = tree.ok_or(ResumeError::EdgeMalformed)?;
        let mut effects = Effects::default();
        for line in lines {
            let record = record(line)?;
            effects.writes.insert(record.key(), Arc::new(record));
        }
        let mut auditor = Self::new();
        auditor.state.apply(effects);
        auditor.block_end = (tree.size(), tree.root());
        auditor.block_ends.push(auditor.block_end);
        auditor.tree = tree;
        auditor.height = standpoint.height;
        auditor.time = standpoint.time;
        auditor.command_count = standpoint.command_count;
        Ok(auditor)
    }
}

fn record(line: &str) -> Result<Record, ResumeError> {
    let (noun, json) = line.split_once(' ').unwrap_or((line, ""));
    let malformed = |reason: String| ResumeError::RecordMalformed { noun: noun.to_owned(), reason };
    let kind = Noun::ALL.iter().copied().find(|kind| kind.as_str() == noun);
    let kind = kind.ok_or_else(|| malformed("not a kind of record".to_owned()))?;
    Record::from_json(kind, json).map_err(|error| malformed(error.to_string()))
}
