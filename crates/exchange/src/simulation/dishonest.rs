//! What a dishonest node does. Its application is honest; its engine is not.

use super::{
    driver::Driver,
    entries,
    network::Message,
    plan::{Act, CODES, NODES},
    vote::{Offer, Vote},
};
use databourse_consensus::{Decided, Validator};
use databourse_ledger::{Block, BlockHeader, Entry};
use databourse_market::Effects;
use databourse_primitives::Digest;
use std::sync::Arc;

/// How many messages it remembers.
const HEARD_MAX: usize = 64;

impl Driver {
    /// It does so about half the time, and seldom once all is calm: the authors of its own exchange wait for its turn, which
    /// comes the rarer the oftener it wasted it, and nobody else owes them anything.
    fn does(&self, act: Act) -> bool {
        let permille = if self.world.is_calm() { 50 } else { 500 };
        self.world.plan.does(self.place, act) && self.world.random().chance(permille)
    }

    /// Proposes something else than the honest block; whether it did.
    pub(super) async fn spoil(&mut self, round: u32, own: &Validator, honest: &Block) -> bool {
        let fields = honest.header_fields().unwrap();
        let place = (self.height, round);
        let offer =
            |block: &Block| Arc::new(Offer::new(place, None, own, block.id(), Arc::new(block.encode())));
        if self.height > 1 && self.does(Act::ProposeRefused) {
            let body = entries::party("buyer-0", "buyer");
            let again =
                entries::sign(self.place, None, self.world.new_id(), self.now(), "party.certify", &body);
            let commands = [honest.commands.clone(), vec![again.entry().clone(); 2]].concat();
            let block = self.forge(&fields, commands, fields.effects_digest);
            self.world.note(format_args!("{} proposes what is refused", self.code));
            self.world.broadcast(self.place, &Message::Offer(offer(&block)));
            return true;
        }
        if self.does(Act::ProposeOtherEffects) {
            let block = self.forge(&fields, honest.commands.clone(), Digest::of(b"other"));
            self.world.note(format_args!("{} proposes other effects", self.code));
            self.world.broadcast(self.place, &Message::Offer(offer(&block)));
            return true;
        }
        if self.height > 1 && self.does(Act::ProposeTwo) {
            let nothing = Effects::default().encode().unwrap().digest;
            let other = BlockHeader { time: fields.time.plus_ms(1), ..fields };
            let block = self.forge(&other, Vec::new(), nothing);
            self.world.note(format_args!("{} proposes two blocks", self.code));
            for to in 0..NODES {
                let of_it = if to % 2 == 0 { honest } else { &block };
                self.world.send(self.place, to, Message::Offer(offer(of_it)));
            }
            self.agreement.offered(offer(honest), true);
            return true;
        }
        false
    }

    fn forge(&self, fields: &BlockHeader, commands: Vec<Entry>, effects: Digest) -> Block {
        let header = BlockHeader::for_commands(
            fields.height,
            fields.time,
            &commands,
            effects,
            fields.previous_size,
            fields.previous_root,
        );
        let key = entries::entry_key(self.place);
        Block::new(header, self.world.new_id(), CODES[self.place].parse().unwrap(), commands, &key).unwrap()
    }

    /// Says this to some and the opposite to others; whether it did.
    pub(super) fn says_twice(&mut self, vote: &Vote) -> bool {
        let Some(own) = self.agreement.own().cloned() else { return false };
        if vote.block_id.is_none() || !self.does(Act::VoteTwice) {
            return false;
        }
        self.world.note(format_args!("{} votes twice at {} {}", self.code, vote.height, vote.round));
        let other = Vote::new((vote.height, vote.round), vote.kind, None, &own);
        for to in 0..NODES {
            let of_it = if to % 2 == 0 { vote } else { &other };
            self.world.send(self.place, to, Message::Votes(Arc::new(vec![of_it.clone()])));
        }
        true
    }

    pub(super) fn remember(&mut self, message: &Message) {
        if self.world.plan.does(self.place, Act::ReplayMessages) && self.heard.len() < HEARD_MAX {
            self.heard.push(message.clone());
        }
    }

    pub(super) fn say_again(&mut self) {
        if !self.heard.is_empty() && self.does(Act::ReplayMessages) {
            let place = self.world.random().place(self.heard.len());
            let message = self.heard.swap_remove(place);
            self.world.broadcast(self.place, &message);
        }
    }

    /// The same blocks, but for a character of each one's last entry.
    pub(super) fn spoil_decided(&self, blocks: &mut [Decided]) {
        if self.does(Act::ServeWrongBlocks) {
            for last in blocks.iter_mut().filter_map(|decided| decided.block.last_mut()) {
                *last = if *last == b'A' { b'Q' } else { b'A' };
            }
        }
    }
}
