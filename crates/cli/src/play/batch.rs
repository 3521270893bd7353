//! Batches of commands for `/v1/commands`: filled to a fixed size, sent one after the other.

use anyhow::{Context as _, Result, bail};
use databourse_client::{Acknowledged, BatchCommand, Client, Problem};
use databourse_market::Command;
use databourse_primitives::{EntryId, OrderId, PartyId};

/// Commands of one batch. The size is fixed, so that a seeded run makes the same blocks.
const COMMANDS_MAX: usize = 200;
/// Bytes of one batch, below the 3 MiB that a node reads.
const BYTES_MAX: usize = 2 * 1024 * 1024;

/// What became of one command, with what the player remembers of it.
pub(crate) struct Answer<T> {
    pub(crate) tag: T,
    pub(crate) result: Result<Acknowledged, Problem>,
}

/// Collects commands and sends them when there are enough. `T` is what the player remembers of each.
pub(crate) struct Batcher<T> {
    client: Client,
    commands: Vec<BatchCommand>,
    tags: Vec<T>,
    bytes: usize,
    sent: u64,
    repeated: u64,
}

impl<T> Batcher<T> {
    /// A batcher that sends as the operator whose token `client` bears.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, commands: Vec::new(), tags: Vec::new(), bytes: 0, sent: 0, repeated: 0 }
    }

    /// Adds a command. Answers come back when that fills a batch, else there are none yet.
    pub(crate) async fn push(
        &mut self,
        id: EntryId,
        on_behalf_of: Option<PartyId>,
        command: impl Into<Command>,
        tag: T,
    ) -> Result<Vec<Answer<T>>> {
        let command = BatchCommand::new(id, on_behalf_of, &command.into())?;
        self.add(command, tag).await
    }

    /// Adds the certificate of `order`.
    pub(crate) async fn push_certificate(
        &mut self,
        id: EntryId,
        order: OrderId,
        tag: T,
    ) -> Result<Vec<Answer<T>>> {
        self.add(BatchCommand::certificate(id, order)?, tag).await
    }

    async fn add(&mut self, command: BatchCommand, tag: T) -> Result<Vec<Answer<T>>> {
        let bytes = command.byte_count();
        let full = self.commands.len() == COMMANDS_MAX || self.bytes + bytes > BYTES_MAX;
        let answers = if full { self.flush().await? } else { Vec::new() };
        self.commands.push(command);
        self.tags.push(tag);
        self.bytes += bytes;
        Ok(answers)
    }

    /// Sends what is there and waits for the answers.
    pub(crate) async fn flush(&mut self) -> Result<Vec<Answer<T>>> {
        let commands = std::mem::take(&mut self.commands);
        let tags = std::mem::take(&mut self.tags);
        self.bytes = 0;
        let results = self.client.submit_batch(&commands).await.context("a batch was not answered")?;
        if results.len() != tags.len() {
            bail!("{} commands were sent and {} answered", tags.len(), results.len());
        }
        self.sent += commands.len() as u64;
        let repeated =
            |result: &&Result<Acknowledged, Problem>| result.as_ref().is_ok_and(|done| done.repeated);
        self.repeated += results.iter().filter(repeated).count() as u64;
        Ok(tags.into_iter().zip(results).map(|(tag, result)| Answer { tag, result }).collect())
    }

    /// How many commands were sent, and how many of them had been answered in an earlier run.
    pub(crate) const fn counts(&self) -> (u64, u64) {
        (self.sent, self.repeated)
    }
}
