//! Custody: parties that do not keep a key themselves let the exchange keep one, sealed at rest.
//!
//! A key is a 32-byte seed under ChaCha20-Poly1305 (RFC 8439) with the node's custody key, a random nonce, and the
//! party's id as associated data, so that a sealed key cannot be moved to another party. Stored as nonce ‖ ciphertext.
//!
//! Keys in custody are the node's own and go with it: when an exchange leaves, its successor has none of them. It then
//! signs on behalf of the parties that entrust their exchange, and gives the others new keys (`party.replace_keys`), which
//! retires those that the exchange that left may still have.

use crate::{Entropy, NodeKeys, node::NodeError};
use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use databourse_ledger::SigningKey;
use databourse_party::KeyRecord;
use databourse_primitives::{KeyId, PartyId, PublicKey};
use databourse_store::{Store, StoreError};
use lru::LruCache;
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 12;
/// Opened keys in memory.
const KEYS_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// The keys that the exchange keeps for others.
pub(crate) struct Custody {
    cipher: ChaCha20Poly1305,
    opened: Mutex<LruCache<PartyId, Option<Arc<SigningKey>>>>,
}

impl Custody {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self {
            cipher: ChaCha20Poly1305::new(&Key::from(*secret)),
            opened: Mutex::new(LruCache::new(KEYS_CACHED_MAX)),
        }
    }

    /// The key kept for `party`, if there is one.
    pub(crate) async fn key(
        &self,
        store: &Store,
        party: PartyId,
    ) -> Result<Option<Arc<SigningKey>>, NodeError> {
        if let Some(known) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&party) {
            return Ok(known.clone());
        }
        let key = match store.custody_key(party).await? {
            Some(kept) if !is_retired(store, kept.key_id).await? => {
                Some(Arc::new(self.open(party, &kept.sealed)?))
            }
            _ => None,
        };
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).put(party, key.clone());
        Ok(key)
    }

    /// Forgets the opened key of a party, which may be retired since.
    pub(crate) fn forget(&self, party: PartyId) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).pop(&party);
    }

    /// Makes a key for a party that is about to be certified, or to get other keys, or finds the one made before. The key
    /// is stored before the party's entry names it; a key whose party is never certified signs nothing.
    pub(crate) async fn take(
        &self,
        store: &Store,
        entropy: &Entropy,
        party: PartyId,
    ) -> Result<PublicKey, NodeError> {
        self.forget(party);
        if let Some(key) = self.key(store, party).await? {
            return Ok(key.public_key());
        }
        let mut label = format!("custody key {party}");
        if let Some(retired) = store.custody_key(party).await? {
            store.drop_custody_key(party, retired.key_id).await?;
            label += &format!(" after {}", retired.key_id);
        }
        let seed = entropy.bytes(&label)?;
        let key = SigningKey::from_seed(*seed);
        let sealed = self.seal(party, &seed, entropy)?;
        match store.put_custody_key(party, key.key_id(), &sealed).await {
            // Two requests at once may both have come here; the key that was stored first is the one that counts.
            Ok(()) | Err(StoreError::CustodyKeyExists) => {}
            Err(error) => return Err(error.into()),
        }
        self.forget(party);
        let stored = self.key(store, party).await?;
        stored
            .map(|key| key.public_key())
            .ok_or_else(|| NodeError::Damaged(format!("custody key of {party} vanished")))
    }

    fn seal(&self, party: PartyId, seed: &[u8; 32], entropy: &Entropy) -> Result<Vec<u8>, NodeError> {
        let random = entropy.bytes(&format!("custody nonce {party}"))?;
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&random[..NONCE_BYTES]);
        let payload = Payload { msg: seed, aad: party.as_uuid().as_bytes() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| NodeError::Custody { party })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, party: PartyId, sealed: &[u8]) -> Result<SigningKey, NodeError> {
        let unreadable = || NodeError::Custody { party };
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(unreadable)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| unreadable())?;
        let payload = Payload { msg: body, aad: party.as_uuid().as_bytes() };
        let opened = self.cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| unreadable())?;
        let opened = Zeroizing::new(opened);
        let seed: [u8; 32] = opened.as_slice().try_into().map_err(|_| unreadable())?;
        Ok(SigningKey::from_seed(seed))
    }
}

/// Which key is sealed for a party, for whoever checks what is kept; `None` if it does not open for this party with the
/// node's `keys`.
pub fn sealed_key_id(keys: &NodeKeys, party: PartyId, sealed: &[u8]) -> Option<KeyId> {
    Custody::new(&keys.custody_secret()).open(party, sealed).ok().map(|key| key.key_id())
}

/// Whether the ledger says that a key signs nothing any more. One that it does not know yet is about to be registered.
async fn is_retired(store: &Store, key: KeyId) -> Result<bool, NodeError> {
    Ok(store.get::<KeyRecord>(&key.to_string()).await?.is_some_and(|record| record.retired_at.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(number: u8) -> PartyId {
        format!("019aa2b4-5c00-7000-8000-0000000000{number:02}").parse().unwrap()
    }

    #[test]
    fn a_sealed_key_opens_only_for_its_party_and_unaltered() {
        let custody = Custody::new(&[7; 32]);
        let sealed = custody.seal(party(1), &[9; 32], &Entropy::Os).unwrap();
        let expected = SigningKey::from_seed([9; 32]).public_key();
        assert_eq!(custody.open(party(1), &sealed).unwrap().public_key(), expected);
        assert!(custody.open(party(2), &sealed).is_err(), "another party's key");
        assert!(Custody::new(&[8; 32]).open(party(1), &sealed).is_err(), "another node's custody key");
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(custody.open(party(1), &altered).is_err(), "byte {index}");
        }
        assert!(custody.open(party(1), &sealed[..5]).is_err(), "cut short");
    }
}
