//! Proposed blocks: kept until a block of their height is committed.

use crate::{
    fixture::{Ledger, exchange},
    limits::connect_again,
};
use databourse_primitives::{Digest, Height};
use databourse_store::{Store, StoreError, UndecidedRow};

fn proposal(height: u64, round: u32, text: &str) -> UndecidedRow {
    UndecidedRow {
        height: Height(height),
        round,
        block_id: Digest::of(text.as_bytes()),
        valid_round: round.checked_sub(1),
        proposer: exchange("zj"),
        is_valid: round != 1,
        bytes: text.as_bytes().to_vec(),
    }
}

async fn save(ledger: &mut Ledger, proposals: &[UndecidedRow]) {
    for proposal in proposals {
        ledger.writer.save_undecided(proposal).await.unwrap();
    }
}

async fn commit(ledger: &mut Ledger) {
    ledger.commit(Vec::new()).await;
}

#[tokio::test]
async fn a_proposal_comes_back_as_it_was_saved_first() {
    let mut ledger = Ledger::create().await;
    let mut large = proposal(1, u32::MAX, "large");
    large.bytes = vec![7; 16 << 20];
    let saved = [proposal(1, 0, "one"), proposal(1, 1, "two"), large, proposal(2, 0, "next")];
    save(&mut ledger, &saved).await;
    let mut again = proposal(1, 0, "one");
    (again.is_valid, again.proposer) = (false, exchange("sh"));
    save(&mut ledger, &[again, proposal(1, 0, "a second one of the same round")]).await;
    // Another session: what was saved is durable.
    let store = Store::connect(ledger.database.config(), 1).await.unwrap();
    let mut found = store.undecided(Height(1)).await.unwrap();
    let second = found.iter().position(|row| row.bytes.starts_with(b"a second one")).unwrap();
    assert!(second < 2);
    found.remove(second);
    assert_eq!(found, saved[..3]);
    assert_eq!(store.undecided(Height(2)).await.unwrap(), saved[3..]);
    for absent in [0, 3, u64::MAX] {
        assert_eq!(store.undecided(Height(absent)).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_commit_forgets_the_proposals_of_its_height_and_below_and_no_others() {
    let mut ledger = Ledger::create().await;
    let kept = async |ledger: &Ledger| {
        let rows = ledger.database.connect().await;
        let rows = rows.query("SELECT height FROM block_undecided ORDER BY height", &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>()
    };
    save(&mut ledger, &[proposal(1, 0, "a"), proposal(1, 1, "b"), proposal(2, 0, "c"), proposal(3, 0, "d")])
        .await;
    commit(&mut ledger).await;
    assert_eq!(kept(&ledger).await, [2, 3]);
    // Late ones, of heights that are committed, go with the next commit.
    save(&mut ledger, &[proposal(1, 0, "late")]).await;
    commit(&mut ledger).await;
    assert_eq!(kept(&ledger).await, [3]);
    // And those that an earlier session left.
    save(&mut ledger, &[proposal(1, 0, "late")]).await;
    drop(ledger.writer);
    ledger.writer = connect_again(&ledger.database).await;
    commit(&mut ledger).await;
    assert_eq!(kept(&ledger).await, Vec::<i64>::new());
}

#[tokio::test]
async fn a_block_that_is_refused_forgets_nothing() {
    let mut ledger = Ledger::create().await;
    save(&mut ledger, &[proposal(1, 0, "a")]).await;
    let mut batch = ledger.next(1, Vec::new(), Vec::new());
    batch.entries[0].entry_type = String::new();
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert_eq!(ledger.store.undecided(Height(1)).await.unwrap(), [proposal(1, 0, "a")]);
}

#[tokio::test]
async fn a_proposal_that_the_tables_refuse_leaves_the_session_usable() {
    let mut ledger = Ledger::create().await;
    let (mut empty, mut beyond) = (proposal(1, 0, "a"), proposal(u64::MAX, 0, "b"));
    empty.bytes = Vec::new();
    let error = ledger.writer.save_undecided(&empty).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    let error = ledger.writer.save_undecided(&beyond).await.unwrap_err();
    assert!(matches!(error, StoreError::OutOfRange(u64::MAX)), "{error}");
    beyond.height = Height(1);
    save(&mut ledger, &[beyond]).await;
    commit(&mut ledger).await;
}

#[tokio::test]
async fn after_a_save_without_an_answer_the_session_is_not_used_again() {
    let mut ledger = Ledger::create().await;
    {
        let one = proposal(1, 0, "a");
        let mut save = Box::pin(ledger.writer.save_undecided(&one));
        let first = std::future::poll_fn(|context| std::task::Poll::Ready(save.as_mut().poll(context)));
        assert!(first.await.is_pending());
    }
    assert!(!ledger.writer.is_usable());
    let error = ledger.writer.save_undecided(&proposal(1, 0, "a")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}
