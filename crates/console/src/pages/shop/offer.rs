//! A product's offers: a new one, and taking one back.

use super::{merchant, own_product, send::send, terms};
use crate::{
    act::{Act, Sent},
    failure::Failure,
    form::{Form, Submitted},
    layout::named,
    visit::Visit,
    words,
};
use axum::{extract::Path, response::Response};
use databourse_listing::{Offer, Product};
use databourse_primitives::OfferId;
use maud::html;
use serde_json::json;

/// The form of a new offer.
pub(super) async fn show(visit: Visit, Path(product): Path<String>) -> Result<Response, Failure> {
    let product = own_product(&visit, &product).await?;
    page(&visit, &product, terms::usual(visit.form()?)).await
}

async fn page(visit: &Visit, product: &Product, form: Form) -> Result<Response, Failure> {
    let assets = terms::assets(visit).await?;
    let home = format!("/shop/products/{}", product.id);
    Ok(Act {
        title: visit.t("新要约", "New offer"),
        lead: html! {
            p { (visit.t("产品：", "Product: ")) a href=(home) { (named(visit.lang, &product.details.title)) } }
            p { (visit.t("要约发布后不能修改，只能撤回后另发；已下的订单不受影响。",
                "An offer cannot be changed, only withdrawn and made anew; orders already placed are not affected.")) }
        },
        fields: terms::fields(visit, &form, &assets),
        button: visit.t("发布要约", "Publish the offer"),
        is_danger: false,
        path: &format!("{home}/offer"),
        back: &home,
    }
    .page(visit, &form))
}

pub(super) async fn publish(
    visit: Visit,
    Path(product): Path<String>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    let product = own_product(&visit, &product).await?;
    let body = terms::body(&visit, &mut form, product.id);
    if !form.is_good() {
        return page(&visit, &product, form).await;
    }
    let home = format!("/shop/products/{}", product.id);
    match send(&visit, form, "/v1/offers", &body, terms::AIMS, |_| home).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &product, form).await,
    }
}

async fn own_offer(visit: &Visit, id: &str) -> Result<Offer, Failure> {
    let own = merchant(visit)?;
    let id: OfferId = id.parse().map_err(|_| Failure::Unknown)?;
    let offer: Offer = visit.get(&format!("/v1/offers/{id}")).await?;
    if offer.supplier == own { Ok(offer) } else { Err(Failure::Forbidden) }
}

pub(super) async fn ask_withdraw(visit: Visit, Path(offer): Path<String>) -> Result<Response, Failure> {
    let offer = own_offer(&visit, &offer).await?;
    Ok(asked(&visit, &offer, &visit.form()?))
}

fn asked(visit: &Visit, offer: &Offer, form: &Form) -> Response {
    let price = visit.format().price(offer.asset, &offer.unit_price.to_string());
    let pricing = words::pricing(visit.lang, offer.pricing);
    Act {
        title: visit.t("撤回要约", "Withdraw the offer"),
        lead: html! {
            p { (pricing) " · " (price) }
            p { (visit.t("撤回后不能再按此要约订购。已下的订单照常进行。撤回不能取消，但可以发布新的要约。",
                "Nobody can order by it any more. Orders already placed go on. It cannot be undone, but you can publish another offer.")) }
        },
        fields: html! {},
        button: visit.t("撤回要约", "Withdraw the offer"),
        is_danger: true,
        path: &format!("/shop/offers/{}/withdrawal", offer.id),
        back: &format!("/shop/products/{}", offer.product),
    }
    .page(visit, form)
}

pub(super) async fn withdraw(
    visit: Visit,
    Path(offer): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    let offer = own_offer(&visit, &offer).await?;
    let path = format!("/v1/offers/{}/withdrawal", offer.id);
    let home = format!("/shop/products/{}", offer.product);
    match send(&visit, form, &path, &json!({}), &[], |_| home).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(asked(&visit, &offer, &form)),
    }
}
