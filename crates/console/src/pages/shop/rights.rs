//! `/shop/rights`: the rights that I have registered, and the form to register one.

use super::{
    merchant,
    send::{put, send},
};
use crate::{
    act::{Sent, take_day},
    backend::with_query,
    failure::Failure,
    form::{Field, Form, Submitted, button},
    layout::{self, named, table},
    names::short,
    visit::{self, Visit},
    words,
};
use axum::response::Response;
use databourse_listing::{DataClass, Interest, Right};
use databourse_primitives::{Label, PartyId, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

const INTERESTS: [Interest; 3] = [Interest::Holding, Interest::ProcessingAndUse, Interest::ProductOperation];
const CLASSES: [(&str, DataClass); 4] = [
    ("public", DataClass::Public),
    ("quasi_public", DataClass::QuasiPublic),
    ("enterprise", DataClass::Enterprise),
    ("personal", DataClass::Personal),
];

/// Members of the body that were typed in fields of other names.
pub(super) const AIMS: &[(&str, &str)] = &[("source_statement", "source_statement.zh")];

/// What everybody may know of a right.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    pub(super) holder: PartyId,
    pub(super) source: Label,
}

/// A page of the merchant's rights. Their holder sees all of them.
///
/// # Errors
/// The page to show instead.
pub(super) async fn own(visit: &Visit, party: PartyId) -> Result<visit::Page<Right>, Failure> {
    let cursor = visit.parameter("cursor").unwrap_or_default();
    visit.get(&with_query("/v1/rights", &[("holder", &party.to_string()), ("cursor", &cursor)])).await
}

/// Whether a product can be listed on it now.
pub(super) fn can_sell(right: &Right, now: Timestamp) -> bool {
    right.interests.contains(&Interest::ProductOperation) && right.in_force(now).is_ok()
}

/// The fields of a registration.
pub(super) fn fields(visit: &Visit, form: &Form) -> Markup {
    let interests = INTERESTS.map(|one| (one.as_str(), words::interest(visit.lang, one)));
    let classes = CLASSES.map(|(code, class)| (code, words::data_class(visit.lang, class)));
    let field = |field: Field<'_>| form.field(visit, &field);
    html! {
        (form.checks(visit, "interests", (visit.t("登记的权益", "What you claim"), visit.t(
            "至少一项。要挂牌产品，须包含数据产品经营权。",
            "At least one. To list a product you need the right to operate data products.")), &interests))
        (field(Field::choice("data_class", visit.t("数据类别", "Class of data"), classes).hint(visit.t(
            "公共数据须附授权运营记录；个人数据的产品须有去标识化证明。",
            "Public data need a record of authorised operation; products of personal data need a de-identification certificate."))))
        (field(Field::line("source", visit.t("来源名称", "Name of the source")).hint(visit.t(
            "1 至 64 个字母、数字或 . _ : / -，例如 delta-weather/stations。同一来源的同一权益只能由一个主体登记。",
            "1 to 64 letters, digits or . _ : / -, such as delta-weather/stations. One interest in one source has one holder."))))
        (field(Field::text("source_statement.zh", visit.t("来源说明（中文）", "Source statement in Chinese")).optional().hint(visit.t(
            "数据从哪里来，凭什么可以提供（数据安全法第三十三条）。中文、英文至少一种，每种最多 4,000 字。",
            "Where the data come from and by what title (Data Security Law, article 33). At least one language; 4,000 characters at most."))))
        (field(Field::text("source_statement.en", visit.t("来源说明（英文）", "Source statement in English")).optional()
            .hint(visit.t("同上，英文。", "The same in English."))))
        (field(Field::line("authorisation", visit.t("授权运营记录", "Record of authorised operation")).optional()
            .hint(visit.t("一行文字；公共数据必须填写。", "One line; public data must have it."))))
        (field(Field::input("valid_until", visit.t("有效至", "Valid until"), "date").optional()
            .hint(visit.t("含当日的日期，例如 2027-11-22；不填则长期有效。",
                "The last day, such as 2027-11-22; without an end if left empty."))))
    }
}

/// A form with what most rights have.
pub(super) fn usual(form: Form) -> Form {
    form.with("interests.holding", "true")
        .with("interests.product_operation", "true")
        .with("data_class", "enterprise")
}

/// The body of `right.register`; what is missing or cannot be converted is said beside its field.
pub(super) fn body(visit: &Visit, form: &mut Form) -> Value {
    let statement = ["source_statement.zh", "source_statement.en"];
    if statement.iter().all(|name| form.value(name).is_empty()) {
        form.refuse(
            "source_statement.zh",
            visit.t("请至少用一种语言填写。", "Write this in at least one language."),
        );
    }
    // `source` is the beginning of the statement's name as well.
    let mut body = form.json(&["data_class", "source", "authorisation"]);
    let interests = INTERESTS.map(|one| (one.as_str(), ""));
    put(&mut body, "interests", form.ticked("interests", &interests));
    if !form.value("valid_until").is_empty()
        && let Some(until) = take_day(visit, form, "valid_until")
    {
        put(&mut body, "valid_until", json!(until));
    }
    body
}

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    let form = usual(visit.form()?);
    page(&visit, &form).await
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let rights = own(visit, merchant(visit)?).await?;
    let rows: Vec<_> = rights.items.iter().map(|right| row(visit, right)).collect();
    let title = visit.t("我的权利", "My rights");
    let fields = html! { (fields(visit, form)) (button(visit.t("登记", "Register"))) };
    Ok(visit.form_page(form, title, html! {
        p { a href="/shop" { (visit.t("我的产品", "My products")) } }
        h1 { (title) }
        (table(title, &[
            visit.t("来源", "Source"), visit.t("权益", "What it includes"), visit.t("数据类别", "Class of data"),
            visit.t("来源说明", "Source statement"), visit.t("登记时间", "Registered"), visit.t("有效至", "Valid until"),
            visit.t("编号与证明", "Entry and proof"), visit.t("操作", "Act"),
        ], &rows, visit.t("您还没有登记权利。产品须以一项权利为依据，请用下面的表单登记。",
            "You have not registered a right yet. A product rests on one; use the form below.")))
        (layout::next(visit, rights.next.as_deref()))
        h2 id="register" { (visit.t("登记一项权利", "Register a right")) }
        (form.element(visit, "/shop/rights", &fields))
    }))
}

fn row(visit: &Visit, right: &Right) -> Markup {
    let interests: Vec<_> = right.interests.iter().map(|one| words::interest(visit.lang, *one)).collect();
    let now = visit.console.now();
    html! {
        td { code { (right.source) } }
        td { (interests.join(visit.t("、", ", "))) }
        td { (words::data_class(visit.lang, right.data_class)) }
        td { (named(visit.lang, &right.source_statement)) }
        td { (visit.format().date(right.registered_at)) }
        td { @match right.valid_until { Some(until) => (visit.format().time(until)), None => (visit.t("长期", "no end")) } }
        td { a href={ "/ledger/entries/" (right.id) } { (short(right.id)) } }
        td {
            @if can_sell(right, now) {
                a href={ "/shop/new?right=" (right.id) } { (visit.t("据此挂牌", "List a product on it")) }
            } @else {
                span.quiet { (visit.t("不能据此挂牌", "Not for listing")) }
            }
        }
    }
}

pub(super) async fn register(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    merchant(&visit)?;
    let body = body(&visit, &mut form);
    if !form.is_good() {
        return page(&visit, &form).await;
    }
    match send(&visit, form, "/v1/rights", &body, AIMS, |_| "/shop/rights".to_owned()).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &form).await,
    }
}
