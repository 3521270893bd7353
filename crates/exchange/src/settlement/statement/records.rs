//! The records that explain movements, loaded for many of them at once.

use super::{damaged, moves::Move};
use crate::NodeError;
use databourse_ledger::Entry;
use databourse_licensing::{Licence, Order};
use databourse_listing::Product;
use databourse_market::{Acceptance, Command, Head, Key, Noun, Record, RefundRecord, Stored};
use databourse_party::Party;
use databourse_primitives::{Asset, EntryId, LeafIndex, LicenceId, OrderId, ScheduleVersion};
use databourse_settlement::{ChargeFee, Schedule, TaxTable, TransactionKind};
use databourse_store::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

/// Records by name. Those of sales and refunds are forgotten with the next load; parties, products, schedules and tax
/// tables, which many lines share, stay.
#[derive(Default)]
pub(super) struct Records {
    known: BTreeMap<Key, Record>,
    charges: BTreeMap<EntryId, (ChargeFee, ScheduleVersion)>,
}

/// Which kinds stay.
const SHARED: [Noun; 4] = [Noun::Party, Noun::Product, Noun::Schedule, Noun::TaxTable];

impl Records {
    /// Loads what explains `moves`.
    pub(super) async fn load(
        &mut self,
        store: &Store,
        asset: Asset,
        moves: &[Move],
    ) -> Result<(), NodeError> {
        self.known.retain(|key, _| SHARED.contains(&key.noun));
        self.charges.clear();
        self.add(store, moves.iter().filter_map(event_key).collect()).await?;
        let mut events = BTreeSet::new();
        for record in self.known.values() {
            match record {
                Record::Acceptance(found) => events.extend(with_licences(found.order, &found.lines)),
                Record::Refund(found) => {
                    let lines: Vec<u32> = found.lines.iter().map(|line| line.line).collect();
                    events.extend(with_licences(found.order, &lines));
                }
                _ => {}
            }
        }
        self.add(store, events).await?;
        for movement in moves.iter().filter(|movement| movement.kind == TransactionKind::Fee) {
            let charge = self.charge(store, asset, movement).await?;
            self.charges.insert(movement.entry, charge);
        }
        self.add(store, self.shared_keys()).await?;
        let taxes = self.known.values().filter_map(Schedule::from_record);
        let taxes = taxes.map(|schedule| Key::of::<TaxTable>(&schedule.tax)).collect();
        self.add(store, taxes).await
    }

    async fn add(&mut self, store: &Store, keys: BTreeSet<Key>) -> Result<(), NodeError> {
        let unknown: BTreeSet<Key> = keys.into_iter().filter(|key| !self.known.contains_key(key)).collect();
        let loaded = store.load(&unknown).await?;
        self.known.extend(loaded.into_iter().filter_map(|(key, record)| Some((key, record?))));
        Ok(())
    }

    /// What the loaded orders, licences and charges refer to.
    fn shared_keys(&self) -> BTreeSet<Key> {
        let mut keys = BTreeSet::new();
        for record in self.known.values() {
            match record {
                Record::Order(order) => drop(keys.insert(Key::of::<Schedule>(&order.schedule))),
                Record::Licence(licence) => keys.extend([
                    Key::of::<Product>(&licence.product),
                    Key::of::<Party>(&licence.supplier),
                    Key::of::<Party>(&licence.buyer),
                ]),
                _ => {}
            }
        }
        for (charge, schedule) in self.charges.values() {
            keys.extend([Key::of::<Party>(&charge.party), Key::of::<Schedule>(schedule)]);
        }
        keys
    }

    /// What a yearly fee was charged for, and by which schedule. No record keeps it, so the entry itself says it.
    async fn charge(
        &mut self,
        store: &Store,
        asset: Asset,
        movement: &Move,
    ) -> Result<(ChargeFee, ScheduleVersion), NodeError> {
        let unreadable = || damaged(format!("entry {} charges no fee", movement.entry));
        let stored = store.entry(movement.leaf_index.0).await?.ok_or_else(unreadable)?;
        let entry = Entry::parse(&stored.bytes).map_err(|_| unreadable())?;
        let claims = entry.claims();
        match Command::from_json(&claims.entry_type, claims.body.get()) {
            Ok(Command::ChargeFee(charge)) => {
                Ok((charge, self.schedule_at(store, asset, movement.leaf_index).await?))
            }
            _ => Err(unreadable()),
        }
    }

    /// The schedule that was in force at a place: from the latest one back.
    async fn schedule_at(
        &mut self,
        store: &Store,
        asset: Asset,
        at: LeafIndex,
    ) -> Result<ScheduleVersion, NodeError> {
        let none = || damaged(format!("no schedule of {asset} was in force at leaf {at}"));
        let head: Head = store.get(&format!("schedule:{asset}")).await?.ok_or_else(none)?;
        let mut version = ScheduleVersion { asset, version: head.number };
        loop {
            self.add(store, [Key::of::<Schedule>(&version)].into()).await?;
            let schedule: &Schedule = self.need(&version)?;
            match schedule.version_at(at).ok_or_else(none)? {
                found if found == version => return Ok(version),
                earlier => version = earlier,
            }
        }
    }

    /// The `T` called `name`, which other records say is there.
    pub(super) fn need<T: Stored>(&self, name: &impl Display) -> Result<&T, NodeError> {
        let key = Key::of::<T>(name);
        let found = self.known.get(&key).and_then(T::from_record);
        found.ok_or_else(|| damaged(format!("{key} is referred to and not there")))
    }

    /// What an entry charged, and by which schedule.
    pub(super) fn charged(&self, entry: EntryId) -> Result<(&ChargeFee, &Schedule), NodeError> {
        let found = self.charges.get(&entry);
        let (charge, schedule) = found.ok_or_else(|| damaged(format!("entry {entry} charges no fee")))?;
        Ok((charge, self.need(schedule)?))
    }
}

/// The record of what a movement followed from.
fn event_key(movement: &Move) -> Option<Key> {
    match movement.kind {
        TransactionKind::Post => Some(Key::of::<Acceptance>(&movement.entry)),
        TransactionKind::Refund => Some(Key::of::<RefundRecord>(&movement.entry)),
        _ => None,
    }
}

fn with_licences(order: OrderId, lines: &[u32]) -> impl Iterator<Item = Key> {
    let licences = lines.iter().map(move |line| Key::of::<Licence>(&LicenceId { order, line: *line }));
    licences.chain([Key::of::<Order>(&order)])
}
