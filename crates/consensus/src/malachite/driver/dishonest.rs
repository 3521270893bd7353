//! Dishonest acts of the driver.

use super::Driver;
use crate::{
    LedgerApp, Undecided,
    malachite::{context::Agreement, dishonest::Dishonesty, parts::Part},
};
use arc_malachitebft_app_channel::app::types::{streaming::StreamMessage, sync::RawDecidedValue};
use databourse_ledger::Block;
use std::sync::Arc;

/// How many messages are remembered, and how many of them are said again at a time.
const HEARD_MAX: usize = 64;
const SAID_AGAIN: usize = 4;

impl<A: LedgerApp> Driver<A> {
    fn does(&self, act: Dishonesty) -> bool {
        self.settings.acts.contains(&act)
    }

    /// The block of the height before, in place of an honest one.
    pub(super) async fn spoil(&mut self, honest: Undecided) -> Undecided {
        let last = self.app.last_height();
        if !self.does(Dishonesty::ProposeInvalid) || last.0 == 0 {
            return honest;
        }
        let decided = self.app.decided(last..=last).await.unwrap_or_default();
        let block = decided.first().and_then(|decided| Block::decode(&decided.block).ok());
        match block {
            Some(block) => Undecided { block: Arc::new(block), ..honest },
            None => honest,
        }
    }

    pub(super) fn serves_wrong_blocks(&self) -> bool {
        self.does(Dishonesty::ServeWrongBlocks)
    }

    pub(super) fn hear(&mut self, message: &StreamMessage<Part>) {
        if self.does(Dishonesty::ReplayMessages) {
            self.heard.truncate(HEARD_MAX - 1);
            self.heard.push_front(message.clone());
        }
    }

    pub(super) async fn say_again(&mut self) {
        for _ in 0..SAID_AGAIN.min(self.heard.len()) {
            if let Some(message) = self.heard.pop_back() {
                self.heard.push_front(message.clone());
                self.send(message).await;
            }
        }
    }
}

/// A certificate with other bytes: the same block, but for a character of its last entry.
pub(super) fn wrong(value: RawDecidedValue<Agreement>) -> RawDecidedValue<Agreement> {
    let mut bytes = value.value_bytes.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = if *last == b'A' { b'Q' } else { b'A' };
    }
    RawDecidedValue { value_bytes: bytes.into(), ..value }
}
