//! What happens to the membership while the market goes on.

use super::{
    authors::Author,
    entries,
    plan::{CODES, Story},
};
use databourse_party::{KeyPurpose, NewKey};
use databourse_primitives::EntryId;
use serde_json::{Value, json};

/// The exchange that joins.
pub(super) const FJ: usize = 4;
/// The exchange that is suspended or has its key replaced.
const AH: usize = 3;

/// Tells the story of the plan to its end.
pub(super) async fn tell(author: Author) {
    author.pause(4_000).await;
    match author.world.plan.story {
        Story::None => {}
        Story::Join => {
            join(&author).await;
        }
        Story::JoinAndLeave => {
            if join(&author).await {
                author.pause(3_000).await;
                leave(&author).await;
            }
        }
        Story::Suspend => {
            suspend(&author).await;
        }
        Story::SuspendAndReinstate => {
            if suspend(&author).await {
                author.pause(3_000).await;
                let change = json!({ "name": "reinstate", "exchange": CODES[AH] });
                decide(&author, 0, &[1, 2], change).await;
            }
        }
        Story::ReplaceKey => replace_key(&author).await,
    }
}

fn of(author: &Author, home: usize) -> Author {
    Author { home, ..author.clone() }
}

/// Proposes a change and has others approve it; whether it was decided.
async fn decide(author: &Author, proposer: usize, voters: &[usize], change: Value) -> bool {
    let from = of(author, proposer);
    let proposed = from.insist(None, "member.propose", json!({ "change": change })).await;
    let Ok(id) = proposed else { return false };
    let mut is_decided = true;
    for voter in voters {
        is_decided &= approve(author, *voter, id).await;
    }
    is_decided
}

async fn approve(author: &Author, voter: usize, proposal: EntryId) -> bool {
    let vote = json!({ "proposal": proposal, "approve": true });
    of(author, voter).insist(None, "member.vote", vote).await.is_ok()
}

/// Its node starts empty, before it is a member or after.
async fn join(author: &Author) -> bool {
    let is_early = author.world.random().chance(500);
    if is_early {
        author.world.start_node(FJ);
    }
    let change = json!({ "name": "join", "exchange": entries::exchange_body(FJ) });
    let is_decided = decide(author, 0, &[1, 2], change).await;
    author.pause(1_000).await;
    author.world.start_node(FJ);
    if is_decided {
        // It takes part: before its time has come it is refused.
        for number in 0..2 {
            let body = entries::party(&format!("inland-{number}"), "buyer");
            let _ = of(author, FJ).insist(None, "party.certify", body).await;
        }
    }
    is_decided
}

async fn leave(author: &Author) {
    let change = json!({ "name": "leave", "exchange": CODES[FJ], "successor": CODES[0] });
    if decide(author, FJ, &[0, 1, 2], change).await {
        let _ = of(author, FJ).insist(None, "member.depart", json!({ "exchange": CODES[FJ] })).await;
    }
}

async fn suspend(author: &Author) -> bool {
    let change = json!({ "name": "suspend", "exchange": CODES[AH], "reason": "does not pay" });
    decide(author, 0, &[1, 2], change).await
}

async fn replace_key(author: &Author) {
    let (origin, code) = (entries::ORIGIN.parse().unwrap(), CODES[AH].parse().unwrap());
    let new = NewKey::prove(&origin, &code, KeyPurpose::Consensus, &entries::consensus_keys(AH)[1]);
    let change = json!({ "name": "replace_keys", "exchange": CODES[AH], "keys": { "consensus": new } });
    decide(author, AH, &[0, 1], change).await;
}
