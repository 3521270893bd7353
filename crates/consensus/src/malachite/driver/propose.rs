//! Proposals: this node's own and other people's.

use super::Driver;
use crate::{
    Demand, End, LedgerApp, Undecided, Verdict,
    malachite::{
        context::{Address, Agreement, BlockId},
        gossip::{PeerMessage, deliver},
        parts::{Offer, Part, PeerId},
        status::{Fault, RejectedBlock},
    },
};
use arc_malachitebft_app_channel::{
    Reply,
    app::types::{
        LocallyProposedValue, ProposedValue,
        core::{Round, Validity},
        streaming::StreamMessage,
    },
};
use bytes::Bytes;
use databourse_ledger::{Block, verify_signature};
use databourse_primitives::{Digest, ExchangeCode, Height};
use std::sync::Arc;
use tracing::{debug, error, info, warn};

impl<A: LedgerApp> Driver<A> {
    /// The engine has begun a round; at the first one, it is given every block that is known of that height.
    pub(super) async fn started_round(
        &mut self,
        height: Height,
        round: Round,
    ) -> Result<Vec<ProposedValue<Agreement>>, End> {
        self.round = round.as_u32().unwrap_or(0);
        let (height_now, round) = (self.height, self.round);
        self.status.send_modify(|status| status.round = round);
        if height != height_now {
            return Ok(Vec::new());
        }
        if !self.is_replayed {
            self.is_replayed = true;
            self.load().await?;
            return Ok(self.proposals.iter().map(|(id, undecided)| proposed(id, undecided)).collect());
        }
        let mut values = Vec::new();
        for (offer, bytes) in self.proposals.release(height) {
            values.extend(self.judge(None, offer, bytes).await?);
        }
        Ok(values)
    }

    /// Reads the blocks that an earlier run of this node has judged.
    async fn load(&mut self) -> Result<(), End> {
        let saved = loop {
            match self.app.undecided(self.height).await {
                Ok(saved) => break saved,
                Err(failure) => self.recover(&failure).await?,
            }
        };
        for undecided in saved {
            self.proposals.keep(undecided.block.id(), undecided);
        }
        Ok(())
    }

    /// It is this node's turn. The same round gets the same block, also after a restart: its name is signed.
    pub(super) async fn propose(
        &mut self,
        height: Height,
        round: Round,
        reply: Reply<LocallyProposedValue<Agreement>>,
    ) -> Result<(), End> {
        let (Some(round), true) = (round.as_u32(), height == self.height) else { return Ok(()) };
        let own = self.proposals.own(&self.settings.exchange, round).cloned();
        let undecided = match own {
            Some(undecided) => undecided,
            None => match self.build(round).await {
                Ok(Some(undecided)) => undecided,
                // Without an answer the round passes by, and the next proposer has its turn.
                Ok(None) => return Ok(()),
                Err(failure) => return self.recover(&failure).await,
            },
        };
        #[cfg(feature = "dishonest")]
        let undecided = self.spoil(undecided).await;
        let block_id = undecided.block.id();
        let value = LocallyProposedValue::new(height.into(), Round::new(round), BlockId(block_id));
        let _ = reply.send(value);
        let bytes = undecided.block.encode().into();
        self.stream(round, None, block_id, &bytes).await;
        Ok(())
    }

    /// Builds a block and makes it durable.
    async fn build(&mut self, round: u32) -> Result<Option<Undecided>, A::Error> {
        let Some(block) = self.app.build(self.height, Demand::Always).await? else {
            if self.app.is_closed() {
                debug!(height = self.height.0, "the ledger is closed: no block");
            } else {
                error!(height = self.height.0, "no block was made although one is demanded");
            }
            return Ok(None);
        };
        let block_id = block.id();
        let undecided = Undecided {
            height: self.height,
            round,
            valid_round: None,
            proposer: self.settings.exchange.clone(),
            is_valid: true,
            block: Arc::new(block),
        };
        self.app.save_undecided(&undecided).await?;
        self.last_checked = Some(block_id);
        self.proposals.keep(block_id, undecided.clone());
        Ok(Some(undecided))
    }

    /// Sends a block of which this node is the round's proposer.
    async fn stream(&mut self, round: u32, valid_round: Option<u32>, block_id: Digest, bytes: &Bytes) {
        if !self.settings.votes {
            return;
        }
        let mut offer = Offer {
            height: self.height,
            round,
            valid_round,
            proposer: self.settings.exchange.clone(),
            block_id,
            signature: crate::malachite::signing::Signature([0; 64]),
        };
        if let Ok(signature) = self.settings.signer.sign(Some(offer.message())) {
            offer.signature = signature;
            self.proposals.admit(&offer);
            self.send_parts(&offer, bytes).await;
        }
    }

    async fn send_parts(&mut self, offer: &Offer, bytes: &Bytes) {
        for message in offer.parts(bytes) {
            self.send(message).await;
        }
    }

    /// The engine wants a block that it has seen to be sent once more: this node proposes it again, or passes on what
    /// another proposer has signed.
    pub(super) async fn stream_again(
        &mut self,
        round: Round,
        valid_round: Round,
        proposer: ExchangeCode,
        block_id: Digest,
    ) {
        let Some(round) = round.as_u32() else { return };
        let Some(bytes) = self.proposals.get(block_id).map(|undecided| Bytes::from(undecided.block.encode()))
        else {
            warn!(%block_id, "a block to be sent again is not known");
            return;
        };
        if proposer == self.settings.exchange {
            self.stream(round, valid_round.as_u32(), block_id, &bytes).await;
        } else if let Some(offer) = self.proposals.offer(round, block_id).cloned() {
            self.send_parts(&offer, &bytes).await;
        }
    }

    /// A message of the channel of parts.
    pub(super) async fn receive(
        &mut self,
        from: PeerId,
        message: StreamMessage<Part>,
    ) -> Result<Option<ProposedValue<Agreement>>, End> {
        let Some(peer) = self.settings.peers.get(&from).cloned() else { return Ok(None) };
        #[cfg(feature = "dishonest")]
        self.hear(&message);
        let (stream_id, sequence) = (message.stream_id.to_bytes(), message.sequence);
        match message.content.into_data() {
            None => Ok(None),
            Some(Part::Progress(progress)) => self.on_progress(peer, progress).await.map(|()| None),
            Some(Part::Gossip(bundle)) => {
                for bytes in bundle {
                    let message = PeerMessage { from: Some(peer.clone()), bytes: bytes.into() };
                    deliver(&self.incoming, &self.status, message);
                }
                Ok(None)
            }
            Some(part) => match self.assembler.insert(from, stream_id, sequence, part) {
                Some((offer, bytes)) if offer.height == self.height => {
                    let value = self.judge(Some(&peer), offer, bytes).await?;
                    if value.is_some() {
                        self.start_next().await?;
                    }
                    Ok(value)
                }
                Some((offer, bytes)) => {
                    if offer.height == self.height.next() {
                        self.proposals.hold(offer, bytes);
                    } else if offer.height.next() < self.height && offer.proposer != peer {
                        self.blame(&peer, Fault::StaleProposal);
                    }
                    Ok(None)
                }
                None => Ok(None),
            },
        }
    }

    /// Notes that another exchange's node did what an honest one does not.
    fn blame(&self, exchange: &ExchangeCode, fault: Fault) {
        debug!(%exchange, ?fault, "a node did what an honest one does not");
        self.status.send_modify(|status| status.blame(exchange, fault));
    }

    /// Judges a block that somebody proposes at this height and `sender`, if that is known still, has sent. `None` if it
    /// was not that round's proposer who did, or the bytes are not the block's: nothing that the engine should hear of.
    async fn judge(
        &mut self,
        sender: Option<&ExchangeCode>,
        offer: Offer,
        bytes: Bytes,
    ) -> Result<Option<ProposedValue<Agreement>>, End> {
        let turn = self.voters.proposer(offer.round).exchange();
        let key = self.voters.key(&offer.proposer).filter(|_| *turn == offer.proposer);
        let text = offer.message().signed_bytes(&self.settings.signer.origin);
        let is_proposers = key.is_some_and(|key| verify_signature(key, &text, &offer.signature.0).is_ok());
        let rounds = u32::try_from(self.voters.codes().len()).unwrap_or(u32::MAX);
        let is_near = offer.round <= self.round.saturating_add(rounds);
        if !is_proposers {
            warn!(?sender, proposer = %offer.proposer, round = offer.round, "a proposal that is not the proposer's; dropped");
            sender.into_iter().for_each(|sender| self.blame(sender, Fault::ForgedProposal));
            return Ok(None);
        }
        if !is_near || !self.proposals.admit(&offer) {
            warn!(proposer = %offer.proposer, round = offer.round, "a proposal too many, or too far ahead; dropped");
            return Ok(None);
        }
        if let Some(known) = self.proposals.get(offer.block_id) {
            return Ok(Some(again(&offer, known)));
        }
        let block = match Block::decode(&bytes) {
            Ok(block) if block.id() == offer.block_id => block,
            _ => {
                warn!(?sender, proposer = %offer.proposer, "the bytes of a proposal are not the block's; dropped");
                sender.into_iter().for_each(|sender| self.blame(sender, Fault::ForgedProposal));
                return Ok(None);
            }
        };
        match self.verdict(&offer, block).await {
            Ok(undecided) => Ok(Some(again(&offer, &undecided))),
            Err(failure) => self.recover(&failure).await.map(|()| None),
        }
    }

    /// Checks a block and makes it durable with what is said of it.
    async fn verdict(&mut self, offer: &Offer, block: Block) -> Result<Undecided, A::Error> {
        let author = &block.header.claims().exchange;
        let verdict = if offer.valid_round.is_none() && *author != offer.proposer {
            Verdict::Malformed { expected: format!("a header by {}, who proposes it", offer.proposer) }
        } else {
            self.last_checked = None;
            let verdict = self.app.check(&block).await?;
            self.last_checked = (verdict == Verdict::Valid).then_some(offer.block_id);
            verdict
        };
        let is_valid = verdict == Verdict::Valid;
        let undecided = Undecided {
            height: offer.height,
            round: offer.round,
            valid_round: offer.valid_round,
            proposer: offer.proposer.clone(),
            is_valid,
            block: Arc::new(block),
        };
        self.app.save_undecided(&undecided).await?;
        self.proposals.keep(offer.block_id, undecided.clone());
        if !is_valid {
            info!(height = offer.height.0, proposer = %offer.proposer, ?verdict, "a proposed block is voted down");
            let Offer { height, round, proposer, block_id, .. } = offer.clone();
            let rejected = RejectedBlock { height, round, proposer, block_id, verdict };
            self.status.send_modify(|status| {
                status.blame(&rejected.proposer, Fault::RejectedProposal);
                status.rejected = Some(rejected);
            });
        }
        Ok(undecided)
    }
}

/// A block as the engine is told of it.
fn proposed(block_id: Digest, undecided: &Undecided) -> ProposedValue<Agreement> {
    ProposedValue {
        height: undecided.height.into(),
        round: Round::new(undecided.round),
        valid_round: undecided.valid_round.into(),
        proposer: Address(undecided.proposer.clone()),
        value: BlockId(block_id),
        validity: Validity::from_bool(undecided.is_valid),
    }
}

/// A known block as it is proposed now.
fn again(offer: &Offer, known: &Undecided) -> ProposedValue<Agreement> {
    ProposedValue {
        round: Round::new(offer.round),
        valid_round: offer.valid_round.into(),
        proposer: Address(offer.proposer.clone()),
        ..proposed(offer.block_id, known)
    }
}
