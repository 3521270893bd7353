//! The proposed blocks of the height that is agreed on.

use super::parts::Offer;
use crate::Undecided;
use bytes::Bytes;
use databourse_primitives::{Digest, ExchangeCode, Height};
use std::collections::BTreeMap;

/// The most blocks that a proposer is listened to for in one round. An honest one has one; with two, both sides of a
/// double proposal can be agreed on.
const OFFERS_MAX: usize = 2;

/// The most complete blocks that are kept for the next height, which cannot be judged yet.
const HELD_MAX: usize = 4;

/// What was proposed at a height.
#[derive(Debug, Default)]
pub(super) struct Proposals {
    blocks: BTreeMap<Digest, Undecided>,
    offers: BTreeMap<(u32, Digest), Offer>,
    held: Vec<(Offer, Bytes)>,
}

impl Proposals {
    /// Forgets the height's blocks. Those that were held for the next one stay.
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.offers.clear();
    }

    /// A block that was judged before.
    pub(super) fn get(&self, block_id: Digest) -> Option<&Undecided> {
        self.blocks.get(&block_id)
    }

    /// All blocks that were judged.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Digest, &Undecided)> {
        self.blocks.iter().map(|(id, undecided)| (*id, undecided))
    }

    /// What this node proposed by itself in a round.
    pub(super) fn own(&self, exchange: &ExchangeCode, round: u32) -> Option<&Undecided> {
        self.blocks.values().find(|undecided| {
            undecided.proposer == *exchange && undecided.round == round && undecided.valid_round.is_none()
        })
    }

    /// Keeps a judged block.
    pub(super) fn keep(&mut self, block_id: Digest, undecided: Undecided) {
        self.blocks.insert(block_id, undecided);
    }

    /// Remembers a proposer's word; `false` if it has given too many in that round.
    pub(super) fn admit(&mut self, offer: &Offer) -> bool {
        let in_round = self
            .offers
            .range((offer.round, Digest::from_bytes([0; 32]))..)
            .map(|((round, id), _)| (*round, *id));
        let others =
            in_round.take_while(|(round, _)| *round == offer.round).filter(|(_, id)| *id != offer.block_id);
        if others.count() >= OFFERS_MAX {
            return false;
        }
        self.offers.insert((offer.round, offer.block_id), offer.clone());
        true
    }

    /// A proposer's word of a round, to be passed on.
    pub(super) fn offer(&self, round: u32, block_id: Digest) -> Option<&Offer> {
        self.offers.get(&(round, block_id))
    }

    /// Keeps a block of the next height until it can be judged.
    pub(super) fn hold(&mut self, offer: Offer, bytes: Bytes) {
        if self.held.len() == HELD_MAX {
            self.held.remove(0);
        }
        self.held.push((offer, bytes));
    }

    /// The blocks that were kept for `height`; what was kept for others is dropped.
    pub(super) fn release(&mut self, height: Height) -> Vec<(Offer, Bytes)> {
        let mut held = std::mem::take(&mut self.held);
        held.retain(|(offer, _)| offer.height == height);
        held
    }
}
