//! Signing keys: whose they are, and since when no longer.

use databourse_primitives::{
    ExchangeCode, Height, KeyId, PartyId, PublicKey, Refusal, RefusalCode, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Who signs with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOwner {
    /// An exchange.
    Exchange(ExchangeCode),
    /// A party.
    Party(PartyId),
}

/// A registered signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The key's name, the thumbprint of `key`.
    pub id: KeyId,
    /// The key itself.
    pub key: PublicKey,
    /// Who signs with it.
    pub owner: KeyOwner,
    /// Block time of its registration.
    pub registered_at: Timestamp,
    /// Block time since which it signs nothing any more.
    pub retired_at: Option<Timestamp>,
    /// The first height at which it signs, if that was decided ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_height: Option<Height>,
    /// The first height at which it signs nothing any more, if that was decided ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_height: Option<Height>,
}

impl KeyRecord {
    /// The key, if it may sign in the block of `height`.
    ///
    /// # Errors
    /// `key.unknown` before its first height; `key.retired`.
    pub fn in_force(&self, height: Height) -> Result<&PublicKey, Refusal> {
        let refused = |code, expected: String| Err(Refusal::new(code, "kid", expected));
        match (self.since_height, self.until_height, self.retired_at) {
            (Some(since), ..) if height < since => {
                refused(RefusalCode::KeyUnknown, format!("a key in force; this one begins at height {since}"))
            }
            (_, Some(until), _) if until <= height => {
                refused(RefusalCode::KeyRetired, format!("a key in force; this one ended at height {until}"))
            }
            (.., Some(at)) => {
                refused(RefusalCode::KeyRetired, format!("a key in force; this one ended {at}"))
            }
            _ => Ok(&self.key),
        }
    }
}

/// Registers `key` to `owner`. `existing` is the record of that key, if any: a key has one owner for ever.
///
/// # Errors
/// `key.taken`.
pub fn register(
    existing: Option<&KeyRecord>,
    key: PublicKey,
    owner: KeyOwner,
    now: Timestamp,
) -> Result<KeyRecord, Refusal> {
    match existing {
        None => Ok(KeyRecord {
            id: key.key_id(),
            key,
            owner,
            registered_at: now,
            retired_at: None,
            since_height: None,
            until_height: None,
        }),
        Some(_) => Err(Refusal::new(RefusalCode::KeyTaken, "", "a key that was never registered before")),
    }
}

/// Ends a key. Ending it twice keeps the first time.
#[must_use]
pub fn retire(mut key: KeyRecord, now: Timestamp) -> KeyRecord {
    key.retired_at.get_or_insert(now);
    key
}
