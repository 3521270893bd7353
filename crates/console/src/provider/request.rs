//! Authentication requests (OpenID Connect Core 1.0 §3.1.2): read, checked, and carried on by forms.

use super::Inner;
use crate::{backend::with_query, lang::Lang};
use axum::http::HeaderMap;
use std::collections::BTreeMap;

/// The most bytes of a parameter.
const PARAMETER_BYTES_MAX: usize = 512;
/// What of a request is carried on.
const NAMES: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "ui_locales",
    "prompt",
];

/// A request whose client and redirect URI are known: what is wrong with the rest may be told to the client.
#[derive(Debug)]
pub(super) struct AuthenticationRequest {
    parameters: BTreeMap<String, String>,
}

/// Why a request is not answered to whoever it says it is from.
#[derive(Debug)]
pub(super) struct NotOurs;

impl AuthenticationRequest {
    /// Reads a query or a form; what is empty is absent, and of what is said twice the first counts.
    pub(super) fn read(provider: &Inner, text: &[u8]) -> Result<Self, NotOurs> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if NAMES.contains(&&*name) && !value.is_empty() && value.len() <= PARAMETER_BYTES_MAX {
                parameters.entry(name.into_owned()).or_insert_with(|| value.into_owned());
            }
        }
        let request = Self { parameters };
        let is_ours = request.get("client_id") == provider.config.client_id
            && provider.config.redirect_uris.iter().any(|uri| uri == request.get("redirect_uri"));
        if is_ours { Ok(request) } else { Err(NotOurs) }
    }

    /// A parameter; empty if it is absent.
    pub(super) fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The error of RFC 6749 §4.1.2.1, if there is one.
    pub(super) fn error(&self) -> Option<&'static str> {
        let has_openid = self.get("scope").split(' ').any(|scope| scope == "openid");
        // A digest of SHA-256 in base64url without padding.
        let has_challenge =
            self.get("code_challenge").len() == 43 && self.get("code_challenge_method") == "S256";
        match self.get("response_type") {
            "code" if !has_openid => Some("invalid_scope"),
            "code" if !has_challenge => Some("invalid_request"),
            "code" => None,
            _ => Some("unsupported_response_type"),
        }
    }

    /// Whether one must choose, whoever is signed in.
    pub(super) fn wants_choice(&self) -> bool {
        self.get("prompt").split(' ').any(|prompt| matches!(prompt, "login" | "select_account"))
    }

    /// Whether one may not be asked.
    pub(super) fn wants_silence(&self) -> bool {
        self.get("prompt") == "none"
    }

    /// The language: what the request asks for, else what the reader chose or the browser asks for.
    pub(super) fn lang(&self, headers: &HeaderMap, chosen: Option<&str>) -> Lang {
        let tags = self.get("ui_locales").split(' ');
        let asked = tags.filter_map(|tag| Lang::of_code(tag.split('-').next()?)).next();
        asked.unwrap_or_else(|| Lang::of_request(headers, chosen))
    }

    /// Its parameters, for a form's hidden fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The path of this request with `name` changed.
    pub(super) fn path_with(&self, provider: &Inner, name: &str, value: &str) -> String {
        let pairs = self.fields().filter(|(known, _)| *known != name).chain([(name, value)]);
        with_query(&format!("{}/authorize", provider.path), &pairs.collect::<Vec<_>>())
    }

    /// Where the browser goes with the answer (RFC 6749 §4.1.2, RFC 9207).
    pub(super) fn answer(&self, provider: &Inner, name: &str, value: &str) -> String {
        let pairs = [(name, value), ("state", self.get("state")), ("iss", &provider.config.issuer)];
        with_query(self.get("redirect_uri"), &pairs)
    }
}
