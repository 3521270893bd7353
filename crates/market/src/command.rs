//! Commands: what entries ask for, and who asks.

use crate::CertificateFacts;
use databourse_ledger::{Entry, PreparedKey};
use databourse_licensing::{AcceptOrder, ExpireOrder, GrantRefund, PlaceOrder, RecordDelivery, RejectOrder};
use databourse_listing::{
    DelistProduct, ListProduct, PauseProduct, PublishOffer, RegisterRight, ResumeProduct, ReviseProduct,
    WithdrawOffer,
};
use databourse_party::{
    AttestSnapshot, CastVote, CertifyParty, CloseLedger, DepartRegion, FoundRegion, OrderSnapshot,
    ProposeChange, RecordAnchor, ReplacePartyKeys, ReportMisbehaviour, RevokeParty,
};
use databourse_primitives::{
    CertificateNumber, Digest, ExchangeCode, OrderId, PartyId, PublicKey, Refusal, RefusalCode,
};
use databourse_settlement::{
    AbortWindow, AddEvidence, ApproveResolution, AssignBreak, CarryBreak, ChargeFee, CloseWindow,
    ConfirmInstruction, ConstrainAccount, DecideDispute, DepositMoney, EscalateBreak, InstructWindow,
    IssueVoucher, OpenBreak, OpenDispute, ProposeResolution, PublishSchedule, PublishShares, PublishTax,
    RejectResolution, ResolveBreak, SignWindow, WithdrawMoney, WriteOffBreak,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// `certificate.issue`: the exchange certifies a completed order. Every node checks the facts against its own state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueCertificate {
    /// The order; all of its lines are accepted or rejected, at least one is accepted.
    pub order: OrderId,
    /// Its number: this exchange, this year, above the last.
    pub number: CertificateNumber,
    /// What it states.
    pub facts: CertificateFacts,
}

/// What most intents have room in.
const INTENT_BYTES: usize = 4_096;

impl IssueCertificate {
    /// The intent of certifying `order`: number and facts are the exchange's to fill in, so a retry may carry others.
    pub fn intent_of(order: OrderId) -> Digest {
        Digest::of(format!("certificate.issue\n{order}").as_bytes())
    }
}

/// Who acts by an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// An exchange, with its own key.
    Exchange(ExchangeCode),
    /// A party, with its own key or through the exchange that it entrusts.
    Party(PartyId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(code) => write!(f, "exchange:{code}"),
            Self::Party(id) => write!(f, "party:{id}"),
        }
    }
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What an entry asks for. The doc of each variant's type says who may and what is refused.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Command {
            $($(#[$doc])* $name($name),)*
        }

        impl Command {
            /// Every entry type that carries a command.
            pub const TYPES: &'static [&'static str] = &[$($text,)*];

            /// The entry type, e.g. `order.place`.
            pub const fn entry_type(&self) -> &'static str {
                match self { $(Self::$name(_) => $text,)* }
            }

            /// Reads the body of an entry of `entry_type`.
            ///
            /// # Errors
            /// `entry.type_unknown`; `body.malformed` with the path of the failing field.
            pub fn from_json(entry_type: &str, body: &str) -> Result<Self, Refusal> {
                match entry_type {
                    $($text => parse(body).map(Self::$name),)*
                    _ => {
                        let expected = format!("one of {}", Self::TYPES.join(", "));
                        Err(Refusal::new(RefusalCode::EntryTypeUnknown, "type", expected))
                    }
                }
            }

            /// The body in its one JSON form.
            ///
            /// # Errors
            /// None in practice: every command has a JSON form.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$name(body) => serde_json::to_string(body),)* }
            }

            fn write_json(&self, json: &mut Vec<u8>) -> Result<(), serde_json::Error> {
                match self { $(Self::$name(body) => serde_json::to_writer(json, body),)* }
            }
        }

        $(impl From<$name> for Command {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })*
    };
}

commands! {
    /// Founds the region.
    FoundRegion = "region.found";
    /// Proposes a change of the region's membership.
    ProposeChange = "member.propose";
    /// Votes on a proposal.
    CastVote = "member.vote";
    /// Shows that an exchange signed two of what it may sign one.
    ReportMisbehaviour = "member.report";
    /// Ends the membership of a leaving exchange.
    DepartRegion = "member.depart";
    /// Ends the ledger.
    CloseLedger = "ledger.close";
    /// Orders a snapshot of the state.
    OrderSnapshot = "snapshot.order";
    /// Says what a snapshot came to.
    AttestSnapshot = "snapshot.attest";
    /// Records what was anchored on a chain.
    RecordAnchor = "anchor.record";
    /// Publishes a table of tax rates.
    PublishTax = "tax.publish";
    /// Publishes a fee schedule.
    PublishSchedule = "schedule.publish";
    /// Certifies a party.
    CertifyParty = "party.certify";
    /// Gives a party its keys anew.
    ReplacePartyKeys = "party.replace_keys";
    /// Revokes a certification.
    RevokeParty = "party.revoke";
    /// Registers a right.
    RegisterRight = "right.register";
    /// Lists a product.
    ListProduct = "product.list";
    /// Revises a product.
    ReviseProduct = "product.revise";
    /// Pauses ordering.
    PauseProduct = "product.pause";
    /// Resumes ordering.
    ResumeProduct = "product.resume";
    /// Ends a listing.
    DelistProduct = "product.delist";
    /// Publishes a product's revenue shares.
    PublishShares = "shares.publish";
    /// Publishes an offer.
    PublishOffer = "offer.publish";
    /// Withdraws an offer.
    WithdrawOffer = "offer.withdraw";
    /// Places an order.
    PlaceOrder = "order.place";
    /// Records a delivery.
    RecordDelivery = "delivery.record";
    /// Accepts lines of an order.
    AcceptOrder = "order.accept";
    /// Rejects lines of an order.
    RejectOrder = "order.reject";
    /// Ends an order whose hold's time is over.
    ExpireOrder = "order.expire";
    /// Grants a refund.
    GrantRefund = "refund.grant";
    /// Opens a dispute or records a chargeback.
    OpenDispute = "dispute.open";
    /// Decides a dispute.
    DecideDispute = "dispute.decide";
    /// Issues an innovation voucher.
    IssueVoucher = "voucher.issue";
    /// Charges a yearly fee.
    ChargeFee = "fee.charge";
    /// Freezes, closes or reopens an account.
    ConstrainAccount = "account.constrain";
    /// Records money that came in.
    DepositMoney = "account.deposit";
    /// Takes money out.
    WithdrawMoney = "account.withdraw";
    /// Closes a settlement window.
    CloseWindow = "window.close";
    /// Signs the head of a pair in a closing window.
    SignWindow = "window.sign";
    /// Nets a final window into payments.
    InstructWindow = "window.instruct";
    /// Confirms a payment between exchanges.
    ConfirmInstruction = "instruction.confirm";
    /// Aborts a window.
    AbortWindow = "window.abort";
    /// Opens a break.
    OpenBreak = "break.open";
    /// Gives a break an owner.
    AssignBreak = "break.assign";
    /// Adds evidence to a break.
    AddEvidence = "break.evidence";
    /// Proposes how to end a break.
    ProposeResolution = "break.propose";
    /// Approves a proposal.
    ApproveResolution = "break.approve";
    /// Rejects a proposal.
    RejectResolution = "break.reject";
    /// Ends a break by a correcting posting.
    ResolveBreak = "break.resolve";
    /// Writes a break off.
    WriteOffBreak = "break.write_off";
    /// Hands a break to somebody above.
    EscalateBreak = "break.escalate";
    /// Carries a break forward.
    CarryBreak = "break.carry";
    /// Issues a certificate.
    IssueCertificate = "certificate.issue";
}

impl Command {
    /// The keys that the command registers, so that commands after it in a block can be verified.
    pub fn registered_keys(&self) -> impl Iterator<Item = PublicKey> {
        let founding = match self {
            Self::FoundRegion(found) => found.exchanges.as_slice(),
            _ => &[],
        };
        let certified = match self {
            Self::CertifyParty(certify) => certify.keys.as_slice(),
            _ => &[],
        };
        founding.iter().map(|exchange| exchange.entry_key).chain(certified.iter().copied())
    }

    /// Digest of what is wanted: type and body, without what the exchange fills in itself. A retry wants the same.
    ///
    /// # Errors
    /// None in practice: every command has a JSON form.
    pub fn intent(&self) -> Result<Digest, serde_json::Error> {
        match self {
            Self::IssueCertificate(issue) => Ok(IssueCertificate::intent_of(issue.order)),
            other => {
                let mut intent = Vec::with_capacity(INTENT_BYTES);
                intent.extend_from_slice(other.entry_type().as_bytes());
                intent.push(b'\n');
                other.write_json(&mut intent)?;
                Ok(Digest::of(&intent))
            }
        }
    }
}

/// Reads a body. Only of one that cannot be read the failing field is looked for: that takes longer.
fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Refusal> {
    serde_json::from_str(body).or_else(|_| parse_naming_field(body))
}

fn parse_naming_field<T: DeserializeOwned>(body: &str) -> Result<T, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let malformed =
        |field: String, expected: String| Refusal::new(RefusalCode::BodyMalformed, field, expected);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { path };
        malformed(field, error.into_inner().to_string())
    })?;
    deserializer.end().map_err(|error| malformed(String::new(), error.to_string()))?;
    Ok(value)
}

/// An entry whose command was read but whose signature was not checked yet.
#[derive(Debug, Clone)]
pub struct Decoded {
    entry: Entry,
    command: Command,
    intent: Digest,
}

impl Decoded {
    /// Reads the command of an entry.
    ///
    /// # Errors
    /// Those of [`Command::from_json`], with fields under `body`.
    pub fn new(entry: Entry) -> Result<Self, Refusal> {
        let claims = entry.claims();
        let command = Command::from_json(&claims.entry_type, claims.body.get())?;
        let unwritable =
            |error: serde_json::Error| Refusal::new(RefusalCode::BodyMalformed, "", error.to_string());
        let intent = command.intent().map_err(unwritable)?;
        Ok(Self { entry, command, intent })
    }

    /// The entry.
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The command.
    pub const fn command(&self) -> &Command {
        &self.command
    }

    /// Checks the signature with the key that the entry's `kid` names.
    ///
    /// # Errors
    /// `signature.invalid`.
    pub fn verify(self, key: &PublicKey) -> Result<SignedCommand, Refusal> {
        self.entry.verify(key)?;
        Ok(self.signed(*key))
    }

    /// As [`Decoded::verify`], with a key that checks many signatures.
    ///
    /// # Errors
    /// `signature.invalid`.
    pub fn verify_with(self, key: &PreparedKey) -> Result<SignedCommand, Refusal> {
        self.entry.verify_with(key)?;
        Ok(self.signed(key.public_key()))
    }

    fn signed(self, key: PublicKey) -> SignedCommand {
        SignedCommand { entry: self.entry, command: Arc::new(self.command), intent: self.intent, key }
    }
}

/// A command whose entry's signature was checked. Only [`Decoded::verify`] and `verify_with` make one. Cloning shares entry and command.
#[derive(Debug, Clone)]
pub struct SignedCommand {
    pub(crate) entry: Entry,
    pub(crate) command: Arc<Command>,
    pub(crate) intent: Digest,
    pub(crate) key: PublicKey,
}

impl SignedCommand {
    /// The entry.
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The command.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// The key under which the signature holds.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}
