//! Several of a few: boxes to tick under one legend.

use super::{Form, id_of};
use crate::visit::Visit;
use maud::{Markup, html};
use serde_json::Value;

impl Form {
    /// Boxes under one legend. The box of `option` is the field `name.option`; the API's refusal of `name` stands beneath the
    /// legend.
    pub(crate) fn checks(
        &self,
        visit: &Visit,
        name: &str,
        (legend, hint): (&str, &str),
        options: &[(&str, &str)],
    ) -> Markup {
        let wrong = self.errors.get(name);
        let (id, hint_id) = (id_of(name), format!("{}-hint", id_of(name)));
        html! {
            fieldset id=(id) aria-describedby=(hint_id) aria-invalid=[wrong.map(|_| "true")] {
                legend { (legend) }
                p.hint id=(hint_id) { (hint) }
                @if let Some(wrong) = wrong { p.wrong { (wrong.what) } }
                @for (option, words) in options {
                    @let field = format!("{name}.{option}");
                    p {
                        label {
                            input type="checkbox" name=(field) value="true" checked[self.is_ticked(&field)];
                            " " (words)
                        }
                    }
                }
                @if options.is_empty() { p.nothing { (visit.t("没有可选项。", "There is nothing to choose.")) } }
            }
        }
    }

    /// One box.
    pub(crate) fn check(&self, name: &str, (label, hint): (&str, &str)) -> Markup {
        let id = id_of(name);
        let wrong = self.errors.get(name);
        html! {
            div.field {
                label for=(id) {
                    input id=(id) type="checkbox" name=(name) value="true" checked[self.is_ticked(name)]
                        aria-describedby={ (id) "-hint" } aria-invalid=[wrong.map(|_| "true")];
                    " " (label)
                }
                @if let Some(wrong) = wrong { p.wrong { (wrong.what) } }
                p.hint id={ (id) "-hint" } { (hint) }
            }
        }
    }

    /// Whether a box is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.value(name) == "true"
    }

    /// The ticked boxes of `name` among `options`, as the API takes them.
    pub(crate) fn ticked(&self, name: &str, options: &[(&str, &str)]) -> Value {
        let ticked = options.iter().filter(|(option, _)| self.is_ticked(&format!("{name}.{option}")));
        ticked.map(|(option, _)| Value::from(*option)).collect()
    }
}
