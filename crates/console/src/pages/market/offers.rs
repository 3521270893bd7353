//! Offers in plain words: what a licence allows, what it costs, and the way to order it.

use super::tariff::Tariff;
use crate::{layout::facts, names::Names, visit::Visit, words};
use databourse_api::token::TokenRole;
use databourse_listing::{Offer, OfferState, Product, Terms};
use databourse_primitives::Quantity;
use maud::{Markup, html};

/// What a licence under an offer allows, one sentence each.
pub(in crate::pages) fn terms(visit: &Visit, terms: &Terms) -> Vec<(&'static str, Markup)> {
    let lang = visit.lang;
    let purposes: Vec<_> = terms.purposes.iter().map(|purpose| words::purpose(lang, purpose)).collect();
    let days = visit.format().number(terms.term_days);
    let territory = crate::territory::territory(lang, &terms.territory);
    let mut facts = vec![
        (
            visit.t("用途", "Purpose"),
            html! {
                (visit.t("以下用途任选其一：", "One of: ")) (purposes.join(visit.t("、", ", ")))
                (visit.t("。一份许可只用于一个用途。", ". A licence is for one purpose only."))
            },
        ),
        (
            visit.t("期限", "Term"),
            html! {
                (visit.t(format!("验收之日起 {days} 天"), format!("{days} days from your acceptance")))
            },
        ),
        (visit.t("地域", "Territory"), html! { (territory) }),
        (
            visit.t("独家", "Exclusive"),
            html! {
                @if terms.exclusive {
                    (visit.t("是：许可有效期间，全区域没有其他人获得许可。",
                        "Yes: while the licence is in force, nobody else in the region has one."))
                } @else {
                    (visit.t("否：其他人也可以购买。", "No: others can buy it as well."))
                }
            },
        ),
        (
            visit.t("可用不可见", "Usable, not visible"),
            html! {
                @if terms.usable_not_visible {
                    (visit.t("是：数据留在供方一侧，您得到的是计算结果。",
                        "Yes: the data stay with the supplier, and you receive results computed from them."))
                } @else {
                    (visit.t("否：数据本身交付给您。", "No: the data themselves are delivered to you."))
                }
            },
        ),
    ];
    if let Some(most) = terms.quantity_max {
        let (number, unit) = (visit.format().number(most), if most == 1 { "unit" } else { "units" });
        facts.push((
            visit.t("每单上限", "At most per order line"),
            html! { (visit.t(format!("{number} 个计价单位"), format!("{number} {unit}"))) },
        ));
    }
    facts
}

/// One offer with its price and a way to order it.
pub(super) fn card(
    visit: &Visit,
    product: &Product,
    offer: &Offer,
    tariff: Option<&Tariff>,
    names: &Names,
) -> Markup {
    let lang = visit.lang;
    let unit = words::unit(lang, offer.pricing);
    let net = visit.format().price(offer.asset, &offer.unit_price.to_string());
    let one = Quantity::new(1).ok();
    let price = one.and_then(|one| tariff?.price(visit, product, offer, one));
    let mut list = vec![
        (visit.t("计价方式", "How it is priced"), html! { (words::pricing(lang, offer.pricing)) }),
        (
            visit.t("不含税单价", "Price without tax"),
            html! {
                (visit.t(format!("{net}／{unit}"), format!("{net} per {unit}")))
            },
        ),
    ];
    if let Some(price) = price {
        let gross = price.gross().unwrap_or(price.net).get();
        let (gross, vat) =
            (visit.format().money(offer.asset, gross), visit.format().money(offer.asset, price.vat.get()));
        let rate = percent(price.vat_rate.as_decimal());
        list.push((visit.t("您支付（含税）", "You pay, with tax"), html! {
            strong { (visit.t(format!("{gross}／{unit}"), format!("{gross} per {unit}"))) } " "
            span.quiet { (visit.t(format!("含增值税 {rate}（{vat}）"), format!("including {rate} value-added tax ({vat})"))) }
            br;
            span.quiet {
                (visit.t("交易所的手续费由供方从价款中承担，您不另付。",
                    "The exchange's fee comes out of the supplier's price; you pay nothing on top."))
            }
        }));
    }
    list.extend(terms(visit, &offer.terms));
    if let Some(until) = offer.valid_until {
        list.push((visit.t("要约有效至", "Offer valid until"), visit.format().time(until)));
    }
    html! {
        h3 { (words::pricing(lang, offer.pricing)) " · " (net) }
        @if let Some(audience) = offer.audience {
            p { span.state.warn { (visit.t("定向要约", "Private offer")) } " "
                @if visit.party() == Some(audience) { (visit.t("只对您有效。", "For you only.")) }
                @else { (visit.t("只对此需方有效：", "For this buyer only: ")) (names.party(audience)) } }
        }
        (facts(&list))
        (order(visit, product, offer))
    }
}

fn order(visit: &Visit, product: &Product, offer: &Offer) -> Markup {
    let is_over = offer.valid_until.is_some_and(|until| until <= visit.console.now());
    let may_order = visit.session.is_none() || visit.has(TokenRole::Buyer);
    html! {
        p.actions {
            @if offer.state != OfferState::Open || is_over {
                span.state { (visit.t("要约已结束", "This offer has ended")) }
            } @else if !product.state.is_orderable() {
                span.state.warn { (words::product_state(visit.lang, product.state)) }
            } @else if visit.party() == Some(offer.supplier) {
                span.quiet { (visit.t("这是您自己的产品。", "This is a product of your own.")) } " "
                a href={ "/shop/products/" (product.id) } { (visit.t("管理此产品", "Manage this product")) }
            } @else if may_order {
                a.button href={ "/order?offer=" (offer.id) } { (visit.t("订购此要约", "Order this offer")) }
            } @else {
                span.quiet { (visit.t("订购须以需方身份登录。", "To order, sign in as a buyer.")) }
            }
        }
    }
}

/// A rate as a percentage, without zeros at its end.
pub(in crate::pages) fn percent(rate: rust_decimal::Decimal) -> String {
    let whole = rate.checked_mul(rust_decimal::Decimal::ONE_HUNDRED).unwrap_or(rate);
    format!("{}%", whole.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_percentages() {
        let shown = |rate: &str| percent(rate.parse().unwrap());
        assert_eq!((shown("0.06"), shown("0.025"), shown("0")), ("6%".into(), "2.5%".into(), "0%".into()));
    }
}
