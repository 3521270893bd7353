//! What moved on the holder's account in a window, from the journal.

use super::damaged;
use crate::NodeError;
use databourse_primitives::{EntryId, Holder, LeafIndex, Timestamp, TreeSize, WindowId};
use databourse_settlement::{AccountId, Purpose, Side, TransactionKind};
use databourse_store::{JournalPosting, Store};
use std::collections::BTreeMap;

/// Postings of one page.
const PAGE_COUNT: u32 = 1_000;

/// What one entry moved.
pub(super) struct Move {
    pub(super) leaf_index: LeafIndex,
    pub(super) entry: EntryId,
    pub(super) time: Timestamp,
    pub(super) kind: TransactionKind,
    /// By how much the account's posted balance changed, minor units.
    pub(super) effect_minor: i64,
    /// How much came onto or left the holder's vouchers, minor units.
    pub(super) voucher_minor: i64,
}

/// What moved, in the order of the ledger.
pub(super) struct Moves {
    pub(super) list: Vec<Move>,
    /// Whether there were movements beyond the ledger's size already.
    pub(super) is_cut: bool,
}

impl Moves {
    /// What moved in `window` below `size` on `account`. What a party sold for nothing of its own, or bought by voucher
    /// alone, moves nothing there; it is found on the party's tax and voucher accounts.
    pub(super) async fn read(
        store: &Store,
        account: &AccountId,
        window: WindowId,
        size: TreeSize,
    ) -> Result<Self, NodeError> {
        let mut purposes = vec![account.purpose];
        if matches!(account.holder, Holder::Party(_)) {
            purposes.extend([Purpose::Voucher, Purpose::Tax]);
        }
        let mut moves = BTreeMap::new();
        let mut is_cut = false;
        for purpose in purposes {
            let of = AccountId { purpose, ..account.clone() };
            let mut after = None;
            loop {
                let page = store.account_window_postings(&of, &window, after, PAGE_COUNT).await?;
                for posting in &page {
                    if posting.place.leaf_index >= size.0 {
                        is_cut = true;
                    } else if !posting.amount_minor.is_zero() {
                        add(&mut moves, posting, purpose)?;
                    }
                }
                match page.last().filter(|_| page.len() == PAGE_COUNT as usize && !is_cut) {
                    Some(last) => after = Some(last.place),
                    None => break,
                }
            }
        }
        Ok(Self { list: moves.into_values().collect(), is_cut })
    }
}

fn add(
    moves: &mut BTreeMap<(u64, TransactionKind), Move>,
    posting: &JournalPosting,
    purpose: Purpose,
) -> Result<(), NodeError> {
    let leaf_index = posting.place.leaf_index;
    let movement = moves.entry((leaf_index, posting.kind)).or_insert_with(|| Move {
        leaf_index: LeafIndex(leaf_index),
        entry: posting.entry,
        time: posting.time,
        kind: posting.kind,
        effect_minor: 0,
        voucher_minor: 0,
    });
    // Funds, fees and vouchers are what others owe the holder: a credit is more of it.
    let signed = match posting.side {
        Side::Credit => posting.amount_minor.get(),
        Side::Debit => -posting.amount_minor.get(),
    };
    let sum = match purpose {
        Purpose::Funds | Purpose::Fees => &mut movement.effect_minor,
        Purpose::Voucher => &mut movement.voucher_minor,
        _ => return Ok(()),
    };
    let too_much = || damaged(format!("entry {} moved more than there is", posting.entry));
    *sum = sum.checked_add(signed).ok_or_else(too_much)?;
    Ok(())
}
