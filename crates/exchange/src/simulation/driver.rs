//! The engine of a simulated node: it asks the application the same questions in the same order as the driver of the
//! real engine does (`crates/consensus/src/malachite/driver`), with a model of the agreement in its place.

mod commit;
mod duties;
mod propose;

use super::{
    agreement::Agreement,
    entries,
    network::Message,
    plan::{CODES, Planted},
    store::SimulatedStore,
    vote::{Offer, Stage},
    world::{Ears, World},
};
use crate::{
    executor::{Executor, ExecutorError},
    pool::Reply,
};
use databourse_consensus::{LedgerApp as _, Undecided, Validator, Verdict};
use databourse_ledger::{DoubleSigning, SigningKey};
use databourse_primitives::{Digest, ExchangeCode, quorum_of};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

const TICK_MS: u64 = 200;
const IDLE_TICKS: u64 = 5;
const IDLE_MS: u64 = 5_000;
/// How long a node waits in the first round, and how much longer in each that follows.
const TIMEOUT_MS: u64 = 500;
const TIMEOUT_STEP_MS: u64 = 250;
/// How many committed blocks one answer holds.
const DECIDED_MAX: u64 = 5;

/// Why a node stopped by itself.
#[derive(Debug)]
pub(super) enum End {
    Diverged { height: u64, verdict: Verdict },
    Broken(String),
}

/// See the module.
pub(super) struct Driver {
    pub(super) world: Arc<World>,
    pub(super) place: usize,
    pub(super) code: ExchangeCode,
    pub(super) app: Executor<SimulatedStore>,
    pub(super) inbox: mpsc::UnboundedReceiver<(usize, Message)>,
    pub(super) ears: Arc<Ears>,
    pub(super) evidence: mpsc::UnboundedReceiver<DoubleSigning>,
    pub(super) agreement: Agreement,
    pub(super) height: u64,
    pub(super) proposals: BTreeMap<Digest, Undecided>,
    held: Vec<Arc<Offer>>,
    last_checked: Option<Digest>,
    /// The undecided blocks of an earlier life were read.
    is_replayed: bool,
    /// What was known of the height before it began was looked at.
    is_prepared: bool,
    is_started: bool,
    /// Until when it waits for a reason to begin the next height.
    waiting_until: Option<u64>,
    asks_commands: bool,
    peer_progress: BTreeMap<usize, (u64, bool)>,
    timers: BTreeSet<(u64, u32, Stage)>,
    next_tick: u64,
    tick_count: u64,
    pause_ms: u64,
    asked_at: u64,
    reporting: Option<(DoubleSigning, oneshot::Receiver<Reply>)>,
    /// What a dishonest node says again.
    pub(super) heard: Vec<Message>,
}

impl Driver {
    pub(super) fn new(
        world: Arc<World>,
        place: usize,
        app: Executor<SimulatedStore>,
        inbox: mpsc::UnboundedReceiver<(usize, Message)>,
        ears: Arc<Ears>,
        evidence: mpsc::UnboundedReceiver<DoubleSigning>,
    ) -> Self {
        let next_tick = world.time.now() + TICK_MS;
        Self {
            code: CODES[place].parse().unwrap(),
            agreement: Agreement::new(0, None, Vec::new(), 1, Default::default()),
            world,
            place,
            app,
            inbox,
            ears,
            evidence,
            height: 0,
            proposals: BTreeMap::new(),
            held: Vec::new(),
            last_checked: None,
            is_replayed: false,
            is_prepared: false,
            is_started: false,
            waiting_until: None,
            asks_commands: true,
            peer_progress: BTreeMap::new(),
            timers: BTreeSet::new(),
            next_tick,
            tick_count: 0,
            pause_ms: 0,
            asked_at: 0,
            reporting: None,
            heard: Vec::new(),
        }
    }

    /// Answers until the end.
    pub(super) async fn run(&mut self) -> End {
        if let Err(end) = self.begin().await {
            return end;
        }
        loop {
            let first_timer = self.timers.first().map(|(at, _, _)| *at);
            let due = [Some(self.next_tick), first_timer, self.waiting_until];
            let due = due.into_iter().flatten().min().unwrap_or(self.next_tick);
            let step = tokio::select! {
                biased;
                message = self.inbox.recv() => match message {
                    Some((from, message)) => self.receive(from, message).await,
                    None => return End::Broken("the network is gone".to_owned()),
                },
                commands_wait = self.app.commands_wait(), if self.asks_commands => {
                    self.on_commands(commands_wait).await
                }
                () = self.world.time.sleep_until(due) => self.on_time().await,
            };
            if let Err(end) = step {
                return end;
            }
            if let Err(end) = self.advance().await {
                return end;
            }
        }
    }

    async fn begin(&mut self) -> Result<(), End> {
        self.enter_height().await?;
        self.start();
        self.advance().await
    }

    /// After a failure of the store: reads the committed state again, however long that takes.
    pub(super) async fn recover(&mut self, failure: &ExecutorError) {
        self.world.note(format_args!("{} recovers after: {failure}", self.code));
        loop {
            self.world.time.sleep(self.pause_ms).await;
            self.pause_ms = (self.pause_ms * 2).clamp(50, 2_000);
            match self.app.recover().await {
                Ok(()) => break,
                Err(failure) => self.world.note(format_args!("{} still fails: {failure}", self.code)),
            }
        }
        self.last_checked = None;
    }

    /// Reads who votes on the next height and forgets what was proposed at the last one.
    async fn enter_height(&mut self) -> Result<(), End> {
        let params = loop {
            match self.app.height_params().await {
                Ok(params) => break params,
                Err(failure) => self.recover(&failure).await,
            }
        };
        self.height = params.height.0;
        let codes: BTreeSet<ExchangeCode> =
            params.validators.iter().map(|validator| validator.exchange.clone()).collect();
        let known =
            self.world.voters.lock().unwrap().entry(self.height).or_insert_with(|| codes.clone()).clone();
        if known != codes {
            self.world
                .fail(format_args!("{} has {codes:?} vote on {} and not {known:?}", self.code, self.height));
        }
        let own = self.own_validator(&params.validators);
        let quorum = match self.world.plan.planted {
            Planted::HalfQuorum => params.validators.len() / 2,
            _ => quorum_of(params.validators.len()),
        };
        let log = self.world.disk(self.place).votes.clone();
        self.agreement = Agreement::new(self.height, own, params.validators, quorum, log);
        self.proposals.clear();
        self.timers.clear();
        (self.is_started, self.is_prepared) = (false, false);
        Ok(())
    }

    /// Its own place among those who vote, if it holds the key that is in force.
    fn own_validator(&self, validators: &[Validator]) -> Option<Validator> {
        let own = validators.iter().find(|validator| validator.exchange == self.code)?;
        self.key_of(own).map(|_| own.clone())
    }

    fn key_of(&self, validator: &Validator) -> Option<SigningKey> {
        let place = CODES.iter().position(|code| *code == validator.exchange.as_str())?;
        entries::consensus_keys(place).into_iter().find(|key| key.public_key() == validator.consensus_key)
    }

    /// The height begins.
    fn start(&mut self) {
        (self.is_started, self.waiting_until) = (true, None);
        self.tell_progress();
    }

    pub(super) fn tell_progress(&self) {
        let progress = Message::Progress { height: self.height, is_started: self.is_started };
        self.world.broadcast(self.place, &progress);
    }

    fn is_awaited(&self) -> bool {
        self.peer_progress.iter().any(|(peer, (height, is_started))| {
            let votes = || self.agreement.validator(&CODES[*peer].parse().unwrap()).is_some();
            *height > self.height || (*height == self.height && *is_started && votes())
        })
    }

    fn start_next(&mut self) {
        if self.waiting_until.is_some() {
            self.start();
        }
    }

    async fn on_commands(&mut self, commands_wait: bool) -> Result<(), End> {
        if !commands_wait {
            return Err(End::Broken("drained".to_owned()));
        }
        loop {
            match self.app.screen().await {
                Ok(false) => return Ok(()),
                Ok(true) => break,
                Err(failure) => self.recover(&failure).await,
            }
        }
        self.asks_commands = false;
        self.start_next();
        Ok(())
    }

    async fn on_time(&mut self) -> Result<(), End> {
        let now = self.world.time.now();
        while let Some((at, round, stage)) = self.timers.first().copied().filter(|(at, _, _)| *at <= now) {
            self.timers.remove(&(at, round, stage));
            self.agreement.time_is_up(round, stage);
        }
        if self.waiting_until.is_some_and(|until| until <= now) {
            self.start_next();
        }
        if self.next_tick <= now {
            self.next_tick = now + TICK_MS;
            self.tick().await;
        }
        Ok(())
    }

    async fn tick(&mut self) {
        self.tick_count += 1;
        let is_second = self.tick_count.is_multiple_of(IDLE_TICKS);
        if self.is_started || is_second {
            self.tell_progress();
        }
        if self.is_started {
            // What was lost is said again; what others said is passed on.
            self.world.broadcast(self.place, &Message::Votes(Arc::new(self.agreement.said())));
            for offer in self.agreement.shown() {
                self.world.broadcast(self.place, &Message::Offer(offer));
            }
            for (block_id, voter) in self.agreement.unseen() {
                let to = CODES.iter().position(|code| *code == voter.as_str()).unwrap();
                self.world.send(self.place, to, Message::AskBlock { height: self.height, block_id });
            }
        }
        self.say_again();
        if is_second {
            self.ears.publisher.remind();
            self.ears.pool.remind();
            self.keep_final();
            self.report();
        }
    }

    pub(super) fn now(&self) -> databourse_primitives::Timestamp {
        let unix_ms = self.world.readings[self.place].unix_ms.load(std::sync::atomic::Ordering::Relaxed);
        databourse_primitives::Timestamp::from_unix_ms(unix_ms)
    }

    async fn receive(&mut self, from: usize, message: Message) -> Result<(), End> {
        self.remember(&message);
        match message {
            Message::Progress { height, is_started } => {
                self.peer_progress.insert(from, (height, is_started));
                let now = self.world.time.now();
                if height > self.height && now >= self.asked_at + TICK_MS {
                    self.asked_at = now;
                    self.world.send(self.place, from, Message::AskDecided { from: self.height });
                }
                if self.waiting_until.is_some() && self.is_awaited() {
                    self.start_next();
                }
            }
            Message::Votes(votes) => {
                for vote in votes.iter() {
                    self.agreement.hear(vote.clone());
                }
            }
            Message::Offer(offer) if offer.height == self.height => self.judge(offer).await,
            Message::Offer(offer) => {
                if offer.height == self.height + 1 {
                    self.held.truncate(3);
                    self.held.push(offer);
                }
            }
            Message::AskBlock { height, block_id } => {
                if height == self.height
                    && let Some(offer) = self.agreement.offer_of(block_id)
                {
                    self.world.send(self.place, from, Message::Offer(offer));
                }
            }
            Message::AskDecided { from: first } => self.serve(from, first).await,
            Message::Decided(blocks) => {
                for decided in blocks.iter() {
                    if decided.height.0 == self.height {
                        self.synced(&decided.block, &decided.certificate).await?;
                    }
                }
            }
            Message::Gossip(_) => {}
        }
        Ok(())
    }
}
