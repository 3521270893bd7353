//! The hashes of the tree, RFC 6962 §2.1 and RFC 9162 §2.1.1.
//!
//! Leaves and interior nodes are hashed under different first bytes, so that no leaf can pass for a node.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

const LEAF_PREFIX: [u8; 1] = [0x00];
const NODE_PREFIX: [u8; 1] = [0x01];

/// MTH({}), the root of the tree without leaves: SHA-256 of the empty string (RFC 9162 §2.1.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// One SHA-256 value of the tree: a leaf hash, an interior node or a root. Ordered by its bytes, shown as lowercase
/// hexadecimal (the base64 of checkpoints and proofs is `ledger`'s).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Length in bytes (RFC 9162 HASH_SIZE for SHA-256).
    pub const LENGTH: usize = 32;

    /// The hash that these 32 bytes are. Nothing is hashed.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes, as they stand in a tile.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// MTH({d}) = SHA-256(0x00 ‖ d), the hash of one leaf (RFC 9162 §2.1.1).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update(LEAF_PREFIX).chain_update(data).finalize().into())
}

/// SHA-256(0x01 ‖ left ‖ right), the hash of an interior node (RFC 9162 §2.1.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update(NODE_PREFIX).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// [`EMPTY_ROOT`] for callers that want a function.
#[must_use]
pub const fn empty_root() -> Hash {
    EMPTY_ROOT
}

/// Why bytes or text are not a [`struct@Hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashError {
    /// Not 32 bytes, or not 64 hexadecimal digits.
    Length {
        /// How many there were.
        actual: usize,
    },
    /// A character that is no hexadecimal digit.
    Digit {
        /// Its place in the text, in bytes from 0.
        position: usize,
    },
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { actual } => {
                write!(f, "a hash has 32 bytes or 64 hexadecimal digits, not {actual}")
            }
            Self::Digit { position } => write!(f, "no hexadecimal digit at position {position}"),
        }
    }
}

impl core::error::Error for HashError {}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<Hash> for [u8; 32] {
    fn from(hash: Hash) -> Self {
        hash.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashError;

    fn try_from(bytes: &[u8]) -> Result<Self, HashError> {
        bytes.try_into().map(Self).map_err(|_| HashError::Length { actual: bytes.len() })
    }
}

/// 64 hexadecimal digits of either case.
impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let digits = text.as_bytes();
        if digits.len() != 2 * Self::LENGTH {
            return Err(HashError::Length { actual: digits.len() });
        }
        let mut bytes = [0; Self::LENGTH];
        for (position, digit) in digits.iter().enumerate() {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                b'A'..=b'F' => digit - b'A' + 10,
                _ => return Err(HashError::Digit { position }),
            };
            bytes[position / 2] = bytes[position / 2] << 4 | value;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT, Hash(Sha256::digest([]).into()));
        assert_eq!(empty_root(), EMPTY_ROOT);
    }

    #[test]
    fn a_leaf_of_two_hashes_is_not_their_node() {
        let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
        let joined = [*left.as_bytes(), *right.as_bytes()].concat();
        assert_ne!(leaf_hash(&joined), node_hash(&left, &right));
        assert_ne!(node_hash(&left, &right), node_hash(&right, &left));
    }

    #[test]
    fn hexadecimal_text_survives_the_round_trip_and_bad_text_is_refused() {
        let text = EMPTY_ROOT.to_string();
        assert_eq!(text.parse(), Ok(EMPTY_ROOT));
        assert_eq!(text.to_uppercase().parse(), Ok(EMPTY_ROOT));
        assert_eq!(format!("{EMPTY_ROOT:?}"), text);
        assert_eq!(text[1..].parse::<Hash>(), Err(HashError::Length { actual: 63 }));
        assert_eq!(
            text.replace('e', "é").parse::<Hash>().map_err(|e| e != HashError::Digit { position: 0 }),
            Err(true)
        );
        assert_eq!(format!("g{}", &text[1..]).parse::<Hash>(), Err(HashError::Digit { position: 0 }));
        assert_eq!(format!("{}é", &text[..62]).parse::<Hash>(), Err(HashError::Digit { position: 62 }));
    }

    #[test]
    fn only_thirty_two_bytes_are_a_hash() {
        assert_eq!(Hash::try_from(&[7; 32][..]), Ok(Hash::from_bytes([7; 32])));
        for length in [0, 31, 33, 64] {
            assert_eq!(Hash::try_from(&vec![7; length][..]), Err(HashError::Length { actual: length }));
        }
    }
}
