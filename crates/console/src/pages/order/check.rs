//! Step 2 of an order: what it costs, what is held, what can be paid with; and the button that places it.

use super::{
    address, choice,
    draft::{Draft, FIELDS, Line},
    steps,
};
use crate::{
    backend::Problem,
    failure::Failure,
    form::{Field, Submitted, button},
    layout::{facts, named},
    names::Names,
    pages::market::{percent, tariff::Tariff, terms},
    visit::{Page, Visit},
    words,
};
use axum::response::{IntoResponse, Redirect, Response};
use databourse_api::token::TokenRole;
use databourse_primitives::{Asset, PartyId};
use databourse_settlement::{LinePrice, Voucher};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the page needs of an account.
#[derive(Deserialize)]
struct Funds {
    available_minor: i64,
}

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&[TokenRole::Buyer])?;
    let Some(mut draft) = Draft::of_address(&visit).await? else {
        return Ok(Redirect::to("/market").into_response());
    };
    match draft.line(&visit) {
        Some(line) => page(&visit, &draft, &line).await,
        None => Ok(choice(&visit, &draft)),
    }
}

/// Places the order.
pub(super) async fn send(visit: Visit, Submitted(form): Submitted) -> Result<Response, Failure> {
    visit.need(&[TokenRole::Buyer])?;
    let mut draft = Draft::of_form(&visit, form).await?;
    let Some(line) = draft.line(&visit) else { return Ok(choice(&visit, &draft)) };
    let key = draft.form.key();
    match visit.record("/v1/orders", key, &body(&draft, &line)).await {
        Ok(done) => Ok(visit.done(&format!("/order/done/{}", done.id), &done)),
        Err(problem) => {
            let problem = of_field(problem);
            draft.form.take_problem(visit.lang, &problem);
            // What is wrong with a field of step 1 stands beside that field.
            if ["quantity", "purpose", "reference"].contains(&problem.field.as_str()) {
                return Ok(choice(&visit, &draft));
            }
            page(&visit, &draft, &line).await
        }
    }
}

fn body(draft: &Draft, line: &Line) -> Value {
    let mut body = json!({
        "lines": [{ "offer": draft.offer.id, "quantity": line.quantity, "purpose": line.purpose }],
    });
    for name in ["reference", "voucher"] {
        let value = draft.form.value(name);
        if let (Some(body), false) = (body.as_object_mut(), value.is_empty()) {
            body.insert(name.to_owned(), value.into());
        }
    }
    body
}

/// The API speaks of lines; here is one, and its offer is not typed.
fn of_field(mut problem: Problem) -> Problem {
    let field = problem.field.strip_prefix("lines[0].").unwrap_or(&problem.field);
    problem.field = if matches!(field, "offer" | "lines") { String::new() } else { field.to_owned() };
    problem
}

async fn page(visit: &Visit, draft: &Draft, line: &Line) -> Result<Response, Failure> {
    let Draft { form, offer, product } = draft;
    let buyer = visit.party().ok_or(Failure::Forbidden)?;
    let funds_path = funds_path(buyer, offer.asset);
    let (tariff, funds, vouchers, names) = tokio::try_join!(
        Tariff::of(visit, offer.asset),
        visit.get::<Funds>(&funds_path),
        visit.get::<Page<Voucher>>("/v1/vouchers?limit=200"),
        Names::of(visit, [offer.supplier], []),
    )?;
    let price = tariff.as_ref().and_then(|tariff| tariff.price(visit, product, offer, line.quantity));
    let hold_days = tariff.as_ref().map(|tariff| tariff.schedule.hold_days);
    let vouchers: Vec<_> =
        vouchers.items.into_iter().filter(|one| pays(visit, one, draft, line, buyer)).collect();
    let title = visit.t("订购：核对", "Order: check");
    let quantity = visit.format().number(line.quantity.get());
    let unit = words::unit(visit.lang, offer.pricing);
    let mut list = vec![
        (
            visit.t("产品", "Product"),
            html! { a href={ "/market/" (product.id) } { (named(visit.lang, &product.details.title)) } },
        ),
        (visit.t("供方", "Supplier"), names.party(offer.supplier)),
        (visit.t("用途", "Purpose"), html! { (words::purpose(visit.lang, &line.purpose)) }),
        (visit.t("数量", "Quantity"), html! { (quantity) " " (unit) }),
    ];
    if !form.value("reference").is_empty() {
        list.push((visit.t("您的编号", "Your own reference"), html! { (form.value("reference")) }));
    }
    // The purpose is chosen, so the choice is not repeated.
    list.extend(terms(visit, &offer.terms).into_iter().skip(1));
    Ok(visit.form_page(
        form,
        title,
        html! {
            h1 { (title) }
            (steps(visit, 2))
            (facts(&list))
            h2 { (visit.t("价款", "Price")) }
            (cost(visit, offer.asset, price.as_ref(), &funds, &vouchers))
            (promise(visit, hold_days))
            (form.element(visit, &address("/order/check", form), &fields(visit, draft, &vouchers)))
        },
    ))
}

/// An account's path. In paths the `/` of an asset is written `-`.
fn funds_path(party: PartyId, asset: Asset) -> String {
    format!("/v1/accounts/party:{party}:funds:{}", asset.to_string().replace('/', "-"))
}

/// Whether a voucher pays for a part of it.
fn pays(visit: &Visit, voucher: &Voucher, draft: &Draft, line: &Line, buyer: PartyId) -> bool {
    voucher.spendable(buyer, draft.offer.asset, visit.console.now()).is_ok()
        && voucher.pays_for(draft.product.details.kind.as_str(), &line.purpose)
}

fn cost(
    visit: &Visit,
    asset: Asset,
    price: Option<&LinePrice>,
    funds: &Funds,
    vouchers: &[Voucher],
) -> Markup {
    let money = |minor: i64| visit.format().money(asset, minor);
    let Some(price) = price else {
        return html! { p.remark { (visit.t("此资产还没有费率表，暂时不能订购。",
        "There is no fee schedule for this asset yet, so nothing can be ordered in it.")) } };
    };
    let total = price.gross().unwrap_or(price.net).get();
    let rate = percent(price.vat_rate.as_decimal());
    let best = vouchers.iter().map(|voucher| voucher.left_minor.get()).max().unwrap_or_default();
    let missing = total.saturating_sub(funds.available_minor.max(0)).saturating_sub(best);
    html! {
        dl.figures {
            div { dt { (visit.t("不含税价", "Without tax")) } dd { (money(price.net.get())) } }
            div { dt { (visit.t("增值税 ", "Value-added tax ")) (rate) } dd { (money(price.vat.get())) } }
            div { dt { (visit.t("合计（您支付）", "Total (you pay)")) } dd { strong { (money(total)) } } }
            div { dt { (visit.t("您的可用余额", "You have available")) } dd { (money(funds.available_minor)) } }
        }
        p.quiet {
            (visit.t("交易所手续费 ", "The exchange's fee of "))
            (money(price.fee.get().saturating_add(price.selling_fee.get())))
            (visit.t(" 已包含在价款中，由供方承担。", " is part of the price; the supplier bears it."))
        }
        @if missing > 0 {
            p.remark {
                (visit.t("余额不足，还差 ", "Your money does not suffice; what is missing is ")) strong { (money(missing)) }
                (visit.t("。请先向交易所的银行账户入金，到账后再订购；此页的内容会保留在地址中。",
                    ". Pay it in at your exchange's bank first; this page's address keeps what you typed."))
                " " a href="/money" { (visit.t("查看我的资金", "See my money")) }
            }
        }
    }
}

/// What will be held and until when.
fn promise(visit: &Visit, hold_days: Option<u32>) -> Markup {
    let days = hold_days.map(|days| visit.format().number(days));
    html! {
        p {
            (visit.t("下单后，合计金额从您的可用余额中冻结，尚未支付。您验收后才付给供方；拒收则全部退回。",
                "When you place the order, the total is held out of what you have available; nothing is paid yet. \
                 It is paid when you accept the delivery, and comes back in full if you reject it."))
            @if let Some(days) = days {
                " " (visit.t(format!("{days} 天内未验收的，自动解冻退回。"),
                    format!("What you have not accepted within {days} days comes back by itself.")))
            }
        }
    }
}

fn fields(visit: &Visit, draft: &Draft, vouchers: &[Voucher]) -> Markup {
    let form = &draft.form;
    let none = (String::new(), visit.t("不使用", "None").to_owned());
    let options = vouchers.iter().map(|voucher| {
        let left = visit.format().money(voucher.asset, voucher.left_minor.get());
        let words = visit.t(format!("剩余 {left}"), format!("{left} left"));
        (voucher.id.to_string(), words)
    });
    html! {
        @for name in FIELDS.into_iter().filter(|name| *name != "voucher") {
            input type="hidden" name=(name) value=(form.value(name));
        }
        @if vouchers.is_empty() {
            p.quiet { (visit.t("您没有可用于此订单的科技创新券。", "You have no innovation voucher that pays for this order.")) }
        } @else {
            (form.field(visit, &Field::choice("voucher", visit.t("科技创新券", "Innovation voucher"),
                std::iter::once(none).chain(options)).optional()
                .hint(visit.t("先用券支付，不足部分由您的资金支付。", "It pays as far as it reaches; your money pays the rest."))))
        }
        div.actions {
            (button(visit.t("确认下单", "Place the order")))
            button.second type="submit" formaction="/order/back" formnovalidate { (visit.t("返回修改", "Back, to change it")) }
        }
    }
}
