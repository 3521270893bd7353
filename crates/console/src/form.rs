//! Forms: what was typed, what is wrong with it, and the id that its command will have.
//!
//! A field is called as the API calls it, e.g. `details.title.zh`. So the API's refusal of a field stands beside that
//! field, and [`Form::json`] makes the body of a command from the fields without knowing the command.

mod checks;
mod field;

pub(crate) use field::Field;

use crate::{
    backend::Problem, console::Console, failure::Failure, lang::Lang, seal::are_equal, visit::Visit,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use databourse_primitives::{EntryId, Refusal};
use maud::{Markup, html};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The hidden field with the session's secret.
const CSRF: &str = "csrf";
/// The hidden field with the id of the command.
const KEY: &str = "key";

/// A form, filled in or not.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    key: EntryId,
    values: BTreeMap<String, String>,
    /// What is wrong, by field; what is wrong with the whole stands under the empty name.
    errors: BTreeMap<String, Wrong>,
}

#[derive(Debug, Clone)]
struct Wrong {
    what: String,
    /// What was expected, in the API's English; for a field that says nothing of what it expects.
    detail: String,
}

/// A form that the visitor has sent; its session's secret has been checked.
pub(crate) struct Submitted(pub(crate) Form);

impl FromRequest<Console> for Submitted {
    type Rejection = Failure;
    async fn from_request(request: Request, console: &Console) -> Result<Self, Failure> {
        let visit = Visit::new(console, request.headers(), request.uri().clone());
        let session = visit.session.ok_or(Failure::SignIn)?;
        let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec());
        let is_form = kind.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded"));
        let body =
            Bytes::from_request(request, console).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
                _ => Failure::Foreign,
            })?;
        let mut values: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        let csrf = values.remove(CSRF).unwrap_or_default();
        if !is_form || !are_equal(&csrf, &session.csrf) {
            return Err(Failure::Foreign);
        }
        let key = values.remove(KEY).and_then(|key| key.parse().ok()).ok_or(Failure::Foreign)?;
        // Browsers send line ends as CR LF; texts of the ledger have neither at their ends.
        for value in values.values_mut() {
            *value = value.replace("\r\n", "\n").trim().to_owned();
        }
        Ok(Self(Form { key, values, errors: BTreeMap::new() }))
    }
}

impl Form {
    pub(crate) fn new(key: EntryId) -> Self {
        Self { key, values: BTreeMap::new(), errors: BTreeMap::new() }
    }

    /// The id of the command.
    pub(crate) const fn key(&self) -> EntryId {
        self.key
    }

    /// Fills a field in.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }

    /// What a field holds; empty if nothing.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Whether nothing is wrong with it.
    pub(crate) fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// What is wrong with a field that a page writes by itself.
    pub(crate) fn wrong(&self, name: &str) -> Option<&str> {
        self.errors.get(name).map(|wrong| wrong.what.as_str())
    }

    /// Says what is wrong with a field; the first word counts.
    pub(crate) fn refuse(&mut self, name: &str, what: impl Into<String>) {
        let wrong = Wrong { what: what.into(), detail: String::new() };
        self.errors.entry(name.to_owned()).or_insert(wrong);
    }

    /// Says what the API refused, beside the field that it names.
    pub(crate) fn take_problem(&mut self, lang: Lang, problem: &Problem) {
        let what = lang.pick(&problem.title_zh, &problem.title).clone();
        let wrong = Wrong { what, detail: problem.detail.clone() };
        self.errors.entry(problem.field.clone()).or_insert(wrong);
    }

    /// Says what a rule refused that the page asked by itself, beside the field that it names.
    pub(crate) fn take_refusal(&mut self, lang: Lang, refusal: &Refusal) {
        let what = lang.pick(refusal.code.meaning_zh(), refusal.code.meaning_en()).to_owned();
        let wrong = Wrong { what, detail: refusal.expected.to_string() };
        self.errors.entry(refusal.field.to_string()).or_insert(wrong);
    }

    /// The fields whose names begin with one of `prefixes` (all of them if there are none), as JSON: `a.b` is a member of a member, a field
    /// that is empty is absent, and every value is a text.
    pub(crate) fn json(&self, prefixes: &[&str]) -> Value {
        let mut whole = Map::new();
        for (name, value) in &self.values {
            let wanted = prefixes.is_empty() || prefixes.iter().any(|prefix| name.starts_with(prefix));
            if wanted && !value.is_empty() {
                put(&mut whole, name, Value::String(value.clone()));
            }
        }
        Value::Object(whole)
    }

    /// The form's element with its hidden fields and its words about the whole around `fields`.
    pub(crate) fn element(&self, visit: &Visit, action: &str, fields: &Markup) -> Markup {
        let csrf = visit.session.as_ref().map_or("", |session| session.csrf.as_str());
        html! {
            form method="post" action=(action) {
                input type="hidden" name=(CSRF) value=(csrf);
                input type="hidden" name=(KEY) value=(self.key);
                (self.summary(visit))
                (fields)
            }
        }
    }

    /// The element of a form that only asks: its fields stand in the address of the answer, and nothing is recorded.
    pub(crate) fn question(&self, visit: &Visit, action: &str, fields: &Markup) -> Markup {
        html! { form method="get" action=(action) { (self.summary(visit)) (fields) } }
    }

    /// What is wrong, at the top: with the whole, and with which fields.
    fn summary(&self, visit: &Visit) -> Markup {
        html! {
            @if !self.is_good() {
                div.problem role="alert" tabindex="-1" data-focus {
                    p { strong { (visit.t("没有记录。请更正：", "Nothing was recorded. Please correct:")) } }
                    ul {
                        @for (name, wrong) in &self.errors {
                            li {
                                @if self.values.contains_key(name) {
                                    a href={ "#" (id_of(name)) } { (wrong.what) }
                                } @else {
                                    (wrong.what)
                                    " " (visit.detail(&wrong.detail))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A button that ends a form.
pub(crate) fn button(words: &str) -> Markup {
    html! { button type="submit" { (words) } }
}

/// The `id` of the element of a field: as fields are called, without the characters that a selector would mind.
fn id_of(name: &str) -> String {
    format!("f-{}", name.replace(|character: char| !character.is_ascii_alphanumeric(), "-"))
}

fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some((parent, rest)) => {
            let member = object.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(member) = member {
                put(member, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form() -> Form {
        Form::new("019aa2b4-5c00-7000-8000-000000000001".parse().unwrap())
    }

    #[test]
    fn names_with_points_are_members_and_empty_fields_are_absent() {
        let form = form()
            .with("details.title.zh", "气象")
            .with("details.title.en", "")
            .with("right", "r")
            .with("x", "y");
        assert_eq!(
            form.json(&["details.", "right"]),
            json!({ "details": { "title": { "zh": "气象" } }, "right": "r" })
        );
    }

    #[test]
    fn a_field_keeps_its_first_word() {
        let mut form = form().with("price", "abc");
        assert!(form.is_good());
        form.refuse("price", "a number");
        form.refuse("price", "another");
        assert!(!form.is_good() && form.errors["price"].what == "a number");
    }
}
