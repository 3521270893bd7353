//! A ledger in memory. What would be in PostgreSQL outlives the application in a [`Store`].

use databourse_consensus::{
    CommitCertificate, Decided, Demand, HeightParams, LedgerApp, Undecided, Validator, Verdict,
};
use databourse_ledger::{Block, BlockHeader, Claims, DoubleSigning, Entry, SigningKey};
use databourse_merkle::empty_root;
use databourse_primitives::{Digest, EntryId, ExchangeCode, Height, Timestamp, TreeSize};
use serde_json::value::RawValue;
use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    sync::{Arc, Mutex},
};
use tokio::sync::{Notify, watch};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store is out of reach")]
pub(crate) struct OutOfReach;

/// What survives a restart.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) height: watch::Sender<Height>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    decided: Vec<Decided>,
    undecided: Vec<Undecided>,
    evidence: Vec<DoubleSigning>,
    /// How many calls fail from now on.
    failures: u32,
    /// Blocks with this command are computed otherwise here.
    diverges_on: Option<EntryId>,
    commands: VecDeque<Entry>,
    is_closed: bool,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { height: watch::Sender::new(Height(0)), inner: Mutex::default() })
    }

    pub(crate) fn decided(&self) -> Vec<Decided> {
        self.inner.lock().unwrap().decided.clone()
    }

    #[cfg(feature = "dishonest")]
    pub(crate) fn evidence(&self) -> Vec<DoubleSigning> {
        self.inner.lock().unwrap().evidence.clone()
    }

    pub(crate) fn fail(&self, count: u32) {
        self.inner.lock().unwrap().failures = count;
    }

    pub(crate) fn diverge_on(&self, command: EntryId) {
        self.inner.lock().unwrap().diverges_on = Some(command);
    }

    fn call<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> Result<T, OutOfReach> {
        let mut inner = self.inner.lock().unwrap();
        if inner.failures > 0 {
            inner.failures -= 1;
            return Err(OutOfReach);
        }
        Ok(work(&mut inner))
    }

    /// The commands that are committed, in order.
    pub(crate) fn commands(&self) -> Vec<EntryId> {
        let blocks = self.decided().into_iter().map(|decided| Block::decode(&decided.block).unwrap());
        blocks.flat_map(|block| block.commands).map(|command| command.claims().id).collect()
    }
}

/// A ledger on a store.
pub(crate) struct MemoryApp {
    pub(crate) store: Arc<Store>,
    pub(crate) work: Arc<Notify>,
    pub(crate) exchange: ExchangeCode,
    pub(crate) key: SigningKey,
    pub(crate) validators: Vec<Validator>,
    /// What was built or checked last: nothing else may be committed.
    pub(crate) ready: Option<Digest>,
}

pub(crate) fn entry_id(number: u64) -> EntryId {
    format!("019aa2b4-5c00-7000-8000-{number:012x}").parse().unwrap()
}

/// Where commands come in at a node.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) store: Arc<Store>,
    pub(crate) work: Arc<Notify>,
}

impl Pool {
    pub(crate) fn submit(&self, number: u64, text: &str) -> EntryId {
        let id = entry_id(number);
        let body = RawValue::from_string(format!(r#"{{"text":"{text}"}}"#)).unwrap();
        let claims = Claims {
            entry_type: "test.say".to_owned(),
            id,
            exchange: "sh".parse().unwrap(),
            issued_at_s: 0,
            on_behalf_of: None,
            body,
        };
        let entry = Entry::sign(&claims, &SigningKey::from_seed([99; 32])).unwrap();
        self.store.inner.lock().unwrap().commands.push_back(entry);
        self.work.notify_one();
        id
    }

    pub(crate) fn close(&self) {
        self.store.inner.lock().unwrap().is_closed = true;
        self.work.notify_one();
    }
}

impl MemoryApp {
    fn previous(&self) -> Digest {
        let inner = self.store.inner.lock().unwrap();
        inner.decided.last().map_or(Digest::of(b"genesis"), |last| Digest::of(&last.block))
    }
}

impl LedgerApp for MemoryApp {
    type Error = OutOfReach;

    fn last_height(&self) -> Height {
        *self.store.height.borrow()
    }

    async fn commands_wait(&self) -> bool {
        loop {
            let notified = self.work.notified();
            {
                let inner = self.store.inner.lock().unwrap();
                if !inner.commands.is_empty() {
                    return true;
                }
                if inner.is_closed {
                    return false;
                }
            }
            notified.await;
        }
    }

    async fn screen(&mut self) -> Result<bool, OutOfReach> {
        Ok(true)
    }

    async fn build(&mut self, height: Height, demand: Demand) -> Result<Option<Block>, OutOfReach> {
        let commands: Vec<_> = self.store.call(|inner| inner.commands.iter().cloned().collect())?;
        if commands.is_empty() && demand == Demand::IfAccepted {
            return Ok(None);
        }
        let effects = self.previous();
        let fields = BlockHeader::for_commands(
            height,
            Timestamp::EPOCH,
            &commands,
            effects,
            TreeSize(0),
            empty_root(),
        );
        let id = entry_id(1 << 40 | height.0);
        let block = Block::new(fields, id, self.exchange.clone(), commands, &self.key).unwrap();
        self.ready = Some(block.id());
        Ok(Some(block))
    }

    async fn check(&mut self, block: &Block) -> Result<Verdict, OutOfReach> {
        let diverges_on = self.store.call(|inner| inner.diverges_on)?;
        self.ready = None;
        let header = block.header_fields().unwrap();
        let author = self.validators.iter().find(|one| one.exchange == block.header.claims().exchange);
        if header.height != self.last_height().next()
            || author.is_none_or(|author| block.header.verify(&author.consensus_key).is_err())
        {
            return Ok(Verdict::Malformed { expected: "the next height, signed by its author".to_owned() });
        }
        let diverges = block.commands.iter().any(|command| Some(command.claims().id) == diverges_on);
        let computed = if diverges { Digest::of(b"elsewhere") } else { self.previous() };
        if header.effects_digest != computed {
            return Ok(Verdict::EffectsDiffer { stated: header.effects_digest, computed });
        }
        self.ready = Some(block.id());
        Ok(Verdict::Valid)
    }

    async fn commit(&mut self, block: Block, certificate: CommitCertificate) -> Result<(), OutOfReach> {
        assert_eq!(self.ready.take(), Some(block.id()), "only what was checked last is committed");
        let height = block.header_fields().unwrap().height;
        self.store.call(|inner| {
            assert_eq!(height, Height(inner.decided.len() as u64 + 1));
            inner.decided.push(Decided { height, block: block.encode(), certificate });
            inner.undecided.retain(|undecided| undecided.height > height);
            inner
                .commands
                .retain(|waiting| block.commands.iter().all(|done| done.bytes() != waiting.bytes()));
        })?;
        self.store.height.send_replace(height);
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), OutOfReach> {
        self.store.call(|_| ())
    }

    async fn recover(&mut self) -> Result<(), OutOfReach> {
        self.ready = None;
        self.store.call(|_| ())
    }

    fn abandon(&mut self) {}

    async fn height_params(&mut self) -> Result<HeightParams, OutOfReach> {
        self.store.call(|_| ())?;
        let height = self.last_height().next();
        let mut validators = self.validators.clone();
        let first = (height.0 % validators.len() as u64) as usize;
        validators.rotate_left(first);
        Ok(HeightParams { height, validators })
    }

    async fn save_undecided(&mut self, undecided: &Undecided) -> Result<(), OutOfReach> {
        self.store.call(|inner| inner.undecided.push(undecided.clone()))
    }

    async fn undecided(&mut self, height: Height) -> Result<Vec<Undecided>, OutOfReach> {
        self.store.call(|inner| inner.undecided.iter().filter(|one| one.height == height).cloned().collect())
    }

    async fn decided(&mut self, range: RangeInclusive<Height>) -> Result<Vec<Decided>, OutOfReach> {
        self.store
            .call(|inner| inner.decided.iter().filter(|one| range.contains(&one.height)).cloned().collect())
    }

    async fn record_evidence(&mut self, evidence: Vec<DoubleSigning>) -> Result<(), OutOfReach> {
        self.store.call(|inner| inner.evidence.extend(evidence))
    }
}
