//! Licences: one line of an order from order to end.

use databourse_primitives::{
    AmountMinor, Asset, Digest, DisputeId, ExchangeCode, Holder, Label, LicenceId, Line, OfferId, PartyId,
    ProductId, Quantity, Refusal, RefusalCode, SharesVersion, Timestamp,
};
use serde::{Deserialize, Serialize};

/// How a product reached the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMethod {
    /// A file.
    File,
    /// Access to an API.
    Api,
    /// A share of a data space.
    Share,
    /// Computing where the data are; only results leave.
    ComputeToData,
}

/// A recorded delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// How.
    pub method: DeliveryMethod,
    /// Digest of the delivered object or of the grant to it.
    pub evidence: Digest,
    /// Block time.
    pub delivered_at: Timestamp,
}

/// Where a licence stands; each state carries exactly its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum LicenceState {
    /// Bought, money held, not delivered.
    Ordered,
    /// Delivered, not accepted.
    Delivered {
        /// The delivery.
        delivery: Delivery,
    },
    /// Accepted and paid: in force until its term.
    Active {
        /// The delivery.
        delivery: Delivery,
        /// Block time of the acceptance.
        accepted_at: Timestamp,
        /// When the licence ends.
        ends_at: Timestamp,
    },
    /// Refused by the buyer; money returned.
    Rejected {
        /// Block time of the rejection.
        rejected_at: Timestamp,
        /// The buyer's reason.
        reason: Line,
    },
    /// Not accepted before its hold expired; money returned.
    Expired {
        /// Block time of the expiry.
        expired_at: Timestamp,
    },
    /// Wholly refunded after acceptance.
    Refunded {
        /// The delivery.
        delivery: Delivery,
        /// Block time of the acceptance.
        accepted_at: Timestamp,
        /// Block time of the refund that completed it.
        refunded_at: Timestamp,
    },
}

impl LicenceState {
    /// The state's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Delivered { .. } => "delivered",
            Self::Active { .. } => "active",
            Self::Rejected { .. } => "rejected",
            Self::Expired { .. } => "expired",
            Self::Refunded { .. } => "refunded",
        }
    }
}

/// What one sharer of a product's revenue gets of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenuePart {
    /// Who.
    pub holder: Holder,
    /// The exchange whose book holds its money.
    pub book: ExchangeCode,
    /// How much, minor units.
    pub amount_minor: AmountMinor,
}

/// A licence and the money of its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Order and line.
    pub id: LicenceId,
    /// Who may use the product.
    pub buyer: PartyId,
    /// Who sells it.
    pub supplier: PartyId,
    /// The exchange whose book holds the supplier's money.
    pub supplier_book: ExchangeCode,
    /// The exchange that listed the product and earns the fee.
    pub exchange: ExchangeCode,
    /// The product.
    pub product: ProductId,
    /// The product's revision that was bought.
    pub revision: u32,
    /// The offer that was taken; its terms are the licence's terms.
    pub offer: OfferId,
    /// Units bought.
    pub quantity: Quantity,
    /// The one purpose.
    pub purpose: Label,
    /// How long it lasts after acceptance, in days, from the offer.
    pub term_days: u32,
    /// What is paid in.
    pub asset: Asset,
    /// Tax-exclusive price of the line, minor units.
    pub net_minor: AmountMinor,
    /// Value-added tax on it, minor units.
    pub vat_minor: AmountMinor,
    /// Part of `net_minor` that is the listing exchange's fee, minor units.
    pub fee_minor: AmountMinor,
    /// Part of `net_minor` that is tax on that fee, minor units.
    pub fee_vat_minor: AmountMinor,
    /// Part of `net_minor` that is the fee of the exchange that sold it, if that is another, minor units.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub selling_fee_minor: AmountMinor,
    /// Part of `net_minor` that is tax on that fee, minor units.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub selling_fee_vat_minor: AmountMinor,
    /// What the division of the fee between the two exchanges had left over for the selling one before this line, in
    /// billionths of a minor unit: with it the division can be computed again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub selling_carry: i64,
    /// The version of the product's revenue shares, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<SharesVersion>,
    /// What each of the sharers gets of what is left of `net_minor` after fees; the supplier gets all of it without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revenue: Vec<RevenuePart>,
    /// Part of the gross price that a voucher pays, minor units.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub voucher_minor: AmountMinor,
    /// Part of `net_minor` given back so far, minor units.
    pub refunded_minor: AmountMinor,
    /// The dispute over it, open or decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<DisputeId>,
    /// Where it stands.
    pub state: LicenceState,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_zero(carry: &i64) -> bool {
    *carry == 0
}

const DAY_MS: i64 = 86_400_000;

impl Licence {
    /// Records the delivery.
    ///
    /// # Errors
    /// `licence.state` unless ordered.
    pub fn deliver(mut self, delivery: Delivery) -> Result<Self, Refusal> {
        match self.state {
            LicenceState::Ordered => {
                self.state = LicenceState::Delivered { delivery };
                Ok(self)
            }
            _ => Err(self.wrong_state("an ordered line, not yet delivered")),
        }
    }

    /// Accepts what was delivered: the licence is in force from `now`.
    ///
    /// # Errors
    /// `licence.state` unless delivered.
    pub fn accept(mut self, now: Timestamp) -> Result<Self, Refusal> {
        match self.state {
            LicenceState::Delivered { delivery } => {
                let ends_at = now.plus_ms(i64::from(self.term_days) * DAY_MS);
                self.state = LicenceState::Active { delivery, accepted_at: now, ends_at };
                Ok(self)
            }
            _ => Err(self.wrong_state("a delivered line")),
        }
    }

    /// Refuses it.
    ///
    /// # Errors
    /// `licence.state` unless ordered or delivered.
    pub fn reject(mut self, reason: Line, now: Timestamp) -> Result<Self, Refusal> {
        match self.state {
            LicenceState::Ordered | LicenceState::Delivered { .. } => {
                self.state = LicenceState::Rejected { rejected_at: now, reason };
                Ok(self)
            }
            _ => Err(self.wrong_state("a line that is not accepted yet")),
        }
    }

    /// Lets it lapse: it was not accepted while its money was held.
    ///
    /// # Errors
    /// `licence.state` unless ordered or delivered.
    pub fn expire(mut self, now: Timestamp) -> Result<Self, Refusal> {
        if !self.is_open() {
            return Err(self.wrong_state("a line that is not accepted yet"));
        }
        self.state = LicenceState::Expired { expired_at: now };
        Ok(self)
    }

    /// Whether it is neither accepted nor refused yet, so that its money is held.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, LicenceState::Ordered | LicenceState::Delivered { .. })
    }

    /// What the buyer pays, tax inclusive.
    ///
    /// # Errors
    /// None in practice: it was in range when the licence was bought.
    pub fn gross(&self) -> Result<AmountMinor, Refusal> {
        self.net_minor.plus(self.vat_minor)
    }

    /// Gives `amount` of the net price back; the licence ends when all of it is given back.
    ///
    /// # Errors
    /// `licence.state` unless active; `refund.exceeds_purchase`; `amount.zero`.
    pub fn refund(mut self, amount: AmountMinor, now: Timestamp) -> Result<Self, Refusal> {
        let LicenceState::Active { delivery, accepted_at, .. } = &self.state else {
            return Err(self.wrong_state("an accepted line that is not wholly refunded"));
        };
        if amount.is_zero() {
            return Err(Refusal::new(RefusalCode::AmountZero, "amount_minor", "an amount above zero"));
        }
        let left = self.net_minor.minus(self.refunded_minor)?;
        if amount > left {
            let expected = format!("at most {left} minor units, which is what is left of this line");
            return Err(Refusal::new(RefusalCode::RefundExceedsPurchase, "amount_minor", expected));
        }
        self.refunded_minor = self.refunded_minor.plus(amount)?;
        if self.refunded_minor == self.net_minor {
            self.state = LicenceState::Refunded {
                delivery: delivery.clone(),
                accepted_at: *accepted_at,
                refunded_at: now,
            };
        }
        Ok(self)
    }

    /// Whether the licence still binds the product at `now`: bought and neither rejected, refunded nor ended.
    pub fn is_binding(&self, now: Timestamp) -> bool {
        match &self.state {
            LicenceState::Ordered | LicenceState::Delivered { .. } => true,
            LicenceState::Active { ends_at, .. } => *ends_at > now,
            LicenceState::Rejected { .. } | LicenceState::Expired { .. } | LicenceState::Refunded { .. } => {
                false
            }
        }
    }

    fn wrong_state(&self, expected: &str) -> Refusal {
        let expected = format!("{expected}; this one is {}", self.state.as_str());
        Refusal::new(RefusalCode::LicenceState, "", expected)
    }
}
