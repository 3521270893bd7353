//! One field of a form: its label, its hint, and what is wrong with it.

use super::{Form, id_of};
use crate::visit::Visit;
use maud::{Markup, html};

/// A field of a form.
pub(crate) struct Field<'a> {
    name: &'a str,
    label: &'a str,
    hint: &'a str,
    kind: Kind,
    is_required: bool,
}

enum Kind {
    /// One line; the type of its `input`.
    Line(&'static str),
    Text,
    /// Values with their words.
    Choice(Vec<(String, String)>),
}

impl<'a> Field<'a> {
    const fn new(name: &'a str, label: &'a str, kind: Kind) -> Self {
        Self { name, label, hint: "", kind, is_required: true }
    }

    /// One line of text.
    pub(crate) const fn line(name: &'a str, label: &'a str) -> Self {
        Self::new(name, label, Kind::Line("text"))
    }

    /// One line of another kind, e.g. `date`.
    pub(crate) const fn input(name: &'a str, label: &'a str, kind: &'static str) -> Self {
        Self::new(name, label, Kind::Line(kind))
    }

    /// Text of several lines.
    pub(crate) const fn text(name: &'a str, label: &'a str) -> Self {
        Self::new(name, label, Kind::Text)
    }

    /// One of several values.
    pub(crate) fn choice<V: ToString, W: ToString>(
        name: &'a str,
        label: &'a str,
        options: impl IntoIterator<Item = (V, W)>,
    ) -> Self {
        let options = options.into_iter().map(|(value, words)| (value.to_string(), words.to_string()));
        Self::new(name, label, Kind::Choice(options.collect()))
    }

    /// Says what is expected: always shown, and what a refusal refers to.
    pub(crate) const fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// It may be left empty.
    pub(crate) const fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }
}

impl Form {
    /// One field with its label, its hint, and what is wrong with it.
    pub(crate) fn field(&self, visit: &Visit, field: &Field<'_>) -> Markup {
        let id = id_of(field.name);
        let wrong = self.errors.get(field.name);
        let (hint_id, wrong_id) = (format!("{id}-hint"), format!("{id}-wrong"));
        let described = match (field.hint.is_empty(), wrong) {
            (true, None) => None,
            (false, None) => Some(hint_id.clone()),
            (true, Some(_)) => Some(wrong_id.clone()),
            (false, Some(_)) => Some(format!("{wrong_id} {hint_id}")),
        };
        let invalid = wrong.map(|_| "true");
        let value = self.value(field.name);
        html! {
            div.field {
                label for=(id) {
                    (field.label)
                    @if !field.is_required { " " span.quiet { (visit.t("（可不填）", "(optional)")) } }
                }
                @match &field.kind {
                    Kind::Line(input) => {
                        input id=(id) name=(field.name) type=(input) value=(value) required[field.is_required]
                            aria-describedby=[described.as_deref()] aria-invalid=[invalid] autocomplete="off";
                    }
                    Kind::Text => {
                        textarea id=(id) name=(field.name) rows="5" required[field.is_required]
                            aria-describedby=[described.as_deref()] aria-invalid=[invalid] { (value) }
                    }
                    Kind::Choice(options) => {
                        select id=(id) name=(field.name) required[field.is_required]
                            aria-describedby=[described.as_deref()] aria-invalid=[invalid] {
                            @for (option, words) in options {
                                option value=(option) selected[option == value] { (words) }
                            }
                        }
                    }
                }
                @if let Some(wrong) = wrong {
                    p.wrong id=(wrong_id) { (wrong.what) }
                    @if field.hint.is_empty() { (visit.detail(&wrong.detail)) }
                }
                @if !field.hint.is_empty() { p.hint id=(hint_id) { (field.hint) } }
            }
        }
    }
}
