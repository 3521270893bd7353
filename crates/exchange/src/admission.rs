//! Admission: what comes from outside becomes a command whose signature is checked, or a refusal. Nothing that was
//! not admitted reaches the pool.

use crate::{
    node::{Inner, NodeError},
    pool::SubmitError,
};
use databourse_ledger::{Claims, Entry};
use databourse_market::{Command, Decoded, SignedCommand};
use databourse_party::KeyRecord;
use databourse_primitives::{EntryId, KeyId, PartyId, PublicKey, Refusal, RefusalCode};
use serde_json::value::RawValue;
use std::sync::PoisonError;

/// On whose behalf the node signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// The exchange itself.
    Exchange,
    /// A party: with the key that the exchange keeps for it, else with the exchange's own, `on_behalf_of` it.
    Party(PartyId),
}

/// What comes from outside.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "lives for one call; a box per command would cost more than the move"
)]
pub enum Submission {
    /// An entry that its author signed: a compact JWS.
    Signed(Vec<u8>),
    /// A command of somebody who is signed in; the node signs it.
    Command {
        /// Its name, and so its idempotency key.
        id: EntryId,
        /// On whose behalf.
        acting: Acting,
        /// What is wanted.
        command: Command,
    },
}

impl Submission {
    /// The party whose key in custody it may be signed with or may end, and whether it is to end it.
    pub(crate) fn custody_of(&self) -> Option<(PartyId, bool)> {
        match self {
            Self::Command { command: Command::ReplacePartyKeys(replace), .. } => Some((replace.party, true)),
            Self::Command { acting: Acting::Party(party), .. } => Some((*party, false)),
            Self::Command { .. } | Self::Signed(_) => None,
        }
    }
}

/// From how many commands on signatures are checked away from the threads that serve requests.
const OFFLOAD_COUNT_MIN: usize = 8;

impl Inner {
    /// Signs what is not signed, finds each key, checks each signature.
    pub(crate) async fn admit(
        &self,
        submissions: Vec<Submission>,
    ) -> Vec<Result<SignedCommand, SubmitError>> {
        let mut prepared = Vec::with_capacity(submissions.len());
        for submission in submissions {
            let entry = match submission {
                Submission::Signed(bytes) => Entry::parse(&bytes).map_err(SubmitError::from),
                Submission::Command { id, acting, command } => self.sign(id, acting, &command).await,
            };
            prepared.push(match entry {
                Ok(entry) => self.prepare(entry).await,
                Err(error) => Err(error),
            });
        }
        verify_all(prepared).await
    }

    /// The same of entries that were read already.
    pub(crate) async fn admit_entries(&self, entries: Vec<Entry>) -> Vec<Result<SignedCommand, SubmitError>> {
        let mut prepared = Vec::with_capacity(entries.len());
        for entry in entries {
            prepared.push(self.prepare(entry).await);
        }
        verify_all(prepared).await
    }

    /// An entry with its command and the key that it names, not yet verified.
    async fn prepare(&self, entry: Entry) -> Result<(Decoded, PublicKey), SubmitError> {
        let decoded = Decoded::new(entry)?;
        let key = self.public_key(decoded.entry().kid()).await?;
        Ok((decoded, key))
    }

    async fn sign(&self, id: EntryId, acting: Acting, command: &Command) -> Result<Entry, SubmitError> {
        let body = command.to_json().and_then(RawValue::from_string);
        let unwritable =
            |error: serde_json::Error| Refusal::new(RefusalCode::BodyMalformed, "", error.to_string());
        let mut claims = Claims {
            entry_type: command.entry_type().to_owned(),
            id,
            exchange: self.exchange.clone(),
            issued_at_s: self.clock.now().unix_seconds(),
            on_behalf_of: None,
            body: body.map_err(unwritable)?,
        };
        let Acting::Party(party) = acting else { return Ok(Entry::sign(&claims, &self.entry_key)?) };
        match self.custody.key(&self.store, party).await? {
            Some(key) => Ok(Entry::sign(&claims, &key)?),
            None => {
                claims.on_behalf_of = Some(party);
                Ok(Entry::sign(&claims, &self.entry_key)?)
            }
        }
    }

    /// The registered key called `id`. Whether it may still sign is for the rules to say.
    async fn public_key(&self, id: KeyId) -> Result<PublicKey, SubmitError> {
        if id == self.entry_key_id {
            return Ok(self.entry_key.public_key());
        }
        if let Some(key) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(*key);
        }
        let record = self.store.get::<KeyRecord>(&id.to_string()).await.map_err(NodeError::from)?;
        let unknown = || Refusal::new(RefusalCode::KeyUnknown, "kid", "the name of a registered key");
        let key = record.ok_or_else(unknown)?.key;
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).put(id, key);
        Ok(key)
    }
}

/// Checks signatures, many of them away from the threads that serve requests.
async fn verify_all(
    prepared: Vec<Result<(Decoded, PublicKey), SubmitError>>,
) -> Vec<Result<SignedCommand, SubmitError>> {
    if prepared.len() < OFFLOAD_COUNT_MIN {
        return prepared.into_iter().map(verify).collect();
    }
    let count = prepared.len();
    let verified = tokio::task::spawn_blocking(|| prepared.into_iter().map(verify).collect()).await;
    verified.unwrap_or_else(|failure| {
        let lost = || Err(SubmitError::Unavailable { reason: failure.to_string() });
        std::iter::repeat_with(lost).take(count).collect()
    })
}

fn verify(prepared: Result<(Decoded, PublicKey), SubmitError>) -> Result<SignedCommand, SubmitError> {
    let (decoded, key) = prepared?;
    Ok(decoded.verify(&key)?)
}
