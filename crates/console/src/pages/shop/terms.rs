//! Price and terms of an offer: the same fields for a new product's first offer and for every other one.

use super::send::{listed, put};
use crate::{
    act::take_day,
    failure::Failure,
    form::{Field, Form},
    territory,
    visit::Visit,
    words,
};
use databourse_listing::Pricing;
use databourse_primitives::{Asset, Label, ProductId};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PRICINGS: [(&str, Pricing); 4] = [
    ("one_off", Pricing::OneOff),
    ("subscription", Pricing::Subscription),
    ("per_call", Pricing::PerCall),
    ("per_compute_hour", Pricing::PerComputeHour),
];

/// Purposes that the market has words for.
const PURPOSES: [&str; 19] = [
    "agriculture",
    "carbon-accounting",
    "commercial",
    "compliance-check",
    "credit-risk",
    "drug-development",
    "energy-management",
    "healthcare-research",
    "industrial-quality",
    "insurance-pricing",
    "logistics-routing",
    "model-training",
    "public-service",
    "research",
    "retail-site-selection",
    "supply-chain",
    "tourism-planning",
    "traffic-planning",
    "urban-planning",
];

/// Members of the body that were typed in fields of other names.
pub(super) const AIMS: &[(&str, &str)] = &[("terms.purposes", "terms.purposes")];

/// The assets that the region settles in.
#[derive(Deserialize)]
struct Region {
    assets: BTreeSet<Asset>,
}

/// What can be paid in.
///
/// # Errors
/// The page to show instead.
pub(super) async fn assets(visit: &Visit) -> Result<BTreeSet<Asset>, Failure> {
    Ok(visit.get::<Region>("/v1/region").await?.assets)
}

/// A form with what most offers have.
pub(super) fn usual(form: Form) -> Form {
    form.with("pricing", "one_off").with("terms.term_days", 365).with("terms.territory", "CN")
}

fn purposes(visit: &Visit) -> Vec<(&'static str, String)> {
    let known = PURPOSES.into_iter().filter_map(|code| Some((code, code.parse::<Label>().ok()?)));
    known.map(|(code, label)| (code, words::purpose(visit.lang, &label))).collect()
}

/// The fields.
pub(super) fn fields(visit: &Visit, form: &Form, assets: &BTreeSet<Asset>) -> Markup {
    let field = |field: Field<'_>| form.field(visit, &field);
    let assets = assets.iter().map(|asset| {
        let words = if asset.code() == "CNY" {
            visit.t("人民币（元）", "Chinese yuan").to_owned()
        } else {
            asset.code().to_owned()
        };
        (asset.to_string(), words)
    });
    let pricings = PRICINGS.map(|(code, pricing)| (code, words::pricing(visit.lang, pricing)));
    let purposes = purposes(visit);
    let purposes: Vec<(&str, &str)> = purposes.iter().map(|(code, words)| (*code, words.as_str())).collect();
    html! {
        (field(Field::choice("asset", visit.t("币种", "Paid in"), assets)
            .hint(visit.t("需方用什么支付。", "What buyers pay with."))))
        (field(Field::choice("pricing", visit.t("计价方式", "How it is priced"), pricings)
            .hint(visit.t("单价所指的一个单位是什么。", "What one unit of the price is."))))
        (field(Field::line("unit_price", visit.t("单价（不含税）", "Price of one unit, without tax"))
            .hint(visit.t("大于或等于零的金额，例如 1200.00；增值税另加，由需方支付。",
                "An amount such as 1200.00; value-added tax comes on top and is paid by the buyer."))))
        (form.checks(visit, "terms.purposes", (visit.t("允许的用途", "Purposes allowed"),
            visit.t("一份许可只用于其中一个用途，由需方选择。合计 1 至 20 个。",
                "A licence is for one of them, which the buyer chooses. 1 to 20 in all.")), &purposes))
        (field(Field::line("more_purposes", visit.t("其他用途", "Other purposes")).optional()
            .hint(visit.t("英文短名，逗号隔开，例如 fraud-detection；每个最多 64 个字母、数字或 . _ : / -。",
                "Short names with commas between them, such as fraud-detection: letters, digits or . _ : / -, 64 at most."))))
        (field(Field::input("terms.term_days", visit.t("期限（天）", "Term in days"), "number")
            .hint(visit.t("自验收之日起，1 至 36500 天。", "From acceptance on; 1 to 36500 days."))))
        (field(Field::choice("terms.territory", visit.t("地域", "Territory"), territory::choices(visit.lang))
            .hint(visit.t("许可在哪里有效。", "Where the licence holds."))))
        (form.check("terms.exclusive", (visit.t("独家", "Exclusive"), visit.t(
            "同一时间全区域只有一份有效许可；每单上限须为 1。",
            "Only one licence in the whole region at a time; the most units per line must be 1."))))
        (form.check("terms.usable_not_visible", (visit.t("可用不可见", "Usable, not visible"), visit.t(
            "数据留在您处，只有计算结果离开。", "The data stay with you; only computed results leave."))))
        (field(Field::input("terms.quantity_max", visit.t("每单上限", "Most units per line"), "number").optional()
            .hint(visit.t("大于零的整数；不填则不限。", "A whole number above zero; no limit if left empty."))))
        (field(Field::line("audience", visit.t("只对一个需方", "For one buyer only")).optional()
            .hint(visit.t("需方的主体编号，由需方告诉您；不填则面向所有人。",
                "That buyer's party id, which the buyer tells you; for everybody if left empty."))))
        (field(Field::input("valid_until", visit.t("有效至", "Valid until"), "date").optional()
            .hint(visit.t("含当日的日期，例如 2027-11-22；不填则一直有效。",
                "The last day, such as 2027-11-22; without an end if left empty."))))
    }
}

/// The body of `offer.publish` for `product`; what cannot be converted is said beside its field.
pub(super) fn body(visit: &Visit, form: &mut Form, product: ProductId) -> Value {
    let mut body = form.json(&["asset", "pricing", "audience"]);
    put(&mut body, "product", json!(product));
    let price: String = form
        .value("unit_price")
        .chars()
        .filter(|digit| !matches!(digit, ',' | '，' | '¥' | '￥' | ' '))
        .collect();
    put(&mut body, "unit_price", json!(price));
    if !form.value("valid_until").is_empty()
        && let Some(until) = take_day(visit, form, "valid_until")
    {
        put(&mut body, "valid_until", json!(until));
    }
    let options = PURPOSES.map(|code| (code, ""));
    let mut purposes = form.ticked("terms.purposes", &options);
    for more in listed(form.value("more_purposes")) {
        if more.parse::<Label>().is_err() {
            form.refuse(
                "more_purposes",
                visit.t(
                    format!("“{more}”不是短名：只能用字母、数字或 . _ : / -。"),
                    format!("“{more}” is not a short name: letters, digits or . _ : / - only."),
                ),
            );
        }
        if let Value::Array(purposes) = &mut purposes {
            purposes.push(json!(more));
        }
    }
    let mut terms = json!({
        "purposes": purposes,
        "territory": form.value("terms.territory"),
        "exclusive": form.is_ticked("terms.exclusive"),
        "usable_not_visible": form.is_ticked("terms.usable_not_visible"),
    });
    for name in ["term_days", "quantity_max"] {
        let field = format!("terms.{name}");
        let typed = form.value(&field).to_owned();
        if typed.is_empty() && name == "quantity_max" {
            continue;
        }
        match typed.parse::<u32>() {
            Ok(number) => put(&mut terms, name, json!(number)),
            Err(_) => form.refuse(&field, visit.t("请填写整数。", "Write a whole number.")),
        }
    }
    put(&mut body, "terms", terms);
    body
}
