//! Step 3 of an order: it is placed, and what happens next.

use super::steps;
use crate::{failure::Failure, names::short, visit::Visit};
use axum::{extract::Path, response::Response};
use databourse_primitives::{AmountMinor, Asset, OrderId};
use databourse_settlement::{Hold, HoldState};
use maud::html;
use serde::Deserialize;

/// What the page needs of an order.
#[derive(Deserialize)]
struct Placed {
    asset: Asset,
    #[serde(default)]
    total_minor: Option<AmountMinor>,
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let id: OrderId = id.parse().map_err(|_| Failure::Unknown)?;
    let (order_path, hold_path) = (format!("/v1/orders/{id}"), format!("/v1/holds/{id}"));
    let (order, hold) = tokio::try_join!(visit.get::<Placed>(&order_path), visit.find::<Hold>(&hold_path))?;
    let until = hold.and_then(|hold| match hold.state {
        HoldState::Pending { expires_at } => expires_at,
        _ => None,
    });
    let total = order.total_minor.map(|total| visit.format().money(order.asset, total.get()));
    let title = visit.t("已下单", "The order is placed");
    Ok(visit.page(title, html! {
        h1 { (title) }
        (steps(&visit, 3))
        p.lead {
            (visit.t("订单 ", "Order ")) a href={ "/orders/" (id) } { (short(id)) }
            @if let Some(total) = &total {
                (visit.t("，金额 ", ", ")) strong { (total) } (visit.t("，已冻结，尚未支付。", ", which is held and not paid yet."))
            }
        }
        h2 { (visit.t("接下来", "What happens next")) }
        ol {
            li { (visit.t("供方交付，并把交付内容的指纹记入账本。", "The supplier delivers and records the fingerprint of what it delivered.")) }
            li {
                (visit.t("您检查后验收或拒收", "You look at it and accept or reject it"))
                @if let Some(until) = until { (visit.t("，截止 ", ", by ")) (visit.format().time(until)) }
                (visit.t("。验收后许可生效，款项付给供方；拒收则退回给您。",
                    ". When you accept, the licence begins and the supplier is paid; when you reject, your money comes back."))
            }
            li { (visit.t("全部验收后，交易所签发凭证，任何人都可以核验。",
                "When all is accepted, the exchange issues a certificate that anybody can check.")) }
        }
        p.actions {
            a.button href={ "/orders/" (id) } { (visit.t("查看订单", "See the order")) }
            a.button.second href="/market" { (visit.t("继续浏览市场", "Back to the market")) }
        }
    }))
}
