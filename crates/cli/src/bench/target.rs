//! What a benchmark talks to: exchanges with a node each, in this process or behind HTTP.

use super::procfs::Cpu;
use anyhow::{Result, bail};
use databourse_exchange::{Acting, Node, PipelineTotals, Submission};
use databourse_market::Command;
use databourse_primitives::{EntryId, ExchangeCode, Timestamp};
use std::future::Future;

/// Exchanges that keep one ledger. Places count them from 0. Clones are the same exchanges.
pub(crate) trait Target: Clone + Send + Sync + 'static {
    /// Which; at least one.
    fn exchanges(&self) -> &[ExchangeCode];

    /// The time as the nodes tell it.
    fn now(&self) -> Timestamp;

    /// Has the exchange at a place record commands of its own.
    ///
    /// # Errors
    /// One of them is not accepted.
    async fn record(&self, at: usize, commands: Vec<(EntryId, Command)>) -> Result<()>;

    /// Hands signed entries to the node at a place, next to one another, and waits until all are acknowledged.
    ///
    /// # Errors
    /// The first answer that is another, in words.
    fn submit(&self, at: usize, entries: Vec<String>) -> impl Future<Output = Result<(), String>> + Send;

    /// Waits until every node shows what any of them has acknowledged.
    ///
    /// # Errors
    /// A node does not get there.
    async fn level(&self) -> Result<()>;

    /// What the pipeline of a node has done: the mean of all.
    ///
    /// # Errors
    /// A node does not say it.
    async fn totals(&self) -> Result<PipelineTotals>;

    /// Processor time so far, by kind of process.
    fn cpu(&self) -> Cpu;
}

/// An exchange in this process.
#[derive(Clone)]
pub(crate) struct InProcess {
    node: Node,
    exchanges: [ExchangeCode; 1],
    server_pid: Option<u32>,
}

impl InProcess {
    /// `node`, whose PostgreSQL is that process.
    pub(crate) fn new(node: &Node, server_pid: Option<u32>) -> Self {
        Self { node: node.clone(), exchanges: [node.exchange().clone()], server_pid }
    }
}

impl Target for InProcess {
    fn exchanges(&self) -> &[ExchangeCode] {
        &self.exchanges
    }

    fn now(&self) -> Timestamp {
        self.node.now()
    }

    async fn record(&self, _at: usize, commands: Vec<(EntryId, Command)>) -> Result<()> {
        let commands = commands.into_iter();
        let submissions =
            commands.map(|(id, command)| Submission::Command { id, acting: Acting::Exchange, command });
        for answer in self.node.submit(submissions.collect()).await {
            if let Err(error) = answer {
                bail!("{error}");
            }
        }
        Ok(())
    }

    async fn submit(&self, _at: usize, entries: Vec<String>) -> Result<(), String> {
        let submissions = entries.into_iter().map(|entry| Submission::Signed(entry.into_bytes()));
        let answers = self.node.submit(submissions.collect()).await;
        answers.into_iter().try_for_each(|answer| answer.map(drop)).map_err(|error| error.to_string())
    }

    async fn level(&self) -> Result<()> {
        Ok(())
    }

    async fn totals(&self) -> Result<PipelineTotals> {
        Ok(self.node.totals())
    }

    fn cpu(&self) -> Cpu {
        Cpu::read(&[], self.server_pid.as_slice())
    }
}
