//! The replicated tables.

use databourse_market::Noun;

/// A table that every node has alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The columns that travel: all but those that the server generates.
    pub(crate) columns: &'static str,
    /// Those of them that are the same on every node.
    pub(crate) digested: &'static str,
    /// The primary key, bytewise.
    order: &'static str,
}

impl Table {
    const fn new(name: &'static str, columns: &'static str, order: &'static str) -> Self {
        Self { name, columns, digested: columns, order }
    }

    /// The rows of `columns` in their order.
    pub(super) fn copy_out(self, columns: &str) -> String {
        let Self { name, order, .. } = self;
        format!("COPY (SELECT {columns} FROM {name} ORDER BY {order}) TO STDOUT (FORMAT binary)")
    }

    pub(super) fn copy_in(self) -> String {
        format!("COPY {} ({}) FROM STDIN (FORMAT binary)", self.name, self.columns)
    }
}

const LEDGER: [Table; 7] = [
    Table::new("chain_head", "height, block_id, time_ms, tree_size, root", "height"),
    Table::new("block", "height, block_id, time_ms, header_index, tree_size, root", "height"),
    Table {
        name: "block_agreement",
        columns: "height, round, turn, proposer, precommits",
        digested: "height, turn, proposer",
        order: "height",
    },
    Table::new("entry", "leaf_index, height, entry_id, entry_type, bytes, leaf_hash", "leaf_index"),
    Table::new("entry_count", "entry_type, entry_count", r#"entry_type COLLATE "C""#),
    Table::new("tile", "level, tile_index, hashes", "level, tile_index"),
    Table::new(
        "posting",
        "leaf_index, transaction_no, leg, account, side, amount_minor, asset, kind, window_name, pending_minor",
        "leaf_index, transaction_no, leg",
    ),
];

/// Every replicated table, in the order of the file and of the digest.
pub(crate) fn replicated() -> impl Iterator<Item = Table> {
    let records = Noun::ALL.iter().map(|noun| Table::new(noun.as_str(), "name, record", "name"));
    LEDGER.into_iter().chain(records)
}

/// Tables of the node's own that must be empty too where a state is read into.
pub(super) const OF_BLOCKS: [&str; 3] = ["block_undecided", "final_checkpoint", "evidence"];
