//! The operator's day at a command line: windows, payments, statements, breaks, reconciliation. Everything goes through
//! the HTTP API of a node, as the person whose token it is.
//!
//! | module | what it shows or asks for |
//! |---|---|
//! | `window` | windows and their states, positions |
//! | `payments` | instructions, payment files, confirmations |
//! | `statement` | settlement statements |
//! | `breaks` | differences between books |
//! | `reconcile` | ledger × book × bank |
//!
//! Deliberately absent: rules, which are the node's; formats, which are the node's too.

pub(crate) mod breaks;
pub(crate) mod payments;
pub(crate) mod reconcile;
pub(crate) mod statement;
pub(crate) mod table;
pub(crate) mod window;

use crate::args::settle::NodeArgs;
use anyhow::{Context as _, Result};
use databourse_client::{Acknowledged, Client, Endpoint};
use databourse_exchange::{Clock, Entropy};
use databourse_primitives::{Asset, EntryId, WindowId};
use serde::Serialize;
use std::path::Path;

/// A node and whoever asks it.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) json: bool,
}

impl Session {
    /// Finds the node and the token.
    ///
    /// # Errors
    /// No token, or nobody answers at the address.
    pub(crate) async fn open(args: &NodeArgs) -> Result<Self> {
        let file = args.token_file.as_deref().context(
            "who asks? Make a token with `databourse token --operator NAME > operator.token`, \
             and name it with --token-file FILE or DATABOURSE_TOKEN_FILE",
        )?;
        let token =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let client = Client::new(&args.url)?;
        client.ready().await.context("is the exchange running? `databourse serve`")?;
        Ok(Self { client: client.bearing(&token), json: args.json })
    }

    /// Posts, under a new id.
    pub(crate) async fn post(&self, path: String, body: serde_json::Value) -> Result<Acknowledged> {
        Ok(self.client.post(new_id()?, &Endpoint { path, body }).await?)
    }

    /// Prints a value as JSON, if that is wanted; says whether it did.
    pub(crate) fn printed_json(&self, value: &impl Serialize) -> Result<bool> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(value)?);
        }
        Ok(self.json)
    }

    /// Says where in the ledger something was recorded.
    pub(crate) fn recorded(&self, what: &str, done: &Acknowledged) -> Result<()> {
        let place = serde_json::json!({
            "id": done.id, "type": done.entry_type, "leaf_index": done.leaf_index, "height": done.height,
        });
        if !self.printed_json(&place)? {
            println!("{what}  entry 条目 {} at leaf 叶 {}", done.id, done.leaf_index);
        }
        Ok(())
    }
}

/// The id of a new command.
fn new_id() -> Result<EntryId> {
    Entropy::Os.entry_id(Clock::System.now(), "").context("the system has no randomness")
}

/// Where a window is in the API: `CNY/2#7` is at `/v1/windows/CNY-2/7`.
pub(crate) fn window_path(window: WindowId) -> String {
    format!("/v1/windows/{}/{}", window.asset.to_string().replace('/', "-"), window.number)
}

/// An amount in major units, with its sign.
pub(crate) fn money(asset: Asset, minor: i64) -> String {
    asset.render(minor)
}

/// The one word that a value is written as in JSON.
pub(crate) fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// Writes a file under another name until it is whole.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> Result<()> {
    crate::commands::make_folder_of(file)?;
    let mut draft = file.as_os_str().to_owned();
    draft.push(".part");
    std::fs::write(&draft, bytes)
        .and_then(|()| std::fs::rename(&draft, file))
        .with_context(|| format!("{} cannot be written", file.display()))
}
