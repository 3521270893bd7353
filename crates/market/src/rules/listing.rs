//! Rights, products and offers.

use super::{party::acting_as, standing};
use crate::{Claim, Halt, view::Tx};
use databourse_listing::{
    self as listing, DelistProduct, Interest, ListProduct, Offer, PauseProduct, Product, PublishOffer,
    RegisterRight, ResumeProduct, ReviseProduct, Right, WithdrawOffer,
};
use databourse_party::{Party, Region, Role};
use databourse_primitives::{OfferId, PartyId, ProductId, Refusal, RefusalCode, RightId};

const SELLERS: [Role; 2] = [Role::Supplier, Role::Processor];

/// Registers a right, unless another holder has registered the same interest in the same source.
pub(super) fn register_right(tx: &mut Tx<'_>, holder: PartyId, command: &RegisterRight) -> Result<(), Halt> {
    acting_as(tx, holder, &SELLERS)?;
    let right = listing::register(RightId::from(tx.entry), holder, command.clone(), tx.now())?;
    let names: Vec<_> =
        right.interests.iter().map(|interest| claim_name(right.source.as_str(), *interest)).collect();
    for name in names {
        match tx.find::<Claim>(&name)? {
            Some(claim) if claim.holder != holder.to_string() => {
                let expected =
                    format!("a source without another claimant; `{name}` is claimed by {}", claim.holder);
                return Err(Refusal::new(RefusalCode::RightSourceClaimed, "source", expected).into());
            }
            Some(_) => {}
            None => tx.put(Claim { name, holder: holder.to_string() }),
        }
    }
    tx.put(right);
    Ok(())
}

pub(super) fn claim_name(source: &str, interest: Interest) -> String {
    format!("source:{}:{source}", interest.as_str())
}

pub(super) fn list_product(tx: &mut Tx<'_>, supplier: PartyId, command: &ListProduct) -> Result<(), Halt> {
    acting_as(tx, supplier, &SELLERS)?;
    standing::may_take_on(tx, &tx.exchange, "exchange")?;
    let right: Right = tx.need(&command.right, RefusalCode::RightUnknown, "right")?;
    let id = ProductId::from(tx.entry);
    let product = listing::list(id, supplier, tx.exchange.clone(), &right, command.clone(), tx.now())?;
    tx.put(product);
    Ok(())
}

pub(super) fn revise_product(
    tx: &mut Tx<'_>,
    supplier: PartyId,
    command: &ReviseProduct,
) -> Result<(), Halt> {
    let product = own_product(tx, supplier, command.product)?;
    let product = listing::revise(product, supplier, command.clone(), tx.now())?;
    tx.put(product);
    Ok(())
}

pub(super) fn pause_product(tx: &mut Tx<'_>, supplier: PartyId, command: &PauseProduct) -> Result<(), Halt> {
    let product = own_product(tx, supplier, command.product)?;
    let product = listing::pause(product, supplier, tx.now())?;
    tx.put(product);
    Ok(())
}

pub(super) fn resume_product(
    tx: &mut Tx<'_>,
    supplier: PartyId,
    command: &ResumeProduct,
) -> Result<(), Halt> {
    let product = own_product(tx, supplier, command.product)?;
    let product = listing::resume(product, supplier, tx.now())?;
    tx.put(product);
    Ok(())
}

pub(super) fn delist_product(
    tx: &mut Tx<'_>,
    supplier: PartyId,
    command: &DelistProduct,
) -> Result<(), Halt> {
    let product = own_product(tx, supplier, command.product)?;
    let product = listing::delist(product, supplier, tx.now())?;
    tx.put(product);
    Ok(())
}

/// A product, for a supplier who acts on its own.
pub(super) fn own_product(tx: &Tx<'_>, supplier: PartyId, product: ProductId) -> Result<Product, Halt> {
    acting_as(tx, supplier, &SELLERS)?;
    tx.need(&product, RefusalCode::ProductUnknown, "product")
}

pub(super) fn publish_offer(tx: &mut Tx<'_>, supplier: PartyId, command: &PublishOffer) -> Result<(), Halt> {
    let product = own_product(tx, supplier, command.product)?;
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    let offer = listing::publish(OfferId::from(tx.entry), supplier, &product, command.clone(), tx.now())?;
    region.settles(offer.asset)?;
    if let Some(audience) = offer.audience {
        tx.need::<Party>(&audience, RefusalCode::PartyUnknown, "audience")?;
    }
    tx.put(offer);
    Ok(())
}

pub(super) fn withdraw_offer(
    tx: &mut Tx<'_>,
    supplier: PartyId,
    command: &WithdrawOffer,
) -> Result<(), Halt> {
    acting_as(tx, supplier, &SELLERS)?;
    let offer: Offer = tx.need(&command.offer, RefusalCode::OfferUnknown, "offer")?;
    let offer = listing::withdraw(offer, supplier)?;
    tx.put(offer);
    Ok(())
}
