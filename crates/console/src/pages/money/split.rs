//! From a line's price to what each side gets of it, one step a row.

use super::{fee, line::Basis};
use crate::{layout::table, names::Names, visit::Visit};
use databourse_licensing::{Licence, LicenceState};
use databourse_primitives::{AmountMinor, Holder, PartyId};
use maud::{Markup, html};

/// The parties that have to do with a line's money.
pub(super) fn parties(licence: &Licence) -> Vec<PartyId> {
    let sharers = licence.revenue.iter().filter_map(|part| match part.holder {
        Holder::Party(id) => Some(id),
        Holder::Exchange(_) => None,
    });
    sharers.chain([licence.buyer, licence.supplier]).collect()
}

/// What is left of the net price after fees.
fn after_fees_minor(licence: &Licence) -> i64 {
    let parts =
        [licence.fee_minor, licence.fee_vat_minor, licence.selling_fee_minor, licence.selling_fee_vat_minor];
    parts.iter().fold(licence.net_minor.get(), |left, part| left.saturating_sub(part.get()))
}

/// The steps. A buyer sees what it pays; the fees are the supplier's matter and shown to it.
pub(super) fn steps(visit: &Visit, basis: &Basis, names: &Names) -> Markup {
    let licence = &basis.licence;
    let money = |minor: i64| visit.format().money(licence.asset, minor);
    let row = |what: &str, how: Markup, amount: i64| html! { td { (what) } td { (how) } td.number { (money(amount)) } };
    let price = visit.format().price(licence.asset, &basis.offer.unit_price.to_string());
    let quantity = visit.format().number(licence.quantity.get());
    let net = licence.net_minor.get();
    let mut rows = vec![
        row(
            visit.t("净价", "Net price"),
            html! { (quantity) " × " (price) (visit.t("（要约单价）", " (the offer's price)")) },
            net,
        ),
        row(visit.t("加：增值税", "Plus value-added tax"), vat(visit, basis), licence.vat_minor.get()),
        row(
            visit.t("需方支付", "The buyer pays"),
            html! { (money(net)) " + " (money(licence.vat_minor.get())) },
            net.saturating_add(licence.vat_minor.get()),
        ),
    ];
    if !licence.voucher_minor.is_zero() {
        rows.push(row(
            visit.t("其中由科技创新券支付", "Of that by voucher"),
            html! {},
            licence.voucher_minor.get(),
        ));
    }
    if visit.party() != Some(licence.buyer) {
        for (exchange, fee, fee_vat, is_listing) in [
            (names.exchange(&licence.exchange), licence.fee_minor, licence.fee_vat_minor, true),
            (
                visit.t("售出的交易所", "the selling exchange").to_owned(),
                licence.selling_fee_minor,
                licence.selling_fee_vat_minor,
                false,
            ),
        ] {
            if !is_listing && fee.is_zero() {
                continue;
            }
            let how = if is_listing { commission(visit, basis) } else { selling(visit, basis) };
            rows.push(row(
                &visit.t(format!("减：{exchange}的手续费"), format!("Less the fee of {exchange}")),
                how,
                minus(fee),
            ));
            rows.push(row(
                visit.t("减：手续费增值税", "Less tax on that fee"),
                fee_vat_how(visit, basis, fee),
                minus(fee_vat),
            ));
        }
        rows.push(row(visit.t("扣除手续费后", "Left after fees"), html! {}, after_fees_minor(licence)));
        for part in &licence.revenue {
            let how = html! {
                (names.holder(&part.holder))
                @if let Some(version) = licence.shares { " · " (visit.t("分配方案第 ", "shares, version ")) (version) (visit.t(" 版", "")) }
            };
            rows.push(row(visit.t("其中分配给", "Of that to"), how, part.amount_minor.get()));
        }
    }
    if !licence.refunded_minor.is_zero() {
        rows.push(row(
            visit.t("已退还的净价", "Net price given back"),
            html! {},
            minus(licence.refunded_minor),
        ));
    }
    html! {
        (table(visit.t("逐步计算", "Step by step"),
            &[visit.t("步骤", "Step"), visit.t("依据", "By what"), visit.t("金额", "Amount")], &rows, ""))
        p { strong { (outcome(visit, licence)) } }
    }
}

const fn minus(amount: AmountMinor) -> i64 {
    amount.get().saturating_neg()
}

fn vat(visit: &Visit, basis: &Basis) -> Markup {
    let rate = basis.tax.rate_of_kind(basis.product.details.kind.as_str()).ok();
    html! {
        @if let Some(rate) = rate { (visit.t("净价的 ", "")) (fee::percent(rate)) (visit.t("", " of the net price")) " · " }
        (visit.t("税率表第 ", "tax table, version ")) (basis.tax.version) (visit.t(" 版", ""))
    }
}

/// The rule that made the fee, if one of the supplier's roles gives it.
fn commission(visit: &Visit, basis: &Basis) -> Markup {
    let licence = &basis.licence;
    let kind = basis.product.details.kind;
    let total = licence.fee_minor.get().saturating_add(licence.selling_fee_minor.get());
    let matching = ["supplier", "processor"]
        .iter()
        .filter_map(|role| fee::rule(&basis.schedule, kind, &licence.exchange, role));
    // A seller's role is not in the line; the rule that gives this very fee is the one. The fee never exceeds the price.
    let found =
        matching.clone().find(|rule| rule.fee.of(licence.net_minor).is_ok_and(|fee| fee.get() == total));
    let found = found.or_else(|| matching.clone().next());
    html! {
        @match found {
            Some(rule) => (fee::in_words(visit, licence.asset, &rule.fee)),
            None => (visit.t("没有适用的手续费规则", "no fee rule applies")),
        }
        " · " (visit.t("费率表 ", "fee schedule ")) (basis.schedule.version)
    }
}

fn selling(visit: &Visit, basis: &Basis) -> Markup {
    html! {
        (visit.t("手续费的 ", "")) (fee::percent(basis.schedule.selling_share)) (visit.t("", " of the fee"))
        " · " (visit.t("费率表 ", "fee schedule ")) (basis.schedule.version)
    }
}

fn fee_vat_how(visit: &Visit, basis: &Basis, amount: AmountMinor) -> Markup {
    let rate = basis.tax.rate_of(&basis.schedule.fee_vat).ok();
    html! {
        @if let Some(rate) = rate {
            (fee::percent(rate)) " × " (visit.format().money(basis.licence.asset, amount.get())) " · "
        }
        (visit.t("税率表第 ", "tax table, version ")) (basis.tax.version) (visit.t(" 版", ""))
    }
}

/// Where the money is now, for whoever reads it.
fn outcome(visit: &Visit, licence: &Licence) -> String {
    let is_buyer = visit.party() == Some(licence.buyer);
    let own =
        licence.revenue.iter().find(|part| Some(&part.holder) == visit.party().map(Holder::Party).as_ref());
    let mine = own.map_or_else(|| after_fees_minor(licence), |part| part.amount_minor.get());
    let gross = licence.net_minor.get().saturating_add(licence.vat_minor.get());
    let amount = visit.format().money(licence.asset, if is_buyer { gross } else { mine });
    match (&licence.state, is_buyer) {
        (LicenceState::Ordered | LicenceState::Delivered { .. }, true) => visit.t(
            format!("{amount} 已为您冻结，验收后支付；拒收或逾期则解冻。"),
            format!("{amount} is held and will be paid when you accept; if you reject, or time runs out, it is yours again."),
        ),
        (LicenceState::Ordered | LicenceState::Delivered { .. }, false) => visit.t(
            format!("需方验收后，您将得到 {amount}；款项已冻结。"),
            format!("When the buyer accepts you get {amount}; the money is held."),
        ),
        (LicenceState::Active { .. }, true) => visit.t(format!("您支付了 {amount}。"), format!("You paid {amount}.")),
        (LicenceState::Active { .. }, false) => visit.t(
            format!("验收时您得到了 {amount}；其后的退款见上。"),
            format!("You got {amount} at acceptance; refunds since then are above."),
        ),
        (LicenceState::Rejected { .. } | LicenceState::Expired { .. }, _) => visit.t(
            "没有付款：冻结的金额已归还需方。".to_owned(),
            "Nothing was paid: what was held is the buyer's again.".to_owned(),
        ),
        (LicenceState::Refunded { .. }, _) => visit.t(
            "已全额退款。".to_owned(),
            "All of it was given back.".to_owned(),
        ),
    }
}
