//! The replay of an order file: stock code = product, customer = buyer, invoice = order, cancellation = refund.
//!
//! They are retail orders, not trades in data: real volume and real awkward cases. The file is read twice, first for what
//! each customer will spend ([`mod@scan`]), then invoice by invoice ([`mod@replay`]). An offer stands for a stock code at a price
//! and is published when it is first seen; so are products and buyers. Order, delivery and acceptance of an invoice travel
//! in one batch, in the order of the file; certificates follow when their orders are committed.
//!
//! What the exchange refuses has the exchange's code. Two things the player finds itself, and the report says so: a
//! cancellation without a purchase that it could take back, and a line that no order can carry.

mod answers;
mod commands;
mod ground;
mod invoice;
mod refunds;
mod replay;
mod report;
mod scan;
pub(crate) mod tally;

pub(crate) use replay::replay;
pub(crate) use report::OrdersReport;
