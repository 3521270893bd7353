//! Random histories of memberships: the voters of a height are known two heights before and never change afterwards,
//! there always are some, two consecutive sets have an exchange in common and differ by one block's decisions only, who
//! does not vote signs nothing, and a replay gives the same bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_ledger::{ConsensusMessage, DoubleSigning, Step as Vote};
use databourse_market::{Base, Key, Loaded, MemoryState, Outcome, execute};
use databourse_party::{
    EFFECT_DELAY_HEIGHTS, Exchange, KeyPurpose, Membership, NewKey, Proposal, ProposalState, cosigners,
    validators,
};
use databourse_primitives::{Digest, EntryId, ExchangeCode, Height, PublicKey};
use harness::{By, EXCHANGES, Market, ORIGIN, join_body, key, party_body};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Step {
    Join {
        by: usize,
    },
    Leave {
        by: usize,
        successor: usize,
    },
    Replace {
        by: usize,
        purpose: usize,
    },
    Suspend {
        by: usize,
        exchange: usize,
    },
    Reinstate {
        by: usize,
        exchange: usize,
    },
    /// Everybody votes on one of the latest proposals, as the bits say.
    Vote {
        back: usize,
        approve: u8,
    },
    Report {
        by: usize,
        exchange: usize,
        ago: u64,
    },
    Depart {
        exchange: usize,
    },
    Certify {
        by: usize,
    },
    Pass {
        heights: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..5_usize;
    let two = (0..5_usize, 0..5_usize);
    prop_oneof![
        1 => one.clone().prop_map(|by| Step::Join { by }),
        4 => two.clone().prop_map(|(by, successor)| Step::Leave { by, successor }),
        2 => (0..5_usize, 0..4_usize).prop_map(|(by, purpose)| Step::Replace { by, purpose }),
        2 => two.clone().prop_map(|(by, exchange)| Step::Suspend { by, exchange }),
        3 => two.prop_map(|(by, exchange)| Step::Reinstate { by, exchange }),
        8 => (0..3_usize, prop_oneof![3 => Just(0xff_u8), 1 => any::<u8>()])
            .prop_map(|(back, approve)| Step::Vote { back, approve }),
        1 => (0..5_usize, 0..5_usize, 0..4_u64)
            .prop_map(|(by, exchange, ago)| Step::Report { by, exchange, ago }),
        5 => one.clone().prop_map(|exchange| Step::Depart { exchange }),
        2 => one.prop_map(|by| Step::Certify { by }),
        3 => (0..4_u64).prop_map(|heights| Step::Pass { heights }),
    ]
}

type Voters = BTreeMap<ExchangeCode, PublicKey>;

struct Play {
    market: Market,
    proposals: Vec<EntryId>,
    /// Seeds of each exchange's keys for entries and for the agreement, the latest decided last.
    seeds: BTreeMap<(usize, KeyPurpose), Vec<u8>>,
    next_seed: u8,
    /// The voters of each height as they were known first.
    known: BTreeMap<u64, Voters>,
}

impl Play {
    fn new() -> Self {
        let market = Market::founded_by(4);
        let (proposals, known, mut seeds) = Default::default();
        for place in 0..5 {
            let first = u8::try_from(place).unwrap() * 10 + 1;
            let seeds: &mut BTreeMap<_, _> = &mut seeds;
            seeds.insert((place, KeyPurpose::Entry), vec![first]);
            seeds.insert((place, KeyPurpose::Consensus), vec![first + 3]);
        }
        let mut play = Self { market, proposals, seeds, next_seed: 60, known };
        play.check();
        play
    }

    fn record(&self, place: usize) -> Option<&Exchange> {
        self.market.state.find::<Exchange>(&EXCHANGES[place])
    }

    fn next_height(&self) -> Height {
        Height(self.market.height + 1)
    }

    /// Signed by the exchange with the key that is in force in the next block.
    fn by(&self, place: usize) -> By {
        let seeds = &self.seeds[&(place, KeyPurpose::Entry)];
        let in_force = self.record(place).and_then(|exchange| exchange.entry_key.at(self.next_height()));
        let seed = seeds.iter().find(|seed| Some(&key(**seed).public_key()) == in_force);
        By::KeyAt(*seed.unwrap_or(&seeds[0]), place)
    }

    /// Sends an entry; only who votes at a height signs entries in it.
    fn send(&mut self, place: usize, entry_type: &str, body: Value) -> Option<EntryId> {
        let votes = self.record(place).is_some_and(|exchange| exchange.votes_at(self.next_height()));
        let by = self.by(place);
        let sent = self.market.try_command(by, entry_type, body).ok();
        assert!(votes || sent.is_none(), "{} signs without voting", EXCHANGES[place]);
        sent
    }

    fn propose(&mut self, by: usize, change: &Value) {
        let active = self.active();
        if let Some(id) = self.send(by, "member.propose", json!({ "change": change })) {
            self.check_decision(id, &active);
            self.proposals.push(id);
        }
    }

    fn active(&self) -> BTreeSet<ExchangeCode> {
        let active = self.market.state.all::<Exchange>();
        let active = active.filter(|exchange| exchange.is_active_at(self.next_height()));
        active.map(|exchange| exchange.code.clone()).collect()
    }

    /// More than two thirds of the others, if one is to be suspended, else of all that are active.
    fn check_decision(&self, id: EntryId, active: &BTreeSet<ExchangeCode>) {
        let proposal = self.market.state.find::<Proposal>(&id).unwrap();
        if let ProposalState::Accepted { effect_height, .. } = proposal.state {
            let suspended = matches!(proposal.change, databourse_party::Change::Suspend { .. });
            let electorate = active.iter().filter(|code| !suspended || **code != proposal.exchange);
            let electorate: Vec<_> = electorate.collect();
            let approving =
                electorate.iter().filter(|code| proposal.votes.get(**code) == Some(&true)).count();
            assert!(3 * approving > 2 * electorate.len() && (!suspended || approving > 1));
            assert_eq!(effect_height.0, self.market.height + EFFECT_DELAY_HEIGHTS);
        }
    }

    fn take(&mut self, step: &Step) {
        let code = |place: usize| EXCHANGES[place];
        match *step {
            Step::Join { by } => self.propose(by, &join_body(4)),
            Step::Leave { by, successor } => {
                let change = json!({ "name": "leave", "exchange": code(by), "successor": code(successor) });
                self.propose(by, &change);
            }
            Step::Suspend { by, exchange } => {
                let change = json!({ "name": "suspend", "exchange": code(exchange), "reason": "test" });
                self.propose(by, &change);
            }
            Step::Reinstate { by, exchange } => {
                self.propose(by, &json!({ "name": "reinstate", "exchange": code(exchange) }));
            }
            Step::Replace { by, purpose } => self.replace(by, KeyPurpose::ALL[purpose]),
            Step::Vote { back, approve } => self.vote(back, approve),
            Step::Report { by, exchange, ago } => self.report(by, exchange, ago),
            Step::Depart { exchange } => {
                self.send(exchange, "member.depart", json!({ "exchange": code(exchange) }));
            }
            Step::Certify { by } => {
                let name = format!("party-{}", self.market.next_id);
                let active = self.active().contains(&code(by).parse().unwrap());
                let certified = self.send(by, "party.certify", party_body(&name, &["buyer"])).is_some();
                assert_eq!(certified, active, "who is active certifies, and nobody else");
            }
            Step::Pass { heights } => self.market.pass_heights(heights),
        }
    }

    fn replace(&mut self, by: usize, purpose: KeyPurpose) {
        let seed = self.next_seed;
        self.next_seed = seed.saturating_add(1);
        let new =
            NewKey::prove(&ORIGIN.parse().unwrap(), &EXCHANGES[by].parse().unwrap(), purpose, &key(seed));
        self.seeds.entry((by, purpose)).or_default().push(seed);
        let keys = json!({ purpose.as_str(): new });
        self.propose(by, &json!({ "name": "replace_keys", "exchange": EXCHANGES[by], "keys": keys }));
    }

    fn vote(&mut self, back: usize, approve: u8) {
        let Some(id) = self.proposals.iter().rev().nth(back).copied() else { return };
        for place in 0..5 {
            let active = self.active();
            let body = json!({ "proposal": id, "approve": approve >> place & 1 == 1 });
            if self.send(place, "member.vote", body).is_some() {
                self.check_decision(id, &active);
                self.check();
            }
        }
    }

    fn report(&mut self, by: usize, exchange: usize, ago: u64) {
        let height = Height(self.market.height.saturating_sub(ago));
        let in_force = self.record(exchange).and_then(|record| record.consensus_key.at(height)).copied();
        let seeds = &self.seeds[&(exchange, KeyPurpose::Consensus)];
        let Some(seed) = seeds.iter().find(|seed| Some(key(**seed).public_key()) == in_force) else { return };
        let (origin, signer) = (ORIGIN.parse().unwrap(), key(*seed));
        let prevote = |block: &[u8]| {
            let block_id = Some(Digest::of(block));
            ConsensusMessage { height, round: 1, step: Vote::Prevote, block_id }.sign(&origin, &signer)
        };
        let evidence = DoubleSigning {
            exchange: EXCHANGES[exchange].parse().unwrap(),
            first: prevote(b"one"),
            second: prevote(b"other"),
        };
        let body = json!({ "evidence": evidence });
        if self.send(by, "member.report", body.clone()).is_some() {
            assert!(self.send(by, "member.report", body).is_none(), "evidence counts once");
        }
    }

    /// What is known now of the heights up to two above the committed one is what was known first, and stands the rules.
    fn check(&mut self) {
        self.check_from(self.market.height.saturating_sub(2).max(1));
    }

    fn check_from(&mut self, first: u64) {
        for height in first..=self.market.height + EFFECT_DELAY_HEIGHTS {
            let voters = validators(self.market.state.all::<Exchange>(), Height(height));
            let ordered = voters.iter().map(|(code, _)| code.clone()).collect::<Vec<_>>();
            let cosigners = cosigners(self.market.state.all::<Exchange>(), Height(height));
            assert!(ordered.iter().eq(cosigners.iter().map(|cosigner| &cosigner.exchange)));
            assert!(ordered.is_sorted());
            let voters: Voters = voters.into_iter().collect();
            assert!(!voters.is_empty(), "nobody votes at height {height}");
            let known = self.known.entry(height).or_insert_with(|| voters.clone());
            assert_eq!(*known, voters, "the voters of height {height} changed after they were known");
        }
        for (height, later) in self.known.range(first + 1..) {
            let Some(earlier) = self.known.get(&(height - 1)) else { continue };
            assert!(later.keys().any(|code| earlier.contains_key(code)), "heights {height} and before");
            for code in later.keys().chain(earlier.keys()) {
                if later.get(code) != earlier.get(code) {
                    let record = self.market.state.find::<Exchange>(code).unwrap();
                    let steps = record.earlier.iter().chain([&record.membership]);
                    let keys = &record.consensus_key;
                    let since = |since: Height| since.0 == *height;
                    assert!(
                        steps.map(Membership::since_height).any(since)
                            || keys.earlier.iter().any(|key| since(key.until_height)),
                        "{code} changed at {height} without a decision"
                    );
                }
            }
        }
    }
}

/// A state that knows only what was asked for.
struct Piecemeal<'a>(&'a MemoryState, BTreeSet<Key>);

impl Base for Piecemeal<'_> {
    fn get(&self, key: &Key) -> Loaded {
        if self.1.contains(key) { self.0.get(key) } else { Loaded::Unknown }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_voters_of_a_height_are_known_two_before_and_stay(steps in prop::collection::vec(step(), 1..60)) {
        let mut play = Play::new();
        for step in &steps {
            play.take(step);
            play.check();
            play.market.check_money();
        }
        play.check_from(1);
        let mut again = MemoryState::new();
        for (context, commands, effects) in &play.market.history {
            let executed = execute(&again, commands, context).unwrap();
            prop_assert_eq!(executed.effects.clone().encode().unwrap().digest, effects.digest);
            let mut base = Piecemeal(&again, BTreeSet::new());
            let piecemeal = loop {
                match execute(&base, commands, context) {
                    Ok(executed) => break executed,
                    Err(missing) => {
                        prop_assert!(missing.iter().all(|key| !base.1.contains(key)), "asked twice");
                        base.1.extend(missing);
                    }
                }
            };
            prop_assert!(matches!(piecemeal.outcomes[..], [Outcome::Accepted(_)]));
            prop_assert_eq!(piecemeal.effects.encode().unwrap().digest, effects.digest);
            again.apply(executed.effects);
        }
    }
}
