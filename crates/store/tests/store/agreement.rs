//! How blocks were agreed, and blocks for peers that catch up.

use crate::fixture::{Ledger, exchange};
use databourse_ledger::ConsensusSignature;
use databourse_primitives::Height;
use databourse_store::{Agreement, StoreError};

/// The agreement of a block, another one for each height.
fn agreement(height: u64) -> Agreement {
    let exchanges = ["ah", "js", "sh", "zj"].map(exchange);
    let nth = |number: u64| exchanges[usize::try_from(number % 4).unwrap()].clone();
    let round = if height == 3 { u32::MAX } else { u32::try_from(height % 3).unwrap() };
    let precommits = (0..height % 5).map(|number| {
        (nth(number), ConsensusSignature([u8::try_from(16 * number + height % 16).unwrap(); 64]))
    });
    Agreement {
        round,
        turn: nth(height),
        proposer: nth(height + u64::from(round)),
        precommits: precommits.collect(),
    }
}

/// A ledger whose blocks have these numbers of entries.
async fn ledger(entry_counts: &[u64]) -> Ledger {
    let mut ledger = Ledger::create().await;
    for count in entry_counts {
        let mut batch = ledger.next(*count, Vec::new(), Vec::new());
        batch.agreement = agreement(batch.height.0);
        ledger.writer.commit(&batch).await.unwrap();
    }
    ledger
}

/// Entries of the fixture have 8 bytes, and a length of two before each.
const ENTRY_BYTES: u64 = 10;

#[tokio::test]
async fn a_block_keeps_how_it_was_agreed() {
    let ledger = ledger(&[1, 1, 1, 1, 1, 1]).await;
    for height in 1..=6 {
        let found = ledger.store.agreement(Height(height)).await.unwrap();
        assert_eq!(found, Some(agreement(height)));
    }
    for absent in [0, 7, u64::MAX] {
        assert_eq!(ledger.store.agreement(Height(absent)).await.unwrap(), None);
    }
    let turns = ledger.store.turns(Height(3), 3).await.unwrap();
    let heights: Vec<_> = turns.iter().map(|turn| turn.height.0).collect();
    assert_eq!(heights, [3, 4, 5]);
    for turn in turns {
        let whole = agreement(turn.height.0);
        assert_eq!((turn.round, turn.turn, turn.proposer), (whole.round, whole.turn, whole.proposer));
    }
    assert_eq!(ledger.store.turns(Height(7), 3).await.unwrap(), []);
}

#[tokio::test]
async fn an_agreement_is_committed_with_its_block_or_not_at_all() {
    let mut ledger = ledger(&[2]).await;
    ledger.tamper("ALTER TABLE block_agreement ADD CONSTRAINT on_fire CHECK (height <> 2)").await;
    let batch = ledger.next(1, Vec::new(), Vec::new());
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert_eq!(ledger.store.chain_head().await.unwrap().unwrap().height, Height(1));
    ledger.tamper("ALTER TABLE block_agreement DROP CONSTRAINT on_fire").await;
    ledger.writer.commit(&batch).await.unwrap();
    assert_eq!(ledger.store.agreement(Height(2)).await.unwrap(), Some(batch.agreement));
}

/// The heights that come for a range and a number of bytes; their blocks and agreements must be what was committed.
async fn check_decided(ledger: &Ledger, range: (u64, u64), bytes_max: u64, expected: &[u64]) {
    let range = Height(range.0)..=Height(range.1);
    let decided = ledger.store.decided_blocks(range.clone(), bytes_max).await.unwrap();
    let heights: Vec<_> = decided.iter().map(|row| row.height.0).collect();
    assert_eq!(heights, expected, "{range:?} with {bytes_max} bytes");
    for row in decided {
        let block = ledger.store.block(row.height).await.unwrap().unwrap();
        let leaves = block.header_index.0..block.tree_size;
        let bundle: Vec<u8> = leaves.flat_map(|leaf| [&[0, 8][..], &leaf.to_be_bytes()].concat()).collect();
        assert_eq!(row.block, bundle);
        assert_eq!(row.agreement, agreement(row.height.0));
    }
}

#[tokio::test]
async fn blocks_for_a_peer_come_without_a_gap_and_within_the_bytes_but_at_least_one() {
    let ledger = ledger(&[1, 300, 2, 3, 1, 1]).await;
    let all = [1, 2, 3, 4, 5, 6];
    check_decided(&ledger, (1, 6), u64::MAX, &all).await;
    check_decided(&ledger, (1, u64::MAX), 308 * ENTRY_BYTES, &all).await;
    check_decided(&ledger, (1, 6), 308 * ENTRY_BYTES - 1, &all[..5]).await;
    check_decided(&ledger, (1, 6), 301 * ENTRY_BYTES, &all[..2]).await;
    // The second block does not fit, so none behind it comes either.
    check_decided(&ledger, (1, 6), 300 * ENTRY_BYTES, &all[..1]).await;
    for bytes_max in [0, 1, 300 * ENTRY_BYTES] {
        check_decided(&ledger, (2, 6), bytes_max, &[2]).await;
    }
    check_decided(&ledger, (3, 4), u64::MAX, &[3, 4]).await;
    check_decided(&ledger, (6, 9), u64::MAX, &[6]).await;
    for nothing in [(7, 9), (0, 6), (4, 3)] {
        check_decided(&ledger, nothing, u64::MAX, &[]).await;
    }
}

#[tokio::test]
async fn a_block_for_a_peer_that_lacks_a_part_is_damage() {
    let whole = async |statement: &str| {
        let ledger = ledger(&[1, 5, 1]).await;
        ledger.tamper(statement).await;
        ledger.store.decided_blocks(Height(1)..=Height(3), u64::MAX).await.unwrap_err().to_string()
    };
    let lost_entry = whole("DELETE FROM entry WHERE leaf_index = 3").await;
    assert_eq!(lost_entry, "the database is damaged: entry.height of row 2");
    let lost_agreement = whole("DELETE FROM block_agreement WHERE height = 3").await;
    assert_eq!(lost_agreement, "the database is damaged: block_agreement.round of row 3");
    let odd = whole("UPDATE block_agreement SET precommits = '{\"sh\": \"AA==\"}' WHERE height = 2").await;
    assert_eq!(odd, "the database is damaged: block_agreement.precommits of row 2");
}
