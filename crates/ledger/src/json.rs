//! Reading JSON objects whose members are known by name.

mod interoperable;

pub(crate) use interoperable::check_interoperable_object;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Why an object was refused: the member that is missing, unknown or given twice, or none if it is not an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MembersError {
    /// Name of the known member that failed; empty if the object as a whole did.
    pub(crate) member: &'static str,
    /// What was expected.
    pub(crate) expected: String,
}

/// The raw values of an object's members, in the order of `names`; `None` where absent.
pub(crate) type Members<'a, const N: usize> = [Option<&'a RawValue>; N];

/// Reads one JSON object. A member outside `names`, a second one of the same name, or anything after the object is
/// refused (RFC 8725 §2.4, RFC 7493 §2.3). Names are compared after unescaping.
pub(crate) fn members<'a, const N: usize>(
    json: &'a str,
    names: [&'static str; N],
) -> Result<Members<'a, N>, MembersError> {
    let mut failed = "";
    let mut reader = serde_json::Deserializer::from_str(json);
    let visitor = MembersVisitor { names, failed: &mut failed };
    let read = reader.deserialize_map(visitor).and_then(|members| reader.end().map(|()| members));
    read.map_err(|error| MembersError {
        member: failed,
        expected: format!("a JSON object of {}, each once ({})", names.join(", "), without_place(&error)),
    })
}

/// The member of that name, or the error that says it is missing.
pub(crate) fn required<'a>(
    value: Option<&'a RawValue>,
    name: &'static str,
) -> Result<&'a RawValue, MembersError> {
    value.ok_or_else(|| MembersError { member: name, expected: "this member is required".to_owned() })
}

/// Reads one member's value.
pub(crate) fn value<'a, T: serde::Deserialize<'a>>(
    raw: &'a RawValue,
    name: &'static str,
) -> Result<T, MembersError> {
    serde_json::from_str(raw.get())
        .map_err(|error| MembersError { member: name, expected: without_place(&error) })
}

/// The error's words without "at line … column …": the place is relative to a decoded part that nobody sees.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

struct MembersVisitor<'f, const N: usize> {
    names: [&'static str; N],
    failed: &'f mut &'static str,
}

impl<'de, const N: usize> Visitor<'de> for MembersVisitor<'_, N> {
    type Value = Members<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(Name(name)) = map.next_key()? {
            let known = self.names.iter().zip(&mut found).find(|(known, _)| **known == name);
            let Some((known, slot)) = known else {
                return Err(de::Error::custom("unknown member"));
            };
            *self.failed = known;
            if slot.is_some() {
                return Err(de::Error::custom("member given twice"));
            }
            *slot = Some(map.next_value::<&RawValue>()?);
            *self.failed = "";
        }
        Ok(found)
    }
}

/// A member name, borrowed where it holds no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> de::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Result<(), &str>) {
        assert_eq!(members(json, ["a", "b"]).map(|_| ()).map_err(|error| error.member), expected);
    }

    #[test]
    fn members_are_known_and_given_once() {
        check(r#"{"a":1,"b":[{}]}"#, Ok(()));
        check(r#" { "b" : 1 } "#, Ok(()));
        check(r#"{"\u0061":1}"#, Ok(()));
        check(r#"{"a":1,"\u0061":2}"#, Err("a"));
        check(r#"{"a":1,"a":1}"#, Err("a"));
        check(r#"{"a":}"#, Err("a"));
        check(r#"{"c":1}"#, Err(""));
        check(r#"{"a":1}{}"#, Err(""));
        check(r#"{"a":1,}"#, Err(""));
        check("[]", Err(""));
        check("", Err(""));
        check("\u{feff}{}", Err(""));
    }
}
