//! What a supplier says of a product: the same fields for a new product and for a revision.

use super::send::{listed, put};
use crate::{
    form::{Field, Form},
    visit::Visit,
    words,
};
use databourse_listing::{ProductDetails, ProductKind};
use maud::{Markup, html};
use serde_json::{Value, json};

const KINDS: [ProductKind; 5] = [
    ProductKind::Dataset,
    ProductKind::ApiService,
    ProductKind::Report,
    ProductKind::Model,
    ProductKind::Compute,
];

/// Members of the body that were typed in fields of other names.
pub(super) const AIMS: &[(&str, &str)] = &[
    ("details.title", "details.title.zh"),
    ("details.description", "details.description.zh"),
    ("details.keywords", "details.keywords"),
];

/// The fields.
pub(super) fn fields(visit: &Visit, form: &Form) -> Markup {
    let kinds = KINDS.map(|kind| (kind.as_str(), words::product_kind(visit.lang, kind)));
    let field = |field: Field<'_>| form.field(visit, &field);
    html! {
        (field(Field::line("details.title.zh", visit.t("名称（中文）", "Title in Chinese")).optional().hint(visit.t(
            "需方在目录中看到的名称。中文、英文至少填写一种，最好都填。",
            "What buyers see in the catalogue. Write it in Chinese or English, best in both."))))
        (field(Field::line("details.title.en", visit.t("名称（英文）", "Title in English")).optional()
            .hint(visit.t("例如 Hourly weather of the Delta。", "For example: Hourly weather of the Delta."))))
        (field(Field::text("details.description.zh", visit.t("说明（中文）", "Description in Chinese")).optional().hint(visit.t(
            "内容、范围、时间跨度、格式。至少一种语言；每种最多 4,000 字。",
            "What it holds, its range, since when, in what form. At least one language; 4,000 characters at most."))))
        (field(Field::text("details.description.en", visit.t("说明（英文）", "Description in English")).optional()
            .hint(visit.t("同上，英文。最多 4,000 字符。", "The same in English; 4,000 characters at most."))))
        (field(Field::choice("details.kind", visit.t("产品类型", "Kind"), kinds)
            .hint(visit.t("类型决定适用的手续费和税率。", "The kind decides which fee and tax rate apply."))))
        (field(Field::line("details.keywords", visit.t("关键词", "Keywords")).optional()
            .hint(visit.t("用逗号隔开，最多 30 个，中文英文均可。",
                "Commas between them; at most 30, in Chinese or English."))))
        (field(Field::line("details.update_frequency", visit.t("更新频率", "How often it is updated")).optional()
            .hint(visit.t("一行文字，例如“每小时”。", "One line, for example: hourly."))))
        (field(Field::line("details.landing_page", visit.t("介绍页地址", "Address of a page about it")).optional()
            .hint(visit.t("一行文字，例如 https://data.example/weather。",
                "One line, for example https://data.example/weather."))))
        (field(Field::line("details.source_licence", visit.t("来源自带的条款", "Terms of the source")).optional()
            .hint(visit.t("一行文字，例如来源的开放许可名称。",
                "One line, for example the name of the source's open licence."))))
        (field(Field::line("details.deidentification", visit.t("去标识化证明编号", "De-identification certificate"))
            .optional().hint(visit.t("个人数据的产品必须填写。", "A product of personal data must have one."))))
    }
}

/// The fields filled with what a product says now.
pub(super) fn filled(form: Form, details: &ProductDetails) -> Form {
    let line = |text: &Option<databourse_primitives::Line>| {
        text.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let keywords: Vec<_> = details.keywords.iter().map(databourse_primitives::Line::as_str).collect();
    let digest = details.source_digest.as_ref().map(ToString::to_string).unwrap_or_default();
    form.with("details.title.zh", details.title.zh().unwrap_or_default())
        .with("details.title.en", details.title.en().unwrap_or_default())
        .with("details.description.zh", details.description.zh().unwrap_or_default())
        .with("details.description.en", details.description.en().unwrap_or_default())
        .with("details.kind", details.kind.as_str())
        .with("details.keywords", keywords.join(", "))
        .with("details.update_frequency", line(&details.update_frequency))
        .with("details.landing_page", line(&details.landing_page))
        .with("details.source_licence", line(&details.source_licence))
        .with("details.deidentification", line(&details.deidentification))
        // Not asked for, and kept: it names the record that the product was made from.
        .with("details.source_digest", digest)
}

/// The member `details` of a command; what is missing is said beside its field.
pub(super) fn body(visit: &Visit, form: &mut Form) -> Value {
    for name in ["details.title", "details.description"] {
        let is_empty = |code: &str| form.value(&format!("{name}.{code}")).is_empty();
        if is_empty("zh") && is_empty("en") {
            let what = visit.t("请至少用一种语言填写。", "Write this in at least one language.");
            form.refuse(&format!("{name}.zh"), what);
        }
    }
    let mut body = form.json(&["details."]);
    let keywords = listed(form.value("details.keywords"));
    if let Some(details) = body.get_mut("details") {
        put(details, "keywords", json!(keywords));
    }
    body.get("details").cloned().unwrap_or_else(|| json!({}))
}
