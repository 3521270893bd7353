//! `[console]` and `[sign_in]`: where people open the console, and with which provider they sign in.

use serde::Deserialize;
use std::path::PathBuf;

/// Where people open the console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleSection {
    /// Empty: the address that the node serves at.
    pub(crate) public_url: String,
    /// How far the local time of its pages is ahead of UTC, minutes.
    pub(crate) utc_offset_minutes: i16,
}

/// The OpenID provider of the console.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInSection {
    /// Empty: nobody can sign in, unless the node demonstrates a provider.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Empty: the certificates of the system alone.
    pub(crate) ca_file: PathBuf,
    pub(crate) scopes: Vec<String>,
    pub(crate) party_claim: String,
    pub(crate) roles_claim: String,
    pub(crate) exchange_claim: String,
    /// Whether the node itself signs in whoever comes as whom they choose.
    pub(crate) demonstration: bool,
    /// Public addresses of the consoles that may use it beside its own.
    pub(crate) demonstration_consoles: Vec<String>,
}

impl std::fmt::Debug for SignInSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInSection").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
