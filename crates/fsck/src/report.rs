//! What was found, with a proof of every entry that is meant.

use crate::walk::Ledger;
use databourse_audit::{Difference, DifferenceKind, Place};
use databourse_ledger::{Receipt, SignedCheckpoint};
use databourse_merkle::{MemoryTree, inclusion_proof};
use databourse_primitives::{Height, LeafIndex};
use databourse_store::MoneyFinding;
use serde::Serialize;
use std::collections::BTreeMap;

/// The most differences that get a proof: one is enough for most repairs, and each has a checkpoint in it.
const PROVEN_MAX: usize = 100;

/// A difference, with the receipt of the entry that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenDifference {
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
    /// That entry's receipt (C2SP tlog-proof) under the last final checkpoint of the database; absent if there is none
    /// that holds and covers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What is not compared, and how far it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NotCovered {
    /// What: a column as `table.column`, or a file.
    pub what: &'static str,
    /// Why, and what is checked of it.
    pub why: &'static str,
}

/// What follows from no entry and carries no signature, so that another value could not be told from the right one.
pub const NOT_COVERED: &[NotCovered] = &[
    NotCovered {
        what: "block_undecided.round",
        why: "a proposal is this node's memory of a vote; only block, height and proposer can be checked",
    },
    NotCovered { what: "block_undecided.valid_round", why: "as block_undecided.round" },
    NotCovered {
        what: "block_undecided.is_valid",
        why: "what this node said, also for reasons of its own clock, which is over",
    },
    NotCovered {
        what: "evidence.is_reported",
        why: "a note of this node to itself; the other value makes it report again, or not, what the proof still proves",
    },
    NotCovered { what: "custody_key.made_at", why: "a remark for people" },
    NotCovered { what: "refinery_schema_history.applied_on", why: "a remark for people" },
    NotCovered {
        what: "final_checkpoint (missing rows)",
        why: "a node keeps those that it has seen become final; each that is there is checked",
    },
    NotCovered {
        what: "final_checkpoint.note: lines of witnesses that are no exchange of the region",
        why: "the ledger does not name their keys",
    },
    NotCovered {
        what: "custody_key (missing rows), the bodies of keys",
        why: "a key follows from nothing; it must open for its party and have its name",
    },
    NotCovered {
        what: "the log of votes (region.wal_dir)",
        why: "it has checksums of its own, and the node refuses to start with a damaged one",
    },
    NotCovered {
        what: "key file: token_key, peer_key, and custody_key where no key is in custody",
        why: "the ledger does not name them",
    },
    NotCovered { what: "the configuration, genesis.json, node.log", why: "an operator's own" },
    NotCovered {
        what: "the server's own files: indexes, its log, its catalogue",
        why: "PostgreSQL has pg_amcheck and pg_checksums for them; rows are read in order of key, so an index may be used",
    },
];

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The last block that was executed.
    pub height: Height,
    /// Entries read.
    pub entry_count: u64,
    /// Rows read, of all tables.
    pub row_count: u64,
    /// Files read.
    pub file_count: u64,
    /// Whether the ledger could be executed to its end. If not, what lies behind was not compared.
    pub is_complete: bool,
    /// Every difference, in order of place.
    pub differences: Vec<ProvenDifference>,
    /// Sums of money that do not agree, in words.
    pub money: Vec<String>,
    /// What could not be compared.
    pub not_covered: &'static [NotCovered],
}

impl Report {
    pub(crate) fn new(
        mut differences: Vec<Difference>,
        ledger: Ledger,
        last_final: Option<SignedCheckpoint>,
        row_count: u64,
        file_count: u64,
        money: Vec<MoneyFinding>,
    ) -> Self {
        let Ledger { replay, tree, head, has_ended, .. } = ledger;
        let entry_count = tree.size();
        let audit = replay.finish(None);
        differences.extend(audit.findings.into_iter().map(|found| Difference {
            place: Place::Ledger,
            entry: Some(found.leaf_index),
            kind: DifferenceKind::Audit { finding: found.kind },
        }));
        differences.sort_by(|one, other| one.place.cmp(&other.place));
        differences.dedup();
        let mut receipts: BTreeMap<LeafIndex, Option<String>> = BTreeMap::new();
        let differences = differences.into_iter().map(|difference| {
            let receipt = difference.entry.and_then(|entry| {
                if receipts.len() >= PROVEN_MAX && !receipts.contains_key(&entry) {
                    return None;
                }
                receipts.entry(entry).or_insert_with(|| receipt(&tree, last_final.as_ref()?, entry)).clone()
            });
            ProvenDifference { difference, receipt }
        });
        Self {
            differences: differences.collect(),
            height: head.map_or(Height::default(), |(height, _)| height),
            entry_count,
            row_count,
            file_count,
            is_complete: !has_ended,
            money: money.iter().map(ToString::to_string).collect(),
            not_covered: NOT_COVERED,
        }
    }

    /// Whether nothing differs.
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty() && self.money.is_empty()
    }
}

fn receipt(tree: &MemoryTree, checkpoint: &SignedCheckpoint, index: LeafIndex) -> Option<String> {
    let head = &checkpoint.checkpoint;
    if tree.root_at(head.size.0) != Some(head.root) {
        return None;
    }
    let proof = inclusion_proof(index.0, head.size.0, tree).ok()?;
    Some(Receipt { extra: None, index, proof, checkpoint: checkpoint.clone() }.to_string())
}
