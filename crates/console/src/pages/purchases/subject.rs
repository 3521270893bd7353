//! Which order a movement of money was about. What paid or refunded says so itself; what held or released says it in its
//! entry.

use super::licences_of;
use crate::{failure::Failure, visit::Visit};
use databourse_ledger::Entry;
use databourse_licensing::Licence;
use databourse_primitives::{EntryId, LicenceId, OrderId};
use databourse_settlement::TransactionKind;
use futures::future::try_join_all;
use serde::Deserialize;
use std::collections::BTreeMap;

/// An entry as it was signed.
#[derive(Deserialize)]
struct Signed {
    entry: String,
}

/// The member of a body that names an order.
#[derive(Deserialize)]
struct OfOrder {
    order: OrderId,
}

/// The first line of each order that an entry of `movements` held money for or released it from; what the reader may not
/// see is left out.
///
/// # Errors
/// The page to show instead.
pub(super) async fn orders(
    visit: &Visit,
    movements: impl IntoIterator<Item = (EntryId, TransactionKind)>,
) -> Result<BTreeMap<EntryId, Licence>, Failure> {
    let orders = try_join_all(movements.into_iter().map(async |(entry, kind)| match kind {
        // The entry that placed an order names it.
        TransactionKind::Hold => Ok(Some((entry, OrderId::from(entry)))),
        TransactionKind::Void => Ok::<_, Failure>(order_of(visit, entry).await?.map(|order| (entry, order))),
        _ => Ok(None),
    }));
    let orders: Vec<_> = orders.await?.into_iter().flatten().collect();
    let first = |order: OrderId| LicenceId { order, line: 1 };
    let licences = licences_of(visit, orders.iter().map(|(_, order)| first(*order))).await?;
    let found = orders.into_iter();
    Ok(found.filter_map(|(entry, order)| Some((entry, licences.get(&first(order))?.clone()))).collect())
}

/// The order that an entry of the reader's own is about.
async fn order_of(visit: &Visit, entry: EntryId) -> Result<Option<OrderId>, Failure> {
    let signed = match visit.find::<Signed>(&format!("/v1/entries/{entry}")).await {
        Err(Failure::Forbidden) => None,
        found => found?,
    };
    let body = signed.and_then(|signed| {
        let entry = Entry::parse(signed.entry.as_bytes()).ok()?;
        serde_json::from_str::<OfOrder>(entry.claims().body.get()).ok()
    });
    Ok(body.map(|body| body.order))
}
