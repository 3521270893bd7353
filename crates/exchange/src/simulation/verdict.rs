//! What must hold when nothing goes wrong any more.

use super::{
    authors::Board,
    plan::{CODES, FOUNDERS, NODES, Planted},
    world::World,
};
use databourse_audit::Auditor;
use databourse_market::MemoryState;
use databourse_party::{Exchange, validators};
use databourse_primitives::{ExchangeCode, Height, Holder, TreeSize, quorum_of};
use databourse_settlement::{Account, Purpose};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

/// How long the region may take to come to rest, milliseconds.
const REST_MS_MAX: u64 = 120_000;

/// Waits until every author has an answer, all nodes have the same ledger, and all of it is final.
pub(super) async fn rest(world: &Arc<World>) {
    let until = world.time.now() + REST_MS_MAX;
    loop {
        let restless = restless(world);
        if restless.is_empty() || !world.failures().is_empty() {
            return;
        }
        if world.time.now() > until {
            return world.fail(format_args!("no rest: {}", restless.join("; ")));
        }
        world.time.sleep(250).await;
    }
}

/// What is not at rest.
fn restless(world: &World) -> Vec<String> {
    let mut reasons = Vec::new();
    let scripts = world.counts.scripts.load(Ordering::Relaxed);
    let waiting = world.counts.waiting.load(Ordering::Relaxed);
    if scripts + waiting > 0 {
        reasons.push(format!("{scripts} scripts go on, {waiting} authors wait"));
    }
    let up: Vec<usize> = (0..NODES).filter(|place| world.is_up(*place)).collect();
    let highest = up.iter().map(|place| world.disk(*place).tables.height()).max().unwrap_or_default();
    for place in up {
        let (code, disk) = (CODES[place], world.disk(place));
        let (height, size) = (disk.tables.height(), disk.tables.edge.size());
        if height < highest {
            reasons.push(format!("{code} is at {height} of {highest}"));
        }
        let votes = |code: &str| {
            let exchanges = disk.tables.exchanges();
            exchanges.iter().any(|one| one.code.as_str() == code && one.votes_at(Height(height + 1)))
        };
        let unreported = disk.tables.evidence.values().filter(|(_, is_reported)| !is_reported).count();
        if unreported > 0 && votes(code) {
            reasons.push(format!("{code} has not reported its evidence"));
        }
        drop(disk);
        let Some(ears) = world.ears(place) else { continue };
        let shown = ears.publisher.shown().size;
        if shown != TreeSize(size) && world.plan.is_honest(place) {
            reasons.push(format!("{code} shows {shown} of {size}"));
        }
        if ears.pool.len() > 0 {
            reasons.push(format!("{code} has {} commands that wait", ears.pool.len()));
        }
    }
    reasons
}

/// Looks at everything that is left.
pub(super) fn judge(world: &World, board: &Board) {
    let is_planted = world.plan.planted == Planted::AlteredBalance;
    let places: Vec<usize> = (0..NODES).filter(|place| world.is_up(*place)).collect();
    let Some(first) = places.first().copied() else { return world.fail(format_args!("nobody is up")) };
    if places.len() < FOUNDERS && !is_planted {
        world.fail(format_args!("only {} nodes are up", places.len()));
    }
    let auditor = audit(world, first);
    let state = auditor.state();
    for place in &places {
        compare(world, *place, state);
    }
    check_agreement(world, first, state);
    check_money(world, state);
    check_evidence(world, &places, state);
    for (offer, orders) in &*board.sold.lock().unwrap() {
        if orders.len() > 1 {
            world.fail(format_args!("the exclusive offer {offer} is sold to {}", orders.len()));
        }
    }
    for place in places {
        let disk = world.disk(place);
        let entries = &disk.tables.entries;
        for (id, (leaf, _)) in world.acknowledged() {
            let stands = entries.get(usize::try_from(leaf).unwrap()).is_some_and(|entry| entry.id == id);
            let count = entries.iter().filter(|entry| entry.id == id).count();
            if !stands || count != 1 {
                world.fail(format_args!("{id} is acknowledged and {} has it {count} times", CODES[place]));
            }
        }
    }
}

/// The rules say the same of the entries again.
fn audit(world: &World, place: usize) -> Auditor {
    let mut auditor = Auditor::new();
    let disk = world.disk(place);
    disk.tables.entries.iter().for_each(|entry| auditor.feed(&entry.bytes));
    if auditor.has_ended() {
        drop(disk);
        world.fail(format_args!("the ledger of {} cannot be executed again", CODES[place]));
    }
    auditor
}

/// A node holds the records that follow from the entries, and the entries of the others.
fn compare(world: &World, place: usize, state: &MemoryState) {
    let disk = world.disk(place);
    let records = &disk.tables.records;
    let differing = state
        .records()
        .find(|(key, record)| records.get(key) != Some(&record.to_json().unwrap()))
        .map(|(key, _)| key.clone());
    let counts = (records.len(), state.records().count());
    drop(disk);
    if let Some(key) = differing {
        world.fail(format_args!("{} has another record {key}", CODES[place]));
    }
    if counts.0 != counts.1 {
        world.fail(format_args!("{} has {} records and not {}", CODES[place], counts.0, counts.1));
    }
}

/// Who agreed on each block is who votes at its height, and enough of them.
fn check_agreement(world: &World, place: usize, state: &MemoryState) {
    let disk = world.disk(place);
    let told = world.voters.lock().unwrap().clone();
    for (height, block) in (1..).zip(&disk.tables.blocks) {
        // The region is founded by the first block.
        let voters: BTreeMap<_, _> =
            validators(state.all::<Exchange>(), Height(height)).into_iter().collect();
        let voters: BTreeSet<ExchangeCode> = voters.into_keys().collect();
        let signers = &block.agreement.precommits;
        if told.get(&height).is_some_and(|told| *told != voters) {
            world.fail(format_args!("{told:?} were told to vote on {height} and not {voters:?}"));
        }
        let is_planted = world.plan.planted == Planted::HalfQuorum;
        if signers.keys().any(|code| !voters.contains(code))
            || (signers.len() < quorum_of(voters.len()) && !is_planted)
        {
            world.fail(format_args!("block {height} is agreed by {:?} of {voters:?}", signers.keys()));
        }
    }
}

/// Everything sums to zero and nothing is overdrawn.
fn check_money(world: &World, state: &MemoryState) {
    let (mut posted, mut pending) = (0, 0);
    for account in state.all::<Account>() {
        posted += i128::from(account.debits_minor) - i128::from(account.credits_minor);
        pending += i128::from(account.debits_pending_minor) - i128::from(account.credits_pending_minor);
        let may_be_negative = matches!(account.id.purpose, Purpose::Clearing | Purpose::Difference);
        if !may_be_negative && account.balances().available_minor < 0 {
            world.fail(format_args!("{} is overdrawn", account.id));
        }
        if let Holder::Exchange(code) = &account.id.holder
            && !CODES.contains(&code.as_str())
        {
            world.fail(format_args!("{code} has an account"));
        }
    }
    if (posted, pending) != (0, 0) {
        world.fail(format_args!("the books sum to {posted} and {pending}"));
    }
}

/// Nobody honest is accused, and who was caught does not vote any more.
fn check_evidence(world: &World, places: &[usize], state: &MemoryState) {
    let next = world.disk(places[0]).tables.height() + 3;
    for place in places {
        let accused: BTreeSet<ExchangeCode> =
            world.disk(*place).tables.evidence.values().map(|(proof, _)| proof.exchange.clone()).collect();
        for code in accused {
            let guilty = CODES.iter().position(|known| *known == code.as_str()).unwrap();
            if world.plan.is_honest(guilty) {
                world.fail(format_args!("{} accuses {code}, which is honest", CODES[*place]));
            }
            let votes = |code: &str| {
                let record = state.find::<Exchange>(&code);
                record.is_some_and(|record| record.votes_at(Height(next)))
            };
            // Who does not vote cannot report it.
            if world.plan.is_honest(*place) && votes(CODES[*place]) && votes(code.as_str()) {
                world.fail(format_args!("{code} was caught by {} and votes on", CODES[*place]));
            }
        }
    }
}
