//! The fee of a line: which rule of the schedule it follows, in words.

use crate::{visit::Visit, words};
use databourse_listing::ProductKind;
use databourse_primitives::{Asset, ExchangeCode, Rate};
use databourse_settlement::{Fee, FeeBase, FeeRule, Schedule};
use maud::{Markup, html};

/// The rule of the schedule that a line of `kind`, listed by `listing`, follows; `role` is what the seller sells as.
pub(super) fn rule<'a>(
    schedule: &'a Schedule,
    kind: ProductKind,
    listing: &ExchangeCode,
    role: &str,
) -> Option<&'a FeeRule> {
    schedule.fees.iter().find(|rule| rule.matches(kind.as_str(), listing, role))
}

/// A rate as per cent.
pub(super) fn percent(rate: Rate) -> String {
    super::super::market::percent(rate.as_decimal())
}

/// What a fee is, in one or two sentences.
pub(super) fn in_words(visit: &Visit, asset: Asset, fee: &Fee) -> Markup {
    let money = |minor: databourse_primitives::AmountMinor| visit.format().money(asset, minor.get());
    html! {
        @match &fee.base {
            FeeBase::Flat { amount_minor } => {
                (visit.t("每行固定 ", "the same for every line: ")) (money(*amount_minor))
            }
            FeeBase::Percentage { rate } => { (visit.t("净价的 ", "")) (percent(*rate)) (visit.t("", " of the net price")) }
            FeeBase::Tiers { tiers } => {
                (visit.t("分档累进：", "in tiers: "))
                @for (index, tier) in tiers.iter().enumerate() {
                    @if index > 0 { (visit.t("；", "; ")) }
                    (visit.t("自 ", "from ")) (money(tier.from_minor)) (visit.t(" 起的部分 ", " on ")) (percent(tier.rate))
                }
            }
        }
        @if let Some(min) = fee.min_minor { (visit.t("，最低 ", ", at least ")) (money(min)) }
        @if let Some(max) = fee.max_minor { (visit.t("，最高 ", ", at most ")) (money(max)) }
    }
}

/// For which lines a rule is, in words; nothing if for all.
pub(super) fn scope(visit: &Visit, rule: &FeeRule) -> String {
    let kinds = rule.kinds.iter().map(|kind| {
        let known = serde_json::from_value::<ProductKind>(serde_json::Value::String(kind.to_string())).ok();
        known.map_or_else(|| kind.to_string(), |kind| words::product_kind(visit.lang, kind).to_owned())
    });
    let exchanges = rule.exchanges.iter().map(ToString::to_string);
    let parts: Vec<_> = kinds.chain(exchanges).collect();
    parts.join(visit.t("、", ", "))
}
