//! Sending the command of a form, with the API's refusal beside the field that people know.

use crate::{
    act::{Sent, refused},
    backend::Acknowledged,
    failure::Failure,
    form::Form,
    visit::Visit,
};
use serde_json::{Map, Value};

/// Sends the command of a form and goes on to where `then` says. `aims` says which field a refused member of the body was
/// typed in, where the two are not called alike: a member's name, or how it begins, and the field's.
///
/// # Errors
/// The page to show instead, where the form is not at fault.
pub(super) async fn send(
    visit: &Visit,
    form: Form,
    path: &str,
    body: &Value,
    aims: &[(&str, &str)],
    then: impl FnOnce(&Acknowledged) -> String,
) -> Result<Sent, Failure> {
    match visit.record(path, form.key(), body).await {
        Ok(done) => Ok(Sent::Done(visit.done(&then(&done), &done))),
        Err(mut problem) => {
            if let Some((_, field)) = aims.iter().find(|(member, _)| is_of(&problem.field, member)) {
                problem.field = (*field).to_owned();
            }
            refused(visit, form, problem)
        }
    }
}

/// Whether `field` is `member` itself or one of its items.
fn is_of(field: &str, member: &str) -> bool {
    field.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// Puts a member into an object.
pub(super) fn put(object: &mut Value, name: &str, value: Value) {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

/// What was typed with commas or line ends between, each once and in its order.
pub(super) fn listed(typed: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for item in typed.split([',', '，', '、', ';', '；', '\n']).map(str::trim).filter(|item| !item.is_empty())
    {
        if !items.iter().any(|known| known == item) {
            items.push(item.to_owned());
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_typed_as_people_type_them() {
        assert_eq!(listed("weather, 气象，风、 weather\n雨"), ["weather", "气象", "风", "雨"]);
        assert!(listed(" ,\n").is_empty());
    }

    #[test]
    fn a_member_is_itself_and_its_items() {
        assert!(is_of("details.keywords[3]", "details.keywords") && is_of("details.title", "details.title"));
        assert!(!is_of("details.title.zh", "details.title") && !is_of("details", "details.title"));
    }
}
