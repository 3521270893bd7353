//! Refusing JSON that two readers could read differently (I-JSON, RFC 7493).

use super::{Name, without_place};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{collections::BTreeSet, fmt};

/// Checks that `json` is an object in which no object, at any depth, has two members of one name, every string is
/// Unicode, and nothing nests deeper than 128 (RFC 7493 §2.1, §2.3).
pub(crate) fn check_interoperable_object(json: &str) -> Result<(), String> {
    if !json.starts_with('{') {
        return Err("a JSON object".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    Walk.deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| format!("I-JSON, RFC 7493 ({})", without_place(&error)))
}

/// Visits every value below and keeps nothing but the names of the object being read.
struct Walk;

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        // No number in the ledger is a float: prices and rates are strings, amounts are integers.
        Err(E::custom("a number with a fraction, an exponent or beyond 64 bits"))
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Walk)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(Name(name)) = map.next_key()? {
            if !names.insert(name) {
                return Err(de::Error::custom("member given twice"));
            }
            map.next_value_seed(Walk)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_reads_the_same_everywhere() {
        let deep = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        for good in ["{}", r#"{"a":[1,-2,"x",null,true,{"a":{}}]}"#, r#"{"a":{"a":1}}"#, &deep(120)] {
            assert_eq!(check_interoperable_object(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "[]",
            "1",
            "null",
            r#"{"a":1,"a":2}"#,
            r#"{"x":[{"a":1,"\u0061":2}]}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1e3}"#,
            r#"{"a":18446744073709551616}"#,
            r#"{"a":"\ud800"}"#,
            &deep(200),
        ] {
            assert!(check_interoperable_object(bad).is_err(), "{bad}");
        }
    }
}
