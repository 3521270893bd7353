//! Entries: what is refused, and where.

use crate::support::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_ledger::{Claims, ENTRY_BYTES_MAX, Entry};
use databourse_primitives::RefusalCode;

/// A header and payload in plain JSON, and the field that is refused.
pub(crate) struct HostileEntry {
    pub(crate) why: &'static str,
    header: &'static str,
    payload: &'static str,
    /// Appended to the finished text.
    tail: &'static str,
    pub(crate) field: &'static str,
}

impl HostileEntry {
    /// The entry, signed by its author: the form is at fault, never the signature.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = sign_parts(self.header.as_bytes(), self.payload.as_bytes());
        bytes.extend_from_slice(self.tail.as_bytes());
        bytes
    }
}

fn sign_parts(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let signed = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = author().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes()
}

const HEADER: &str =
    r#"{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#;
const PAYLOAD: &str = r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1795315652,"body":{}}"#;

const fn header(why: &'static str, header: &'static str, field: &'static str) -> HostileEntry {
    HostileEntry { why, header, payload: PAYLOAD, tail: "", field }
}
const fn payload(why: &'static str, payload: &'static str, field: &'static str) -> HostileEntry {
    HostileEntry { why, header: HEADER, payload, tail: "", field }
}
const fn tail(why: &'static str, tail: &'static str, field: &'static str) -> HostileEntry {
    HostileEntry { why, header: HEADER, payload: PAYLOAD, tail, field }
}

pub(crate) const HOSTILE_ENTRIES: &[HostileEntry] = &[
    // ── the three parts ──
    tail("a newline at the end", "\n", "signature"),
    tail("base64 padding", "==", "signature"),
    tail("a fourth part", ".e30", ""),
    tail("65 bytes of signature", "AA", "signature"),
    // ── the header ──
    header("an empty header", "", "header"),
    header("an array", "[]", "header"),
    header(
        "no algorithm",
        r#"{"alg":"none","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header.alg",
    ),
    header(
        "the algorithm in other letters",
        r#"{"alg":"eddsa","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header.alg",
    ),
    header(
        "a symmetric algorithm",
        r#"{"alg":"HS256","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header.alg",
    ),
    header(
        "the algorithm is missing",
        r#"{"kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header.alg",
    ),
    header(
        "the algorithm twice",
        r#"{"alg":"none","alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header.alg",
    ),
    header(
        "the algorithm twice, once escaped",
        r#"{"alg":"EdDSA","\u0061lg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header.alg",
    ),
    header(
        "another type",
        r#"{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"JWT"}"#,
        "header.typ",
    ),
    header(
        "the type is missing",
        r#"{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4"}"#,
        "header.typ",
    ),
    header("no key", r#"{"alg":"EdDSA","typ":"databourse+jwt"}"#, "header.kid"),
    header("the key is null", r#"{"alg":"EdDSA","kid":null,"typ":"databourse+jwt"}"#, "header.kid"),
    header(
        "the key's name is no thumbprint",
        r#"{"alg":"EdDSA","kid":"key-1","typ":"databourse+jwt"}"#,
        "header.kid",
    ),
    header(
        "the key's name has set unused bits",
        r#"{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o5","typ":"databourse+jwt"}"#,
        "header.kid",
    ),
    header(
        "crit",
        r#"{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt","crit":["b64"]}"#,
        "header",
    ),
    header(
        "b64",
        r#"{"alg":"EdDSA","b64":false,"kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header",
    ),
    header(
        "a key that brings itself",
        r#"{"alg":"EdDSA","jwk":{"kty":"OKP"},"kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}"#,
        "header",
    ),
    header(
        "a second object",
        r#"{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"databourse+jwt"}{}"#,
        "header",
    ),
    // ── the payload ──
    payload("an empty payload", "", "payload"),
    payload("no members", "{}", "payload.type"),
    payload("a byte order mark", "\u{feff}{}", "payload"),
    payload(
        "an unknown member",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{},"nonce":1}"#,
        "payload",
    ),
    payload(
        "a member twice",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"iat":2,"body":{}}"#,
        "payload.iat",
    ),
    payload(
        "a type without a verb",
        r#"{"type":"product","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{}}"#,
        "payload.type",
    ),
    payload(
        "a type in capitals",
        r#"{"type":"Product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{}}"#,
        "payload.type",
    ),
    payload(
        "a type of three parts",
        r#"{"type":"a.b.c","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{}}"#,
        "payload.type",
    ),
    payload(
        "an id of version 4",
        r#"{"type":"product.list","id":"019aa2b4-5c00-4000-8000-000000000001","exchange":"sh","iat":1,"body":{}}"#,
        "payload.id",
    ),
    payload(
        "an id in capitals",
        r#"{"type":"product.list","id":"019AA2B4-5C00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{}}"#,
        "payload.id",
    ),
    payload("no id", r#"{"type":"product.list","exchange":"sh","iat":1,"body":{}}"#, "payload.id"),
    payload(
        "an exchange in capitals",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"SH","iat":1,"body":{}}"#,
        "payload.exchange",
    ),
    payload(
        "a time as text",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":"1","body":{}}"#,
        "payload.iat",
    ),
    payload(
        "a time with a fraction",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1.5,"body":{}}"#,
        "payload.iat",
    ),
    payload(
        "a time before 1970",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":-1,"body":{}}"#,
        "payload.iat",
    ),
    payload(
        "a time in milliseconds",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1795315652000,"body":{}}"#,
        "payload.iat",
    ),
    payload(
        "on behalf of null",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"on_behalf_of":null,"body":{}}"#,
        "payload.on_behalf_of",
    ),
    payload(
        "on behalf of nobody",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"on_behalf_of":"","body":{}}"#,
        "payload.on_behalf_of",
    ),
    payload(
        "no body",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1}"#,
        "payload.body",
    ),
    payload(
        "a body that is a list",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":[]}"#,
        "payload.body",
    ),
    payload(
        "a member of the body twice",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{"a":{"b":1,"b":2}}}"#,
        "payload.body",
    ),
    payload(
        "a fraction in the body",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{"price":12.5}}"#,
        "payload.body",
    ),
    payload(
        "an integer of 54 bits in the body",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{"a":9007199254740992}}"#,
        "payload.body",
    ),
    payload(
        "half a surrogate pair in the body",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{"a":"\ud800"}}"#,
        "payload.body",
    ),
    payload(
        "a second object",
        r#"{"type":"product.list","id":"019aa2b4-5c00-7000-8000-000000000001","exchange":"sh","iat":1,"body":{}}{}"#,
        "payload",
    ),
];

#[track_caller]
fn check(bytes: &[u8], why: &str, code: RefusalCode, field: &str) {
    let refusal = Entry::parse(bytes).err();
    let refusal = refusal.unwrap_or_else(|| panic!("{why} should be refused"));
    assert_eq!((refusal.code, &*refusal.field), (code, field), "{why}: {refusal}");
}

#[test]
fn a_hostile_entry_is_refused_where_it_fails() {
    for case in HOSTILE_ENTRIES {
        check(&case.bytes(), case.why, RefusalCode::EntryMalformed, case.field);
    }
    // The same parts without the fault are an entry.
    let good = Entry::parse(&sign_parts(HEADER.as_bytes(), PAYLOAD.as_bytes())).unwrap();
    assert_eq!(good.verify(&author().public_key()), Ok(()));
}

#[test]
fn bytes_that_are_no_jws_are_refused() {
    let malformed = RefusalCode::EntryMalformed;
    for (bytes, field) in [
        (&b""[..], ""),
        (b".", ""),
        (b"..", "header"),
        (b"e30", ""),
        (b"\xff\xfe.e30.e30", ""),
        (b"e30=.e30.AA", "header"),
        (b"e31.e30.AA", "header"),
        (b"/w.e30.AA", "header"),
        (b"e30 .e30.AA", "header"),
        (b"_w.e30.AA", "header"),
    ] {
        check(bytes, &String::from_utf8_lossy(bytes), malformed, field);
    }
    check(&[b'a'; ENTRY_BYTES_MAX], "one part", malformed, "");
    let too_large = vec![b'a'; ENTRY_BYTES_MAX + 1];
    check(&too_large, "one byte more", RefusalCode::EntryTooLarge, "");
}

#[test]
fn members_may_stand_in_any_order_and_be_spaced() {
    let header =
        format!(r#" {{ "typ" : "databourse+jwt", "kid" : "{}", "alg" : "EdDSA" }} "#, author().key_id());
    let payload = r#"{"body": { "a" : 1 } ,"iat":1,"exchange":"sh","id":"019aa2b4-5c00-7000-8000-000000000001",
        "type":"product.list","on_behalf_of":"019aa2b4-5c00-7000-8000-000000000002"}"#;
    let bytes = sign_parts(header.as_bytes(), payload.as_bytes());
    let entry = Entry::parse(&bytes).unwrap();
    assert_eq!(entry.bytes(), bytes, "an entry is kept as it was signed");
    assert_eq!(entry.claims().body.get(), r#"{ "a" : 1 }"#);
    assert!(entry.claims().on_behalf_of.is_some());
    assert_eq!(entry.verify(&author().public_key()), Ok(()));
}

#[test]
fn what_is_signed_is_read_back() {
    let mut claims = claims(7);
    claims.on_behalf_of = Some(claims.id.into());
    let entry = Entry::sign(&claims, &author()).unwrap();
    let read = Entry::parse(entry.bytes()).unwrap();
    assert_eq!(read, entry);
    assert_eq!(format!("{:?}", read.claims()), format!("{claims:?}"));
    assert_eq!(read.leaf_hash(), entry.leaf_hash());
    assert_eq!(read.kid(), author().key_id());
}

#[test]
fn claims_that_nobody_could_read_are_not_signed() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Claims), code: RefusalCode, field: &str) {
        let mut claims = claims(1);
        change(&mut claims);
        let refusal = Entry::sign(&claims, &author()).unwrap_err();
        assert_eq!((refusal.code, &*refusal.field), (code, field));
    }
    let malformed = RefusalCode::EntryMalformed;
    check(|c| c.entry_type = "a\".b".into(), malformed, "payload.type");
    check(|c| c.entry_type = format!("{}.b", "a".repeat(63)), malformed, "payload.type");
    check(|c| c.issued_at_s = i64::MAX, malformed, "payload.iat");
    check(|c| c.body = raw("[]"), malformed, "payload.body");
    check(|c| c.body = raw(r#"{"a":1,"a":1}"#), malformed, "payload.body");
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(ENTRY_BYTES_MAX));
    check(|c| c.body = raw(&large), RefusalCode::EntryTooLarge, "");
}

#[test]
fn the_largest_entry_travels() {
    // Base64 grows in steps of 4 from 3, so find the last body that fits.
    let sized = |length: usize| {
        let mut claims = claims(1);
        claims.body = raw(&format!(r#"{{"a":"{}"}}"#, "x".repeat(length)));
        Entry::sign(&claims, &author())
    };
    let length = (48_000..50_000).rev().find(|length| sized(*length).is_ok()).unwrap();
    let entry = sized(length).unwrap();
    assert!(entry.bytes().len() > ENTRY_BYTES_MAX - 4);
    assert_eq!(Entry::parse(entry.bytes()).unwrap(), entry);
    let bundle = databourse_ledger::encode_bundle([&entry, &entry]);
    assert_eq!(databourse_ledger::parse_bundle(&bundle, 2).unwrap(), [entry.clone(), entry]);
}

#[test]
fn a_signature_holds_for_its_key_and_bytes_only() {
    let entry = entry(1);
    let refusal = entry.verify(&key(9).public_key()).unwrap_err();
    assert_eq!((refusal.code, &*refusal.field), (RefusalCode::SignatureInvalid, "header.kid"));
    // The right key, other payload: the signature of entry 2 under the payload of entry 1.
    let (signed, _) = entry.as_str().rsplit_once('.').unwrap();
    let other = crate::support::entry(2);
    let (_, signature) = other.as_str().rsplit_once('.').unwrap();
    let forged = Entry::parse(format!("{signed}.{signature}").as_bytes()).unwrap();
    let refusal = forged.verify(&author().public_key()).unwrap_err();
    assert_eq!((refusal.code, &*refusal.field), (RefusalCode::SignatureInvalid, "signature"));
}
