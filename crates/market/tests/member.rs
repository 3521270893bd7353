//! Membership of the region: joining, voting, replacing keys, suspending, and who may still do what.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_ledger::{ConsensusMessage, DoubleSigning, SigningKey, Step};
use databourse_market::MemoryState;
use databourse_party::{
    Exchange, KeyPurpose, MisbehaviourRecord, NewKey, PossessionProof, Proposal, ProposalState, Region,
    cosigners, validators,
};
use databourse_primitives::{Digest, EntryId, Height, RefusalCode as Code};
use harness::{
    By, EXCHANGES, Market, ORIGIN, consensus_key, delivery_body, exchange_body, id, join_body, key,
    order_body, party_body,
};
use serde_json::{Value, json};

fn join(exchange: usize) -> Value {
    join_body(exchange)
}

fn leave(exchange: usize, successor: usize) -> Value {
    json!({ "name": "leave", "exchange": EXCHANGES[exchange], "successor": EXCHANGES[successor] })
}

fn suspend(exchange: usize) -> Value {
    json!({ "name": "suspend", "exchange": EXCHANGES[exchange], "reason": "does not pay" })
}

fn reinstate(exchange: usize) -> Value {
    json!({ "name": "reinstate", "exchange": EXCHANGES[exchange] })
}

fn replace_keys(exchange: usize, keys: &[(KeyPurpose, &SigningKey)]) -> Value {
    let (origin, code) = (ORIGIN.parse().unwrap(), EXCHANGES[exchange].parse().unwrap());
    let proven = keys.iter().map(|(purpose, key)| {
        let new = NewKey::prove(&origin, &code, *purpose, key);
        (purpose.as_str().to_owned(), serde_json::to_value(new).unwrap())
    });
    let proven: serde_json::Map<String, Value> = proven.collect();
    json!({ "name": "replace_keys", "exchange": EXCHANGES[exchange], "keys": proven })
}

/// Two precommits of one round for different blocks, signed by `signer`.
fn evidence(exchange: usize, height: u64, signer: &SigningKey) -> Value {
    let origin = ORIGIN.parse().unwrap();
    let precommit = |block: &[u8]| {
        let block_id = Some(Digest::of(block));
        ConsensusMessage { height: Height(height), round: 0, step: Step::Precommit, block_id }
            .sign(&origin, signer)
    };
    let exchange = EXCHANGES[exchange].parse().unwrap();
    json!({ "evidence": DoubleSigning { exchange, first: precommit(b"one"), second: precommit(b"other") } })
}

fn proposal(market: &Market, id: EntryId) -> &Proposal {
    market.state.find::<Proposal>(&id).unwrap()
}

/// Proposes, votes and waits until the change is in force. Says which proposal it was.
#[track_caller]
fn decide(market: &mut Market, proposer: usize, voters: &[usize], change: Value) -> EntryId {
    let id = market.must(By::At(proposer), "member.propose", json!({ "change": change }));
    for voter in voters {
        let vote = json!({ "proposal": id, "approve": true });
        market.must(By::At(*voter), "member.vote", vote);
    }
    let in_force = Height(market.height + 2);
    match proposal(market, id).state {
        ProposalState::Accepted { effect_height, .. } => assert_eq!(effect_height, in_force),
        ref state => panic!("not accepted: {}", state.as_str()),
    }
    market.pass_heights(1);
    id
}

fn voters(market: &Market, height: u64) -> Vec<String> {
    let voters = validators(market.state.all::<Exchange>(), Height(height));
    voters.into_iter().map(|(code, _)| code.to_string()).collect()
}

#[test]
fn a_joining_exchange_begins_two_heights_after_it_was_accepted() {
    let mut market = Market::founded_by(4);
    let id = market.must(By::At(0), "member.propose", json!({ "change": join(4) }));
    let vote = |approve: bool| json!({ "proposal": id, "approve": approve });
    let certify = || party_body("newcomer", &["buyer"]);
    market.must(By::At(1), "member.vote", vote(true));
    market.refused(By::At(4), "party.certify", certify(), Code::ExchangeUnknown, "exchange");
    market.must(By::At(2), "member.vote", vote(true));
    let accepted = market.height;
    market.refused(By::At(3), "member.vote", vote(true), Code::MemberProposalClosed, "proposal");
    assert_eq!(voters(&market, accepted + 1), ["ah", "js", "sh", "zj"]);
    assert_eq!(voters(&market, accepted + 2), ["ah", "fj", "js", "sh", "zj"]);
    let cosigners = cosigners(market.state.all::<Exchange>(), Height(accepted + 2));
    assert_eq!(cosigners[1].exchange.as_str(), "fj");
    assert_eq!(json!(cosigners[1].checkpoint_key), exchange_body(4)["checkpoint_key"]);
    assert_eq!(json!(cosigners[1].cosignature_key), exchange_body(4)["cosignature_key"]);

    market.refused(By::At(4), "party.certify", certify(), Code::MemberNotActive, "exchange");
    market.pass_heights(1);
    market.must(By::At(4), "party.certify", certify());
}

#[test]
fn a_proposal_is_refused_as_soon_as_it_cannot_be_accepted() {
    let mut market = Market::founded_by(4);
    let id = market.must(By::At(0), "member.propose", json!({ "change": join(4) }));
    let vote = |approve: bool| json!({ "proposal": id, "approve": approve });
    market.must(By::At(1), "member.vote", vote(false));
    assert_eq!(proposal(&market, id).state, ProposalState::Open);
    // Who changed its mind is counted as it votes last.
    market.must(By::At(1), "member.vote", vote(true));
    market.must(By::At(1), "member.vote", vote(false));
    market.must(By::At(2), "member.vote", vote(false));
    assert!(matches!(proposal(&market, id).state, ProposalState::Refused { .. }));
    market.refused(By::At(3), "member.vote", vote(true), Code::MemberProposalClosed, "proposal");
    assert!(!market.state.find::<Region>(&"region").unwrap().exchanges.contains(&"fj".parse().unwrap()));
    // It may be proposed again.
    decide(&mut market, 3, &[0, 1], join(4));
}

#[test]
fn what_may_be_proposed_and_by_whom() {
    let mut market = Market::founded_by(4);
    let party = market.must(By::Exchange, "party.certify", {
        let mut body = party_body("with-a-key", &["buyer"]);
        body["keys"] = json!([key(99).public_key()]);
        body
    });
    let new = key(60);
    let mut known_code = join(4);
    known_code["exchange"]["code"] = json!("sh");
    let mut known_key = join(4);
    known_key["exchange"]["entry_key"] = json!(key(1).public_key());
    let mut partys_key = join(4);
    partys_key["exchange"]["consensus_key"] = json!(key(99).public_key());
    let (origin, code) = (ORIGIN.parse().unwrap(), EXCHANGES[4].parse().unwrap());
    let proof = PossessionProof::of(&origin, &code, KeyPurpose::Consensus, &key(99));
    partys_key["proofs"]["consensus"] = json!(proof);
    let mut one_key = join(4);
    one_key["exchange"]["consensus_key"] = one_key["exchange"]["entry_key"].clone();
    let mut unknown = suspend(1);
    unknown["exchange"] = json!("nowhere");
    let mut stolen = replace_keys(0, &[(KeyPurpose::Consensus, &new)]);
    stolen["keys"]["consensus"]["key"] = json!(key(61).public_key());
    let misused = {
        let mut change = replace_keys(0, &[(KeyPurpose::Consensus, &new)]);
        change["keys"] = json!({ "entry": change["keys"]["consensus"] });
        change
    };
    let twice = replace_keys(0, &[(KeyPurpose::Consensus, &new), (KeyPurpose::Entry, &new)]);
    let used = replace_keys(0, &[(KeyPurpose::Entry, &key(2))]);
    let check = |market: &mut Market, change: Value, code, field| {
        market.refused(By::At(0), "member.propose", json!({ "change": change }), code, field);
    };
    check(&mut market, known_code, Code::MemberCodeTaken, "change.exchange.code");
    check(&mut market, known_key, Code::KeyTaken, "change.exchange.entry_key");
    check(&mut market, partys_key, Code::KeyTaken, "change.exchange.consensus_key");
    check(&mut market, one_key, Code::BodyMalformed, "change.exchange");
    check(&mut market, unknown, Code::ExchangeUnknown, "change.exchange");
    check(&mut market, leave(1, 0), Code::MemberNotConcerned, "change.exchange");
    check(&mut market, leave(0, 0), Code::MemberNotActive, "change.successor");
    check(&mut market, leave(0, 4), Code::MemberNotActive, "change.successor");
    check(
        &mut market,
        replace_keys(1, &[(KeyPurpose::Entry, &new)]),
        Code::MemberNotConcerned,
        "change.exchange",
    );
    check(&mut market, replace_keys(0, &[]), Code::BodyMalformed, "change.keys");
    check(&mut market, twice, Code::BodyMalformed, "change.keys");
    check(&mut market, used, Code::KeyTaken, "change.keys.entry.key");
    check(&mut market, stolen, Code::MemberProofInvalid, "change.keys.consensus.proof");
    check(&mut market, misused, Code::MemberProofInvalid, "change.keys.entry.proof");
    // Whoever joins has each key that it names, for this region and this use.
    let proofs = |change: &dyn Fn(&mut Value)| {
        let mut join = join(4);
        change(&mut join["proofs"]);
        join
    };
    let none = proofs(&|proofs| *proofs = json!({}));
    let one_less = proofs(&|proofs| drop(proofs.as_object_mut().unwrap().remove("consensus")));
    let swapped = proofs(&|proofs| proofs["checkpoint"] = proofs["cosignature"].clone());
    let elsewhere = proofs(&|proofs| {
        let (origin, code) = ("databourse.example/elsewhere".parse().unwrap(), EXCHANGES[4].parse().unwrap());
        proofs["consensus"] =
            json!(PossessionProof::of(&origin, &code, KeyPurpose::Consensus, &consensus_key(4)));
    });
    check(&mut market, none, Code::MemberProofMissing, "change.proofs.entry");
    check(&mut market, one_less, Code::MemberProofMissing, "change.proofs.consensus");
    check(&mut market, swapped, Code::MemberProofInvalid, "change.proofs.checkpoint");
    check(&mut market, elsewhere, Code::MemberProofInvalid, "change.proofs.consensus");
    check(&mut market, suspend(0), Code::MemberVoteBarred, "");
    check(&mut market, reinstate(1), Code::MemberState, "change.exchange");
    market.refused(
        By::For(party.into()),
        "member.propose",
        json!({ "change": join(4) }),
        Code::ExchangeOnly,
        "kid",
    );
    let vote = json!({ "proposal": id(999), "approve": true });
    market.refused(By::At(0), "member.vote", vote, Code::MemberProposalUnknown, "proposal");
    let on_one = market.must(By::At(0), "member.propose", json!({ "change": suspend(1) }));
    let vote = json!({ "proposal": on_one, "approve": false });
    market.refused(By::At(1), "member.vote", vote, Code::MemberVoteBarred, "");
    let depart = |code: &str| json!({ "exchange": code });
    market.refused(By::At(0), "member.depart", depart("js"), Code::MemberNotConcerned, "exchange");
    market.refused(By::At(0), "member.depart", depart("sh"), Code::MemberState, "exchange");
}

#[test]
fn a_vote_that_would_decide_what_cannot_be_done_any_more_is_refused() {
    let mut market = Market::founded_by(4);
    let first = market.must(By::At(0), "member.propose", json!({ "change": join(4) }));
    let second = market.must(By::At(1), "member.propose", json!({ "change": join(4) }));
    for (voter, proposal) in [(1, first), (0, second), (2, first)] {
        market.must(By::At(voter), "member.vote", json!({ "proposal": proposal, "approve": true }));
    }
    let vote = |approve: bool| json!({ "proposal": second, "approve": approve });
    let taken = Code::MemberCodeTaken;
    market.refused(By::At(2), "member.vote", vote(true), taken, "proposal.change.exchange.code");
    assert_eq!(proposal(&market, second).state, ProposalState::Open);
    market.must(By::At(2), "member.vote", vote(false));
    market.must(By::At(3), "member.vote", vote(false));
    assert!(matches!(proposal(&market, second).state, ProposalState::Refused { .. }));
}

#[test]
fn one_change_of_an_exchange_is_on_its_way_at_a_time() {
    let mut market = Market::founded_by(5);
    let id = market.must(By::At(0), "member.propose", json!({ "change": suspend(1) }));
    for voter in [2, 3] {
        market.must(By::At(voter), "member.vote", json!({ "proposal": id, "approve": true }));
    }
    let pending = Code::MemberChangePending;
    let change = json!({ "change": reinstate(1) });
    market.refused(By::At(0), "member.propose", change.clone(), pending, "change.exchange");
    let leaves = json!({ "change": leave(0, 1) });
    market.refused(By::At(0), "member.propose", leaves, Code::MemberNotActive, "change.successor");
    market.pass_heights(1);
    market.must(By::At(0), "member.propose", change);

    let change = |seed: u8| json!({ "change": replace_keys(0, &[(KeyPurpose::Consensus, &key(seed))]) });
    let id = market.must(By::At(0), "member.propose", change(60));
    for voter in [2, 3] {
        market.must(By::At(voter), "member.vote", json!({ "proposal": id, "approve": true }));
    }
    market.refused(By::At(0), "member.propose", change(61), pending, "change.keys.consensus");
    market.pass_heights(1);
    market.must(By::At(0), "member.propose", change(61));
}

#[test]
fn replaced_keys_change_at_one_height_and_the_old_ones_are_remembered() {
    let mut market = Market::founded_by(4);
    let (entry, consensus) = (key(60), key(61));
    let change = replace_keys(1, &[(KeyPurpose::Entry, &entry), (KeyPurpose::Consensus, &consensus)]);
    let id = market.must(By::At(1), "member.propose", json!({ "change": change }));
    for voter in [0, 2] {
        market.must(By::At(voter), "member.vote", json!({ "proposal": id, "approve": true }));
    }
    let effect = market.height + 2;
    let new = By::KeyAt(60, 1);
    let certify = |name: &str| party_body(name, &["buyer"]);
    market.refused(new, "party.certify", certify("a"), Code::KeyUnknown, "kid");
    market.must(By::At(1), "party.certify", certify("a"));
    market.refused(By::At(1), "party.certify", certify("b"), Code::KeyRetired, "kid");
    market.must(new, "party.certify", certify("b"));
    assert_eq!(market.height, effect);
    let history = market.exchange(1).clone();
    assert_eq!(history.consensus_key.at(Height(effect - 1)), Some(&consensus_key(1).public_key()));
    assert_eq!(history.consensus_key.at(Height(effect)), Some(&consensus.public_key()));
    assert_eq!(history.cosignature_key.since_height, Height(1));
    let voters = validators(market.state.all::<Exchange>(), Height(effect));
    assert!(voters.contains(&("js".parse().unwrap(), consensus.public_key())));
    // What was signed before is held against the key of that time, what was signed after against the new one.
    let report = |height, signer: &SigningKey| evidence(1, height, signer);
    let invalid = Code::EvidenceInvalid;
    market.refused(By::At(0), "member.report", report(effect, &consensus_key(1)), invalid, "evidence.first");
    market.refused(By::At(0), "member.report", report(effect - 1, &consensus), invalid, "evidence.first");
    market.must(By::At(0), "member.report", report(effect - 1, &consensus_key(1)));
}

#[test]
fn double_signing_suspends_without_a_vote_and_its_evidence_counts_once() {
    let mut market = Market::founded_by(4);
    let seller = market.party_at(1, "seller", &["supplier"]);
    let shown = market.height;
    let report = |height| evidence(1, height, &consensus_key(1));
    let invalid = Code::EvidenceInvalid;
    let at = "evidence.first.message.height";
    market.refused(By::At(0), "member.report", report(shown + 9), invalid, at);
    market.refused(By::At(0), "member.report", report(0), invalid, at);
    let forged = evidence(1, shown, &consensus_key(2));
    market.refused(By::At(0), "member.report", forged, invalid, "evidence.first");
    let id = market.must(By::At(0), "member.report", report(shown));
    let record = market.state.find::<MisbehaviourRecord>(&id).unwrap();
    assert_eq!((record.effect_height, record.reported_by.as_str()), (Height(market.height + 2), "sh"));
    assert_eq!(voters(&market, market.height + 1), ["ah", "js", "sh", "zj"]);
    assert_eq!(voters(&market, market.height + 2), ["ah", "sh", "zj"]);
    let known = Code::EvidenceKnown;
    market.refused(By::At(2), "member.report", report(shown), known, at);
    market.pass_heights(1);

    let not_active = Code::MemberNotActive;
    market.refused(By::At(1), "party.certify", party_body("x", &["buyer"]), not_active, "exchange");
    let for_a_party = json!({ "asset": "CNY/2", "amount_minor": 1 });
    market.refused(By::ForAt(1, seller), "account.withdraw", for_a_party, not_active, "exchange");
    market.refused(By::At(1), "member.propose", json!({ "change": reinstate(1) }), not_active, "exchange");

    decide(&mut market, 0, &[2, 3], reinstate(1));
    market.must(By::At(1), "party.certify", party_body("x", &["buyer"]));
    market.refused(By::At(2), "member.report", report(shown), known, at);
    // What it does after its return counts anew.
    let again = market.height;
    market.must(By::At(2), "member.report", report(again));
}

#[test]
fn a_suspension_by_vote_takes_the_others_and_lasts_until_they_reinstate() {
    let mut market = Market::founded_by(4);
    decide(&mut market, 0, &[1, 2], suspend(3));
    assert_eq!(voters(&market, market.height + 1), ["js", "sh", "zj"]);
    let vote = market.must(By::At(0), "member.propose", json!({ "change": reinstate(3) }));
    let vote = |approve: bool| json!({ "proposal": vote, "approve": approve });
    market.refused(By::At(3), "member.vote", vote(true), Code::MemberNotActive, "exchange");
    market.must(By::At(1), "member.vote", vote(true));
    market.must(By::At(2), "member.vote", vote(true));
    market.pass_heights(1);
    assert_eq!(voters(&market, market.height + 1), ["ah", "js", "sh", "zj"]);
}

#[test]
fn a_region_keeps_an_active_exchange_and_none_suspends_another_alone() {
    let mut market = Market::founded_by(2);
    let change = json!({ "change": suspend(1) });
    market.refused(By::At(0), "member.propose", change, Code::MemberQuorumUnreachable, "change");
    market.must(By::At(0), "member.report", evidence(1, 1, &consensus_key(1)));
    let last = evidence(0, 1, &consensus_key(0));
    market.refused(By::At(1), "member.report", last.clone(), Code::MemberLastActive, "evidence.exchange");
    market.pass_heights(1);
    market.refused(By::At(0), "member.report", last, Code::MemberLastActive, "evidence.exchange");
    // The one that is left lets the other return.
    decide(&mut market, 0, &[], reinstate(1));
    market.must(By::At(1), "party.certify", party_body("x", &["buyer"]));
}

#[test]
fn parties_of_a_suspended_exchange_finish_what_they_began_through_another() {
    let mut market = Market::founded_by(4);
    let mut with_key = party_body("seller", &["supplier"]);
    with_key["keys"] = json!([key(99).public_key()]);
    let seller = market.must(By::At(1), "party.certify", with_key).into();
    let right = market.must(By::ForAt(1, seller), "right.register", harness::right_body("tides"));
    let listed = json!({ "right": right, "details": harness::details() });
    let product = market.must(By::ForAt(1, seller), "product.list", listed);
    let offer = market.must(By::ForAt(1, seller), "offer.publish", harness::offer_body(product, "100.00"));
    let buyer = market.party("buyer", &["buyer"]);
    market.deposit(buyer, 50_000);
    let order = market.order(buyer, &[offer]);
    decide(&mut market, 0, &[2, 3], suspend(1));
    market.refused(
        By::KeyAt(99, 1),
        "delivery.record",
        delivery_body(order),
        Code::MemberNotActive,
        "exchange",
    );
    market.must(By::KeyAt(99, 2), "delivery.record", delivery_body(order));
    market.accepted(buyer, order);
    let more = order_body(&[offer]);
    market.refused(By::For(buyer), "order.place", more, Code::MemberNotActive, "lines[0].offer");
    market.check_money();
}

#[test]
fn replaying_membership_gives_the_same_bytes() {
    let mut market = Market::founded_by(4);
    decide(&mut market, 0, &[1, 2], join(4));
    decide(&mut market, 0, &[1, 2], suspend(3));
    market.must(By::At(4), "member.report", evidence(2, 1, &consensus_key(2)));
    let mut again = MemoryState::new();
    for (context, commands, effects) in &market.history {
        let executed = databourse_market::execute(&again, commands, context).unwrap();
        assert_eq!(executed.effects.clone().encode().unwrap().digest, effects.digest);
        again.apply(executed.effects);
    }
    assert!(again.records().eq(market.state.records()));
}
