//! Nodes of a window tree and how they are hashed.

use super::totals::{Summary, Totals};
use crate::line::SettlementLine;
use databourse_primitives::Digest;
use serde::{Deserialize, Serialize};

/// The bits that all places below a node share. The first bit is the highest of the first byte; unused bits are zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    /// How many bits.
    pub bits: u16,
    /// The bits, in as few bytes as hold them. JSON form: lower-case hexadecimal.
    #[serde(with = "as_hex")]
    pub bytes: Vec<u8>,
}

impl Prefix {
    /// The first `bits` bits of `bytes`.
    pub(crate) fn of(bytes: &[u8], bits: u16) -> Self {
        let mut bytes = bytes[..usize::from(bits).div_ceil(8).min(bytes.len())].to_vec();
        if let (Some(last), used @ 1..) = (bytes.last_mut(), bits % 8) {
            *last &= 0xff << (8 - used);
        }
        Self { bits, bytes }
    }

    /// A whole place as a prefix.
    pub(crate) fn whole(position: &[u8]) -> Self {
        // A place has at most 64 + 128 + 2 bytes.
        Self { bits: u16::try_from(position.len() * 8).unwrap_or(u16::MAX), bytes: position.to_vec() }
    }

    /// Whether it is in its one form.
    pub(crate) fn is_canonical(&self) -> bool {
        self.bytes.len() == usize::from(self.bits).div_ceil(8) && Self::of(&self.bytes, self.bits) == *self
    }

    /// Bit `index`; false behind the end.
    pub(crate) fn bit(&self, index: u16) -> bool {
        bit(&self.bytes, index)
    }

    /// How many bits both begin with.
    pub(crate) fn common(&self, other: &Self) -> u16 {
        common_bits(&self.bytes, &other.bytes).min(self.bits).min(other.bits)
    }
}

/// Bit `index` of `bytes`, from the highest of the first byte; false behind the end.
pub(crate) fn bit(bytes: &[u8], index: u16) -> bool {
    bytes.get(usize::from(index / 8)).is_some_and(|byte| byte >> (7 - index % 8) & 1 == 1)
}

/// How many bits `a` and `b` begin with in common.
pub(crate) fn common_bits(a: &[u8], b: &[u8]) -> u16 {
    let equal = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let rest = match (a.get(equal), b.get(equal)) {
        (Some(a), Some(b)) => (a ^ b).leading_zeros(),
        _ => 0,
    };
    u16::try_from(equal * 8).unwrap_or(u16::MAX).saturating_add(u16::try_from(rest).unwrap_or_default())
}

/// A node as its holder hands it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Node {
    /// All lines of one counterparty and key, ordered by their encodings; more than one if the key stands twice, and
    /// for lines without a key.
    Leaf {
        /// The lines, at least one.
        lines: Vec<SettlementLine>,
    },
    /// A fork: what follows the prefix with a zero bit is on the left, with a one bit on the right.
    Branch {
        /// What all places below share.
        prefix: Prefix,
        /// The branch with the next bit zero.
        left: Summary,
        /// The branch with the next bit one.
        right: Summary,
    },
}

impl Node {
    /// Its summary, computed from its content. `None` if it is no node: a leaf without lines, with lines of different
    /// places or out of order, or sums out of range.
    pub fn summary(&self) -> Option<Summary> {
        match self {
            Self::Leaf { lines } => {
                let encodings: Vec<_> = lines.iter().map(SettlementLine::encoding).collect();
                let ordered = encodings.windows(2).all(|pair| pair[0] <= pair[1]);
                let place = lines.first()?.position();
                let valid = lines.iter().all(|line| line.position() == place && line.check().is_ok());
                let summary = || Summary { hash: leaf_hash(&encodings), totals: Totals::of(lines) };
                (ordered && valid).then(summary)
            }
            Self::Branch { prefix, left, right } => {
                let fork = prefix.is_canonical() && !left.totals.is_empty() && !right.totals.is_empty();
                let totals = left.totals.plus(&right.totals).filter(|_| fork)?;
                Some(Summary { hash: branch_hash(prefix, left, right), totals })
            }
        }
    }

    /// What all places below share; of a leaf its whole place. `None` of a leaf without lines.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        match self {
            Self::Leaf { lines } => lines.first().map(|line| Prefix::whole(&line.position())),
            Self::Branch { prefix, .. } => Some(prefix.clone()),
        }
    }
}

/// SHA-256(`00` ‖ number of lines, 4 bytes ‖ of each line: length, 4 bytes, and encoding).
pub(crate) fn leaf_hash<E: AsRef<[u8]>>(encodings: &[E]) -> Digest {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut bytes = vec![0];
    bytes.extend(length(encodings.len()));
    for encoding in encodings {
        bytes.extend(length(encoding.as_ref().len()));
        bytes.extend_from_slice(encoding.as_ref());
    }
    Digest::of(&bytes)
}

/// SHA-256(`01` ‖ bits of the prefix, 2 bytes ‖ prefix ‖ left hash ‖ left totals ‖ right hash ‖ right totals).
pub(crate) fn branch_hash(prefix: &Prefix, left: &Summary, right: &Summary) -> Digest {
    let mut bytes = Vec::with_capacity(192);
    bytes.push(1);
    bytes.extend(prefix.bits.to_be_bytes());
    bytes.extend_from_slice(&prefix.bytes);
    for child in [left, right] {
        bytes.extend_from_slice(child.hash.as_bytes());
        child.totals.put(&mut bytes);
    }
    Digest::of(&bytes)
}

mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).ok().filter(|bytes| hex::encode(bytes) == text);
        bytes.ok_or_else(|| serde::de::Error::custom("expected lower-case hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_from_the_highest_and_a_prefix_has_one_form() {
        assert_eq!(common_bits(b"\x80", b"\x81"), 7);
        assert_eq!(common_bits(b"ab\0", b"ab\0"), 24);
        assert_eq!(common_bits(b"a", b"\xff"), 0);
        assert!(bit(b"\x01", 7) && !bit(b"\x01", 6) && !bit(b"\xff", 8));
        assert_eq!(Prefix::of(b"\xff\xff", 3), Prefix { bits: 3, bytes: vec![0xe0] });
        assert_eq!(Prefix::of(b"\xff\xff", 0), Prefix { bits: 0, bytes: vec![] });
        assert_eq!(Prefix::of(b"\xff\xff", 8), Prefix { bits: 8, bytes: vec![0xff] });
        for (bits, bytes) in [(3, vec![0xf0]), (3, vec![]), (8, vec![1, 0]), (9, vec![1])] {
            assert!(!Prefix { bits, bytes }.is_canonical());
        }
    }

    #[test]
    fn what_is_no_node_has_no_summary() {
        assert_eq!(Node::Leaf { lines: vec![] }.summary(), None);
        let (a, b) = (crate::line::tests::sale("b", "1", 5), crate::line::tests::sale("b", "2", 5));
        assert_eq!(Node::Leaf { lines: vec![a.clone(), b] }.summary(), None);
        let leaf = Node::Leaf { lines: vec![a.clone(), a] }.summary().unwrap();
        let prefix = Prefix { bits: 3, bytes: vec![0xff] };
        assert_eq!(Node::Branch { prefix, left: leaf.clone(), right: leaf }.summary(), None);
    }
}
