//! `/shop`: a merchant's own: products, rights, sales to deliver, disputes and refunds.

mod change;
mod deliver;
mod details;
mod new;
mod offer;
mod orders;
mod overview;
mod product;
mod refund;
mod rights;
pub(super) mod sale;
mod send;
mod shares;
mod terms;

use super::{Audience, Link, Page};
use crate::{console::Console, failure::Failure, visit::Visit};
use axum::{Router, routing::get};
use databourse_api::token::TokenRole;
use databourse_listing::Product;
use databourse_primitives::{PartyId, ProductId};

const MERCHANT: &[TokenRole] = &[TokenRole::Merchant];

pub(crate) const PAGE: Page = Page {
    links: &[
        Link { path: "/shop", zh: "我的产品", en: "My products", audience: Audience::Roles(MERCHANT) },
        Link {
            path: "/shop/orders", zh: "我的销售", en: "My sales", audience: Audience::Roles(MERCHANT)
        },
    ],
    routes,
};

fn routes() -> Router<Console> {
    Router::new()
        .route("/shop", get(overview::show))
        .route("/shop/new", get(new::show))
        .route("/shop/new/right", get(new::again).post(new::register))
        .route("/shop/new/product", get(new::again).post(new::list))
        .route("/shop/new/offer", get(new::again).post(new::offer))
        .route("/shop/rights", get(rights::show).post(rights::register))
        .route("/shop/orders", get(orders::show))
        .route("/shop/orders/{order}/delivery", get(deliver::show).post(deliver::record))
        .route("/shop/refunds/new", get(refund::show).post(refund::grant))
        .route("/shop/products/{product}", get(product::show))
        .route("/shop/products/{product}/revision", get(change::revision).post(change::revise))
        .route("/shop/products/{product}/pause", get(change::ask_pause).post(change::pause))
        .route("/shop/products/{product}/resume", get(change::ask_resume).post(change::resume))
        .route("/shop/products/{product}/delisting", get(change::ask_delist).post(change::delist))
        .route("/shop/products/{product}/offer", get(offer::show).post(offer::publish))
        .route("/shop/products/{product}/shares", get(shares::show).post(shares::publish))
        .route("/shop/offers/{offer}/withdrawal", get(offer::ask_withdraw).post(offer::withdraw))
}

/// The merchant who is signed in.
///
/// # Errors
/// Nobody or somebody else is.
fn merchant(visit: &Visit) -> Result<PartyId, Failure> {
    visit.need(MERCHANT)?;
    visit.party().ok_or(Failure::Forbidden)
}

/// A product of the merchant who is signed in.
///
/// # Errors
/// There is none, or it is somebody else's.
async fn own_product(visit: &Visit, id: &str) -> Result<Product, Failure> {
    let own = merchant(visit)?;
    let id: ProductId = id.parse().map_err(|_| Failure::Unknown)?;
    let product: Product = visit.get(&format!("/v1/products/{id}")).await?;
    if product.supplier == own { Ok(product) } else { Err(Failure::Forbidden) }
}

/// How a product's state looks: good, or something to notice.
const fn state_class(state: databourse_listing::ProductState) -> &'static str {
    match state {
        databourse_listing::ProductState::Listed => "state good",
        databourse_listing::ProductState::OrderingPaused => "state warn",
        databourse_listing::ProductState::Delisted => "state",
    }
}
