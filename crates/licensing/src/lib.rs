//! Stages 3 and 4: orders, licences, delivery and acceptance.
//!
//! A published offer, signed by the supplier, and an order line, signed by the buyer, together are the licence's
//! contract: one buyer, one product, one purpose (一场景一授权). A licence then passes
//! `ordered → delivered → active`, or ends as `rejected` or `expired`, or later as `refunded`.
//!
//! Deliberately absent: money (the `settlement` crate moves it; a licence only remembers its parts), counter-offers,
//! metering.

mod licence;
mod order;

pub use licence::{Delivery, DeliveryMethod, Licence, LicenceState, RevenuePart};
pub use order::{
    AcceptOrder, ExpireOrder, GrantRefund, LINES_MAX, Order, OrderGroup, OrderLine, PlaceOrder,
    RecordDelivery, RefundLine, RejectOrder, check_shape,
};
