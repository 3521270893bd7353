//! The contracts of a ledger through a node: deploying, anchoring, reading.
//!
//! Nothing is remembered between two calls. Whoever wants something on the chain asks whether it is there, sends it if it
//! is not, and waits until it stands in the state that is as many blocks old as confirmations are wanted. A transaction
//! that was lost, dropped, or undone by a reorganisation is noticed because what it should have done is not there, and is
//! sent again; one that went through unseen is noticed because it is.

use crate::{
    AnchorError, AnchorFile, AnchorKey, Chain, ContractRefusal, KeySet, LineProof, StatementRoot,
    contracts::{
        CheckpointAnchor::{self as checkpoints, CheckpointAnchorErrors},
        StatementAnchor as statements, checkpoint_anchor_code, statement_anchor_code,
    },
    send::send,
};
use alloy::{
    primitives::{Address, B256, Bytes, TxKind, U256},
    rpc::types::Filter,
    sol_types::{SolCall as _, SolEvent as _},
};
use std::time::Duration;

/// The most confirmations that can be asked for: full nodes keep the states of 128 blocks.
pub const CONFIRMATIONS_MAX: u64 = 120;

/// After so many looks without effect a transaction is sent again: the node may have forgotten it.
const LOOKS_BEFORE_RESEND: u32 = 30;

/// How sure one wants to be, and how long one waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// In how many blocks it must stand, its own counted: 1 to [`CONFIRMATIONS_MAX`].
    pub confirmations: u64,
    /// Time between two looks at the chain.
    pub poll: Duration,
    /// How long before giving up; calling again continues.
    pub timeout: Duration,
}

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

/// How a log stands on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// The largest anchored size; 0 if there is none.
    pub size: u64,
    /// Its root; zero if there is none.
    pub root: B256,
    /// Version of the present keys, from 0.
    pub version: u64,
    /// The present keys.
    pub keys: KeySet,
    /// Two roots of one size that were signed: the log is frozen.
    pub equivocation: Option<(u64, B256, B256)>,
}

/// The contracts of one ledger, on the chain that they are on.
#[derive(Debug, Clone)]
pub struct Anchor {
    chain: Chain,
    file: AnchorFile,
}

impl Anchor {
    /// Binds the contracts to a node.
    ///
    /// # Errors
    /// `OtherChain`.
    pub fn new(chain: Chain, file: AnchorFile) -> Result<Self, AnchorError> {
        if chain.id() == file.chain_id {
            return Ok(Self { chain, file });
        }
        Err(AnchorError::OtherChain { expected: file.chain_id, found: chain.id() })
    }

    /// Where the contracts are.
    pub const fn file(&self) -> &AnchorFile {
        &self.file
    }

    /// Creates both contracts and founds the log, as far as that was not done before. `key` is the deployer's.
    ///
    /// # Errors
    /// `NonceTaken` if the account did something else meanwhile; `TimedOut`; `Confirmations`; `Node`.
    pub async fn deploy(&self, key: &AnchorKey, patience: Patience) -> Result<(), AnchorError> {
        let (file, chain) = (&self.file, &self.chain);
        let creations = [
            (file.checkpoint_anchor, file.nonce, checkpoint_anchor_code()),
            (
                file.statement_anchor,
                file.nonce.saturating_add(1),
                statement_anchor_code(file.checkpoint_anchor),
            ),
        ];
        for (address, nonce, code) in creations {
            let is_there = async |block: Option<u64>| chain.has_code(address, block).await;
            self.bring_about(key, patience, (TxKind::Create, code), Some(nonce), is_there).await?;
        }
        let founding = &file.log.founding;
        let found = checkpoints::foundCall {
            origin: file.log.origin.clone(),
            keys: founding.keys().to_vec(),
            quorum: U256::from(founding.quorum()),
        };
        let latest = checkpoints::latestCall { log: file.log.id() };
        let is_founded =
            async |block: Option<u64>| match chain.read(file.checkpoint_anchor, &latest, block).await {
                Ok(_) => Ok(true),
                Err(AnchorError::Refused(ContractRefusal::Checkpoint(
                    CheckpointAnchorErrors::CheckpointAnchorUnknownLog(_),
                ))) => Ok(false),
                Err(error) => Err(error),
            };
        let call = (TxKind::Call(file.checkpoint_anchor), found.abi_encode().into());
        self.bring_about(key, patience, call, None, is_founded).await
    }

    /// How the log stands in the latest state.
    ///
    /// # Errors
    /// `Refused` if it was not founded; `Node`.
    pub async fn state(&self) -> Result<LogState, AnchorError> {
        let log = self.file.log.id();
        let to = self.file.checkpoint_anchor;
        let latest = self.chain.read(to, &checkpoints::latestCall { log }, None).await?;
        let call = checkpoints::keySetCall { log, version: latest.version };
        let set = self.chain.read(to, &call, None).await?;
        let quorum = usize::try_from(set.quorum).unwrap_or(usize::MAX);
        let keys =
            KeySet::new(set.keys, Some(quorum)).map_err(|error| AnchorError::Node(error.to_string()))?;
        let equivocation = if latest.frozen {
            let proof = self.chain.read(to, &checkpoints::equivocationCall { log }, None).await?;
            Some((proof.size, proof.root, proof.otherRoot))
        } else {
            None
        };
        Ok(LogState { size: latest.size, root: latest.root, version: latest.version, keys, equivocation })
    }

    /// The root that is anchored at `size`, if one is, in the latest state.
    ///
    /// # Errors
    /// `Node`.
    pub async fn root_of(&self, size: u64) -> Result<Option<B256>, AnchorError> {
        self.root_at(size, None).await
    }

    async fn root_at(&self, size: u64, block: Option<u64>) -> Result<Option<B256>, AnchorError> {
        let call = checkpoints::rootOfCall { log: self.file.log.id(), size };
        let root = self.chain.read(self.file.checkpoint_anchor, &call, block).await?;
        Ok(Some(root).filter(|root| !root.is_zero()))
    }

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
        let filter = Filter::new()
            .address(contract)
            .event_signature(checkpoints::CheckpointAnchored::SIGNATURE_HASH)
            .topic1(log)
            .topic2(U256::from(size))
            .from_block(self.file.from_block);
        self.place_of(&filter, |_| true).await
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
        let ours = statements::Statement {
            root: statement.root,
            lineCount: statement.line_count,
            checkpointSize: statement.checkpoint_size,
        };
        let (window, holder) = (statement.window.clone(), statement.holder.clone());
        let of = statements::statementOfCall { log, window: window.clone(), holder: holder.clone() };
        let is_anchored = async |block: Option<u64>| -> Result<bool, AnchorError> {
            let anchored = self.chain.read(contract, &of, block).await?;
            if anchored.root.is_zero() || anchored == ours {
                return Ok(anchored == ours);
            }
            let (window, holder) = (window.clone(), holder.clone());
            Err(AnchorError::OtherStatement { holder, window, anchored: anchored.root })
        };
        is_anchored(None).await?;
        let anchor = statements::anchorCall {
            log,
            window: window.clone(),
            holder: holder.clone(),
            statement: ours.clone(),
            signatures: signatures.to_vec(),
        };
        let call = (TxKind::Call(contract), anchor.abi_encode().into());
        self.bring_about(key, patience, call, None, is_anchored).await?;
        let filter = Filter::new()
            .address(contract)
            .event_signature(statements::StatementAnchored::SIGNATURE_HASH)
            .topic1(log)
            .from_block(self.file.from_block);
        self.place_of(&filter, |event| {
            statements::StatementAnchored::decode_log_data(event)
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

    /// Whether the contract finds the line in the statement that it names.
    ///
    /// # Errors
    /// `Refused` if no such statement is anchored; `Node`.
    pub async fn verify_line(&self, line: &LineProof) -> Result<bool, AnchorError> {
        let call = statements::verifyLineCall {
            log: self.file.log.id(),
            line: line.leaf.to_contract(),
            proof: line.proof.clone(),
        };
        self.chain.read(self.file.statement_anchor, &call, None).await
    }

    /// Sends `call` until `holds` is true of the state that has its confirmations; `nonce` if only that one will do.
    async fn bring_about(
        &self,
        key: &AnchorKey,
        patience: Patience,
        (to, input): (TxKind, Bytes),
        nonce: Option<u64>,
        holds: impl AsyncFn(Option<u64>) -> Result<bool, AnchorError>,
    ) -> Result<(), AnchorError> {
        if !(1..=CONFIRMATIONS_MAX).contains(&patience.confirmations) {
            return Err(AnchorError::Confirmations(patience.confirmations));
        }
        // What the node said last, for who waited in vain.
        let mut said = "sent, and not seen in a block".to_owned();
        let looking = async {
            let mut sent = None;
            loop {
                match self.look(key, patience, (to, &input), nonce, &holds, &mut sent).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    // A node that is away may come back.
                    Err(AnchorError::Node(error)) => said = error,
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(patience.poll).await;
            }
        };
        let ended = tokio::time::timeout(patience.timeout, looking).await;
        ended.unwrap_or(Err(AnchorError::TimedOut(said)))
    }

    /// One look at the chain: whether it is there for long enough; sends it if it is not there.
    async fn look(
        &self,
        key: &AnchorKey,
        patience: Patience,
        (to, input): (TxKind, &Bytes),
        nonce: Option<u64>,
        holds: &impl AsyncFn(Option<u64>) -> Result<bool, AnchorError>,
        sent: &mut Option<(u64, u32)>,
    ) -> Result<bool, AnchorError> {
        let height = self.chain.height().await?;
        if holds(None).await? {
            // Should a reorganisation undo it, it is sent again at once.
            *sent = None;
            return match height.checked_add(1).and_then(|blocks| blocks.checked_sub(patience.confirmations)) {
                Some(block) => holds(Some(block)).await,
                None => Ok(false),
            };
        }
        let next = self.chain.nonce(key.address()).await?;
        if let Some(nonce) = nonce.filter(|nonce| *nonce != next) {
            return if nonce < next {
                Err(AnchorError::NonceTaken { account: key.address(), nonce })
            } else {
                Err(AnchorError::Node(format!("the account's transaction {next} comes first")))
            };
        }
        match sent {
            Some((number, looks)) if *number == next && *looks < LOOKS_BEFORE_RESEND => *looks += 1,
            _ => {
                send(&self.chain, key, next, to, input.clone()).await?;
                *sent = Some((next, 0));
            }
        }
        Ok(false)
    }

    async fn place_of(
        &self,
        filter: &Filter,
        is_it: impl Fn(&alloy::primitives::LogData) -> bool,
    ) -> Result<Anchored, AnchorError> {
        let events = self.chain.events(filter).await?;
        let place = events.iter().find(|event| is_it(event.data())).and_then(|event| {
            Some(Anchored {
                contract: event.address(),
                transaction: event.transaction_hash?,
                block: event.block_number?,
            })
        });
        place.ok_or_else(|| AnchorError::Node("it is anchored, and its event is not found".to_owned()))
    }
}
