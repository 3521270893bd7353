//! The life of a simulated node: the real pool, executor and publisher over a simulated disk and network.

use super::{
    driver::{Driver, End},
    entries,
    network::Message,
    plan::{Act, CODES, Planted},
    store::SimulatedStore,
    world::{Alive, Ears, World},
};
use crate::{
    Clock, Published,
    divergence::Reports,
    executor::{Executor, ExecutorError, LedgerStore as _, Parts},
    gossip::Outbox,
    pool::Pool,
    publisher::{Publisher, Signers},
    working_set::WorkingSet,
};
use databourse_consensus::LedgerApp as _;
use databourse_ledger::DoubleSigning;
use databourse_primitives::ExchangeCode;
use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::{Arc, atomic::Ordering},
};
use tokio::sync::mpsc;

/// The first byte of a message that carries a cosignature.
const COSIGNATURE: u8 = 2;

impl World {
    /// Starts the process of a node, if it does not run.
    pub(super) fn start_node(self: &Arc<Self>, place: usize) {
        if self.is_up(place) {
            return;
        }
        self.note(format_args!("{} starts", CODES[place]));
        let (outbox, outgoing) = Outbox::new(self.plan.outbox_capacity);
        let signers = Signers {
            log_key: entries::checkpoint_key(place),
            cosignature_key: entries::cosignature_key(place),
            peers: Some(outbox.clone()),
        };
        let code: ExchangeCode = CODES[place].parse().unwrap();
        let origin = entries::ORIGIN.parse().unwrap();
        let publisher = Arc::new(Publisher::new(origin, code, signers).unwrap());
        let pool = Arc::new(Pool::new(self.plan.pool_capacity, Some(outbox)));
        let ears = Arc::new(Ears { pool, publisher });
        let (inbox, messages) = mpsc::unbounded_channel();
        let tasks = vec![
            tokio::spawn(pump(Arc::clone(self), place, outgoing)),
            tokio::spawn(live(Arc::clone(self), place, Arc::clone(&ears), messages)),
        ];
        *self.node(place) = Some(Alive { inbox, ears, tasks });
    }

    /// Kills the process: only the disk is left.
    pub(super) fn crash(&self, place: usize) {
        let Some(alive) = self.node(place).take() else { return };
        self.note(format_args!("{} crashes", CODES[place]));
        self.counts.crashes.fetch_add(1, Ordering::Relaxed);
        alive.tasks.iter().for_each(tokio::task::JoinHandle::abort);
        let locked_until_ms = self.time.now() + self.random().below(300);
        self.disk(place).crash(locked_until_ms);
    }
}

/// Sends what the outbox holds.
async fn pump(world: Arc<World>, place: usize, mut outgoing: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = outgoing.recv().await {
        let hides = bytes.first() == Some(&COSIGNATURE) && world.plan.does(place, Act::HideCosignatures);
        if !hides {
            world.broadcast(place, &Message::Gossip(Arc::new(bytes)));
        }
    }
}

async fn live(
    world: Arc<World>,
    place: usize,
    ears: Arc<Ears>,
    inbox: mpsc::UnboundedReceiver<(usize, Message)>,
) {
    resume(&world, place, &ears);
    let (sender, evidence) = mpsc::unbounded_channel();
    let app = loop {
        match begin(&world, place, &ears, sender.clone()).await {
            Ok(app) => break app,
            Err(failure) => world.note(format_args!("{} cannot begin: {failure}", CODES[place])),
        }
        // Whoever runs it starts it again.
        world.time.sleep(200).await;
    };
    let mut driver = Driver::new(Arc::clone(&world), place, app, inbox, ears, evidence);
    let end = driver.run().await;
    driver.app.abandon();
    let is_planted = world.plan.planted == Planted::AlteredBalance && place == 1;
    match end {
        End::Diverged { height, verdict } if is_planted => {
            world.note(format_args!("{} has diverged at {height}: {verdict:?}", CODES[place]));
            world.counts.diverged.fetch_add(1, Ordering::Relaxed);
        }
        End::Diverged { height, verdict } => {
            world.fail(format_args!("{} has diverged at {height}: {verdict:?}", CODES[place]));
        }
        End::Broken(reason) => world.fail(format_args!("{} broke: {reason}", CODES[place])),
    }
    // A process that ended runs no more.
    let alive = world.node(place).take();
    drop(alive);
}

async fn begin(
    world: &Arc<World>,
    place: usize,
    ears: &Ears,
    evidence: mpsc::UnboundedSender<DoubleSigning>,
) -> Result<Executor<SimulatedStore>, ExecutorError> {
    let store = SimulatedStore::new(world, place);
    let writer = store.open_writer().await?;
    Executor::start(Parts {
        pool: Arc::clone(&ears.pool),
        store,
        writer: Some(writer),
        working_set: WorkingSet::new(NonZeroUsize::new(world.plan.working_set).unwrap()),
        clock: Arc::new(Clock::Simulated(Arc::clone(&world.readings[place].unix_ms))),
        exchange: CODES[place].parse().unwrap(),
        entry_key: entries::entry_key(place),
        publisher: Arc::clone(&ears.publisher),
        founding: entries::founding(place),
        evidence,
        snapshots: Arc::default(),
        reports: Reports::default(),
    })
    .await
}

/// As `publisher::resume` does it: what was shown once is not taken back.
fn resume(world: &World, place: usize, ears: &Ears) {
    let disk = world.disk(place);
    let tables = &disk.tables;
    let Some((height, signed)) = tables.final_checkpoint.clone() else { return };
    let size = signed.checkpoint.size;
    let Some(block) = tables.blocks.get(usize::try_from(height.0).unwrap() - 1) else {
        drop(disk);
        return world.fail(format_args!("{} has shown a block that it lost", CODES[place]));
    };
    let edge = tables.edge_at(size.0);
    let shown = Published {
        checkpoint: signed.to_string(),
        size,
        root: edge.root(),
        height,
        time: block.time,
        cosigned_by: BTreeSet::new(),
        signed: Some(signed),
        edge,
    };
    drop(disk);
    ears.publisher.resume(shown);
}
