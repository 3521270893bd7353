//! Execution of a block's commands, one after the other, into effects.

use crate::{
    Actor, Answer, Base, BlockContext, Halt, Key, Noun, PostedTransaction, Record, SignedCommand, rules,
    view::Tx,
};
use databourse_primitives::{Digest, EntryId, LeafIndex, Refusal};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A command that was accepted into the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its entry.
    pub id: EntryId,
    /// Where it will stand in the ledger.
    pub leaf_index: LeafIndex,
    /// Who acted.
    pub actor: Actor,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It belongs into the block.
    Accepted(Accepted),
    /// It was executed before: here is the first answer. It does not belong into the block.
    AlreadyApplied(Answer),
    /// It breaks a rule and changes nothing.
    Refused(Refusal),
}

/// What a block changes.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// The new records, by key.
    pub writes: BTreeMap<Key, Arc<Record>>,
    /// The money that moved, in order.
    pub transactions: Vec<PostedTransaction>,
}

/// The answer of [`execute`].
#[derive(Debug, Clone)]
pub struct Executed {
    /// One outcome per command, in order.
    pub outcomes: Vec<Outcome>,
    /// What the accepted commands change together.
    pub effects: Effects,
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its kind.
    pub noun: Noun,
    /// Its name.
    pub name: Box<str>,
    /// Its JSON.
    pub json: String,
}

/// Effects in the form that is hashed and stored.
#[derive(Debug, Clone)]
pub struct EncodedEffects {
    /// The records to write, in order of kind and name.
    pub rows: Vec<Row>,
    /// The money that moved, in order.
    pub transactions: Vec<PostedTransaction>,
    /// SHA-256 of all of it; every node must come to the same.
    pub digest: Digest,
}

impl Effects {
    /// Writes the effects out and hashes them.
    ///
    /// The digest is SHA-256 over, for each record in order of kind and name, `<kind> <name>\n<json>\n`, then for each
    /// transaction `transaction\n<json>\n`.
    ///
    /// # Errors
    /// None in practice: every record has a JSON form.
    pub fn encode(self) -> Result<EncodedEffects, serde_json::Error> {
        let mut digest = EffectsDigest::default();
        let mut rows = Vec::with_capacity(self.writes.len());
        for (key, record) in self.writes {
            let json = String::from_utf8_lossy(digest.record(&key, &record)?).into_owned();
            rows.push(Row { noun: key.noun, name: key.name, json });
        }
        digest.transactions(&self.transactions)?;
        Ok(EncodedEffects { rows, transactions: self.transactions, digest: digest.finish() })
    }

    /// The digest of [`Effects::encode`] alone, for whoever stores nothing.
    ///
    /// # Errors
    /// As [`Effects::encode`].
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        let mut digest = EffectsDigest::default();
        for (key, record) in &self.writes {
            digest.record(key, record)?;
        }
        digest.transactions(&self.transactions)?;
        Ok(digest.finish())
    }
}

/// The digest of effects on its way. What is hashed is written into one buffer, record by record.
#[derive(Default)]
struct EffectsDigest {
    hasher: Sha256,
    written: Vec<u8>,
}

impl EffectsDigest {
    /// Adds a record. The answer is its JSON.
    fn record(&mut self, key: &Key, record: &Record) -> Result<&[u8], serde_json::Error> {
        self.written.clear();
        for part in [key.noun.as_str(), " ", &key.name, "\n"] {
            self.written.extend_from_slice(part.as_bytes());
        }
        let begin = self.written.len();
        record.write_json(&mut self.written)?;
        let end = self.written.len();
        self.written.push(b'\n');
        self.hasher.update(&self.written);
        Ok(&self.written[begin..end])
    }

    fn transactions(&mut self, transactions: &[PostedTransaction]) -> Result<(), serde_json::Error> {
        for transaction in transactions {
            self.written.clear();
            self.written.extend_from_slice(b"transaction\n");
            serde_json::to_writer(&mut self.written, transaction)?;
            self.written.push(b'\n');
            self.hasher.update(&self.written);
        }
        Ok(())
    }

    fn finish(self) -> Digest {
        Digest::from_bytes(self.hasher.finalize().into())
    }
}

/// Executes `commands` in order. Each sees the writes of those accepted before it; a refused one leaves no trace.
///
/// # Errors
/// The keys that have to be loaded into `base` first: all that could be found in one pass. Nothing else of the pass
/// is kept, since what comes after a missing record may depend on it.
pub fn execute(
    base: &dyn Base,
    commands: &[SignedCommand],
    context: &BlockContext,
) -> Result<Executed, BTreeSet<Key>> {
    let mut effects = Effects::default();
    let mut outcomes = Vec::with_capacity(commands.len());
    let mut missing = BTreeSet::new();
    let mut next = context.header_index.next();
    for signed in commands {
        let claims = signed.entry.claims();
        let mut tx = Tx::new(base, &effects.writes, context, claims.id, next, claims.exchange.clone());
        match rules::apply(&mut tx, signed) {
            Ok(Outcome::Accepted(accepted)) => {
                let (writes, transactions) = (tx.writes, tx.transactions);
                effects.writes.extend(writes);
                effects.transactions.extend(transactions);
                outcomes.push(Outcome::Accepted(accepted));
                next = next.next();
            }
            Ok(other) => outcomes.push(other),
            Err(Halt::Refused(refusal)) => outcomes.push(Outcome::Refused(refusal)),
            Err(Halt::Missing(keys)) => missing.extend(keys),
        }
    }
    if missing.is_empty() { Ok(Executed { outcomes, effects }) } else { Err(missing) }
}
