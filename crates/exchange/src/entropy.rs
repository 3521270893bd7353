//! Where randomness enters: keys and names that the node makes.

use databourse_primitives::{EntryId, Timestamp};
use rand::TryRng as _;
use sha2::{Digest as _, Sha256};
use uuid::Builder;
use zeroize::Zeroizing;

/// A source of randomness.
pub enum Entropy {
    /// The operating system's.
    Os,
    /// SHA-256 of a seed and a label: the same label gives the same bytes. For demonstrations and tests only.
    Seeded(Zeroizing<[u8; 32]>),
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Os => "Os",
            Self::Seeded(_) => "Seeded(hidden)",
        })
    }
}

impl Entropy {
    /// Randomness that a number decides.
    pub fn seeded(seed: u64) -> Self {
        let digest: [u8; 32] = Sha256::digest(format!("databourse seed {seed}")).into();
        Self::Seeded(Zeroizing::new(digest))
    }

    /// 32 bytes for the use that `label` names. A seeded source gives the same bytes for the same label.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn bytes(&self, label: &str) -> Result<Zeroizing<[u8; 32]>, std::io::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        match self {
            Self::Os => rand::rngs::SysRng.try_fill_bytes(&mut *bytes).map_err(std::io::Error::other)?,
            Self::Seeded(seed) => {
                let digest = Sha256::new().chain_update(**seed).chain_update(label.as_bytes()).finalize();
                bytes.copy_from_slice(&digest);
            }
        }
        Ok(bytes)
    }

    /// A new entry id of `time`.
    ///
    /// # Errors
    /// As [`Entropy::bytes`].
    pub fn entry_id(&self, time: Timestamp, label: &str) -> Result<EntryId, std::io::Error> {
        Ok(entry_id(time, &*self.bytes(label)?))
    }
}

/// A UUIDv7 of `time` with bits of `bytes` (RFC 9562 §5.7).
pub(crate) fn entry_id(time: Timestamp, bytes: &[u8; 32]) -> EntryId {
    let mut random = [0; 10];
    random.copy_from_slice(&bytes[..10]);
    let millis = u64::try_from(time.unix_ms()).unwrap_or_default();
    let uuid = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    // The builder makes version 7 and nothing else.
    EntryId::from_uuid(uuid).unwrap_or_else(|_| unreachable!("the builder sets version and variant"))
}
