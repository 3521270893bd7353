//! The end of a ledger, and what its successor begins with.

use super::member::{self, Wish};
use crate::{args::region::MemberArgs, config::Config};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use databourse_client::Client;
use databourse_exchange::NodeKeys;
use databourse_ledger::Policy;
use databourse_party::{CloseLedger, Closing, Predecessor};
use serde::Deserialize;
use std::path::Path;

/// What is asked of `GET /v1/region` here.
#[derive(Debug, Deserialize)]
struct RegionView {
    closing: Option<Closing>,
}

/// Ends the ledger in the words that the region decided, once no hold is pending.
///
/// # Errors
/// Nothing was decided; a hold is pending; no key file, nobody at the address, or a refusal.
pub(crate) async fn end(by: &MemberArgs) -> Result<()> {
    let config = Config::load(by.config.config.as_deref())?;
    let keys = NodeKeys::load(&config.node.key_file)?;
    let client = member::client_of(&config, by.url.as_deref(), &keys)?;
    let region: RegionView = client.get("/v1/region").await?;
    let closing = region
        .closing
        .context("nothing is decided: databourse region close --successor ORIGIN --reason TEXT")?;
    // The rules cannot see a hold that stands on no exchange's account; the list can.
    let pending: Vec<serde_json::Value> = client.list("/v1/holds?state=pending").await?;
    ensure!(
        pending.is_empty(),
        "{} holds are pending: databourse settle, or wait until they expire",
        pending.len()
    );
    let words = CloseLedger { successor: closing.successor, reason: closing.reason };
    let recorded = member::send(&config, by.url.as_deref(), &Wish::end(words)?).await?;
    println!("closed 已终结  {}  {} at leaf 叶 {}", recorded.entry_type, recorded.id, recorded.leaf_index);
    Ok(())
}

/// Prints how the ledger of the node at `url` ended, if whoever `policy` trusts says so.
///
/// # Errors
/// It is not closed, or what it says does not hold.
pub(crate) async fn succeed(url: &str, policy: &Path) -> Result<()> {
    let text =
        std::fs::read_to_string(policy).with_context(|| format!("{} cannot be read", policy.display()))?;
    let policy: Policy = text.parse().with_context(|| format!("{}", policy.display()))?;
    let predecessor: Predecessor = Client::new(url)?.get("/v1/region/end").await?;
    let end = verify(&predecessor, &policy)?;
    println!("{}", serde_json::to_string_pretty(&predecessor)?);
    eprintln!(
        "{} ended with {} leaves 叶 and root {}",
        predecessor.origin.as_str(),
        predecessor.size,
        predecessor.root
    );
    eprintln!("its last entry names {}: that is to be `region.origin`", end.successor.as_str());
    Ok(())
}

/// Verifies an end, whatever ledger goes on from it, and returns what its last entry says.
fn verify(predecessor: &Predecessor, policy: &Policy) -> Result<CloseLedger> {
    let entry = databourse_ledger::Entry::parse(predecessor.entry.as_bytes())
        .map_err(|refusal| anyhow!("{refusal}"))?;
    let close: CloseLedger = match serde_json::from_str(entry.claims().body.get()) {
        Ok(close) => close,
        Err(_) => bail!("its last entry does not close it"),
    };
    predecessor.verify(&close.successor).map_err(|refusal| anyhow!("{refusal}"))?;
    let checkpoint = predecessor.checkpoint().map_err(|refusal| anyhow!("{refusal}"))?;
    policy.check(&checkpoint).context("the last checkpoint")?;
    Ok(close)
}
