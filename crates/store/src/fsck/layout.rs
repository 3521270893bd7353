//! The tables that there should be.

use crate::{evidence::pair_digest, migrate};
use databourse_ledger::DoubleSigning;
use databourse_market::Noun;
use databourse_primitives::Digest;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableKind {
    /// Where the ledger ends.
    ChainHead,
    /// Blocks.
    Block,
    /// How they were agreed.
    BlockAgreement,
    /// Entries.
    Entry,
    /// How many of each type.
    EntryCount,
    /// Full tiles.
    Tile,
    /// The journal.
    Posting,
    /// Records of one kind.
    Records(Noun),
    /// Proposed blocks that are not agreed yet: the node's own.
    BlockUndecided,
    /// Final checkpoints: the node's own.
    FinalCheckpoint,
    /// Double signing: the node's own.
    Evidence,
    /// Keys of parties, sealed: the node's own.
    CustodyKey,
    /// The migrations that were applied.
    Migrations,
}

/// What the table of this name holds; `None` if this program has no such table.
pub fn kind_of(table: &str) -> Option<TableKind> {
    Some(match table {
        "chain_head" => TableKind::ChainHead,
        "block" => TableKind::Block,
        "block_agreement" => TableKind::BlockAgreement,
        "entry" => TableKind::Entry,
        "entry_count" => TableKind::EntryCount,
        "tile" => TableKind::Tile,
        "posting" => TableKind::Posting,
        "block_undecided" => TableKind::BlockUndecided,
        "final_checkpoint" => TableKind::FinalCheckpoint,
        "evidence" => TableKind::Evidence,
        "custody_key" => TableKind::CustodyKey,
        "refinery_schema_history" => TableKind::Migrations,
        name => TableKind::Records(*Noun::ALL.iter().find(|noun| noun.as_str() == name)?),
    })
}

impl TableKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [
            Self::ChainHead,
            Self::Block,
            Self::BlockAgreement,
            Self::Entry,
            Self::EntryCount,
            Self::Tile,
            Self::Posting,
            Self::BlockUndecided,
            Self::FinalCheckpoint,
            Self::Evidence,
            Self::CustodyKey,
            Self::Migrations,
        ];
        own.into_iter().chain(Noun::ALL.iter().copied().map(Self::Records))
    }

    /// The table's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChainHead => "chain_head",
            Self::Block => "block",
            Self::BlockAgreement => "block_agreement",
            Self::Entry => "entry",
            Self::EntryCount => "entry_count",
            Self::Tile => "tile",
            Self::Posting => "posting",
            Self::Records(noun) => noun.as_str(),
            Self::BlockUndecided => "block_undecided",
            Self::FinalCheckpoint => "final_checkpoint",
            Self::Evidence => "evidence",
            Self::CustodyKey => "custody_key",
            Self::Migrations => "refinery_schema_history",
        }
    }
}

/// A migration of this program, as the database notes that it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Checksum of its text, as the library writes it.
    pub checksum: String,
}

/// The migrations of this program, in order.
pub fn migrations() -> Vec<AppliedMigration> {
    let runner = migrate::runner();
    let known = runner.get_migrations().iter().map(|migration| AppliedMigration {
        version: i64::from(migration.version()),
        name: migration.name().to_owned(),
        checksum: migration.checksum().to_string(),
    });
    let mut known: Vec<_> = known.collect();
    known.sort_by_key(|migration| migration.version);
    known
}

/// The name under which evidence is kept.
///
/// # Errors
/// None in practice: every message has a JSON form.
pub fn evidence_digest(proof: &DoubleSigning) -> Result<Digest, serde_json::Error> {
    pair_digest(proof)
}
