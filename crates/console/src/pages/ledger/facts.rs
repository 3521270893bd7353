//! What an entry says, as facts that can be read: members with words, money, times and names; nothing left out that is not
//! said to be.

use super::{members::member, values};
use crate::{layout::named, names::Names, territory, visit::Visit, words};
use databourse_primitives::{Asset, BilingualText, CertificateNumber, Label, PartyId, ProductId, Timestamp};
use maud::{Markup, html};
use serde_json::{Map, Value};

/// The most items of a list that are spelt out, and the most names that are looked up.
const ITEMS_MAX: usize = 20;
/// The most characters of a text without spaces that is no name, such as a proof.
const LONG: usize = 400;

/// The parties and products that `body` names, for [`Names`].
pub(super) fn named_in(body: &Value) -> (Vec<PartyId>, Vec<ProductId>) {
    let (mut parties, mut products) = (Vec::new(), Vec::new());
    collect(body, "", &mut |member, text| match member {
        "product" => products.extend(text.parse::<ProductId>().ok()),
        "party" | "buyer" | "supplier" | "audience" => parties.extend(text.parse::<PartyId>().ok()),
        "holder" | "beneficiary" => {
            parties.extend(text.strip_prefix("party:").and_then(|id| id.parse::<PartyId>().ok()));
        }
        _ => {}
    });
    parties.truncate(ITEMS_MAX);
    products.truncate(ITEMS_MAX);
    (parties, products)
}

fn collect(value: &Value, member: &str, found: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, below)| collect(below, name, found)),
        Value::Array(items) => items.iter().take(ITEMS_MAX).for_each(|below| collect(below, member, found)),
        Value::String(text) => found(member, text),
        _ => {}
    }
}

/// What the amounts of a body are in, as far as the body says.
pub(super) fn asset_of(body: &Value) -> Option<Asset> {
    let mut asset = None;
    collect(body, "", &mut |member, text| {
        let part = match member {
            "asset" => Some(text),
            "window" | "version" => text.split(['#', '@']).next(),
            "account" => text.rsplit(':').next(),
            _ => None,
        };
        asset = asset.or_else(|| part.and_then(|part| part.parse::<Asset>().ok()));
    });
    asset
}

/// Shows bodies of entries.
pub(super) struct Facts<'a> {
    pub(super) visit: &'a Visit,
    pub(super) names: &'a Names,
    /// What amounts are in.
    pub(super) asset: Option<Asset>,
}

impl Facts<'_> {
    /// The members of an object, each with its words.
    pub(super) fn object(&self, members: &Map<String, Value>) -> Markup {
        html! {
            dl.facts {
                @for (name, value) in members {
                    div { dt { (self.name_of(members, name)) } dd { (self.value(name, value)) } }
                }
            }
        }
    }

    /// A member's words; what says by its `name` which of several things it is, is called a kind.
    fn name_of(&self, members: &Map<String, Value>, name: &str) -> String {
        let value = members.get(name).and_then(Value::as_str);
        let is_kind = name == "name"
            && value.is_some_and(|value| values::value(self.visit.lang, name, value).is_some());
        let only = (members.len() == 1).then(|| values::variant(self.visit.lang, name)).flatten();
        only.map_or_else(|| member(self.visit.lang, if is_kind { "kind" } else { name }), str::to_owned)
    }

    fn value(&self, name: &str, value: &Value) -> Markup {
        match value {
            Value::Null => html! { "–" },
            Value::Bool(yes) => html! {
                (if *yes { self.visit.t("是", "Yes") } else { self.visit.t("否", "No") })
            },
            Value::Number(number) => self.number(name, number.as_i64()),
            Value::String(text) => self.text(name, text),
            Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
                html! {
                    @for (place, item) in items.iter().take(ITEMS_MAX).enumerate() {
                        @if place > 0 { (self.visit.t("、", ", ")) }
                        (self.value(name, item))
                    }
                    (self.rest(items.len()))
                }
            }
            Value::Array(items) => html! {
                ol.plain { @for item in items.iter().take(ITEMS_MAX) { li { (self.value(name, item)) } } }
                (self.rest(items.len()))
            },
            Value::Object(members) => match bilingual(value) {
                Some(text) => html! { (named(self.visit.lang, &text)) },
                None => self.object(members),
            },
        }
    }

    fn rest(&self, count: usize) -> Markup {
        let more = count.saturating_sub(ITEMS_MAX);
        html! {
            @if more > 0 {
                p.quiet {
                    (self.visit.t(
                        format!("另有 {more} 项，见下方原文。"),
                        format!("And {more} more, in the text as it was signed below."),
                    ))
                }
            }
        }
    }

    fn number(&self, name: &str, number: Option<i64>) -> Markup {
        let Some(number) = number else { return html! { "–" } };
        let format = self.visit.format();
        match self.asset {
            Some(asset) if name.ends_with("_minor") => html! { (format.money(asset, number)) },
            None if name.ends_with("_minor") => html! {
                (format.number(number)) " " span.quiet { (self.visit.t("最小单位", "minor units")) }
            },
            // A year is not read by its thousands.
            _ if name == "year" => html! { (number) },
            _ => html! { (format.number(number)) },
        }
    }

    fn text(&self, name: &str, text: &str) -> Markup {
        if let Some(words) = values::value(self.visit.lang, name, text) {
            return html! { (words) };
        }
        let party = |text: &str| text.parse::<PartyId>().ok();
        match name {
            "product" => {
                if let Ok(id) = text.parse::<ProductId>() {
                    return self.names.product(id);
                }
            }
            "party" | "buyer" | "supplier" | "audience" => {
                if let Some(id) = party(text) {
                    return html! { (self.names.party(id)) };
                }
            }
            "holder" | "beneficiary" => {
                if let Ok(holder) = text.parse() {
                    return self.names.holder(&holder);
                }
            }
            "exchange" => {
                if let Ok(code) = text.parse() {
                    return html! { (self.names.exchange(&code)) };
                }
            }
            "order" | "right" | "offer" => {
                return html! { a href={ "/ledger/trace/" (text) } { code { (text) } } };
            }
            "number" => {
                if let Ok(number) = text.parse::<CertificateNumber>() {
                    return html! { a href={ "/certificates/" (number) } { (number) } };
                }
            }
            "purpose" | "purposes" => {
                if let Ok(purpose) = text.parse::<Label>() {
                    return html! { (words::purpose(self.visit.lang, &purpose)) };
                }
            }
            "territory" => {
                if let Ok(territory) = text.parse::<Label>() {
                    return html! { (territory::territory(self.visit.lang, &territory)) };
                }
            }
            "asset" | "assets" => {
                if let Ok(asset) = text.parse::<Asset>() {
                    return html! { (asset.code()) };
                }
            }
            _ => {}
        }
        if let Some(at) = text.parse::<Timestamp>().ok().filter(|_| text.ends_with('Z')) {
            return self.visit.format().time(at);
        }
        if text.chars().count() > LONG {
            let shown: String = text.chars().take(LONG).collect();
            return html! { code { (shown) "…" } };
        }
        let is_code = text.len() > 30 && !text.contains(' ') && text.is_ascii();
        html! { @if is_code { code { (text) } } @else { (text) } }
    }
}

/// A text in one or both languages.
fn bilingual(value: &Value) -> Option<BilingualText> {
    let members = value.as_object()?;
    let is_text = !members.is_empty() && members.keys().all(|name| name == "zh" || name == "en");
    is_text.then(|| serde_json::from_value(value.clone()).ok()).flatten()
}
