//! The payload of an entry (RFC 7519 claims and our own): who states what, when, through which exchange.

use crate::json::{self, MembersError, check_interoperable_object};
use databourse_primitives::{EntryId, ExchangeCode, PartyId};
use serde_json::value::RawValue;

/// The longest `type` of an entry in bytes.
pub const ENTRY_TYPE_BYTES_MAX: usize = 64;

/// The latest `iat`: the end of the year 9999, in seconds since the epoch.
const ISSUED_AT_S_MAX: i64 = 253_402_300_799;

/// The payload of an entry: what its author states. JSON members `type`, `id`, `exchange`, `iat`, `on_behalf_of`
/// (only if it is another's intent) and `body`.
#[derive(Debug, Clone)]
pub struct Claims {
    /// What kind of statement, `<noun>.<verb>` in lower-case letters and `_`, e.g. `order.place`; at most
    /// [`ENTRY_TYPE_BYTES_MAX`] bytes. Whether the type is known is for `market` to say.
    pub entry_type: String,
    /// The entry's name and idempotency key, chosen by the author.
    pub id: EntryId,
    /// The exchange that the entry is addressed to.
    pub exchange: ExchangeCode,
    /// When the author signed it: whole seconds since the epoch, 0 to the year 9999 (RFC 7519 §4.1.6).
    pub issued_at_s: i64,
    /// The party whose intent it is, if the signer is its exchange.
    pub on_behalf_of: Option<PartyId>,
    /// The statement itself: a JSON object as the author wrote it, byte for byte, I-JSON (RFC 7493) whose numbers are
    /// integers of at most 53 bits and which nests at most 64 deep.
    pub body: Box<RawValue>,
}

impl Claims {
    /// The members in the order in which this crate writes them. A reader accepts any order.
    pub(crate) fn to_json(&self) -> String {
        let on_behalf_of =
            self.on_behalf_of.map(|party| format!(r#""on_behalf_of":"{party}","#)).unwrap_or_default();
        // Every string here passed a type without characters that JSON escapes; `entry_type` is checked by `sign`.
        format!(
            r#"{{"type":"{}","id":"{}","exchange":"{}","iat":{},{on_behalf_of}"body":{}}}"#,
            self.entry_type,
            self.id,
            self.exchange,
            self.issued_at_s,
            self.body.get()
        )
    }

    pub(crate) fn from_json(text: &str) -> Result<Self, MembersError> {
        let names = ["type", "id", "exchange", "iat", "on_behalf_of", "body"];
        let [entry_type, id, exchange, issued_at, on_behalf_of, body] = json::members(text, names)?;
        let claims = Self {
            entry_type: json::value(json::required(entry_type, "type")?, "type")?,
            id: json::value(json::required(id, "id")?, "id")?,
            exchange: json::value(json::required(exchange, "exchange")?, "exchange")?,
            issued_at_s: json::value(json::required(issued_at, "iat")?, "iat")?,
            on_behalf_of: on_behalf_of.map(|raw| json::value(raw, "on_behalf_of")).transpose()?,
            body: json::required(body, "body")?.to_owned(),
        };
        claims.check().map(|()| claims)
    }

    pub(crate) fn check(&self) -> Result<(), MembersError> {
        let part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        let shape = self.entry_type.len() <= ENTRY_TYPE_BYTES_MAX
            && self.entry_type.split_once('.').is_some_and(|(noun, verb)| part(noun) && part(verb));
        let failed = |member, expected: &str| MembersError { member, expected: expected.to_owned() };
        if !shape {
            return Err(failed("type", "`<noun>.<verb>` in lower-case letters and `_`, at most 64 bytes"));
        }
        if !(0..=ISSUED_AT_S_MAX).contains(&self.issued_at_s) {
            return Err(failed("iat", "whole seconds since 1970, up to the year 9999"));
        }
        check_interoperable_object(self.body.get()).map_err(|expected| failed("body", &expected))
    }
}
