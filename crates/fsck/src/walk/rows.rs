//! Rows that follow from a block.

use crate::{cell, parsed};
use databourse_audit::{Cell, Difference, ExecutedBlock, ExpectedRow, FoundRow, Place, RowKey, Signers};
use databourse_ledger::ConsensusSignature;
use databourse_market::MemoryState;
use databourse_primitives::ExchangeCode;
use databourse_settlement::Side;
use std::collections::BTreeMap;

/// Whether a row of `block_agreement` proves that the block was agreed.
pub(super) fn agreement(
    state: &MemoryState,
    row: &FoundRow,
    block: &ExecutedBlock,
    is_region: bool,
) -> Option<Difference> {
    if parsed::<u64>(row, "height") != Some(block.height.0) {
        return None;
    }
    let place = |column: &str| Place::cell("block_agreement", block.height, column);
    let invalid = |column: &str, expected: String| {
        Some(Difference::invalid(place(column), expected).of(Some(block.header_index)))
    };
    let Some(round) = parsed::<u32>(row, "round") else {
        return invalid("round", "a number".to_owned());
    };
    let precommits: Option<BTreeMap<ExchangeCode, ConsensusSignature>> =
        cell(row, "precommits").and_then(|text| serde_json::from_str(text).ok());
    let Some(precommits) = precommits else {
        return invalid("precommits", "signatures by exchange".to_owned());
    };
    if !is_region && precommits.is_empty() {
        return if round == 0 { None } else { invalid("round", "0, for nobody votes".to_owned()) };
    }
    let signers = Signers::of(state)?;
    let proven = signers.check_precommits(block.height, block.id, round, &precommits);
    proven.err().and_then(|expected| {
        // The signatures are over the round as well: which of the two is wrong cannot be told.
        invalid("round, precommits", expected)
    })
}

/// The legs of a block's transactions.
pub(super) fn posting_rows(block: &ExecutedBlock) -> Vec<ExpectedRow> {
    let mut rows = Vec::new();
    for command in &block.commands {
        for (transaction_no, transaction) in (0_u64..).zip(&command.transactions) {
            for (leg, posting) in (0_u64..).zip(&transaction.postings) {
                let side = match posting.side {
                    Side::Debit => "debit",
                    Side::Credit => "credit",
                };
                let text = |value: &dyn std::fmt::Display| Cell::Text(value.to_string());
                rows.push(ExpectedRow {
                    key: RowKey::numbers([command.leaf_index.0, transaction_no, leg]),
                    cells: BTreeMap::from([
                        ("leaf_index", text(&command.leaf_index)),
                        ("transaction_no", text(&transaction_no)),
                        ("leg", text(&leg)),
                        ("account", text(&posting.account)),
                        ("side", text(&side)),
                        ("amount_minor", text(&posting.amount_minor.get())),
                        ("asset", text(&posting.account.asset)),
                        ("kind", text(&transaction.kind.as_str())),
                        ("window_name", text(&transaction.window)),
                        ("pending_minor", text(&posting.pending_minor)),
                    ]),
                    entry: Some(command.leaf_index),
                });
            }
        }
    }
    rows
}
