//! What a schedule says, in words.

use crate::{visit::Visit, words};
use databourse_listing::ProductKind;
use databourse_party::Role;
use databourse_primitives::{AmountMinor, Asset, Label, Rate};
use databourse_settlement::{Fee, FeeBase, FeeRule};

/// What a rule is for.
pub(super) fn scope(visit: &Visit, rule: &FeeRule) -> String {
    let mut parts: Vec<String> = rule.kinds.iter().map(|kind| kind_words(visit, kind)).collect();
    parts.extend(
        rule.exchanges.iter().map(|one| visit.t(format!("由 {one} 挂牌"), format!("listed by {one}"))),
    );
    parts.extend(rule.roles.iter().map(|role| role_words(visit, role)));
    if parts.is_empty() {
        visit.t("所有交易", "Every trade").to_owned()
    } else {
        parts.join(visit.t("、", ", "))
    }
}

/// How much a fee is.
pub(super) fn fee(visit: &Visit, asset: Asset, fee: &Fee) -> String {
    let format = visit.format();
    let money = |minor: AmountMinor| format.money(asset, minor.get());
    let mut text = match &fee.base {
        FeeBase::Flat { amount_minor } => {
            visit.t(format!("每笔 {}", money(*amount_minor)), format!("{} per line", money(*amount_minor)))
        }
        FeeBase::Percentage { rate } => {
            visit.t(format!("价款的 {}", percent(*rate)), format!("{} of the price", percent(*rate)))
        }
        FeeBase::Tiers { tiers } => {
            let tiers: Vec<String> = tiers
                .iter()
                .map(|tier| {
                    visit.t(
                        format!("{} 以上部分 {}", money(tier.from_minor), percent(tier.rate)),
                        format!("{} of what is above {}", percent(tier.rate), money(tier.from_minor)),
                    )
                })
                .collect();
            tiers.join(visit.t("；", "; "))
        }
    };
    if let Some(min) = fee.min_minor {
        text += &visit.t(format!("，最低 {}", money(min)), format!(", at least {}", money(min)));
    }
    if let Some(max) = fee.max_minor {
        text += &visit.t(format!("，最高 {}", money(max)), format!(", at most {}", money(max)));
    }
    text
}

/// A rate in per cent, exactly.
pub(super) fn percent(rate: Rate) -> String {
    let (numerator, denominator) = rate.as_fraction();
    let whole = numerator * 100 / denominator;
    let rest = numerator * 100 % denominator;
    if rest == 0 {
        return format!("{whole} %");
    }
    let digits = denominator.to_string().len().saturating_sub(1);
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{} %", fraction.trim_end_matches('0'))
}

/// A category of tax; those that most tables have, in the reader's words.
pub(super) fn category(visit: &Visit, name: &Label) -> String {
    match name.as_str() {
        "services" => visit.t("服务", "Services").to_owned(),
        "goods" => visit.t("货物", "Goods").to_owned(),
        "exempt" => visit.t("免税", "Exempt").to_owned(),
        other => other.to_owned(),
    }
}

/// A kind of product.
pub(super) fn kind_words(visit: &Visit, name: &Label) -> String {
    let kind: Option<ProductKind> = serde_json::from_value(name.as_str().into()).ok();
    kind.map_or_else(|| name.to_string(), |kind| words::product_kind(visit.lang, kind).to_owned())
}

/// A role.
pub(super) fn role_words(visit: &Visit, name: &Label) -> String {
    let role: Option<Role> = serde_json::from_value(name.as_str().into()).ok();
    role.map_or_else(|| name.to_string(), |role| words::party_role(visit.lang, role).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shown_exactly() {
        for (rate, expected) in [
            ("0.025", "2.5 %"),
            ("0.06", "6 %"),
            ("1", "100 %"),
            ("0", "0 %"),
            ("0.0001", "0.01 %"),
            ("0.333333333", "33.3333333 %"),
        ] {
            assert_eq!(percent(rate.parse().unwrap()), expected);
        }
    }
}
