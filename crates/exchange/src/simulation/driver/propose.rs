//! Proposals, and what the agreement has the node do.

use super::{Driver, End, TIMEOUT_MS, TIMEOUT_STEP_MS};
use crate::{
    executor::ExecutorError,
    simulation::{
        agreement::Act,
        network::Message,
        vote::{Offer, Vote},
    },
};
use databourse_consensus::{CommitCertificate, Demand, LedgerApp as _, Undecided, Verdict};
use databourse_ledger::Block;
use databourse_primitives::{Digest, Height};
use std::sync::Arc;

impl Driver {
    /// Looks at a proposed block and makes it durable with what is said of it.
    pub(super) async fn judge(&mut self, offer: Arc<Offer>) {
        let turn = self.agreement.proposer(offer.round);
        if !offer.is_of(turn) {
            return;
        }
        if let Some(known) = self.proposals.get(&offer.block_id) {
            let is_valid = known.is_valid;
            self.agreement.offered(offer, is_valid);
            return self.start_next();
        }
        let Ok(block) = Block::decode(&offer.bytes) else { return };
        if block.id() != offer.block_id {
            return;
        }
        match self.verdict(&offer, block).await {
            Ok(is_valid) => {
                self.agreement.offered(offer, is_valid);
                self.start_next();
            }
            Err(failure) => self.recover(&failure).await,
        }
    }

    pub(super) async fn verdict(&mut self, offer: &Offer, block: Block) -> Result<bool, ExecutorError> {
        let author = &block.header.claims().exchange;
        let verdict = if offer.valid_round.is_none() && *author != offer.proposer {
            Verdict::Malformed { expected: "a header by its proposer".to_owned() }
        } else {
            self.last_checked = None;
            let verdict = self.app.check(&block).await?;
            self.last_checked = (verdict == Verdict::Valid).then_some(offer.block_id);
            verdict
        };
        let is_valid = verdict == Verdict::Valid;
        if !is_valid {
            self.world.note(format_args!("{} votes {} down: {verdict:?}", self.code, offer.block_id));
        }
        let undecided = Undecided {
            height: Height(offer.height),
            round: offer.round,
            valid_round: offer.valid_round,
            proposer: offer.proposer.clone(),
            is_valid,
            block: Arc::new(block),
        };
        self.app.save_undecided(&undecided).await?;
        self.proposals.insert(offer.block_id, undecided);
        Ok(is_valid)
    }

    /// Does what the agreement says until it says nothing more.
    pub(super) async fn advance(&mut self) -> Result<(), End> {
        while self.is_started {
            if !self.is_prepared {
                self.prepare().await;
            }
            let acts = self.agreement.advance();
            // Written before it is said.
            self.world.disk(self.place).votes = self.agreement.log.clone();
            if acts.is_empty() {
                return Ok(());
            }
            for act in acts {
                match act {
                    Act::Propose { round, again } => self.propose(round, again).await,
                    Act::Say(vote) => self.say(vote),
                    Act::Timer { round, stage } => {
                        let ms = TIMEOUT_MS + TIMEOUT_STEP_MS * u64::from(round.min(20));
                        self.timers.insert((self.world.time.now() + ms, round, stage));
                    }
                    Act::Decide { round, block_id } => {
                        let precommits = self.agreement.precommits(round, block_id);
                        let certificate = CommitCertificate { round, precommits };
                        self.commit(block_id, &certificate).await?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the blocks that an earlier life has judged, and judges those that came too early.
    pub(super) async fn prepare(&mut self) {
        if !self.is_replayed {
            self.replay().await;
        }
        (self.is_replayed, self.is_prepared) = (true, true);
        for offer in std::mem::take(&mut self.held) {
            if offer.height == self.height {
                self.judge(offer).await;
            }
        }
    }

    pub(super) async fn replay(&mut self) {
        let saved = loop {
            match self.app.undecided(Height(self.height)).await {
                Ok(saved) => break saved,
                Err(failure) => self.recover(&failure).await,
            }
        };
        for undecided in saved {
            self.agreement.judged(undecided.block.id(), undecided.is_valid);
            self.proposals.insert(undecided.block.id(), undecided);
        }
    }

    pub(super) async fn propose(&mut self, round: u32, again: Option<(u32, Digest)>) {
        let Some(own) = self.agreement.own().cloned() else { return };
        let (block, valid_round) = match again {
            Some((valid_round, id)) => match self.proposals.get(&id) {
                Some(undecided) => (Arc::clone(&undecided.block), Some(valid_round)),
                None => return,
            },
            None => match self.build(round).await {
                Ok(Some(block)) => (block, None),
                Ok(None) => return,
                Err(failure) => return self.recover(&failure).await,
            },
        };
        if valid_round.is_none() && self.spoil(round, &own, &block).await {
            return;
        }
        let place = (self.height, round);
        let offer = Offer::new(place, valid_round, &own, block.id(), Arc::new(block.encode()));
        self.world.note(format_args!("{} proposes {} at {place:?}", self.code, offer.block_id));
        let offer = Arc::new(offer);
        self.agreement.offered(Arc::clone(&offer), true);
        self.world.broadcast(self.place, &Message::Offer(offer));
    }

    /// The same round gets the same block, also after a restart.
    pub(super) async fn build(&mut self, round: u32) -> Result<Option<Arc<Block>>, ExecutorError> {
        let own = self.proposals.values().find(|undecided| {
            undecided.proposer == self.code && undecided.round == round && undecided.valid_round.is_none()
        });
        if let Some(undecided) = own {
            return Ok(Some(Arc::clone(&undecided.block)));
        }
        let Some(block) = self.app.build(Height(self.height), Demand::Always).await? else { return Ok(None) };
        let block = Arc::new(block);
        let undecided = Undecided {
            height: Height(self.height),
            round,
            valid_round: None,
            proposer: self.code.clone(),
            is_valid: true,
            block: Arc::clone(&block),
        };
        self.app.save_undecided(&undecided).await?;
        self.last_checked = Some(block.id());
        self.proposals.insert(block.id(), undecided);
        Ok(Some(block))
    }

    pub(super) fn say(&mut self, vote: Vote) {
        if !self.says_twice(&vote) {
            self.world.broadcast(self.place, &Message::Votes(Arc::new(vec![vote])));
        }
    }
}
