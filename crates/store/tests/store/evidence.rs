//! Evidence of double signing.

use crate::fixture::{Ledger, exchange};
use databourse_ledger::{ConsensusMessage, DoubleSigning, SigningKey, Step};
use databourse_primitives::{Digest, Height};

fn evidence(code: &str, height: u64, round: u32) -> DoubleSigning {
    let origin = "databourse.example/delta".parse().unwrap();
    let vote = |block_id: Option<Digest>| {
        let step = if round == 2 { Step::Proposal { valid_round: Some(1) } } else { Step::Precommit };
        let message = ConsensusMessage { height: Height(height), round, step, block_id };
        message.sign(&origin, &SigningKey::from_seed([1; 32]))
    };
    DoubleSigning { exchange: exchange(code), first: vote(Some(Digest::of(b"a"))), second: vote(None) }
}

#[tokio::test]
async fn evidence_is_kept_once_whichever_message_came_first() {
    let ledger = Ledger::create().await;
    let store = &ledger.store;
    let (one, other) = (evidence("sh", 7, 0), evidence("sh", 7, 1));
    assert_eq!(store.save_evidence(std::slice::from_ref(&one)).await.unwrap(), 1);
    let mut swapped = one.clone();
    std::mem::swap(&mut swapped.first, &mut swapped.second);
    assert_eq!(store.save_evidence(&[swapped, one.clone(), other.clone()]).await.unwrap(), 1);
    assert_eq!(store.save_evidence(&[]).await.unwrap(), 0);
    let mut found = store.unreported_evidence(10).await.unwrap();
    found.sort_by_key(|proof| proof.first.message.round);
    assert_eq!(found, [one, other]);
}

#[tokio::test]
async fn evidence_waits_until_it_is_marked_as_reported() {
    let ledger = Ledger::create().await;
    let store = &ledger.store;
    let all = [evidence("sh", 7, 0), evidence("ah", 9, 1), evidence("sh", 8, 2), evidence("sh", 10, 0)];
    assert_eq!(store.save_evidence(&all).await.unwrap(), 4);
    let heights = async || {
        let waiting = store.unreported_evidence(3).await.unwrap();
        waiting.iter().map(|proof| proof.first.message.height.0).collect::<Vec<_>>()
    };
    assert_eq!(heights().await, [7, 8, 9], "at most so many, in order of height");
    let mut swapped = all[0].clone();
    std::mem::swap(&mut swapped.first, &mut swapped.second);
    let unknown = evidence("sh", 11, 0);
    assert_eq!(store.mark_evidence_reported(&[swapped, all[1].clone(), unknown]).await.unwrap(), 2);
    assert_eq!(store.mark_evidence_reported(&all[..2]).await.unwrap(), 0);
    assert_eq!(heights().await, [8, 10]);
    // Seen again, it is not reported again.
    assert_eq!(store.save_evidence(&all).await.unwrap(), 0);
    assert_eq!(heights().await, [8, 10]);
    let counts = store.evidence_counts().await.unwrap();
    assert_eq!(counts, [(exchange("ah"), 1), (exchange("sh"), 3)].into());
}
