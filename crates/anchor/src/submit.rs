//! Anchoring: what the exchanges signed becomes true on the chain, whoever sends it and however often.

use crate::{
    Anchor, AnchorError, AnchorKey, AnchoredStatement, KeySet, Patience, StatementRoot,
    chain::Event,
    contracts::{CheckpointAnchor as checkpoints, StatementAnchor as statements},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall as _, SolEvent as _};

/// Where something was anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// The contract.
    pub contract: Address,
    /// The transaction that did it, whoever sent it.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
}

impl Anchor {
    /// Anchors a checkpoint with the signatures of [`gather`](crate::gather), and waits for its confirmations. What is
    /// anchored already is only waited for.
    ///
    /// # Errors
    /// `OtherRoot` if another root of this size is anchored, and then nothing is sent; `Refused`; `TimedOut`;
    /// `Confirmations`; `Node`.
    pub async fn submit_checkpoint(
        &self,
        key: &AnchorKey,
        (size, root): (u64, B256),
        signatures: &[Bytes],
        patience: Patience,
    ) -> Result<Anchored, AnchorError> {
        let (log, contract) = (self.file.log.id(), self.file.checkpoint_anchor);
        let is_anchored = async |block: Option<u64>| match self.root_at(size, block).await? {
            Some(anchored) if anchored == root => Ok(true),
            Some(anchored) => Err(AnchorError::OtherRoot { size, anchored, ours: root }),
            None => Ok(false),
        };
        // A wrong address or a frozen log is found at once, not after waiting.
        is_anchored(None).await?;
        let submit = checkpoints::submitCall { log, size, root, signatures: signatures.to_vec() };
        let call = (TxKind::Call(contract), submit.abi_encode().into());
        self.bring_about(key, patience, call, None, is_anchored).await?;
        let topics = [checkpoints::CheckpointAnchored::SIGNATURE_HASH, log, B256::from(U256::from(size))];
        self.place_of(contract, &topics, |_| true).await
    }

    /// Anchors a statement, like [`submit_checkpoint`](Self::submit_checkpoint).
    ///
    /// # Errors
    /// `OtherStatement` if another one of this holder and window is anchored; otherwise the same.
    pub async fn submit_statement(
        &self,
        key: &AnchorKey,
        statement: &StatementRoot,
        signatures: &[Bytes],
        patience: Patience,
    ) -> Result<Anchored, AnchorError> {
        let (log, contract) = (self.file.log.id(), self.file.statement_anchor);
        let (window, holder) = (statement.window.clone(), statement.holder.clone());
        let is_anchored = async |block: Option<u64>| -> Result<bool, AnchorError> {
            match self.statement_at(&window, &holder, block).await? {
                None => Ok(false),
                Some(anchored) if anchored == AnchoredStatement::from(statement) => Ok(true),
                Some(anchored) => {
                    let (window, holder) = (window.clone(), holder.clone());
                    Err(AnchorError::OtherStatement { holder, window, anchored: anchored.root })
                }
            }
        };
        is_anchored(None).await?;
        let anchor = statements::anchorCall {
            log,
            window: window.clone(),
            holder: holder.clone(),
            statement: statements::Statement {
                root: statement.root,
                lineCount: statement.line_count,
                checkpointSize: statement.checkpoint_size,
            },
            signatures: signatures.to_vec(),
        };
        let call = (TxKind::Call(contract), anchor.abi_encode().into());
        self.bring_about(key, patience, call, None, is_anchored).await?;
        let topics = [statements::StatementAnchored::SIGNATURE_HASH, log];
        self.place_of(contract, &topics, |event| {
            statements::StatementAnchored::decode_log_data(&event.log_data())
                .is_ok_and(|event| event.window == window && event.holder == holder)
        })
        .await
    }

    /// Replaces the keys by set `version`, one above the present one, with the signatures of the present keys.
    ///
    /// # Errors
    /// `Refused`, also if another set has this version already; `TimedOut`; `Confirmations`; `Node`.
    pub async fn change_keys(
        &self,
        key: &AnchorKey,
        (version, set): (u64, &KeySet),
        signatures: &[Bytes],
        patience: Patience,
    ) -> Result<(), AnchorError> {
        let (log, contract) = (self.file.log.id(), self.file.checkpoint_anchor);
        let quorum = U256::from(set.quorum());
        let is_changed = async |block: Option<u64>| -> Result<bool, AnchorError> {
            let latest = self.chain.read(contract, &checkpoints::latestCall { log }, block).await?;
            if latest.version < version {
                return Ok(false);
            }
            let found = self.chain.read(contract, &checkpoints::keySetCall { log, version }, block).await?;
            Ok(found.keys == set.keys() && found.quorum == quorum)
        };
        is_changed(None).await?;
        let keys = set.keys().to_vec();
        let change = checkpoints::changeKeysCall { log, keys, quorum, signatures: signatures.to_vec() };
        let call = (TxKind::Call(contract), change.abi_encode().into());
        self.bring_about(key, patience, call, None, is_changed).await
    }

    async fn place_of(
        &self,
        contract: Address,
        topics: &[B256],
        is_it: impl Fn(&Event) -> bool,
    ) -> Result<Anchored, AnchorError> {
        let events = self.chain.events(contract, topics, self.file.from_block).await?;
        let event = events.into_iter().find(is_it);
        let event = event
            .ok_or_else(|| AnchorError::Node("it is anchored, and its event is not found".to_owned()))?;
        Ok(Anchored {
            contract: event.address,
            transaction: event.transaction_hash,
            block: event.block_number.to(),
        })
    }
}
