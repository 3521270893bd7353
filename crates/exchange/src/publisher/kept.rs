//! The shown checkpoint over a restart: kept when it is shown, and shown again.

use super::{Published, Publisher};
use crate::node::{Inner, NodeError};
use databourse_store::{FinalCheckpoint, Store};
use std::{collections::BTreeSet, sync::Arc};
use tracing::warn;

/// Shows the final checkpoint of before a restart: what was shown once is not taken back while the others are away.
pub(crate) async fn resume(publisher: &Publisher, store: &Store) -> Result<(), NodeError> {
    let (Some(kept), Some(_)) = (store.final_checkpoint().await?, store.chain_head().await?) else {
        return Ok(());
    };
    let damaged = |what: &str| NodeError::Damaged(format!("the final checkpoint that was kept: {what}"));
    let checkpoint = &kept.signed.checkpoint;
    let edge = store.tree_edge_at(checkpoint.size).await?;
    let edge = edge.filter(|edge| edge.root() == checkpoint.root);
    let edge = edge.ok_or_else(|| damaged("the entries in the store have another root"))?;
    let block = store.block(kept.height).await?.ok_or_else(|| damaged("its block is missing"))?;
    publisher.resume(Published {
        checkpoint: kept.signed.to_string(),
        size: checkpoint.size,
        root: checkpoint.root,
        height: kept.height,
        time: block.time,
        cosigned_by: BTreeSet::new(),
        signed: Some(kept.signed),
        edge,
    });
    Ok(())
}

/// Keeps what is shown, so that it can be shown after a restart. It ends behind the pipeline: what was shown last is kept,
/// too, since a node whose keys are replaced cannot sign it again.
pub(crate) async fn keep_final(node: Arc<Inner>) {
    let mut shown = node.publisher.subscribe();
    let mut end = node.end.clone();
    loop {
        tokio::select! {
            // What was shown last comes first.
            biased;
            changed = shown.changed() => if changed.is_err() { return },
            // A sender that is gone is a pipeline that is gone.
            _ = end.wait_for(Option::is_some) => return,
        }
        let last = Arc::clone(&shown.borrow_and_update());
        let Some(signed) = last.signed.clone() else { continue };
        let saved = node.store.save_final_checkpoint(&FinalCheckpoint { height: last.height, signed }).await;
        if let Err(failure) = saved {
            warn!(error = %failure, size = last.size.0, "the final checkpoint is not kept");
        }
    }
}
