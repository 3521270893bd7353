//! `/shop/new`: a new product in three steps: the right it rests on, what it is, its first offer.
//!
//! Each step is an entry of its own. What is done stands in the address, so a step that was taken is not taken again, and
//! one can go on later from `/shop`. The form of a step carries the id of its entry: sent twice, it is recorded once.

use super::{
    details, merchant, own_product, rights,
    send::{put, send},
    terms,
};
use crate::{
    act::Sent,
    failure::Failure,
    form::{Form, Submitted, button},
    layout::named,
    visit::Visit,
};
use axum::response::{IntoResponse, Redirect, Response};
use databourse_listing::{Product, Right};
use databourse_primitives::RightId;
use maud::{Markup, html};
use serde_json::json;

/// Which step it is, by what the address names.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    merchant(&visit)?;
    if let Some(product) = visit.parameter("product") {
        let product = own_product(&visit, &product).await?;
        return offer_page(&visit, &product, &terms::usual(visit.form()?)).await;
    }
    match visit.parameter("right") {
        Some(right) => {
            let form = visit.form()?.with("right", right);
            product_page(&visit, &form).await
        }
        None => right_page(&visit, &rights::usual(visit.form()?)).await,
    }
}

/// A step's form is sent to an address of its own; whoever opens that begins with what is still to do.
pub(super) async fn again(visit: Visit) -> Result<Response, Failure> {
    merchant(&visit)?;
    Ok(Redirect::to("/shop/new").into_response())
}

/// Where one stands.
fn steps(visit: &Visit, now: usize) -> Markup {
    let names = [
        visit.t("依据的权利", "The right"),
        visit.t("产品说明", "The product"),
        visit.t("第一个要约", "The first offer"),
    ];
    html! {
        h1 { (visit.t("挂牌新产品", "List a new product")) }
        ol.steps {
            @for (number, name) in names.iter().enumerate() {
                li aria-current=[(number == now).then_some("step")] { (name) }
            }
        }
    }
}

async fn right_page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let rights = rights::own(visit, merchant(visit)?).await?;
    let now = visit.console.now();
    let usable: Vec<&Right> = rights.items.iter().filter(|right| rights::can_sell(right, now)).collect();
    let title = visit.t("挂牌新产品：权利", "New product: the right");
    let fields =
        html! { (rights::fields(visit, form)) (button(visit.t("登记并继续", "Register and go on"))) };
    Ok(visit.form_page(form, title, html! {
        (steps(visit, 0))
        h2 { (visit.t("选择已登记的权利", "Choose a right that you hold")) }
        @if usable.is_empty() {
            p.nothing { (visit.t("您还没有可用于挂牌的权利，请在下面登记。",
                "You have no right on which a product can be listed; register one below.")) }
        } @else {
            ul.cards {
                @for right in usable {
                    li.card {
                        h3 { code { (right.source) } }
                        p { (named(visit.lang, &right.source_statement)) }
                        a.button href={ "/shop/new?right=" (right.id) } { (visit.t("据此挂牌", "List on this right")) }
                    }
                }
            }
            @if rights.next.is_some() {
                p { a href="/shop/rights" { (visit.t("查看我的全部权利", "See all my rights")) } }
            }
        }
        h2 { (visit.t("或登记一项权利", "Or register a right")) }
        (form.element(visit, "/shop/new/right", &fields))
    }))
}

pub(super) async fn register(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    merchant(&visit)?;
    let body = rights::body(&visit, &mut form);
    if !form.is_good() {
        return right_page(&visit, &form).await;
    }
    let then = |done: &crate::backend::Acknowledged| format!("/shop/new?right={}", done.id);
    match send(&visit, form, "/v1/rights", &body, rights::AIMS, then).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => right_page(&visit, &form).await,
    }
}

async fn product_page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let own = merchant(visit)?;
    let right: RightId = form.value("right").parse().map_err(|_| Failure::Unknown)?;
    let found: rights::Known = visit.get(&format!("/v1/rights/{right}")).await?;
    if found.holder != own {
        return Err(Failure::Forbidden);
    }
    let title = visit.t("挂牌新产品：说明", "New product: what it is");
    let fields = html! {
        input type="hidden" name="right" value=(right);
        (details::fields(visit, form))
        (button(visit.t("挂牌并继续", "List it and go on")))
    };
    Ok(visit.form_page(
        form,
        title,
        html! {
            (steps(visit, 1))
            p { (visit.t("依据的权利：", "The right it rests on: ")) code { (found.source) } " "
                a href="/shop/new" { (visit.t("换一项", "choose another")) } }
            p { (visit.t("挂牌后即在目录中可见；有了要约才能订购。",
                "Once listed it is seen in the catalogue; it can be ordered when it has an offer.")) }
            (form.element(visit, "/shop/new/product", &fields))
        },
    ))
}

pub(super) async fn list(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    merchant(&visit)?;
    let said = details::body(&visit, &mut form);
    if !form.is_good() {
        return product_page(&visit, &form).await;
    }
    let mut body = json!({ "details": said });
    put(&mut body, "right", json!(form.value("right")));
    let then = |done: &crate::backend::Acknowledged| format!("/shop/new?product={}", done.id);
    match send(&visit, form, "/v1/products", &body, details::AIMS, then).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => product_page(&visit, &form).await,
    }
}

async fn offer_page(visit: &Visit, product: &Product, form: &Form) -> Result<Response, Failure> {
    let assets = terms::assets(visit).await?;
    let title = visit.t("挂牌新产品：要约", "New product: the first offer");
    let home = format!("/shop/products/{}", product.id);
    let fields = html! {
        input type="hidden" name="product" value=(product.id);
        (terms::fields(visit, form, &assets))
        div.actions {
            (button(visit.t("发布要约", "Publish the offer")))
            a.button.second href=(home) { (visit.t("以后再说", "Later")) }
        }
    };
    Ok(visit.form_page(form, title, html! {
        (steps(visit, 2))
        p { (visit.t("已挂牌：", "Listed: ")) a href=(home) { (named(visit.lang, &product.details.title)) } }
        (form.element(visit, "/shop/new/offer", &fields))
    }))
}

pub(super) async fn offer(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    let product = own_product(&visit, form.value("product")).await?;
    let body = terms::body(&visit, &mut form, product.id);
    if !form.is_good() {
        return offer_page(&visit, &product, &form).await;
    }
    let home = format!("/shop/products/{}", product.id);
    match send(&visit, form, "/v1/offers", &body, terms::AIMS, |_| home).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => offer_page(&visit, &product, &form).await,
    }
}
