//! Agreed blocks: this node's own agreement, and those that others serve to a node that catches up.

use super::{DECIDED_MAX, Driver, End, IDLE_MS};
use crate::{
    executor::ExecutorError,
    simulation::{
        network::Message,
        vote::{Kind, Vote},
    },
};
use databourse_consensus::{CommitCertificate, LedgerApp as _, Undecided, Verdict};
use databourse_ledger::Block;
use databourse_primitives::{Digest, Height};
use std::sync::Arc;

impl Driver {
    /// Makes an agreed block durable, however long that takes, and waits for a reason to begin the next height.
    pub(super) async fn commit(
        &mut self,
        block_id: Digest,
        certificate: &CommitCertificate,
    ) -> Result<(), End> {
        let height = self.height;
        while self.app.last_height().0 < height {
            match self.commit_once(block_id, certificate).await {
                Ok(Ok(())) => {}
                Ok(Err(end)) => return Err(end),
                Err(failure) => self.recover(&failure).await,
            }
        }
        self.pause_ms = 0;
        self.record().await;
        self.enter_height().await?;
        self.waiting_until = Some(self.world.time.now() + IDLE_MS);
        self.asks_commands = true;
        if self.is_awaited() {
            self.start_next();
        }
        Ok(())
    }

    pub(super) async fn commit_once(
        &mut self,
        block_id: Digest,
        certificate: &CommitCertificate,
    ) -> Result<Result<(), End>, ExecutorError> {
        let Some(block) = self.find(block_id).await? else {
            return Ok(Err(End::Broken(format!("block {block_id} is agreed on and not known"))));
        };
        if self.last_checked != Some(block_id) {
            self.last_checked = None;
            let verdict = self.app.check(&block).await?;
            if !matches!(verdict, Verdict::Valid | Verdict::Untimely { .. }) {
                return Ok(Err(End::Diverged { height: self.height, verdict }));
            }
        }
        self.app.commit(Arc::unwrap_or_clone(block), certificate.clone()).await?;
        self.last_checked = None;
        self.app.settle().await?;
        Ok(Ok(()))
    }

    pub(super) async fn find(&mut self, block_id: Digest) -> Result<Option<Arc<Block>>, ExecutorError> {
        if let Some(undecided) = self.proposals.get(&block_id) {
            return Ok(Some(Arc::clone(&undecided.block)));
        }
        let saved = self.app.undecided(Height(self.height)).await?;
        Ok(saved.into_iter().map(|undecided| undecided.block).find(|block| block.id() == block_id))
    }

    /// Committed blocks for a node that catches up.
    pub(super) async fn serve(&mut self, to: usize, first: u64) {
        let end = self.app.last_height().0.min(first + DECIDED_MAX - 1);
        if first > end {
            return;
        }
        match self.app.decided(Height(first)..=Height(end)).await {
            Ok(mut blocks) => {
                self.spoil_decided(&mut blocks);
                self.world.send(self.place, to, Message::Decided(Arc::new(blocks)));
            }
            Err(failure) => self.world.note(format_args!("{} serves nothing: {failure}", self.code)),
        }
    }

    /// A block that another node says is agreed on.
    pub(super) async fn synced(&mut self, bytes: &[u8], certificate: &CommitCertificate) -> Result<(), End> {
        let Ok(block) = Block::decode(bytes) else { return Ok(()) };
        let block_id = block.id();
        if !self.proves(certificate, block_id) {
            return Ok(());
        }
        if !self.proposals.contains_key(&block_id)
            && let Err(failure) = self.keep_synced(certificate.round, block).await
        {
            self.recover(&failure).await;
            return Ok(());
        }
        self.world.note(format_args!("{} catches up with height {}", self.code, self.height));
        self.commit(block_id, certificate).await
    }

    pub(super) async fn keep_synced(&mut self, round: u32, block: Block) -> Result<(), ExecutorError> {
        self.last_checked = None;
        let (block_id, proposer) = (block.id(), block.header.claims().exchange.clone());
        let verdict = self.app.check(&block).await?;
        let is_valid = matches!(verdict, Verdict::Valid | Verdict::Untimely { .. });
        self.last_checked = is_valid.then_some(block_id);
        let undecided = Undecided {
            height: Height(self.height),
            round,
            valid_round: None,
            proposer,
            is_valid,
            block: Arc::new(block),
        };
        self.app.save_undecided(&undecided).await?;
        self.proposals.insert(block_id, undecided);
        Ok(())
    }

    /// As [`CommitCertificate::proves`], with seals for signatures.
    pub(super) fn proves(&self, certificate: &CommitCertificate, block_id: Digest) -> bool {
        let at = (self.height, certificate.round);
        let all_hold = certificate.precommits.iter().all(|(exchange, signature)| {
            self.agreement.validator(exchange).is_some_and(|voter| {
                Vote::new(at, Kind::Precommit, Some(block_id), voter).signature() == signature.0
            })
        });
        all_hold && certificate.precommits.len() >= self.agreement.quorum()
    }
}
