//! The node: everything that the API and the command line ask of an exchange.

use crate::{
    Acknowledgement, Clock, Entropy, NodeConfig, NodeKeys, PipelineTotals, Published, SettlementConfig,
    Submission, SubmitError,
    custody::Custody,
    divergence::Reports,
    engine, evidence,
    executor::{Database, Executor, ExecutorError, Parts},
    founding,
    peers::{self, Forks},
    pool::Pool,
    publisher::{self, Publisher, Signers},
    settlement::expire_while_running,
    snapshots::{self, Snapshots},
    statistics::{self, Statistics},
    totals::Totals,
    witnesses::Witnesses,
    working_set::WorkingSet,
};
use databourse_consensus::{End, EngineStatus};
use databourse_ledger::{NoteError, PolicyHistory, SigningKey};
use databourse_merkle::TilePath;
use databourse_party::{Predecessor, Region, Successors};
use databourse_primitives::{
    CertificateNumber, EntryId, ExchangeCode, KeyId, LeafIndex, OrderId, PartyId, PublicKey, Refusal,
    RefusalCode, Timestamp, TreeSize,
};
use databourse_store::{Store, StoreError, Writer};
use lru::LruCache;
use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// Why the node cannot do something. Never the author's fault.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored contradicts itself.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// A key in custody does not open with this node's custody key.
    #[error("the key in custody for party {party} does not open; is it another node's database?")]
    Custody {
        /// Whose key.
        party: PartyId,
    },
    /// The origin or the exchange cannot name a key of a note.
    #[error("origin and exchange do not make a key name: {0}")]
    Name(NoteError),
    /// The pipeline could not begin.
    #[error("the pipeline cannot begin: {0}")]
    Pipeline(String),
    /// A founding entry is refused: the configuration is wrong.
    #[error("the ledger cannot be founded: {0}")]
    Founding(Refusal),
    /// The other exchanges cannot be reached as configured.
    #[error("the region cannot be joined: {0}")]
    Region(String),
    /// The system has no randomness.
    #[error("no randomness: {0}")]
    Entropy(#[from] std::io::Error),
}

impl From<&NodeError> for SubmitError {
    fn from(error: &NodeError) -> Self {
        Self::Unavailable { reason: error.to_string() }
    }
}

impl From<NodeError> for SubmitError {
    fn from(error: NodeError) -> Self {
        Self::from(&error)
    }
}

impl From<ExecutorError> for NodeError {
    fn from(error: ExecutorError) -> Self {
        match error {
            ExecutorError::Store(error) => Self::Store(error),
            ExecutorError::Founding(refusal) => Self::Founding(refusal),
            other => Self::Pipeline(other.to_string()),
        }
    }
}

/// A running node. Cheap to clone.
#[derive(Clone)]
pub struct Node(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) exchange: ExchangeCode,
    pub(crate) entry_key: SigningKey,
    pub(crate) entry_key_id: KeyId,
    pub(crate) store: Store,
    pub(crate) reader: Store,
    pub(crate) clock: Arc<Clock>,
    pub(crate) custody: Custody,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) keys: Mutex<LruCache<KeyId, PublicKey>>,
    pub(crate) certificate_turn: tokio::sync::Mutex<()>,
    pub(crate) settlement: SettlementConfig,
    pub(crate) pool: Arc<Pool>,
    pub(crate) forks: Forks,
    pub(crate) witnesses: Witnesses,
    pub(crate) statistics: Statistics,
    entropy: Entropy,
    totals: Arc<Totals>,
    pub(crate) wal_folder: Option<PathBuf>,
    pub(crate) engine: Option<watch::Receiver<EngineStatus>>,
    pub(crate) end: watch::Receiver<Option<End>>,
}

/// The pipeline of a node; stopping it is stopping the node.
pub struct Running {
    reports: Reports,
    pool: Arc<Pool>,
    halt: watch::Sender<bool>,
    end: watch::Receiver<Option<End>>,
    task: JoinHandle<()>,
    jobs: Vec<JoinHandle<()>>,
}

impl Running {
    /// Takes no more commands, commits what waits, and ends.
    pub async fn stop(self) {
        self.pool.close();
        // If the database is gone there is nothing left to wait for.
        self.halt.send_replace(true);
        if let Err(failure) = self.task.await {
            tracing::error!(error = %failure, "the pipeline broke");
        }
        for job in self.jobs {
            if let Err(failure) = job.await {
                tracing::error!(error = %failure, "a job of the node broke");
            }
        }
    }

    /// Says when the node halts.
    pub(crate) fn halted(&self) -> watch::Receiver<bool> {
        self.halt.subscribe()
    }

    /// Waits for one more job when the node stops; the job ends when the node halts.
    pub(crate) fn add_job(&mut self, job: JoinHandle<()>) {
        self.jobs.push(job);
    }

    /// The report on how this node has diverged from its region, if it has and the report could be written.
    pub fn divergence_report(&self) -> Option<&Path> {
        self.reports.written()
    }

    /// Resolves when the pipeline has ended by itself, with why; a node that goes on without it answers nobody rightly.
    /// Cancel-safe.
    pub async fn ended(&mut self) -> End {
        let gone = || End::Broken("the pipeline broke".to_owned());
        match self.end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or_else(gone),
            Err(_gone) => gone(),
        }
    }
}

/// Public keys of authors in memory.
const KEYS_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(50_000).unwrap();

impl Node {
    /// Starts the pipeline on a migrated database, and founds the ledger if the database is empty.
    ///
    /// # Errors
    /// [`NodeError`]; among them that another node holds the database.
    pub async fn start(config: NodeConfig, keys: &NodeKeys) -> Result<(Self, Running), NodeError> {
        Self::launch(
            config,
            keys,
            #[cfg(feature = "dishonest")]
            crate::Misdeeds::default(),
        )
        .await
    }

    /// The same for a node that does what an honest one does not. For tests that show it in vain.
    ///
    /// # Errors
    /// As [`Node::start`].
    #[cfg(feature = "dishonest")]
    pub async fn start_dishonest(
        config: NodeConfig,
        keys: &NodeKeys,
        misdeeds: crate::Misdeeds,
    ) -> Result<(Self, Running), NodeError> {
        Self::launch(config, keys, misdeeds).await
    }

    async fn launch(
        config: NodeConfig,
        keys: &NodeKeys,
        #[cfg(feature = "dishonest")] misdeeds: crate::Misdeeds,
    ) -> Result<(Self, Running), NodeError> {
        let store = Store::connect(config.database.clone(), config.reader_count).await?;
        let writer = Writer::connect(config.database.clone()).await?;
        let pool_capacity = config.pool_capacity;
        let clock = Arc::new(config.clock);
        let entry_key = keys.entry_key();
        let wal_folder = config.region.as_ref().map(|region| region.wal_folder.clone());
        let reports = Reports::new(config.region.as_ref().map(|region| region.report_folder.clone()));
        let engine::Wiring { engine, outbox, incoming, status } = engine::wire(
            config.region,
            &config.origin,
            &config.exchange,
            keys,
            #[cfg(feature = "dishonest")]
            misdeeds.engine,
        )?;
        let signers = Signers {
            log_key: keys.checkpoint_key(),
            cosignature_key: keys.cosignature_key(),
            peers: outbox.clone(),
        };
        let publisher = Publisher::new(config.origin.clone(), config.exchange.clone(), signers);
        let publisher = publisher.map_err(NodeError::Name)?;
        #[cfg(feature = "dishonest")]
        let publisher = publisher.dishonest(misdeeds.cosigning);
        let publisher = Arc::new(publisher);
        let shown = Arc::clone(&publisher);
        let reader = store.clone().with_replicas(config.replicas, config.reader_count, move || {
            let shown = shown.shown();
            (shown.height, shown.root)
        })?;
        let pool = Arc::new(Pool::new(pool_capacity, outbox));
        let commands = config.founding.commands(config.origin, config.exchange.clone(), &keys.public());
        let founding = founding::sign(commands, &config.exchange, &entry_key, &clock, &config.entropy)?;
        let (evidence_sender, evidence) = mpsc::unbounded_channel();
        let snapshot_folder = config.snapshot_folder;
        let (copier, copies) = mpsc::unbounded_channel();
        let snapshots = match snapshot_folder {
            Some(_) => Arc::new(Snapshots::new(store.clone(), config.database.clone(), copier)),
            None => Arc::default(),
        };
        publisher::resume(&publisher, &store).await?;
        let executor = Executor::start(Parts {
            pool: Arc::clone(&pool),
            store: Database::new(store.clone(), config.database),
            writer: Some(writer),
            working_set: WorkingSet::new(config.working_set_record_count),
            clock: Arc::clone(&clock),
            exchange: config.exchange.clone(),
            entry_key: entry_key.clone(),
            publisher: Arc::clone(&publisher),
            founding,
            evidence: evidence_sender,
            snapshots,
            reports: reports.clone(),
        })
        .await?;
        let totals = executor.totals();
        let (halt, halted) = watch::channel(false);
        let (ended, end) = watch::channel(None);
        let task = tokio::spawn(engine.run(executor, halted.clone(), ended));
        let node = Self(Arc::new(Inner {
            exchange: config.exchange,
            entry_key_id: entry_key.key_id(),
            entry_key,
            store,
            reader,
            clock,
            custody: Custody::new(&keys.custody_secret()),
            publisher,
            keys: Mutex::new(LruCache::new(KEYS_CACHED_MAX)),
            certificate_turn: tokio::sync::Mutex::new(()),
            settlement: config.settlement,
            forks: Forks::default(),
            witnesses: Witnesses::default(),
            statistics: Statistics::default(),
            entropy: config.entropy,
            pool: Arc::clone(&pool),
            totals,
            wal_folder,
            engine: status,
            end: end.clone(),
        }));
        let mut jobs = vec![
            tokio::spawn(expire_while_running(node.clone(), halted.clone())),
            tokio::spawn(publisher::keep_final(Arc::clone(&node.0))),
            tokio::spawn(statistics::keep(Arc::clone(&node.0), halted.clone())),
        ];
        if let Some(folder) = snapshot_folder {
            jobs.push(tokio::spawn(snapshots::keep(node.clone(), folder, copies, halted.clone())));
        }
        if let Some(incoming) = incoming {
            jobs.push(tokio::spawn(peers::listen(Arc::clone(&node.0), incoming, halted.clone())));
            jobs.push(tokio::spawn(evidence::report(node.clone(), evidence, halted)));
        } else {
            node.founded().await?;
        }
        Ok((node, Running { reports, pool, halt, end, task, jobs }))
    }

    /// Waits until the ledger has its first block; a node alone makes it at once.
    async fn founded(&self) -> Result<(), NodeError> {
        let mut shown = self.0.publisher.subscribe();
        let mut end = self.0.end.clone();
        tokio::select! {
            // A ledger that has its first block is founded, whatever else stops the node.
            biased;
            shown = shown.wait_for(|shown| shown.height.0 > 0) => {
                if shown.is_ok() { return Ok(()) }
            }
            _ = end.wait_for(Option::is_some) => {}
        }
        let reason = match &*self.0.end.borrow() {
            Some(End::Broken(reason)) => reason.clone(),
            _ => "it ended before the first block".to_owned(),
        };
        Err(NodeError::Pipeline(reason))
    }

    /// Admits, queues and waits: answers in the order of `submissions`, once they are durable and the checkpoint
    /// over them is signed. All that are admitted enter the pool next to one another.
    pub async fn submit(&self, submissions: Vec<Submission>) -> Vec<Result<Acknowledgement, SubmitError>> {
        self.0.submit(submissions).await
    }

    /// Issues the certificates of completed orders; number and facts are composed here.
    pub async fn issue_certificates(
        &self,
        requests: Vec<(EntryId, OrderId)>,
    ) -> Vec<Result<Acknowledgement, SubmitError>> {
        self.0.issue_certificates(requests).await
    }

    /// Makes, or finds, the key that the exchange keeps for a party about to be certified, or about to get other keys. A
    /// key that was retired is never found; another one is made.
    ///
    /// # Errors
    /// The database, or no randomness.
    pub async fn take_custody(&self, party: PartyId) -> Result<PublicKey, NodeError> {
        self.0.custody.take(&self.0.store, &self.0.entropy, party).await
    }

    /// A name for an entry whose author gave none.
    ///
    /// # Errors
    /// No randomness.
    pub fn new_entry_id(&self) -> Result<EntryId, NodeError> {
        Ok(Entropy::Os.entry_id(self.now(), "")?)
    }

    /// The database itself, for reading what was committed a moment ago.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The database through its replicas, for reading what authors were told: it answers from a replica that has all that
    /// is shown, else from the database itself.
    pub fn reader(&self) -> &Store {
        &self.0.reader
    }

    /// This exchange.
    pub fn exchange(&self) -> &ExchangeCode {
        &self.0.exchange
    }

    /// Who stands in for the exchanges that left, as of the last committed block.
    ///
    /// # Errors
    /// The database.
    pub async fn successors(&self) -> Result<Successors, NodeError> {
        let region = self.0.store.get::<Region>("region").await?;
        Ok(region.map(|region| region.successors).unwrap_or_default())
    }

    /// How this exchange settles.
    pub fn settlement(&self) -> &SettlementConfig {
        &self.0.settlement
    }

    /// The time, by the node's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The checkpoint that is shown now.
    pub fn published(&self) -> Arc<Published> {
        self.0.publisher.shown()
    }

    /// Follows the checkpoint that is shown: the receiver has the one of now, and changes with it. Late cosignatures show
    /// the same tree again.
    pub fn follow(&self) -> watch::Receiver<Arc<Published>> {
        self.0.publisher.subscribe()
    }

    /// The body of a tile or entry bundle, `None` if there is none of that width yet.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, NodeError> {
        self.0.publisher.body(&self.0.reader, path).await
    }

    /// Proof that the entry at `index` is in the ledger (C2SP tlog-proof), `None` if it is not there yet.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn receipt(&self, index: LeafIndex) -> Result<Option<String>, NodeError> {
        Ok(self.0.publisher.receipt(&self.0.reader, index).await?.map(|receipt| receipt.to_string()))
    }

    /// The same for many entries, all against one checkpoint, in their order. One pass over the tree.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn receipts(&self, indexes: &[LeafIndex]) -> Result<Vec<Option<String>>, NodeError> {
        let receipts = self.0.publisher.receipts(&self.0.reader, indexes).await?;
        Ok(receipts.into_iter().map(|receipt| receipt.map(|receipt| receipt.to_string())).collect())
    }

    /// A certificate as one file that anybody can verify offline.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn certificate_file(&self, number: &CertificateNumber) -> Result<Option<String>, NodeError> {
        Ok(self.0.certificate_file(number).await?.map(|file| file.to_string()))
    }

    /// The policy to verify this ledger with (C2SP tlog-policy); empty before the ledger is founded.
    pub fn policy(&self) -> String {
        self.0.publisher.policy().unwrap_or_default()
    }

    /// The policy that decided for a checkpoint of `size` leaves; `None` if the ledger is not so large.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn policy_at(&self, size: TreeSize) -> Result<Option<String>, NodeError> {
        self.0.policy_at(size).await
    }

    /// The policies of the ledger from its first entry on.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn policy_history(&self) -> Result<Option<PolicyHistory>, NodeError> {
        self.0.policy_history().await
    }

    /// How this ledger ended, for the founding of the one that goes on; `None` while it is not closed or its last checkpoint
    /// is not final.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn ledger_end(&self) -> Result<Option<Predecessor>, NodeError> {
        self.0.ledger_end().await
    }

    /// What the pipeline has done, and how long each stage took.
    pub fn totals(&self) -> PipelineTotals {
        self.0.totals.read()
    }
}

impl Inner {
    pub(crate) async fn submit(
        &self,
        submissions: Vec<Submission>,
    ) -> Vec<Result<Acknowledgement, SubmitError>> {
        let custody = submissions.iter().map(Submission::custody_of).collect::<Vec<_>>();
        let answers = self.submit_all(submissions).await;
        for (party, answer) in custody.iter().zip(&answers) {
            let Some((party, replaces)) = party else { continue };
            // Wherever in the region a party's keys were replaced, the one in memory may not be in force any more.
            let is_retired = match answer {
                Err(SubmitError::Refused(refusal)) => refusal.code == RefusalCode::KeyRetired,
                _ => false,
            };
            if *replaces || is_retired {
                self.custody.forget(*party);
            }
        }
        answers
    }

    async fn submit_all(&self, submissions: Vec<Submission>) -> Vec<Result<Acknowledgement, SubmitError>> {
        let mut answers = Vec::with_capacity(submissions.len());
        let mut commands = Vec::with_capacity(submissions.len());
        for admitted in self.admit(submissions).await {
            match admitted {
                Ok(command) => {
                    commands.push(command);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        if let Some(reason) = self.cannot_agree() {
            return answers.into_iter().map(|known| known.unwrap_or_else(|| Err(reason.clone()))).collect();
        }
        let mut receivers = match self.pool.push(commands) {
            Ok(receivers) => receivers.into_iter(),
            Err(error) => {
                return answers.into_iter().map(|known| known.unwrap_or(Err(error.clone()))).collect();
            }
        };
        let mut settled = Vec::with_capacity(answers.len());
        for known in answers {
            let gone = || SubmitError::Unavailable { reason: "the pipeline stopped".to_owned() };
            settled.push(match known {
                Some(answer) => answer,
                None => match receivers.next() {
                    Some(receiver) => receiver.await.unwrap_or_else(|_| Err(gone())),
                    None => Err(gone()),
                },
            });
        }
        settled
    }

    /// Why nothing that is sent now would become final: the author is told at once instead of after a long wait.
    fn cannot_agree(&self) -> Option<SubmitError> {
        let reach = self.reach();
        (!reach.is_quorum()).then(|| SubmitError::Unavailable {
            reason: format!(
                "{} of {} exchanges can be reached; try again later",
                reach.reachable(),
                reach.members()
            ),
        })
    }
}
