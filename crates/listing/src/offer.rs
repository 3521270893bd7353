//! Offers: price and terms of one product, standing for everybody or made to one buyer.

use crate::{Product, ProductState};
use databourse_primitives::{
    Asset, Label, OfferId, PartyId, ProductId, Refusal, RefusalCode, Timestamp, UnitPrice,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What one unit of an offer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// One unit is the product, once.
    OneOff,
    /// One unit is one term of a subscription.
    Subscription,
    /// One unit is one call, paid in advance.
    PerCall,
    /// One unit is one hour of computing, paid in advance.
    PerComputeHour,
}

/// What a licence under this offer allows. Rendered as an ODRL 2.2 policy where it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Purposes to choose from; a licence takes exactly one (一场景一授权). ODRL 2.2 left operand `purpose`.
    pub purposes: BTreeSet<Label>,
    /// How long a licence lasts after acceptance, in days: 1 to 36,500.
    pub term_days: u32,
    /// Where it may be used, e.g. `CN`. ODRL 2.2 left operand `spatial`.
    pub territory: Label,
    /// Only computed results may leave (可用不可见).
    pub usable_not_visible: bool,
    /// One licence in force at a time, region-wide.
    pub exclusive: bool,
    /// The most units that one line may buy; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_max: Option<u64>,
}

/// `offer.publish`: a supplier offers a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishOffer {
    /// The product.
    pub product: ProductId,
    /// What is paid in.
    pub asset: Asset,
    /// What one unit is.
    pub pricing: Pricing,
    /// Price of one unit in major units of `asset`, tax exclusive.
    pub unit_price: UnitPrice,
    /// What a licence allows.
    pub terms: Terms,
    /// The one buyer it is made to; everybody if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<PartyId>,
    /// When it ends; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// `offer.withdraw`: a supplier takes an offer back. Orders already placed stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawOffer {
    /// The offer.
    pub offer: OfferId,
}

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    /// Can be ordered.
    Open,
    /// Was taken back.
    Withdrawn,
}

/// A published offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The id of its `offer.publish` entry.
    pub id: OfferId,
    /// The product.
    pub product: ProductId,
    /// The product's revision when the offer was made.
    pub revision: u32,
    /// Who sells.
    pub supplier: PartyId,
    /// Where it stands.
    pub state: OfferState,
    /// What is paid in.
    pub asset: Asset,
    /// What one unit is.
    pub pricing: Pricing,
    /// Price of one unit in major units, tax exclusive.
    pub unit_price: UnitPrice,
    /// What a licence allows.
    pub terms: Terms,
    /// The one buyer it is made to.
    pub audience: Option<PartyId>,
    /// Block time of publication.
    pub published_at: Timestamp,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
}

impl Offer {
    /// Refuses unless `buyer` may order `quantity` units for `purpose` at `now`.
    ///
    /// # Errors
    /// `offer.not_open`, `offer.private`, `order.quantity_exceeded`, `licence.purpose_forbidden`.
    pub fn orderable(
        &self,
        buyer: PartyId,
        quantity: u64,
        purpose: &Label,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let over = self.valid_until.is_some_and(|until| until <= now);
        if self.state == OfferState::Withdrawn || over {
            return Err(Refusal::new(RefusalCode::OfferNotOpen, "offer", "an offer that is open"));
        }
        if self.audience.is_some_and(|audience| audience != buyer) {
            return Err(Refusal::new(RefusalCode::OfferPrivate, "offer", "an offer to everybody or to you"));
        }
        if let Some(quantity_max) = self.terms.quantity_max.filter(|quantity_max| quantity > *quantity_max) {
            let expected = format!("at most {quantity_max}");
            return Err(Refusal::new(RefusalCode::OrderQuantityExceeded, "quantity", expected));
        }
        if !self.terms.purposes.contains(purpose) {
            let allowed: Vec<_> = self.terms.purposes.iter().map(Label::as_str).collect();
            let expected = format!("one of {}", allowed.join(", "));
            return Err(Refusal::new(RefusalCode::LicencePurposeForbidden, "purpose", expected));
        }
        Ok(())
    }
}

/// Publishes an offer.
///
/// # Errors
/// `product.not_owner`; `product.state` if delisted; `offer.terms_invalid`; those of [`UnitPrice::in_minor`].
pub fn publish(
    id: OfferId,
    supplier: PartyId,
    product: &Product,
    command: PublishOffer,
    now: Timestamp,
) -> Result<Offer, Refusal> {
    product.owned_by(supplier)?;
    if product.state == ProductState::Delisted {
        return Err(Refusal::new(RefusalCode::ProductState, "product", "a product that is not delisted"));
    }
    let invalid = |field, expected| Err(Refusal::new(RefusalCode::OfferTermsInvalid, field, expected));
    if !(1..=20).contains(&command.terms.purposes.len()) {
        return invalid("terms.purposes", "1 to 20 purposes");
    }
    if !(1..=36_500).contains(&command.terms.term_days) {
        return invalid("terms.term_days", "1 to 36500 days");
    }
    if command.terms.quantity_max == Some(0) {
        return invalid("terms.quantity_max", "at least 1");
    }
    if command.terms.exclusive && command.terms.quantity_max != Some(1) {
        return invalid("terms.quantity_max", "1, since an exclusive licence is sold once");
    }
    if command.audience == Some(supplier) {
        return invalid("audience", "a buyer other than the supplier");
    }
    if command.valid_until.is_some_and(|until| until <= now) {
        return invalid("valid_until", "a time after the block's");
    }
    command.unit_price.in_minor(command.asset).map_err(|refusal| refusal.within("unit_price"))?;
    Ok(Offer {
        id,
        product: product.id,
        revision: product.revision,
        supplier,
        state: OfferState::Open,
        asset: command.asset,
        pricing: command.pricing,
        unit_price: command.unit_price,
        terms: command.terms,
        audience: command.audience,
        published_at: now,
        valid_until: command.valid_until,
    })
}

/// Takes an offer back.
///
/// # Errors
/// `product.not_owner` for an offer of somebody else; `offer.not_open` if it was withdrawn before.
pub fn withdraw(mut offer: Offer, supplier: PartyId) -> Result<Offer, Refusal> {
    if offer.supplier != supplier {
        return Err(Refusal::new(RefusalCode::ProductNotOwner, "offer", "an offer of your own"));
    }
    if offer.state == OfferState::Withdrawn {
        return Err(Refusal::new(RefusalCode::OfferNotOpen, "offer", "an offer that is open"));
    }
    offer.state = OfferState::Withdrawn;
    Ok(offer)
}
