//! The region as the simulator sees it: what happened, what is on the disks, who is up, and what must never be.

use super::{
    disk::Disk,
    entries,
    network::{Envelope, Message, Network},
    plan::{CODES, NODES, Plan, Planted},
    random::Random,
    time::{Reading, Time},
};
use crate::{Acknowledgement, gossip, pool::Pool, publisher::Publisher};
use databourse_ledger::Entry;
use databourse_market::{Decoded, Key, SignedCommand};
use databourse_merkle::Hash;
use databourse_party::{KeyRecord, cosigners};
use databourse_primitives::{Digest, EntryId, ExchangeCode, Height, quorum_of};
use databourse_store::{CommitBatch, StoreError};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::{sync::mpsc, task::JoinHandle};

/// How many of the last events a failure shows.
const EVENTS_SHOWN: usize = 80;

#[derive(Default)]
struct Journal {
    digest: Sha256,
    last: VecDeque<String>,
    failures: Vec<String>,
}

/// What of a running node others reach.
pub(super) struct Alive {
    pub(super) inbox: mpsc::UnboundedSender<(usize, Message)>,
    pub(super) ears: Arc<Ears>,
    pub(super) tasks: Vec<JoinHandle<()>>,
}

/// What hears messages of other nodes beside the agreement.
pub(super) struct Ears {
    pub(super) pool: Arc<Pool>,
    pub(super) publisher: Arc<Publisher>,
}

/// What every run counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) acknowledged: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) crashes: AtomicU64,
    /// Nodes that stopped because their state was not the region's.
    pub(super) diverged: AtomicU64,
    /// Authors who wait for an answer.
    pub(super) waiting: AtomicU64,
    /// Scripts that have not come to their end.
    pub(super) scripts: AtomicU64,
}

/// See the module.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) time: Time,
    pub(super) readings: Vec<Reading>,
    pub(super) network: Network,
    pub(super) counts: Counts,
    random: Mutex<Random>,
    journal: Mutex<Journal>,
    disks: Vec<Mutex<Disk>>,
    nodes: Vec<Mutex<Option<Alive>>>,
    is_calm: AtomicBool,
    /// What is agreed on at each height, whoever committed it first.
    chain: Mutex<BTreeMap<u64, (Digest, Hash)>>,
    /// Where each acknowledged entry stands.
    acknowledged: Mutex<BTreeMap<EntryId, (u64, u64)>>,
    /// Who votes at each height, as nodes were told.
    pub(super) voters: Mutex<BTreeMap<u64, BTreeSet<ExchangeCode>>>,
    /// Commands by leaf, whose signatures hold: the same for every node.
    verified: Mutex<HashMap<Hash, SignedCommand>>,
}

impl World {
    pub(super) fn new(plan: Plan, random: Random) -> Self {
        let readings: Vec<Reading> =
            (0..NODES).map(|place| Reading::new(plan.skew_ms[place], plan.drift_ppm[place])).collect();
        Self {
            plan,
            time: Time::new(readings.clone()),
            readings,
            network: Network::default(),
            counts: Counts::default(),
            random: Mutex::new(random),
            journal: Mutex::default(),
            disks: (0..NODES).map(|_| Mutex::default()).collect(),
            nodes: (0..NODES).map(|_| Mutex::default()).collect(),
            is_calm: AtomicBool::new(false),
            chain: Mutex::default(),
            acknowledged: Mutex::default(),
            voters: Mutex::default(),
            verified: Mutex::default(),
        }
    }

    pub(super) fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap()
    }

    pub(super) fn disk(&self, place: usize) -> MutexGuard<'_, Disk> {
        self.disks[place].lock().unwrap()
    }

    pub(super) fn node(&self, place: usize) -> MutexGuard<'_, Option<Alive>> {
        self.nodes[place].lock().unwrap()
    }

    pub(super) fn is_up(&self, place: usize) -> bool {
        self.node(place).is_some()
    }

    pub(super) fn ears(&self, place: usize) -> Option<Arc<Ears>> {
        self.node(place).as_ref().map(|alive| Arc::clone(&alive.ears))
    }

    pub(super) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    pub(super) fn calm_down(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
    }

    /// Writes down what happens.
    pub(super) fn note(&self, text: fmt::Arguments<'_>) {
        let line = format!("{:>6} {text}", self.time.now());
        let mut journal = self.journal.lock().unwrap();
        journal.digest.update(line.as_bytes());
        if journal.last.len() == EVENTS_SHOWN {
            journal.last.pop_front();
        }
        journal.last.push_back(line);
    }

    /// Something happened that must never happen.
    pub(super) fn fail(&self, text: fmt::Arguments<'_>) {
        self.note(format_args!("FAILURE {text}"));
        self.journal.lock().unwrap().failures.push(text.to_string());
    }

    pub(super) fn failures(&self) -> Vec<String> {
        self.journal.lock().unwrap().failures.clone()
    }

    pub(super) fn last_events(&self) -> Vec<String> {
        self.journal.lock().unwrap().last.iter().cloned().collect()
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        self.journal.lock().unwrap().digest.clone().finalize().into()
    }

    pub(super) fn new_id(&self) -> EntryId {
        let unix_ms = 1_767_574_800_000 + i64::try_from(self.time.now()).unwrap();
        let bytes = self.random().bytes();
        crate::entropy::entry_id(databourse_primitives::Timestamp::from_unix_ms(unix_ms), &bytes)
    }

    pub(super) fn disk_fails(&self) -> bool {
        !self.is_calm() && self.random().chance(self.plan.disk_permille)
    }

    pub(super) fn disk_delay_ms(&self, ms_max: u64) -> u64 {
        let mut random = self.random();
        let is_slow = random.chance(self.plan.disk_permille / 2);
        if is_slow { random.below(600) } else { random.below(ms_max + 1) }
    }

    /// A node's database takes a block over.
    pub(super) fn apply(&self, place: usize, batch: &CommitBatch) -> Result<(), StoreError> {
        let mut disk = self.disk(place);
        if self.plan.planted == Planted::VolatileDisk {
            disk.before = Some(Box::new(disk.tables.clone()));
        }
        let applied = disk.tables.apply(batch);
        drop(disk);
        if applied.is_ok() {
            let agreed = (batch.block_id, batch.root);
            let first = *self.chain.lock().unwrap().entry(batch.height.0).or_insert(agreed);
            self.note(format_args!("{} keeps block {} {:?}", CODES[place], batch.height, batch.block_id));
            if first != agreed {
                self.fail(format_args!("a fork: {} has another block {}", CODES[place], batch.height));
            }
        }
        applied
    }

    /// An author is told that its command stands: it must be durable on enough disks, and nowhere else.
    pub(super) fn check_acknowledged(&self, place: usize, id: EntryId, told: &Acknowledgement) {
        let (leaf, height) = (told.leaf_index.0, told.height.0);
        self.note(format_args!("{} acknowledges {id} at {leaf} repeated {}", CODES[place], told.repeated));
        let first = *self.acknowledged.lock().unwrap().entry(id).or_insert((leaf, height));
        if told.id != id || first != (leaf, height) {
            self.fail(format_args!("{id} is acknowledged at {leaf} and at {}", first.0));
        }
        let (exchanges, head) = {
            let disk = self.disk(place);
            (disk.tables.exchanges(), disk.tables.height())
        };
        // The checkpoint of a later block makes an entry final as well, and those sign it who are members then.
        let holders_of = |later| {
            let signers = cosigners(exchanges.iter(), Height(later));
            let holders =
                signers.iter().filter(|signer| self.holds(&signer.exchange, id, leaf, later)).count();
            (holders, signers.len())
        };
        let counts: Vec<_> = (height..=head).map(holders_of).collect();
        if !counts.iter().any(|(holders, signers)| *holders >= quorum_of(*signers)) {
            self.fail(format_args!(
                "{} acknowledges {id} while of the signers of blocks {height} to {head} these hold it: {counts:?} \
                 (repeated {})",
                CODES[place], told.repeated
            ));
        }
        self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether an exchange's disk would have that entry, and all blocks up to `height`, after a loss of power.
    fn holds(&self, exchange: &ExchangeCode, id: EntryId, leaf: u64, height: u64) -> bool {
        let place = CODES.iter().position(|known| *known == exchange.as_str()).unwrap();
        let disk = self.disk(place);
        let tables = disk.durable();
        let entry = tables.entries.get(usize::try_from(leaf).unwrap());
        tables.height() >= height && entry.is_some_and(|entry| entry.id == id)
    }

    pub(super) fn acknowledged(&self) -> BTreeMap<EntryId, (u64, u64)> {
        self.acknowledged.lock().unwrap().clone()
    }

    pub(super) fn deliver(&self, envelope: Envelope) {
        let Envelope { from, to, message } = envelope;
        if !self.network.connects(from, to) {
            return;
        }
        match message {
            Message::Gossip(bytes) => self.hear(from, to, &bytes),
            message => {
                if let Some(alive) = &*self.node(to) {
                    let _ = alive.inbox.send((from, message));
                }
            }
        }
    }

    /// As `peers` does it: commands to the pool once their signatures hold, cosignatures to the publisher.
    fn hear(&self, from: usize, place: usize, bytes: &[u8]) {
        let sender: ExchangeCode = CODES[from].parse().unwrap();
        let Some(ears) = self.ears(place) else { return };
        match gossip::Message::parse(bytes) {
            Some(gossip::Message::Commands(entries)) => {
                let unknown = entries.into_iter().filter(|entry| !ears.pool.holds(&entry.leaf_hash()));
                ears.pool.admit(unknown.filter_map(|entry| self.verify(place, entry)).collect());
            }
            Some(gossip::Message::Cosignature(checkpoint)) => {
                for fork in ears.publisher.cosigned(Some(&sender), *checkpoint) {
                    self.fail(format_args!("{} finds that {} has forked", CODES[place], fork.exchange));
                }
            }
            None => self.fail(format_args!("{} hears what is no message", CODES[place])),
        }
    }

    fn verify(&self, place: usize, entry: Entry) -> Option<SignedCommand> {
        let name = Key::of::<KeyRecord>(&entry.kid());
        let record = self.disk(place).tables.records.get(&name).cloned()?;
        let mut verified = self.verified.lock().unwrap();
        if let Some(command) = verified.get(&entry.leaf_hash()) {
            return Some(command.clone());
        }
        let record: KeyRecord = serde_json::from_str(&record).unwrap();
        let leaf_hash = entry.leaf_hash();
        let command = Decoded::new(entry).ok()?.verify(&record.key).ok()?;
        verified.insert(leaf_hash, command.clone());
        Some(command)
    }

    /// What is shown must carry the cosignatures of more than two thirds of those who sign at its height.
    pub(super) fn check_shown(&self, place: usize) {
        let Some(ears) = self.ears(place) else { return };
        let shown = ears.publisher.shown();
        let Some(signed) = &shown.signed else { return };
        let exchanges = self.disk(place).tables.exchanges();
        let signers = cosigners(exchanges.iter(), shown.height);
        let origin = entries::ORIGIN;
        let names: BTreeSet<String> =
            signers.iter().map(|signer| format!("{origin}/{}", signer.exchange)).collect();
        let count = signed.signatures.iter().filter(|line| names.contains(line.name.as_str())).count();
        if count < quorum_of(signers.len()) {
            let (code, size) = (CODES[place], shown.size);
            self.fail(format_args!("{code} shows size {size} with {count} of {} signatures", signers.len()));
        }
    }
}
