//! What travels beside the votes: the bytes of a proposed block in parts, how far a node is, and other people's messages.
//!
//! A block's first part says which block it is, who proposes it and for which round, under the proposer's signature, and
//! carries the first [`PART_BYTES_MAX`] bytes; so a small block is one message. The others follow by their numbers.

mod assembler;

pub(super) use assembler::Assembler;

use super::{context::Agreement, signing::Signature};
use arc_malachitebft_app_channel::app::{
    engine::util::streaming::StreamContent,
    types::streaming::{StreamId, StreamMessage},
};
use bytes::Bytes;
use databourse_ledger::{ConsensusMessage, Step};
use databourse_primitives::{Digest, ExchangeCode, Height};

/// The most bytes of a block in one part: 1 MiB.
pub(super) const PART_BYTES_MAX: usize = 1_048_576;

/// One message of the channel of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// How far the sender is.
    Progress(Progress),
    /// Messages that the engine only carries.
    Gossip(Vec<Bytes>),
    /// The beginning of a proposed block.
    First(First),
    /// What follows it.
    More(Bytes),
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// The height after the last one that it has committed.
    pub(super) height: Height,
    /// Whether it has begun to agree on it; otherwise it waits for something to do.
    pub(super) is_started: bool,
}

/// A proposer's word that it proposes a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) height: Height,
    pub(super) round: u32,
    pub(super) valid_round: Option<u32>,
    pub(super) proposer: ExchangeCode,
    pub(super) block_id: Digest,
    /// Under [`Offer::message`].
    pub(super) signature: Signature,
}

impl Offer {
    /// What the proposer signs: the same text as its proposal.
    pub(super) fn message(&self) -> ConsensusMessage {
        let step = Step::Proposal { valid_round: self.valid_round };
        ConsensusMessage { height: self.height, round: self.round, step, block_id: Some(self.block_id) }
    }

    /// Names the stream of its parts: the same offer has the same stream.
    fn stream(&self) -> StreamId {
        let text = format!("{:?} {}", self.message(), self.proposer);
        StreamId::new(Bytes::copy_from_slice(Digest::of(text.as_bytes()).as_bytes()))
    }

    /// Cuts a block into the messages of a stream.
    pub(super) fn parts(&self, block: &Bytes) -> Vec<StreamMessage<Part>> {
        let count = block.len().div_ceil(PART_BYTES_MAX).max(1);
        let part = |number: usize| {
            let from = number * PART_BYTES_MAX;
            let bytes = block.slice(from..block.len().min(from + PART_BYTES_MAX));
            let part = match number {
                0 => Part::First(First { offer: self.clone(), byte_count: block.len(), bytes }),
                _ => Part::More(bytes),
            };
            let sequence = u64::try_from(number).unwrap_or(u64::MAX);
            StreamMessage::new(self.stream(), sequence, StreamContent::Data(part))
        };
        (0..count).map(part).collect()
    }
}

/// The first part of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct First {
    pub(super) offer: Offer,
    /// Length of the whole block.
    pub(super) byte_count: usize,
    /// Its first bytes.
    pub(super) bytes: Bytes,
}

/// A message that is no part of a block.
pub(super) fn single(part: Part) -> StreamMessage<Part> {
    StreamMessage::new(StreamId::new(Bytes::new()), 0, StreamContent::Data(part))
}

/// A peer of the network, by its libp2p name.
pub(super) type PeerId = arc_malachitebft_app_channel::app::types::PeerId;

/// What is sent to the others.
pub(super) type Outgoing = arc_malachitebft_app_channel::NetworkMsg<Agreement>;
