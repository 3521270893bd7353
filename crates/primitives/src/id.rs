//! Names of things and places in the ledger. `EntryId` is a name, `LeafIndex` a place, `TreeSize` a count.

use crate::{Asset, ParseError, deserialize_from_string, serde_as_string};
use serde::{Deserialize, Serialize, Serializer};
use std::{fmt, str::FromStr};
use uuid::Uuid;

const UUID_EXPECTED: &str = "a UUIDv7 (RFC 9562) in lower-case hyphenated form";

macro_rules! entity_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID if it is of version 7 and the RFC 9562 variant.
            ///
            /// # Errors
            /// Any other version or variant.
            pub fn from_uuid(uuid: Uuid) -> Result<Self, ParseError> {
                if uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122 {
                    Ok(Self(uuid))
                } else {
                    Err(ParseError::new(UUID_EXPECTED))
                }
            }

            /// The UUID itself.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
                let uuid = Uuid::try_parse(text).ok().filter(|_| canonical);
                Self::from_uuid(uuid.ok_or(ParseError::new(UUID_EXPECTED))?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        deserialize_from_string!($name);
    };
}

macro_rules! made_by_entry {
    ($($name:ident),*) => {$(
        impl From<EntryId> for $name {
            fn from(entry: EntryId) -> Self {
                Self(entry.0)
            }
        }
        impl From<$name> for EntryId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )*};
}

entity_id!(
    /// Name of an entry: a UUIDv7 chosen by its author. It is the idempotency key: one id is one intent, for ever.
    EntryId
);
entity_id!(
    /// A certified party; equal to the id of its `party.certify` entry.
    PartyId
);
entity_id!(
    /// A registered right; equal to the id of its `right.register` entry.
    RightId
);
entity_id!(
    /// A data product; equal to the id of its `product.list` entry.
    ProductId
);
entity_id!(
    /// An offer; equal to the id of its `offer.publish` entry.
    OfferId
);
entity_id!(
    /// An order; equal to the id of its `order.place` entry.
    OrderId
);
entity_id!(
    /// Money held for something that is not final yet; equal to the id of the entry that held it.
    HoldId
);
entity_id!(
    /// An innovation voucher 科技创新券; equal to the id of its `voucher.issue` entry.
    VoucherId
);
entity_id!(
    /// A dispute or chargeback; equal to the id of its `dispute.open` entry.
    DisputeId
);
entity_id!(
    /// A break 差错 in a settlement window; equal to the id of its `break.open` entry.
    BreakId
);
entity_id!(
    /// A proposal to change who the region's exchanges are; equal to the id of its `member.propose` entry.
    ProposalId
);
made_by_entry!(
    PartyId, RightId, ProductId, OfferId, OrderId, HoldId, VoucherId, DisputeId, BreakId, ProposalId
);

impl From<OrderId> for HoldId {
    fn from(order: OrderId) -> Self {
        Self(order.0)
    }
}
impl From<DisputeId> for HoldId {
    fn from(dispute: DisputeId) -> Self {
        Self(dispute.0)
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The next value; saturates, since 2^64 of anything is never reached.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter!(
    /// Place of a leaf in the ledger, from 0.
    LeafIndex
);
counter!(
    /// Number of leaves in the ledger.
    TreeSize
);
counter!(
    /// Place of a block in the chain of blocks, from 1.
    Height
);
counter!(
    /// Version of the region's table of value-added tax rates, from 1.
    TaxVersion
);
counter!(
    /// Version of a product's revenue shares, from 1.
    SharesVersion
);

/// A licence: the line of an order that it came from. Text form `<order>.<line>`, lines from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceId {
    /// The order that bought it.
    pub order: OrderId,
    /// The line of that order, from 1.
    pub line: u32,
}

impl fmt::Display for LicenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.order, self.line)
    }
}

impl FromStr for LicenceId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a licence id, `<order>.<line>` with lines from 1");
        let (order, line) = text.split_once('.').ok_or(EXPECTED)?;
        let order = order.parse().map_err(|_| EXPECTED)?;
        match parse_canonical(line) {
            Some(number @ 1..) => Ok(Self { order, line: u32::try_from(number).map_err(|_| EXPECTED)? }),
            _ => Err(EXPECTED),
        }
    }
}
serde_as_string!(LicenceId);

/// A settlement window of one asset; windows of an asset are numbered from 1. Text form `CNY/2#7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId {
    /// The asset that the window settles.
    pub asset: Asset,
    /// Its number, from 1.
    pub number: u64,
}

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.asset, self.number)
    }
}

impl FromStr for WindowId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a settlement window, e.g. `CNY/2#7`");
        let (asset, number) = text.split_once('#').ok_or(EXPECTED)?;
        let asset = asset.parse().map_err(|_| EXPECTED)?;
        match parse_canonical(number) {
            Some(number @ 1..) => Ok(Self { asset, number }),
            _ => Err(EXPECTED),
        }
    }
}
serde_as_string!(WindowId);

/// A payment instruction of a settlement window, numbered from 1. Text form `CNY/2#7/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstructionId {
    /// The window that it settles.
    pub window: WindowId,
    /// Its number in the window, from 1.
    pub number: u32,
}

impl fmt::Display for InstructionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.window, self.number)
    }
}

impl FromStr for InstructionId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a payment instruction, e.g. `CNY/2#7/1`");
        let (window, number) = text.rsplit_once('/').ok_or(EXPECTED)?;
        let window = window.parse().map_err(|_| EXPECTED)?;
        match parse_canonical(number) {
            Some(number @ 1..) => Ok(Self { window, number: u32::try_from(number).map_err(|_| EXPECTED)? }),
            _ => Err(EXPECTED),
        }
    }
}
serde_as_string!(InstructionId);

/// Version of a fee schedule of one asset, from 1. Text form `CNY/2@1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleVersion {
    /// The asset whose trades it prices.
    pub asset: Asset,
    /// Its version, from 1.
    pub version: u64,
}

impl fmt::Display for ScheduleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.asset, self.version)
    }
}

impl FromStr for ScheduleVersion {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a fee schedule version, e.g. `CNY/2@1`");
        let (asset, version) = text.split_once('@').ok_or(EXPECTED)?;
        let asset = asset.parse().map_err(|_| EXPECTED)?;
        match parse_canonical(version) {
            Some(version @ 1..) => Ok(Self { asset, version }),
            _ => Err(EXPECTED),
        }
    }
}
serde_as_string!(ScheduleVersion);

/// Decimal digits without sign or leading zeros.
fn parse_canonical(digits: &str) -> Option<u64> {
    let canonical =
        digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.parse().ok().filter(|_| canonical)
}

/// Code of an exchange, e.g. `sh`: 2 to 8 lower-case letters or digits, beginning with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeCode {
    /// Padded with zero bytes, so that codes are in the order of their texts. Every licence has several.
    padded: [u8; 8],
}

impl ExchangeCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        let length = self.padded.iter().position(|byte| *byte == 0).unwrap_or(self.padded.len());
        // The parser admits ASCII only, so this never falls back.
        std::str::from_utf8(&self.padded[..length]).unwrap_or_default()
    }
}

impl FromStr for ExchangeCode {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let shape = (2..=8).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && text.starts_with(|first: char| first.is_ascii_lowercase());
        if !shape {
            return Err(ParseError::new(
                "an exchange code: 2 to 8 lower-case letters or digits, beginning with a letter",
            ));
        }
        let mut padded = [0; 8];
        for (slot, byte) in padded.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        Ok(Self { padded })
    }
}

impl fmt::Display for ExchangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ExchangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExchangeCode({:?})", self.as_str())
    }
}
serde_as_string!(ExchangeCode);

/// Number of a certificate: exchange, year of issue and a sequence that only grows. Text form `sh-2026-00000042`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateNumber {
    /// The exchange that issued it.
    pub exchange: ExchangeCode,
    /// Year of the block that holds it, UTC.
    pub year: u16,
    /// Sequence of that exchange, from 1, never reset.
    pub sequence: u64,
}

impl fmt::Display for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:04}-{:08}", self.exchange, self.year, self.sequence)
    }
}

impl FromStr for CertificateNumber {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a certificate number, e.g. `sh-2026-00000042`");
        let mut parts = text.splitn(3, '-');
        let (Some(exchange), Some(year), Some(sequence)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(EXPECTED);
        };
        let number = Self {
            exchange: exchange.parse().map_err(|_| EXPECTED)?,
            year: year.parse().map_err(|_| EXPECTED)?,
            sequence: sequence.parse().map_err(|_| EXPECTED)?,
        };
        // One number has one spelling: what does not print as it was read is refused.
        if number.to_string() == text && number.sequence > 0 { Ok(number) } else { Err(EXPECTED) }
    }
}
serde_as_string!(CertificateNumber);

#[cfg(test)]
mod tests {
    use super::*;

    const V7: &str = "019aa2b4-5c00-7000-8000-000000000001";

    #[track_caller]
    fn check<T: FromStr + fmt::Display>(text: &str, accepted: bool) {
        match text.parse::<T>() {
            Ok(value) => {
                assert!(accepted, "{text} should be refused");
                assert_eq!(value.to_string(), text, "one value has one spelling");
            }
            Err(_) => assert!(!accepted, "{text} should be accepted"),
        }
    }

    #[test]
    fn exchanges_are_in_the_order_of_their_codes() {
        let codes = ["ah", "ah0", "ahzzzzzz", "b2345678", "sh", "sh1", "zj"];
        let parsed = codes.map(|code| code.parse::<ExchangeCode>().unwrap());
        assert!(parsed.is_sorted(), "{parsed:?}");
        assert_eq!(parsed.map(|code| code.to_string()), codes);
    }

    #[test]
    fn an_id_has_one_spelling() {
        check::<EntryId>(V7, true);
        check::<EntryId>("019AA2B4-5C00-7000-8000-000000000001", false);
        check::<EntryId>("019aa2b45c0070008000000000000001", false);
        check::<EntryId>("019aa2b4-5c00-4000-8000-000000000001", false);
        check::<EntryId>("019aa2b4-5c00-7000-0000-000000000001", false);
        check::<EntryId>("", false);
        check::<LicenceId>(&format!("{V7}.1"), true);
        check::<LicenceId>(&format!("{V7}.0"), false);
        check::<LicenceId>(&format!("{V7}.01"), false);
        check::<LicenceId>(&format!("{V7}.+1"), false);
        check::<LicenceId>(&format!("{V7}.4294967296"), false);
        check::<WindowId>("CNY/2#7", true);
        check::<WindowId>("CNY/2#0", false);
        check::<InstructionId>("CNY/2#7/1", true);
        check::<InstructionId>("CNY/2#7/0", false);
        check::<InstructionId>("CNY/2#7", false);
        check::<ScheduleVersion>("CNY/2@1", true);
        check::<ScheduleVersion>("CNY/2@", false);
        check::<ExchangeCode>("sh", true);
        check::<ExchangeCode>("SH", false);
        check::<ExchangeCode>("2h", false);
        check::<CertificateNumber>("sh-2026-00000042", true);
        check::<CertificateNumber>("sh-2026-123456789", true);
        check::<CertificateNumber>("sh-2026-42", false);
        check::<CertificateNumber>("sh-2026-00000000", false);
    }
}
