//! The words that every other crate shares: ids, amounts, assets, keys, time and refusals.
//!
//! Nothing here reads a clock, draws randomness, allocates without a bound or touches the outside. Each type
//! refuses what it cannot mean when it is parsed, so a value that exists is a value that is valid.
//!
//! Deliberately absent: rules (they live in the stage crates), signatures (`ledger`), hashing of trees (`merkle`).

mod amount;
mod chain;
mod digest;
mod holder;
mod id;
mod key;
mod quorum;
mod refusal;
mod short_text;
mod text;
mod timestamp;

pub use amount::{AMOUNT_MINOR_MAX, AmountMinor, Asset, Quantity, Rate, UnitPrice};
pub use chain::{ChainAddress, ChainHash};
pub use digest::Digest;
pub use holder::Holder;
pub use id::{
    BreakId, CertificateNumber, DisputeId, EntryId, ExchangeCode, Height, HoldId, InstructionId, LeafIndex,
    LicenceId, OfferId, OrderId, PartyId, ProductId, ProposalId, RightId, ScheduleVersion, SharesVersion,
    TaxVersion, TreeSize, VoucherId, WindowId,
};
pub use key::{KeyId, PublicKey};
pub use quorum::quorum_of;
pub use refusal::{Class, Refusal, RefusalCode};
pub use short_text::with_text;
pub use text::{BilingualText, Label, Line};
pub use timestamp::Timestamp;

/// A value that could not be parsed: says what was expected, in words for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What a valid value looks like, e.g. `a UUIDv7 in lower-case hyphenated form`.
    pub expected: &'static str,
}

impl ParseError {
    /// An error that names the expected form.
    pub const fn new(expected: &'static str) -> Self {
        Self { expected }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for ParseError {}

/// Implements `Serialize` by `Display` and `Deserialize` by `FromStr`, for types whose one JSON form is a string.
#[macro_export]
macro_rules! serde_as_string {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::with_text(self, |text| serializer.serialize_str(text))
            }
        }
        $crate::deserialize_from_string!($name);
    };
}

/// Implements `Deserialize` by `FromStr`.
#[macro_export]
macro_rules! deserialize_from_string {
    ($name:ty) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl serde::de::Visitor<'_> for TextVisitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }
    };
}
