//! The built-in sample, played as its people would: each party with its own token, at the endpoint of the noun, one
//! request after the other. One merchant and two buyers keep their own keys and send signed entries instead.

mod extras;
mod finish;
mod parties;
mod supply;
mod trade;

use super::desk::{Desk, Party};
use crate::sample::{Market, plan::Plan};
use anyhow::{Context as _, Result};
use databourse_client::Client;
use databourse_primitives::{ExchangeCode, Label, OfferId, OrderId, PartyId, ProductId, VoucherId, WindowId};
use std::collections::BTreeMap;

/// What is known while the sample is played.
pub(super) struct Play<'a> {
    desk: &'a Desk,
    operators: BTreeMap<ExchangeCode, Client>,
    market: &'a Market,
    plan: &'a Plan,
    parties: BTreeMap<Label, Party>,
    products: BTreeMap<Label, ProductId>,
    offers: BTreeMap<Label, OfferId>,
    completed: Vec<Completed>,
    /// The order of the plan that a voucher pays for.
    voucher: Option<(u64, VoucherId)>,
    /// The order of the plan that is disputed, once it is accepted.
    disputed: Option<(u64, OrderId)>,
}

/// An order that can be certified, at the exchange of its buyer.
#[derive(Debug, Clone)]
struct Completed {
    order: OrderId,
    exchange: ExchangeCode,
}

/// What is to be shown of it.
pub(crate) struct PlayedSample {
    /// The window that was closed and settled.
    pub(crate) window: WindowId,
    /// The supplier that earned most in it.
    pub(crate) busiest: PartyId,
}

/// Plays everything. Played again with the same seed, it gets the same answers and changes nothing.
pub(crate) async fn play(desk: &Desk, market: &Market, plan: &Plan) -> Result<PlayedSample> {
    let mut play = Play {
        desk,
        operators: BTreeMap::new(),
        market,
        plan,
        parties: BTreeMap::new(),
        products: BTreeMap::new(),
        offers: BTreeMap::new(),
        completed: Vec::new(),
        voucher: None,
        disputed: None,
    };
    for exchange in desk.exchanges() {
        play.operators.insert(exchange.clone(), desk.operator(exchange)?);
    }
    play.certify().await?;
    play.register_and_list().await?;
    play.deposit().await?;
    play.issue_voucher().await?;
    play.trade().await?;
    play.dispute().await?;
    play.charge_yearly_fee().await?;
    play.change_listings().await?;
    play.withdraw().await?;
    let window = play.settle_window().await?;
    play.certificates().await?;
    Ok(PlayedSample { window, busiest: play.busiest()? })
}

impl Play<'_> {
    /// The operator of `exchange`, or of the one in its place.
    fn operator(&self, exchange: &ExchangeCode) -> Result<&Client> {
        let home = self.desk.home(exchange);
        self.operators.get(home).with_context(|| format!("the desk has no exchange `{home}`"))
    }

    fn party(&self, reference: &Label) -> Result<&Party> {
        self.parties.get(reference).with_context(|| format!("the sample names nobody `{reference}`"))
    }
}
