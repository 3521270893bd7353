//! The records that make up the state, and their names.

use crate::CertificateFacts;
use databourse_licensing::{DeliveryMethod, Licence, Order};
use databourse_listing::{Offer, Product, Right};
use databourse_party::{
    Anchor, Exchange, KeyRecord, MisbehaviourRecord, Party, Proposal, Region, Snapshot, Successors,
};
use databourse_primitives::{
    AmountMinor, CertificateNumber, Digest, EntryId, Height, LeafIndex, Line, OrderId, PartyId, Timestamp,
    WindowId, with_text,
};
use databourse_settlement::{
    Account, Break, Dispute, Hold, Posting, Schedule, ShareTree, TaxTable, TransactionKind, Voucher, Window,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// The first answer to an entry; a retry gets it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The entry.
    pub id: EntryId,
    /// Its type.
    pub entry_type: String,
    /// Who acted.
    pub actor: String,
    /// Digest of what was wanted; another intent under the same id is refused.
    pub intent: Digest,
    /// Where it stands in the ledger.
    pub leaf_index: LeafIndex,
    /// The block that holds it.
    pub height: Height,
}

/// A name that only one thing may have: a legal identifier, a bank line, a source, an exclusive right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The name, `<kind>:<value>`.
    pub name: String,
    /// Who or what has it.
    pub holder: String,
}

/// The latest number of a series: a schedule's version, an asset's open window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The series, `<kind>:<value>`.
    pub name: String,
    /// The latest number.
    pub number: u64,
}

/// A delivery as an event, for those who look for deliveries rather than for licences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// Its entry.
    pub id: EntryId,
    /// The order.
    pub order: OrderId,
    /// Who delivered.
    pub supplier: PartyId,
    /// Who received.
    pub buyer: PartyId,
    /// The lines delivered.
    pub lines: Vec<u32>,
    /// How.
    pub method: DeliveryMethod,
    /// Digest of what was delivered.
    pub evidence: Digest,
    /// Block time.
    pub delivered_at: Timestamp,
}

/// An acceptance as an event: in which window which lines were paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Its entry.
    pub id: EntryId,
    /// The order.
    pub order: OrderId,
    /// Who accepted.
    pub buyer: PartyId,
    /// The lines accepted.
    pub lines: Vec<u32>,
    /// The settlement window in which the money moved.
    pub window: WindowId,
    /// Block time.
    pub accepted_at: Timestamp,
    /// Exchanges of the order that had left, each with whose book and accounts the money moved in instead.
    #[serde(default, skip_serializing_if = "Successors::is_empty")]
    pub succeeded: Successors,
}

/// What one line of a refund gave back, minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedLine {
    /// The line.
    pub line: u32,
    /// How much of the line's net price had gone back before.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub before_minor: AmountMinor,
    /// Tax-exclusive amount to the buyer.
    pub net_minor: AmountMinor,
    /// Value-added tax to the buyer.
    pub vat_minor: AmountMinor,
    /// Part of the net amount that the listing exchange gave from its fee.
    pub fee_minor: AmountMinor,
    /// Part of the net amount that the listing exchange gave from its tax on the fee.
    pub fee_vat_minor: AmountMinor,
    /// Part of the net amount that the selling exchange, if another, gave from its fee.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub selling_fee_minor: AmountMinor,
    /// Part of the net amount that the selling exchange, if another, gave from its tax on the fee.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub selling_fee_vat_minor: AmountMinor,
    /// Part of net amount and tax that went back to a voucher.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub voucher_minor: AmountMinor,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRecord {
    /// Its entry.
    pub id: EntryId,
    /// The order.
    pub order: OrderId,
    /// Who receives.
    pub buyer: PartyId,
    /// Who gives.
    pub supplier: PartyId,
    /// The settlement window in which the money moved.
    pub window: WindowId,
    /// What each line gave back.
    pub lines: Vec<RefundedLine>,
    /// All of it, tax inclusive.
    pub total_minor: AmountMinor,
    /// Why.
    pub reason: Line,
    /// Block time.
    pub granted_at: Timestamp,
    /// Exchanges of the order that had left, each with whose book and accounts the money moved in instead.
    #[serde(default, skip_serializing_if = "Successors::is_empty")]
    pub succeeded: Successors,
}

/// An issued certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its number.
    pub number: CertificateNumber,
    /// Its entry.
    pub entry: EntryId,
    /// The completed order.
    pub order: OrderId,
    /// What it states.
    pub facts: CertificateFacts,
    /// Block time.
    pub issued_at: Timestamp,
}

/// Money that moved, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedTransaction {
    /// The entry that moved it.
    pub entry: EntryId,
    /// Where that entry stands in the ledger.
    pub leaf_index: LeafIndex,
    /// Why.
    pub kind: TransactionKind,
    /// The window that it belongs to.
    pub window: WindowId,
    /// Its legs, in the order of account and side.
    pub postings: Vec<Posting>,
}

/// A record with a name of its own.
pub trait Stored: Sized + Serialize + DeserializeOwned {
    /// What it is.
    const NOUN: Noun;
    /// Its name among its kind.
    fn name(&self) -> String;
    /// Takes it out of a record of any kind.
    fn from_record(record: &Record) -> Option<&Self> {
        Self::shared(record).map(|shared| &**shared)
    }
    /// Takes it out of a record of any kind, to be kept.
    fn shared(record: &Record) -> Option<&Arc<Self>>;
    /// Makes it a record of any kind.
    fn into_record(self) -> Record;
}

macro_rules! nouns {
    ($($(#[$doc:meta])* $noun:ident($type:ty) = $text:literal, $name:expr;)*) => {
        /// Kinds of records; each is one table of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Noun {
            $($(#[$doc])* $noun,)*
        }

        impl Noun {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$noun,)*];

            /// The kind's name, as in the store's tables and in the effects digest.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$noun => $text,)* }
            }
        }

        /// A record of any kind. Copies share it.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Record {
            $($(#[$doc])* $noun(Arc<$type>),)*
        }

        impl Record {
            /// Its kind and name.
            pub fn key(&self) -> Key {
                match self { $(Self::$noun(record) => Key::new(Noun::$noun, record.name()),)* }
            }

            /// Its one JSON form, which the effects digest covers.
            ///
            /// # Errors
            /// None in practice: every record has a JSON form.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$noun(record) => serde_json::to_string(&**record),)* }
            }

            /// Appends the same form to `json`.
            pub(crate) fn write_json(&self, json: &mut Vec<u8>) -> Result<(), serde_json::Error> {
                match self { $(Self::$noun(record) => serde_json::to_writer(json, &**record),)* }
            }

            /// Reads a record of kind `noun` back.
            ///
            /// # Errors
            /// What is stored is not such a record: the store is damaged or of another version.
            pub fn from_json(noun: Noun, json: &str) -> Result<Self, serde_json::Error> {
                match noun { $(Noun::$noun => serde_json::from_str(json).map(Arc::new).map(Self::$noun),)* }
            }
        }

        $(impl Stored for $type {
            const NOUN: Noun = Noun::$noun;
            fn name(&self) -> String {
                let name: fn(&$type) -> String = $name;
                name(self)
            }
            fn shared(record: &Record) -> Option<&Arc<Self>> {
                match record { Record::$noun(inner) => Some(inner), _ => None }
            }
            fn into_record(self) -> Record {
                Record::$noun(Arc::new(self))
            }
        })*
    };
}

nouns! {
    /// The first answer to an entry.
    Answer(Answer) = "answer", |record| record.id.to_string();
    /// The region.
    Region(Region) = "region", |_| "region".to_owned();
    /// An exchange.
    Exchange(Exchange) = "exchange", |record| record.code.to_string();
    /// A proposal to change the region's membership.
    MemberProposal(Proposal) = "member_proposal", |record| record.id.to_string();
    /// Misbehaviour of an exchange, with its evidence.
    Misbehaviour(MisbehaviourRecord) = "misbehaviour", |record| record.id.to_string();
    /// A snapshot that was ordered.
    Snapshot(Snapshot) = "snapshot", |record| record.height.to_string();
    /// An anchor on a chain.
    Anchor(Anchor) = "anchor", |record| record.id.to_string();
    /// A signing key.
    SigningKey(KeyRecord) = "signing_key", |record| record.id.to_string();
    /// A party.
    Party(Party) = "party", |record| record.id.to_string();
    /// A right.
    Right(Right) = "data_right", |record| record.id.to_string();
    /// A product.
    Product(Product) = "product", |record| record.id.to_string();
    /// An offer.
    Offer(Offer) = "offer", |record| record.id.to_string();
    /// An order.
    Order(Order) = "purchase_order", |record| record.id.to_string();
    /// A licence.
    Licence(Licence) = "licence", |record| record.id.to_string();
    /// A delivery.
    Delivery(DeliveryRecord) = "delivery", |record| record.id.to_string();
    /// An acceptance.
    Acceptance(Acceptance) = "acceptance", |record| record.id.to_string();
    /// A refund.
    Refund(RefundRecord) = "refund", |record| record.id.to_string();
    /// An account.
    Account(Account) = "account", |record| record.id.to_string();
    /// Money that is held.
    Hold(Hold) = "hold", |record| record.id.to_string();
    /// An innovation voucher.
    Voucher(Voucher) = "voucher", |record| record.id.to_string();
    /// A dispute.
    Dispute(Dispute) = "dispute", |record| record.id.to_string();
    /// A table of tax rates.
    TaxTable(TaxTable) = "tax_table", |record| record.version.to_string();
    /// Revenue shares of a product.
    ShareTree(ShareTree) = "share_tree", |record| format!("{}@{}", record.product, record.version);
    /// A fee schedule.
    Schedule(Schedule) = "schedule", |record| record.version.to_string();
    /// A settlement window.
    Window(Window) = "settlement_window", |record| record.id.to_string();
    /// A break.
    Break(Break) = "settlement_break", |record| record.id.to_string();
    /// A certificate.
    Certificate(Certificate) = "certificate", |record| record.number.to_string();
    /// A name that only one thing may have.
    Claim(Claim) = "claim", |record| record.name.clone();
    /// The latest number of a series.
    Head(Head) = "head", |record| record.name.clone();
}

/// Name of a record in the state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its kind.
    pub noun: Noun,
    /// Its name among its kind.
    pub name: Box<str>,
}

impl Key {
    /// The key of the record of kind `noun` called `name`.
    pub fn new(noun: Noun, name: impl Into<Box<str>>) -> Self {
        Self { noun, name: name.into() }
    }

    /// The key of a `T` called `name`.
    pub fn of<T: Stored>(name: &impl fmt::Display) -> Self {
        with_text(name, |name| Self::new(T::NOUN, name))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.noun.as_str(), self.name)
    }
}
