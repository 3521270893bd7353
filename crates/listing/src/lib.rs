//! Stages 1 and 2: rights in data, the products made from them, and the offers that sell them.
//!
//! A right is registered by its holder with a source statement (Data Security Law art. 33); a product rests on a
//! right; an offer fixes price and terms of one product. Every function takes the records it needs and returns the
//! records it makes.
//!
//! Deliberately absent: the catalogue's search (the store's work), assessments, objections, negotiated offers.

mod offer;
mod product;
mod right;

pub use offer::{Offer, OfferState, Pricing, PublishOffer, Terms, WithdrawOffer, publish, withdraw};
pub use product::{
    DelistProduct, ListProduct, PauseProduct, Product, ProductDetails, ProductKind, ProductState,
    ResumeProduct, ReviseProduct, delist, list, pause, resume, revise,
};
pub use right::{DataClass, Interest, RegisterRight, Right, register};
