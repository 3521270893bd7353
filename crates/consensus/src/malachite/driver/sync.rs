//! Catching up, from both sides.

use super::Driver;
use crate::{
    End, LedgerApp, Undecided, Verdict,
    malachite::{
        context::{Address, Agreement, BlockHeight, BlockId},
        proof,
    },
};
use arc_malachitebft_app_channel::app::{
    engine::host::SyncedValueOutcome,
    types::{
        ProposedValue,
        core::{Round, Validity},
        sync::RawDecidedValue,
    },
};
use bytes::Bytes;
use databourse_ledger::Block;
use databourse_primitives::Height;
use std::{ops::RangeInclusive, sync::Arc};
use tracing::warn;

impl<A: LedgerApp> Driver<A> {
    /// Committed blocks for a node that catches up. If the store fails there are none: it asks somebody else.
    pub(super) async fn decided_values(
        &mut self,
        range: RangeInclusive<BlockHeight>,
    ) -> Result<Vec<RawDecidedValue<Agreement>>, End> {
        let end = Height::from(*range.end()).min(self.app.last_height());
        match self.app.decided(Height::from(*range.start())..=end).await {
            #[cfg(feature = "dishonest")]
            Ok(blocks) if self.serves_wrong_blocks() => {
                Ok(blocks.into_iter().map_while(proof::decided_value).map(super::dishonest::wrong).collect())
            }
            Ok(blocks) => Ok(blocks.into_iter().map_while(proof::decided_value).collect()),
            Err(failure) => {
                warn!(error = %failure, "committed blocks could not be read for another node");
                Ok(Vec::new())
            }
        }
    }

    /// A block that another node says is agreed on. The engine has checked a certificate, and compares the block that it
    /// names with the answer; so the answer says *valid* whatever the rules say here. If they say otherwise the engine
    /// decides nevertheless, and the commit finds that this node has diverged, rather than waiting for ever.
    ///
    /// What is made durable is this node's own verdict: without a certificate it would vote by that.
    pub(super) async fn synced(
        &mut self,
        height: Height,
        round: Round,
        proposer: Address,
        bytes: Bytes,
    ) -> Result<SyncedValueOutcome<Agreement>, End> {
        if height != self.height {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        let block = match Block::decode(&bytes) {
            Ok(block) if block.header_fields().is_ok_and(|header| header.height == height) => block,
            _ => return Ok(SyncedValueOutcome::PeerFault),
        };
        let block_id = block.id();
        if self.proposals.get(block_id).is_none()
            && let Err(failure) = self.keep_synced(round, &proposer, block).await
        {
            self.recover(&failure).await?;
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        Ok(SyncedValueOutcome::Verdict(ProposedValue {
            height: height.into(),
            round,
            valid_round: Round::Nil,
            proposer,
            value: BlockId(block_id),
            validity: Validity::Valid,
        }))
    }

    async fn keep_synced(&mut self, round: Round, proposer: &Address, block: Block) -> Result<(), A::Error> {
        let block_id = block.id();
        self.last_checked = None;
        let verdict = self.app.check(&block).await?;
        let is_valid = matches!(verdict, Verdict::Valid | Verdict::Untimely { .. });
        self.last_checked = is_valid.then_some(block_id);
        let undecided = Undecided {
            height: self.height,
            round: round.as_u32().unwrap_or(0),
            valid_round: None,
            proposer: proposer.0.clone(),
            is_valid,
            block: Arc::new(block),
        };
        self.app.save_undecided(&undecided).await?;
        self.proposals.keep(block_id, undecided);
        Ok(())
    }
}
