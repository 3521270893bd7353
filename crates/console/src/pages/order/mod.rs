//! `/order?offer=…`: an order in three steps. First purpose and quantity, then a check of what it costs, then what
//! happens next. Whatever was typed is in the address, so going back loses nothing.

mod check;
mod done;
mod draft;

use super::{Page, market};
use crate::{
    backend::with_query,
    failure::Failure,
    form::{Field, Form, Submitted, button},
    layout::{facts, named},
    visit::Visit,
    words,
};
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use databourse_api::token::TokenRole;
use draft::{Draft, FIELDS};
use maud::{Markup, html};

pub(crate) const PAGE: Page = Page {
    links: &[],
    routes: || {
        Router::new()
            .route("/order", get(choose))
            .route("/order/check", get(check::show).post(check::send))
            .route("/order/back", post(back))
            .route("/order/done/{order}", get(done::show))
    },
};

/// Step 1.
async fn choose(visit: Visit) -> Result<Response, Failure> {
    visit.need(&[TokenRole::Buyer])?;
    let Some(mut draft) = Draft::of_address(&visit).await? else {
        return Ok(Redirect::to("/market").into_response());
    };
    if draft.form.value("quantity").is_empty() {
        draft.form = draft.form.with("quantity", 1);
    }
    // What comes back from step 2 is chosen already; nobody else's purpose is chosen for them, unless there is only one.
    if let (true, Some(only)) = (draft.form.value("purpose").is_empty(), draft.only_purpose()) {
        draft.form = draft.form.with("purpose", only);
    }
    Ok(choice(&visit, &draft))
}

/// Back from step 2, with all that was typed there.
async fn back(Submitted(form): Submitted) -> Response {
    Redirect::to(&address("/order", &form)).into_response()
}

/// A step's address with what was typed.
fn address(path: &str, form: &Form) -> String {
    with_query(path, &FIELDS.map(|name| (name, form.value(name))))
}

/// The page of step 1, whether or not something is wrong with it.
fn choice(visit: &Visit, draft: &Draft) -> Response {
    let Draft { form, offer, product } = draft;
    let title = visit.t("订购：用途与数量", "Order: purpose and quantity");
    let unit = words::unit(visit.lang, offer.pricing);
    let most = offer.terms.quantity_max.unwrap_or(databourse_primitives::Quantity::MAX);
    let most = visit.format().number(most);
    let quantity_hint = visit.t(
        format!("整数，1 至 {most}；单位：{unit}。"),
        format!("A whole number from 1 to {most}; one unit is one {unit}."),
    );
    let blank = (String::new(), visit.t("请选择……", "Choose…").to_owned());
    let purposes = offer.terms.purposes.iter();
    let purposes = purposes.map(|purpose| (purpose.to_string(), words::purpose(visit.lang, purpose)));
    let fields = html! {
        @for name in ["offer", "voucher"] { input type="hidden" name=(name) value=(form.value(name)); }
        (form.field(visit, &Field::choice("purpose", visit.t("用途", "Purpose"), std::iter::once(blank).chain(purposes))
            .hint(visit.t("供方允许的用途之一。一份许可只用于一个用途；其他用途请另行订购。",
                "One of those that the supplier allows. A licence is for one purpose; order again for another."))))
        (form.field(visit, &Field::input("quantity", visit.t("数量", "Quantity"), "text").hint(&quantity_hint)))
        (form.field(visit, &Field::line("reference", visit.t("您的编号", "Your own reference")).optional()
            .hint(visit.t("例如采购单号：1 至 64 个字母、数字或 . _ : / -",
                "Such as a purchase order's number: 1 to 64 letters, digits or . _ : / -"))))
        div.actions {
            (button(visit.t("下一步：核对", "Next: check")))
            a.button.second href={ "/market/" (product.id) } { (visit.t("返回产品页", "Back to the product")) }
        }
    };
    visit.form_page(
        form,
        title,
        html! {
            h1 { (title) }
            (steps(visit, 1))
            p.lead { a href={ "/market/" (product.id) } { (named(visit.lang, &product.details.title)) } }
            (form.question(visit, "/order/check", &fields))
            h2 { (visit.t("条款", "Terms")) }
            (facts(&market::terms(visit, &offer.terms)))
        },
    )
}

/// Where one is on the way.
fn steps(visit: &Visit, now: usize) -> Markup {
    let steps =
        [visit.t("用途与数量", "Purpose and quantity"), visit.t("核对", "Check"), visit.t("完成", "Done")];
    html! {
        ol.steps aria-label=(visit.t("订购步骤", "Steps of the order")) {
            @for (place, step) in (1..).zip(steps) {
                li aria-current=[(place == now).then_some("step")] { (step) }
            }
        }
    }
}
