//! What this node says of a block: whether it follows the committed one, whose signatures it carries, and whether the
//! rules come to the same effects.

use super::{Executor, ExecutorError, LedgerStore};
use crate::totals::{Stage, StopWatch};
use databourse_consensus::Verdict;
use databourse_ledger::{Block, BlockHeader, Entry};
use databourse_market::{Command, Decoded, Key, Outcome, SignedCommand, Stored as _};
use databourse_party::{KeyOwner, KeyRecord};
use databourse_primitives::{ExchangeCode, KeyId, PublicKey, Refusal, RefusalCode, TreeSize};
use std::collections::BTreeMap;

/// How far a block's time may be ahead of this node's clock, milliseconds.
const AHEAD_MS_MAX: i64 = 10_000;

/// Keys that a block's entries name.
struct Keys {
    committed: BTreeMap<KeyId, KeyRecord>,
    known: BTreeMap<KeyId, PublicKey>,
    /// Keys that the block's own founding entry gives to exchanges.
    founders: Vec<(KeyId, ExchangeCode)>,
}

impl<S: LedgerStore> Executor<S> {
    /// See [`databourse_consensus::LedgerApp::check`].
    pub(super) async fn check_block(&mut self, block: &Block) -> Result<Verdict, ExecutorError> {
        let fields = match self.check_header(block) {
            Ok(fields) => fields,
            Err(verdict) => return Ok(verdict),
        };
        if self.prepared.as_ref().is_some_and(|prepared| prepared.block_id == block.id()) {
            // Built here a moment ago, by executing it, or checked already.
            return Ok(self.timely(&fields));
        }
        self.parts.pool.set_busy(true);
        // Keys are read from the store.
        self.land().await?;
        let watch = StopWatch::start();
        let verified = self.verify_signatures(block).await?;
        self.totals.stage(Stage::Verify, watch);
        let commands = match verified {
            Ok(commands) => commands,
            Err(verdict) => return Ok(verdict),
        };
        if let Err(verdict) = self.check_founding(&commands) {
            return Ok(verdict);
        }
        let context = self.context(fields.height, fields.time);
        let executed = self.run(&commands, &context).await?;
        if let Some(verdict) = refused(&executed.outcomes) {
            self.parts.working_set.end_batch();
            return Ok(verdict);
        }
        let writes = executed.effects.writes.clone();
        let effects = executed.effects.encode()?;
        if effects.digest != fields.effects_digest {
            self.parts.working_set.end_batch();
            let (stated, computed) = (fields.effects_digest, effects.digest);
            return Ok(Verdict::EffectsDiffer { stated, computed });
        }
        self.prepare(block.id(), context, effects, writes, Vec::new());
        Ok(self.timely(&fields))
    }

    /// A block from the future is not voted for: its time is the time of every rule that it runs.
    fn timely(&self, fields: &BlockHeader) -> Verdict {
        let ahead_ms = fields.time.unix_ms().saturating_sub(self.parts.clock.now().unix_ms());
        if self.parts.clock.is_real() && ahead_ms > AHEAD_MS_MAX {
            Verdict::Untimely { ahead_ms }
        } else {
            Verdict::Valid
        }
    }

    /// Whether the header describes a block that follows the committed one.
    fn check_header(&self, block: &Block) -> Result<BlockHeader, Verdict> {
        let malformed = |expected: String| Verdict::Malformed { expected };
        if let Some(last) = self.members.last_height() {
            return Err(malformed(format!("no block: the ledger ended with block {last}")));
        }
        block.check_shape().map_err(|error| malformed(error.to_string()))?;
        let fields = block.header_fields().map_err(|refusal| malformed(refusal.to_string()))?;
        let follows = fields.height == self.height.next()
            && fields.time >= self.time
            && fields.previous_size == TreeSize(self.edge.size())
            && fields.previous_root == self.edge.root();
        if follows {
            Ok(fields)
        } else {
            Err(malformed(format!("a block that follows height {} of time {}", self.height, self.time)))
        }
    }

    /// The first block says what every exchange of the region has in its own configuration, and nothing else.
    fn check_founding(&self, commands: &[SignedCommand]) -> Result<(), Verdict> {
        let founding = self.parts.founding.iter().map(SignedCommand::command);
        if self.height.0 > 0 || founding.eq(commands.iter().map(SignedCommand::command)) {
            return Ok(());
        }
        let expected = "the founding entries that this exchange is configured with".to_owned();
        Err(Verdict::Malformed { expected })
    }

    /// Checks the signatures of a block: its commands' with the keys that the committed state gives them, or that an
    /// earlier command of the block registers; its header's with the key of the exchange that it names. Whether a key
    /// may sign a command is for the rules to say. What waits in the pool was verified when it came.
    async fn verify_signatures(
        &self,
        block: &Block,
    ) -> Result<Result<Vec<SignedCommand>, Verdict>, ExecutorError> {
        let waiting: Vec<_> =
            block.commands.iter().map(|entry| self.parts.pool.verified(&entry.leaf_hash())).collect();
        let unknown = block.commands.iter().zip(&waiting).filter(|(_, waiting)| waiting.is_none());
        let unknown = unknown.map(|(entry, _)| entry.kid()).chain([block.header.kid()]);
        let committed = self.keys_of(unknown).await?;
        let known = committed.iter().map(|(id, record)| (*id, record.key)).collect();
        let mut keys = Keys { committed, known, founders: Vec::new() };
        let mut commands = Vec::with_capacity(block.commands.len());
        for (position, (entry, waiting)) in block.commands.iter().zip(waiting).enumerate() {
            match verify_command(entry, waiting, &mut keys) {
                Ok(command) => commands.push(command),
                Err(refusal) => return Ok(Err(Verdict::CommandRefused { position, refusal })),
            }
        }
        let (kid, exchange) = (block.header.kid(), &block.header.claims().exchange);
        let owner = KeyOwner::Exchange(exchange.clone());
        let is_exchange = keys.committed.get(&kid).is_some_and(|record| record.owner == owner)
            || keys.founders.contains(&(kid, exchange.clone()));
        let is_signed = keys.known.get(&kid).is_some_and(|key| block.header.verify(key).is_ok());
        if is_exchange && is_signed {
            return Ok(Ok(commands));
        }
        let expected = format!("a header signed with the key of exchange {exchange}");
        Ok(Err(Verdict::Malformed { expected }))
    }

    async fn keys_of(
        &self,
        ids: impl Iterator<Item = KeyId>,
    ) -> Result<BTreeMap<KeyId, KeyRecord>, ExecutorError> {
        let names = ids.map(|id| Key::of::<KeyRecord>(&id)).collect();
        let loaded = self.parts.store.load(&names).await?;
        let known = loaded.iter().filter_map(|(_, record)| record.as_ref().and_then(KeyRecord::from_record));
        Ok(known.map(|record| (record.id, record.clone())).collect())
    }
}

/// A command with its signature checked: before, if it waits in the pool, or now with one of `keys`, to which it may add.
fn verify_command(
    entry: &Entry,
    waiting: Option<SignedCommand>,
    keys: &mut Keys,
) -> Result<SignedCommand, Refusal> {
    let command = match waiting {
        Some(command) => command,
        None => {
            let decoded = Decoded::new(entry.clone())?;
            let registered = decoded.command().registered_keys();
            keys.known.extend(registered.map(|key| (key.key_id(), key)));
            let unknown = || Refusal::new(RefusalCode::KeyUnknown, "kid", "the name of a registered key");
            let key = keys.known.get(&entry.kid()).ok_or_else(unknown)?;
            decoded.verify(key)?
        }
    };
    keys.known.extend(command.command().registered_keys().map(|key| (key.key_id(), key)));
    if let Command::FoundRegion(found) = command.command() {
        let founders = found.exchanges.iter();
        keys.founders.extend(founders.map(|founder| (founder.entry_key.key_id(), founder.code.clone())));
    }
    Ok(command)
}

/// The first command that does not belong into a block.
fn refused(outcomes: &[Outcome]) -> Option<Verdict> {
    outcomes.iter().enumerate().find_map(|(position, outcome)| {
        let refusal = match outcome {
            Outcome::Accepted(_) => return None,
            Outcome::Refused(refusal) => refusal.clone(),
            Outcome::AlreadyApplied(_) => {
                Refusal::new(RefusalCode::EntryIdReused, "id", "an entry that is not in the ledger yet")
            }
        };
        Some(Verdict::CommandRefused { position, refusal })
    })
}
