//! What handlers take from a request. Each rejects with a [`Problem`] that names the member at fault.

use crate::Problem;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use databourse_primitives::{
    BreakId, CertificateNumber, DisputeId, EntryId, ExchangeCode, Height, HoldId, Holder, InstructionId,
    LicenceId, OfferId, OrderId, ParseError, PartyId, ProductId, Refusal, RefusalCode, RightId,
    ScheduleVersion, SharesVersion, TaxVersion, VoucherId, WindowId,
};
use databourse_settlement::AccountId;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeSet, str::FromStr};

/// A JSON body. An empty one is read as `{}`, so that commands without fields need none.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = media_type(request.headers()).map(|kind| kind == "application/json");
        let body = read_body(request, state).await?;
        match is_json {
            None if body.is_empty() => parse_json(b"{}").map(Self),
            Some(true) if body.is_empty() => parse_json(b"{}").map(Self),
            Some(true) => parse_json(&body).map(Self),
            None | Some(false) => Err(Problem::media_type("application/json")),
        }
    }
}

/// The media type of a body without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// The whole body, as far as the route's limit allows.
pub(crate) async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::refusal(
            RefusalCode::RequestTooLarge,
            "",
            "a body of at most the size that the path takes",
        ),
        _ => malformed("", "a body that arrives whole").into(),
    })
}

/// Reads JSON and says where it is wrong.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = field_of(error.path());
        malformed(field, error.into_inner().to_string())
    })?;
    deserializer.end().map_err(|error| malformed("", error.to_string()))?;
    Ok(value)
}

fn field_of(path: &serde_path_to_error::Path) -> String {
    let text = path.to_string();
    // A path of nothing prints as `.`; one whose end is not known ends in `?`.
    if text == "." { String::new() } else { text.trim_end_matches(".?").trim_end_matches('?').to_owned() }
}

pub(crate) fn malformed(
    field: impl Into<std::borrow::Cow<'static, str>>,
    expected: impl Into<std::borrow::Cow<'static, str>>,
) -> Refusal {
    Refusal::new(RefusalCode::RequestMalformed, field, expected)
}

/// Query parameters. Unknown and repeated ones are refused.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| malformed("", "a query string of `name=value` pairs in percent-encoded UTF-8"))?;
        parse_parameters(pairs).map(Self).map_err(Problem::from)
    }
}

fn parse_parameters<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Refusal> {
    let mut members = serde_json::Map::new();
    let mut seen = BTreeSet::new();
    for (name, value) in pairs {
        // What stands for bytes that are no UTF-8.
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(malformed(name, "percent-encoded UTF-8"));
        }
        if !seen.insert(name.clone()) {
            return Err(malformed(name, "each query parameter once"));
        }
        members.insert(name, Value::String(value));
    }
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let field = field_of(error.path());
        malformed(field, error.into_inner().to_string())
    })
}

/// What the path names.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) T);

impl<T: FromPath, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| malformed("path", "percent-encoded UTF-8"))?;
        let segment = |name: &str| segments.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        T::from_path(&segment).map(Self).map_err(Problem::from)
    }
}

/// Something that a path can name.
pub(crate) trait FromPath: Sized {
    /// Reads it from the path's parameters.
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal>;
}

fn parse_segment<T: FromStr<Err = ParseError>>(name: &'static str, text: Option<&str>) -> Result<T, Refusal> {
    text.unwrap_or_default().parse().map_err(|error: ParseError| malformed(name, error.expected))
}

macro_rules! named_by {
    ($segment:literal: $($name:ty),*) => {$(
        impl FromPath for $name {
            fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
                parse_segment($segment, segment($segment))
            }
        }
    )*};
}
named_by!(
    "id": EntryId, PartyId, RightId, ProductId, OfferId, OrderId, LicenceId, HoldId, VoucherId, DisputeId, BreakId
);
named_by!("number": CertificateNumber);
named_by!("holder": Holder);
named_by!("payer": ExchangeCode);

/// Two things that one path names, e.g. a product and a version of its shares.
impl<A: FromPath, B: FromPath> FromPath for (A, B) {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        Ok((A::from_path(segment)?, B::from_path(segment)?))
    }
}

impl FromPath for TaxVersion {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        count("number", segment("number")).map(Self)
    }
}

impl FromPath for Height {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        count("height", segment("height")).map(Self)
    }
}

impl FromPath for SharesVersion {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        count("version", segment("version")).map(Self)
    }
}

impl FromPath for InstructionId {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        let window = WindowId::from_path(segment)?;
        let number = count("instruction", segment("instruction"))?;
        let number = u32::try_from(number).map_err(|_| malformed("instruction", NUMBER))?;
        Ok(Self { window, number })
    }
}

const NUMBER: &str = "a number from 1, without leading zeros";

/// A number from 1 in its one spelling.
fn count(name: &'static str, text: Option<&str>) -> Result<u64, Refusal> {
    let text = text.unwrap_or_default();
    let number = text.parse().ok().filter(|number: &u64| *number > 0 && number.to_string() == text);
    number.ok_or_else(|| malformed(name, NUMBER))
}

impl FromPath for WindowId {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        series(segment, '#', "an asset and a window's number, e.g. `/CNY-2/7`")
    }
}

impl FromPath for ScheduleVersion {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        series(segment, '@', "an asset and a schedule's version, e.g. `/CNY-2/1`")
    }
}

impl FromPath for AccountId {
    fn from_path<'a>(segment: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        let text = segment("id").unwrap_or_default();
        let expected = "an account with `-` for the asset's `/`, e.g. `exchange:sh:bank:CNY-2`";
        let named = text.rsplit_once(':').map(|(front, asset)| format!("{front}:{}", from_slug(asset)));
        let account = named.and_then(|named| named.parse::<Self>().ok());
        account.filter(|account| slug_of_account(account) == text).ok_or_else(|| malformed("id", expected))
    }
}

fn series<'a, T: FromStr>(
    segment: &dyn Fn(&str) -> Option<&'a str>,
    separator: char,
    expected: &'static str,
) -> Result<T, Refusal> {
    let (asset, number) = (segment("asset").unwrap_or_default(), segment("number").unwrap_or_default());
    if asset.contains('/') || number.contains('/') {
        return Err(malformed("path", expected));
    }
    format!("{}{separator}{number}", from_slug(asset)).parse().map_err(|_| malformed("path", expected))
}

/// In paths the `/` of an asset is written `-`: `CNY/2` is `CNY-2`.
pub(crate) fn to_slug(asset: &impl std::fmt::Display) -> String {
    asset.to_string().replace('/', "-")
}

fn from_slug(slug: &str) -> String {
    slug.replace('-', "/")
}

/// An account's name as a path segment.
pub(crate) fn slug_of_account(account: &AccountId) -> String {
    // Ids of parties and codes of exchanges hold no `/`.
    to_slug(account)
}

/// The `Idempotency-Key` header, which is the id of the entry that the command becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(pub(crate) Option<EntryId>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::read(&parts.headers)?)
    }
}

impl IdempotencyKey {
    const NAME: &str = "Idempotency-Key";

    fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(Self::NAME).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            let none = headers.get(Self::NAME).is_none();
            return if none { Ok(Self(None)) } else { Err(malformed(Self::NAME, "one header")) };
        };
        let id = value.to_str().unwrap_or_default().parse();
        id.map(|id| Self(Some(id))).map_err(|error: ParseError| malformed(Self::NAME, error.expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const V7: &str = "019aa2b4-5c00-7000-8000-000000000001";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only its parsing counts")]
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its parsing counts")]
        lines: Vec<Line>,
    }

    #[track_caller]
    fn check_json(body: &str, field: &str) {
        let problem = parse_json::<Sample>(body.as_bytes()).unwrap_err();
        assert_eq!((problem.code(), problem.field()), ("request.malformed", field), "{body}");
    }

    #[test]
    fn a_bad_body_names_the_member_at_fault() {
        assert!(parse_json::<Sample>(br#"{"lines":[{"quantity":1}]}"#).is_ok());
        check_json("", "");
        check_json("{", "");
        check_json("[]", "");
        check_json("{}", "");
        check_json(r#"{"lines":[{"quantity":1}]} x"#, "");
        check_json(r#"{"lines":[{"quantity":1},{"quantity":-1}]}"#, "lines[1].quantity");
        check_json(r#"{"lines":[{"quantity":1.5}]}"#, "lines[0].quantity");
        check_json(r#"{"lines":[{"quantity":99999999999999999999999}]}"#, "lines[0].quantity");
        check_json(r#"{"lines":[{"quantity":1,"amount":2}]}"#, "lines[0].amount");
        check_json(r#"{"lines":[],"lines":[]}"#, "");
        // As deep as the parser goes, and no stack overflow.
        let nested = parse_json::<Sample>(format!("{}{}", r#"{"lines":"#, "[".repeat(100_000)).as_bytes());
        assert_eq!(nested.unwrap_err().code(), "request.malformed");
        assert!(parse_json::<Sample>(b"{\"lines\":[{\"quant\xffity\":1}]}").is_err());
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[serde(default)]
        supplier: Option<PartyId>,
    }

    #[test]
    fn unknown_repeated_and_unreadable_parameters_are_refused() {
        let parse = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            parse_parameters::<Filter>(pairs).map_err(|refusal| refusal.field.to_string())
        };
        assert_eq!(parse(&[]).unwrap().supplier, None);
        assert!(parse(&[("supplier", V7)]).unwrap().supplier.is_some());
        assert_eq!(parse(&[("supplier", "x")]).unwrap_err(), "supplier");
        assert_eq!(parse(&[("supplier", V7), ("supplier", V7)]).unwrap_err(), "supplier");
        assert_eq!(parse(&[("suplier", V7)]).unwrap_err(), "suplier");
    }

    #[track_caller]
    fn check_path<T: FromPath + std::fmt::Display>(segments: &[(&str, &str)], expected: Option<&str>) {
        let segment = |name: &str| segments.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let parsed = T::from_path(&segment).ok().map(|named| named.to_string());
        assert_eq!(parsed.as_deref(), expected, "{segments:?}");
    }

    #[test]
    fn a_path_names_one_thing_in_one_way() {
        check_path::<WindowId>(&[("asset", "CNY-2"), ("number", "7")], Some("CNY/2#7"));
        check_path::<WindowId>(&[("asset", "CNY/2"), ("number", "7")], None);
        check_path::<WindowId>(&[("asset", "CNY-2"), ("number", "07")], None);
        check_path::<WindowId>(&[("asset", "CNY-2"), ("number", "0")], None);
        check_path::<ScheduleVersion>(&[("asset", "XTS-3"), ("number", "1")], Some("XTS/3@1"));
        check_path::<AccountId>(&[("id", "exchange:sh:bank:CNY-2")], Some("exchange:sh:bank:CNY/2"));
        check_path::<AccountId>(&[("id", "exchange:sh:bank:CNY/2")], None);
        check_path::<AccountId>(
            &[("id", &format!("party:{V7}:funds:CNY-2"))],
            Some(&format!("party:{V7}:funds:CNY/2")),
        );
        check_path::<AccountId>(&[("id", "exchange:sh:bank")], None);
        check_path::<PartyId>(&[("id", V7)], Some(V7));
        check_path::<PartyId>(&[("id", &V7.to_uppercase())], None);
        check_path::<CertificateNumber>(&[("number", "sh-2026-00000042")], Some("sh-2026-00000042"));
        check_path::<TaxVersion>(&[("number", "12")], Some("12"));
        for bad in ["", "0", "01", "+1", "-1", "1.0", "18446744073709551616"] {
            check_path::<TaxVersion>(&[("number", bad)], None);
        }
        let instruction = |number| [("asset", "CNY-2"), ("number", "7"), ("instruction", number)];
        check_path::<InstructionId>(&instruction("1"), Some("CNY/2#7/1"));
        check_path::<InstructionId>(&instruction("4294967296"), None);
        check_path::<Holder>(&[("holder", "exchange:sh")], Some("exchange:sh"));
        check_path::<Holder>(&[("holder", "sh")], None);
    }

    #[test]
    fn an_idempotency_key_is_a_uuid_of_version_7() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", (*value).parse().unwrap());
            }
            IdempotencyKey::read(&headers).map(|key| key.0.is_some())
        };
        assert_eq!(read(&[]), Ok(false));
        assert_eq!(read(&[V7]), Ok(true));
        for bad in [&[""][..], &["7"], &["019aa2b4-5c00-4000-8000-000000000001"], &[V7, V7]] {
            assert_eq!(read(bad).unwrap_err().field, "Idempotency-Key", "{bad:?}");
        }
    }
}
