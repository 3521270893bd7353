//! The end of this ledger as its successor names it, and the policies that its checkpoints needed over time.

use crate::{
    finality::Cosigners,
    node::{Inner, NodeError},
};
use databourse_ledger::{CertificateFile, Entry, Policy, PolicyHistory, PolicyPeriod};
use databourse_market::{Key, Stored as _};
use databourse_party::{self as party, Exchange, KeyRecord, Predecessor, Region};
use databourse_primitives::{Height, LeafIndex, TreeSize};
use std::{collections::BTreeSet, fmt};

fn damaged(what: impl fmt::Display) -> NodeError {
    NodeError::Damaged(format!("the end of the ledger: {what}"))
}

impl Inner {
    /// See [`crate::Node::ledger_end`].
    pub(crate) async fn ledger_end(&self) -> Result<Option<Predecessor>, NodeError> {
        let shown = self.publisher.shown();
        let region = self.reader.get::<Region>("region").await?;
        if region.and_then(|region| region.last_height()) != Some(shown.height) {
            return Ok(None);
        }
        let Some(index) = shown.size.0.checked_sub(1).map(LeafIndex) else { return Ok(None) };
        let stored = self.reader.entry(index.0).await?.ok_or_else(|| damaged("no last leaf"))?;
        let entry = Entry::parse(&stored.bytes).map_err(damaged)?;
        let key = self.reader.get::<KeyRecord>(&entry.kid().to_string()).await?;
        let author_key = key.ok_or_else(|| damaged("the key of its last entry is not registered"))?.key;
        let Some(receipt) = self.publisher.receipt(&self.reader, index).await? else { return Ok(None) };
        let Some(policy) = self.policy_of(receipt.checkpoint.checkpoint.size).await? else { return Ok(None) };
        let end = CertificateFile { entry, author_key, receipt };
        Predecessor::new(&policy, &end).map(Some).map_err(damaged)
    }

    /// See [`crate::Node::policy_at`].
    pub(crate) async fn policy_at(&self, size: TreeSize) -> Result<Option<String>, NodeError> {
        Ok(self.policy_of(size).await?.map(|policy| policy.to_string()))
    }

    async fn policy_of(&self, size: TreeSize) -> Result<Option<Policy>, NodeError> {
        let Some(last) = size.0.checked_sub(1) else { return Ok(None) };
        let Some(entry) = self.reader.entry(last).await? else { return Ok(None) };
        self.policy_at_height(&self.exchanges().await?, entry.height).map(Some)
    }

    /// See [`crate::Node::policy_history`].
    pub(crate) async fn policy_history(&self) -> Result<Option<PolicyHistory>, NodeError> {
        let exchanges = self.exchanges().await?;
        let last = self.publisher.shown().height;
        let mut periods = Vec::new();
        for height in changes(&exchanges).into_iter().filter(|height| *height <= last) {
            let Some(block) = self.reader.block(height).await? else { continue };
            let policy = self.policy_at_height(&exchanges, height)?;
            periods.push(PolicyPeriod { above_size: TreeSize(block.header_index.0), policy });
        }
        if periods.is_empty() {
            return Ok(None);
        }
        PolicyHistory::new(periods).map(Some).map_err(damaged)
    }

    fn policy_at_height(&self, exchanges: &[Exchange], height: Height) -> Result<Policy, NodeError> {
        let keys = party::cosigners(exchanges.iter(), height);
        let cosigners: Cosigners = self.publisher.cosigners(&keys).map_err(damaged)?;
        cosigners.policy().map_err(damaged)
    }

    /// Every exchange that is or was a member, with all that it was and signed with.
    async fn exchanges(&self) -> Result<Vec<Exchange>, NodeError> {
        let Some(region) = self.reader.get::<Region>("region").await? else { return Ok(Vec::new()) };
        let names: BTreeSet<Key> = region.exchanges.iter().map(Key::of::<Exchange>).collect();
        let records = self.reader.load(&names).await?;
        Ok(records
            .iter()
            .filter_map(|(_, record)| Exchange::from_record(record.as_ref()?))
            .cloned()
            .collect())
    }
}

/// The heights at which who signs checkpoints, or with which keys, may have changed; the first block's among them.
fn changes(exchanges: &[Exchange]) -> BTreeSet<Height> {
    let mut heights = BTreeSet::from([Height(1)]);
    for exchange in exchanges {
        let steps = exchange.earlier.iter().chain([&exchange.membership]);
        heights.extend(steps.map(|step| step.since_height()));
        for keys in [&exchange.checkpoint_key, &exchange.cosignature_key] {
            heights.extend(keys.earlier.iter().map(|earlier| earlier.since_height));
            heights.insert(keys.since_height);
        }
    }
    heights
}
