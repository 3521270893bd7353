//! The loop between the engine's questions and the application.

mod commit;
#[cfg(feature = "dishonest")]
mod dishonest;
mod pace;
mod propose;
mod sync;

use super::{
    config::Settings,
    context::Agreement,
    engine::Engine,
    gossip::PeerMessage,
    parts::{Assembler, Outgoing, Part, Progress},
    proposals::Proposals,
    status::EngineStatus,
    validators::Voters,
};
use crate::{
    End, LedgerApp,
    pause::{Pause, recover},
};
use arc_malachitebft_app_channel::{
    AppMsg,
    app::{consensus::VoteExtensionError, events::RxEvent, types::streaming::StreamMessage},
};
use databourse_primitives::{Digest, ExchangeCode, Height};
use pace::Waiting;
use std::collections::BTreeMap;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep_until},
};
use tracing::{info, warn};

/// Answers the engine for an application.
pub(super) struct Driver<A> {
    app: A,
    settings: Settings,
    halt: watch::Receiver<bool>,
    status: watch::Sender<EngineStatus>,
    network: mpsc::Sender<Outgoing>,
    incoming: mpsc::Sender<PeerMessage>,
    pause: Pause,
    /// The height after the last committed one.
    height: Height,
    /// Who votes on it.
    voters: Voters,
    round: u32,
    proposals: Proposals,
    assembler: Assembler,
    /// The block that the application built or checked last: it can be committed without another check.
    last_checked: Option<Digest>,
    /// The undecided blocks of an earlier run were handed to the engine.
    is_replayed: bool,
    is_started: bool,
    waiting: Option<Waiting>,
    /// Whether commands wait is not known.
    asks_commands: bool,
    peer_progress: BTreeMap<ExchangeCode, Progress>,
    tick_count: u64,
    #[cfg(feature = "dishonest")]
    heard: std::collections::VecDeque<StreamMessage<Part>>,
}

impl<A: LedgerApp> Driver<A> {
    /// Reads from the committed state who votes next.
    ///
    /// # Errors
    /// The application with `Halted`, or with `Broken` if nobody votes.
    pub(super) async fn new(
        app: A,
        settings: Settings,
        halt: watch::Receiver<bool>,
        status: watch::Sender<EngineStatus>,
        network: mpsc::Sender<Outgoing>,
        incoming: mpsc::Sender<PeerMessage>,
    ) -> Result<Self, (A, End)> {
        let (mut app, mut halt) = (app, halt);
        let mut pause = Pause::default();
        let (height, voters) = match read_params(&mut app, &mut pause, &mut halt).await {
            Ok(params) => params,
            Err(end) => return Err((app, end)),
        };
        Ok(Self {
            app,
            settings,
            halt,
            status,
            network,
            incoming,
            pause,
            height,
            voters,
            round: 0,
            proposals: Proposals::default(),
            assembler: Assembler::default(),
            last_checked: None,
            is_replayed: false,
            is_started: false,
            waiting: None,
            asks_commands: true,
            peer_progress: BTreeMap::new(),
            tick_count: 0,
            #[cfg(feature = "dishonest")]
            heard: Default::default(),
        })
    }

    /// Answers until the end.
    pub(super) async fn run(&mut self, engine: &mut Engine) -> End {
        let mut ticks = interval(pace::TICK_PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let idle_end =
                self.waiting.as_ref().map_or_else(tokio::time::Instant::now, |waiting| waiting.until);
            let step = tokio::select! {
                biased;
                () = halted(&mut self.halt) => Err(End::Halted),
                question = engine.questions.recv() => match question {
                    Some(question) => self.answer(question).await,
                    None => Err(End::Broken(reason(&mut engine.events))),
                },
                is_waiting = self.app.commands_wait(), if self.asks_commands => self.on_commands(is_waiting).await,
                () = sleep_until(idle_end), if self.waiting.is_some() => self.start_next().await,
                _ = ticks.tick() => self.tick().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Gives the application back.
    pub(super) fn into_app(self) -> A {
        self.app
    }

    async fn answer(&mut self, question: AppMsg<Agreement>) -> Result<(), End> {
        match question {
            AppMsg::ConsensusReady { reply } => {
                let height = (self.height.into(), self.engine_params());
                self.started().await;
                let _ = reply.send(height);
            }
            AppMsg::StartedRound { height, round, reply_value, .. } => {
                let _ = reply_value.send(self.started_round(height.into(), round).await?);
            }
            AppMsg::GetValue { height, round, reply, .. } => {
                self.propose(height.into(), round, reply).await?
            }
            AppMsg::RestreamProposal { round, valid_round, address, value_id, .. } => {
                self.stream_again(round, valid_round, address.0, value_id).await;
            }
            AppMsg::ReceivedProposalPart { from, published_by, part, reply } => {
                let _ = reply.send(self.receive(published_by.unwrap_or(from), part).await?);
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.commit(&certificate).await?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { evidence, reply, .. } => {
                self.record(&evidence).await?;
                self.wait(reply).await?;
            }
            AppMsg::GetDecidedValues { range, reply } => {
                let _ = reply.send(self.decided_values(range).await?);
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let _ = reply.send(self.synced(height.into(), round, proposer, value_bytes).await?);
            }
            // Every block from the first on is kept.
            AppMsg::GetHistoryMinHeight { reply } => drop(reply.send(Height(1).into())),
            AppMsg::ExtendVote { reply, .. } => drop(reply.send(None)),
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let refused = |(voter, ())| (voter, Err(VoteExtensionError::InvalidVoteExtension));
                let _ = reply.send(extensions.into_iter().map(refused).collect());
            }
        }
        Ok(())
    }

    /// After a failure of the store: reads the committed state again, however long that takes.
    ///
    /// # Errors
    /// `Halted`, and nothing else from here.
    async fn recover(&mut self, failure: &A::Error) -> Result<(), End> {
        warn!(error = %failure, "the store failed; reading the committed state again");
        if !self.pause.wait(&mut self.halt).await
            || !recover(&mut self.app, &mut self.pause, &mut self.halt).await
        {
            return Err(End::Halted);
        }
        self.last_checked = None;
        info!(height = self.app.last_height().0, "recovered");
        Ok(())
    }

    /// Reads who votes on the next height and forgets what was proposed at the last one.
    async fn enter_height(&mut self) -> Result<(), End> {
        let params = read_params(&mut self.app, &mut self.pause, &mut self.halt).await;
        (self.height, self.voters) = params?;
        self.round = 0;
        self.proposals.clear();
        self.assembler.forget_below(self.height);
        self.is_started = false;
        let (height, validators) = (self.height, self.voters.codes());
        #[expect(clippy::disallowed_methods, reason = "how long a node is behind is measured")]
        let now = std::time::Instant::now();
        self.status.send_modify(|status| {
            (status.height, status.round, status.started_at) = (height, 0, None);
            status.validators = validators;
            status.compare_heights(now);
        });
        Ok(())
    }

    async fn send(&mut self, message: StreamMessage<Part>) {
        // If the engine is gone its questions end, and so does the loop.
        let _ = self.network.send(Outgoing::PublishProposalPart(message)).await;
    }
}

/// Who votes on the next height.
async fn read_params<A: LedgerApp>(
    app: &mut A,
    pause: &mut Pause,
    halt: &mut watch::Receiver<bool>,
) -> Result<(Height, Voters), End> {
    loop {
        let failure = match app.height_params().await {
            Ok(params) => {
                let voters = Voters::new(&params.validators);
                let broken = || End::Broken(format!("nobody votes on height {}", params.height));
                return voters.map(|voters| (params.height, voters)).ok_or_else(broken);
            }
            Err(failure) => failure,
        };
        warn!(error = %failure, "who votes could not be read; reading the committed state again");
        if !pause.wait(halt).await || !recover(app, pause, halt).await {
            return Err(End::Halted);
        }
    }
}

/// Resolves when halted. A halt that nobody can give any more never comes.
async fn halted(halt: &mut watch::Receiver<bool>) {
    if halt.wait_for(|halted| *halted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Why the engine went, as far as it said so.
fn reason(events: &mut RxEvent<Agreement>) -> String {
    use arc_malachitebft_app_channel::app::engine::util::events::Event;
    let mut reason = "the engine has stopped; see the log".to_owned();
    loop {
        match events.try_recv() {
            Ok(Event::WalCorrupted(error)) => reason = format!("the write-ahead log is damaged: {error}"),
            Ok(Event::WalResetError(error)) => {
                reason = format!("the write-ahead log cannot be used: {error}")
            }
            Ok(Event::WalReplayError(error)) => reason = format!("the write-ahead log does not fit: {error}"),
            Ok(_) | Err(tokio::sync::broadcast::error::TryRecvError::Lagged(_)) => {}
            Err(_) => return reason,
        }
    }
}
