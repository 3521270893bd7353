//! What nodes tell one another beside the agreement: commands that wait, and cosignatures. The engine carries the bytes
//! between exchanges that it has authenticated; whatever they say is checked here like anything from outside.

use databourse_ledger::{Entry, SignedCheckpoint, encode_bundle, parse_bundle};
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::debug;

/// The longest message, bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// The most commands of one message.
const COMMANDS_MAX: usize = 4_096;

const COMMANDS: u8 = 1;
const COSIGNATURE: u8 = 2;

/// A message from another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// Commands that wait in its pool.
    Commands(Vec<Entry>),
    /// A checkpoint with its cosignature, and maybe others'.
    Cosignature(Box<SignedCheckpoint>),
}

impl Message {
    /// Reads a message; `None` if it is none. Signatures are for the caller to check.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return None;
        }
        match bytes.split_first()? {
            (&COMMANDS, rest) => parse_bundle(rest, COMMANDS_MAX).ok().map(Self::Commands),
            (&COSIGNATURE, rest) => {
                SignedCheckpoint::parse(rest).ok().map(|checkpoint| Self::Cosignature(Box::new(checkpoint)))
            }
            _ => None,
        }
    }
}

/// Where messages for the other nodes go. What cannot be sent now is dropped: commands that wait and cosignatures are
/// told again.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(Arc<mpsc::Sender<Vec<u8>>>);

impl Outbox {
    /// An outbox and where its messages come out.
    pub(crate) fn new(capacity: usize) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self(Arc::new(sender)), receiver)
    }

    fn send(&self, message: Vec<u8>) {
        if self.0.try_send(message).is_err() {
            metrics::counter!("databourse_gossip_dropped_total").increment(1);
            debug!("a message to the other nodes was dropped");
        }
    }

    /// Tells of commands, in as many messages as it takes.
    pub(crate) fn pass_on(&self, mut entries: &[Entry]) {
        while !entries.is_empty() {
            let mut bytes = 1;
            let fitting = entries.iter().take(COMMANDS_MAX).take_while(|entry| {
                bytes += entry.bytes().len() + 2;
                bytes <= MESSAGE_BYTES_MAX
            });
            let (now, later) = entries.split_at(fitting.count().max(1));
            let mut message = vec![COMMANDS];
            message.extend(encode_bundle(now));
            self.send(message);
            entries = later;
        }
    }

    /// Tells of a cosigned checkpoint.
    pub(crate) fn cosigned(&self, checkpoint: &SignedCheckpoint) {
        let mut message = vec![COSIGNATURE];
        message.extend(checkpoint.to_string().into_bytes());
        self.send(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_ledger::{Claims, SigningKey};
    use serde_json::value::RawValue;

    fn entry(number: u64, body_bytes: usize) -> Entry {
        let claims = Claims {
            entry_type: "party.certify".to_owned(),
            id: format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap(),
            exchange: "sh".parse().unwrap(),
            issued_at_s: 1_767_574_800,
            on_behalf_of: None,
            body: RawValue::from_string(format!("{{\"x\":\"{}\"}}", "x".repeat(body_bytes))).unwrap(),
        };
        Entry::sign(&claims, &SigningKey::from_seed([1; 32])).unwrap()
    }

    #[test]
    fn commands_arrive_as_they_were_sent_in_messages_of_bounded_length() {
        let entries: Vec<Entry> = (0..60).map(|number| entry(number, 40_000)).collect();
        let (outbox, mut messages) = Outbox::new(16);
        outbox.pass_on(&entries);
        let (mut arrived, mut count) = (Vec::new(), 0);
        while let Ok(message) = messages.try_recv() {
            count += 1;
            assert!(message.len() <= MESSAGE_BYTES_MAX);
            match Message::parse(&message) {
                Some(Message::Commands(entries)) => arrived.extend(entries),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(arrived, entries);
        assert!(count > 1, "one message would be too long");
    }

    #[test]
    fn what_is_no_message_is_nothing() {
        for bytes in [&b""[..], b"\x00", b"\x03abc", b"\x01\xff\xff\x00", b"\x02not a note"] {
            assert_eq!(Message::parse(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_outbox_that_is_full_drops_and_never_waits() {
        let (outbox, mut messages) = Outbox::new(1);
        outbox.pass_on(&[entry(1, 10)]);
        outbox.pass_on(&[entry(2, 10)]);
        assert!(messages.try_recv().is_ok());
        assert!(messages.try_recv().is_err());
    }
}
