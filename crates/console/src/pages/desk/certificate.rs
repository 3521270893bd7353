//! `/desk/certificates/{order}`: the certificate of a completed order.

use super::operator;
use crate::{
    act::{Act, Sent, submit},
    failure::Failure,
    form::{Form, Submitted},
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_primitives::OrderId;
use maud::html;
use serde_json::json;

fn order_of(text: &str) -> Result<OrderId, Failure> {
    text.parse().map_err(|_| Failure::Unknown)
}

/// `GET /desk/certificates/{order}`.
pub(super) async fn show(visit: Visit, Path(order): Path<String>) -> Result<Response, Failure> {
    operator(&visit)?;
    let form = visit.form()?;
    Ok(page(&visit, order_of(&order)?, &form))
}

fn page(visit: &Visit, order: OrderId, form: &Form) -> Response {
    let path = format!("/desk/certificates/{order}");
    let act = Act {
        title: visit.t("签发凭证", "Issue the certificate"),
        lead: html! {
            p.lead { (visit.t("为已完成的订单签发编号凭证，内容由账本得出，人人可以离线核验。",
                "The numbered certificate of a completed order. What it states follows from the ledger; everybody can verify it offline.")) }
            p { (visit.t("订单：", "Order: ")) a href={ "/orders/" (order) } { code { (order) } } }
        },
        fields: html! {},
        button: visit.t("签发", "Issue"),
        is_danger: false,
        path: &path,
        back: "/desk",
    };
    act.page(visit, form)
}

/// `POST /desk/certificates/{order}`.
pub(super) async fn send(
    visit: Visit,
    Path(order): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    operator(&visit)?;
    let order = order_of(&order)?;
    let body = json!({ "order": order });
    match submit(&visit, form, ("/v1/certificates", &body), &format!("/orders/{order}"), |_| None).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(page(&visit, order, &form)),
    }
}
