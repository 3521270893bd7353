//! Refusing JSON that two readers could read differently (I-JSON, RFC 7493).

use super::{Name, without_place};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{collections::BTreeSet, fmt};

/// How deep objects and lists may stand in one another, the outermost object counted.
const DEPTH_MAX: usize = 64;

/// The largest integer that every JSON reader keeps exact, 2^53 - 1 (RFC 7493 §2.2).
const INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// Checks that `json` is an object in which no object, at any depth, has two members of one name, every string is
/// Unicode, every number an integer of at most 53 bits, and nothing nests deeper than [`DEPTH_MAX`]
/// (RFC 7493 §2.1 to §2.3).
pub(crate) fn check_interoperable_object(json: &str) -> Result<(), String> {
    if !json.starts_with('{') {
        return Err("a JSON object".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    Walk { depth_left: DEPTH_MAX }
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| format!("I-JSON, RFC 7493 ({})", without_place(&error)))
}

/// Visits every value below and keeps nothing but the names of the objects that it stands in.
#[derive(Clone, Copy)]
struct Walk {
    depth_left: usize,
}

impl Walk {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        depth_left
            .map(|depth_left| Self { depth_left })
            .ok_or_else(|| E::custom("objects and lists nest at most 64 deep"))
    }
}

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
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_u64(number.unsigned_abs())
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        if number > INTEGER_MAX {
            return Err(E::custom("an integer beyond 53 bits"));
        }
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
        let below = self.deeper()?;
        while seq.next_element_seed(below)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let below = self.deeper()?;
        let mut names = BTreeSet::new();
        while let Some(Name(name)) = map.next_key()? {
            if !names.insert(name) {
                return Err(de::Error::custom("member given twice"));
            }
            map.next_value_seed(below)?;
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
        for good in [
            "{}",
            r#"{"a":[1,-2,"x",null,true,{"a":{}}]}"#,
            r#"{"a":{"a":1}}"#,
            r#"{"a":[9007199254740991,-9007199254740991]}"#,
            &deep(63),
        ] {
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
            r#"{"a":9007199254740992}"#,
            r#"{"a":-9007199254740992}"#,
            r#"{"a":-9223372036854775808}"#,
            &deep(64),
            &deep(20_000),
        ] {
            assert!(check_interoperable_object(bad).is_err(), "{bad}");
        }
    }
}
