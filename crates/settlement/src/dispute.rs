//! Disputes and chargebacks: what would go back is frozen first and decided afterwards.
//!
//! Opening one holds, on every account that a full refund of the disputed lines would be taken from, that much or as
//! much as is available: nobody can carry disputed money away, and a seller who already has is not asked for what it
//! has not. Deciding releases all of it and refunds what is decided, together.

use crate::AccountId;
use databourse_primitives::{
    AmountMinor, DisputeId, ExchangeCode, Holder, Label, Line, OrderId, PartyId, Refusal, RefusalCode,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// `dispute.open`: the buyer disputes accepted lines, or the exchange does because a bank claims money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDispute {
    /// The order.
    pub order: OrderId,
    /// The lines, each once, all of one seller.
    pub lines: Vec<u32>,
    /// The bank's reference of a chargeback; only an exchange names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chargeback: Option<Label>,
    /// What is wrong.
    pub reason: Line,
}

/// What is decided for the buyer on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecidedLine {
    /// The line of the order.
    pub line: u32,
    /// Tax-exclusive amount that goes back, minor units, above zero; tax and fee follow in proportion.
    pub amount_minor: AmountMinor,
}

/// `dispute.decide`: the exchange that lists the disputed products decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideDispute {
    /// The dispute.
    pub dispute: DisputeId,
    /// What goes back; nothing, if the seller is right.
    pub refunds: Vec<DecidedLine>,
    /// Why.
    pub reason: Line,
}

/// What a dispute keeps frozen on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenPart {
    /// The account.
    pub account: AccountId,
    /// The exchange whose book holds it.
    pub book: ExchangeCode,
    /// How much, minor units.
    pub amount_minor: AmountMinor,
}

/// Where a dispute stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum DisputeState {
    /// The money is frozen.
    Open,
    /// It was decided.
    Decided {
        /// What went back to the buyer, tax inclusive, minor units.
        refunded_minor: AmountMinor,
        /// Who decided.
        decided_by: ExchangeCode,
        /// Why.
        reason: Line,
        /// Block time.
        decided_at: Timestamp,
    },
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The id of its `dispute.open` entry.
    pub id: DisputeId,
    /// The order.
    pub order: OrderId,
    /// Who bought.
    pub buyer: PartyId,
    /// Who sold.
    pub supplier: PartyId,
    /// The disputed lines.
    pub lines: Vec<u32>,
    /// Who opened it.
    pub opened_by: Holder,
    /// The bank's reference of a chargeback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chargeback: Option<Label>,
    /// What is wrong.
    pub reason: Line,
    /// What a full refund of the lines would give back, tax inclusive, minor units.
    pub claimed_minor: AmountMinor,
    /// What is kept frozen; after the decision, what was.
    pub frozen: Vec<FrozenPart>,
    /// Block time of its opening.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: DisputeState,
}

impl Dispute {
    /// Refuses a dispute that was decided.
    ///
    /// # Errors
    /// `dispute.state`.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        let DisputeState::Decided { decided_at, .. } = &self.state else { return Ok(()) };
        let expected = format!("an open dispute; this one was decided at {decided_at}");
        Err(Refusal::new(RefusalCode::DisputeState, "dispute", expected))
    }

    /// Decides it.
    ///
    /// # Errors
    /// `dispute.state` once it is decided.
    pub fn decide(
        mut self,
        command: &DecideDispute,
        refunded_minor: AmountMinor,
        decided_by: ExchangeCode,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.must_be_open()?;
        let reason = command.reason.clone();
        self.state = DisputeState::Decided { refunded_minor, decided_by, reason, decided_at: now };
        Ok(self)
    }
}
