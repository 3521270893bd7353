//! The contracts of a ledger through a node: deploying and reading.

use crate::{
    AnchorError, AnchorFile, AnchorKey, Chain, ContractRefusal, KeySet, LineProof, Patience, StatementRoot,
    contracts::{
        CheckpointAnchor::{self as checkpoints, CheckpointAnchorErrors},
        StatementAnchor as statements, checkpoint_anchor_code, statement_anchor_code,
    },
};
use alloy_primitives::{B256, TxKind, U256};
use alloy_sol_types::SolCall as _;
use std::fmt;

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

/// A statement as the chain keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchoredStatement {
    /// Root of the tree over its lines.
    pub root: B256,
    /// Number of lines.
    pub line_count: u64,
    /// Size of the anchored checkpoint that it was signed with.
    pub checkpoint_size: u64,
}

impl fmt::Display for AnchoredStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, root {}, of size {}", self.line_count, self.root, self.checkpoint_size)
    }
}

impl From<&StatementRoot> for AnchoredStatement {
    fn from(of: &StatementRoot) -> Self {
        Self { root: of.root, line_count: of.line_count, checkpoint_size: of.checkpoint_size }
    }
}

/// The contracts of one ledger, on the chain that they are on.
#[derive(Debug, Clone)]
pub struct Anchor {
    pub(crate) chain: Chain,
    pub(crate) file: AnchorFile,
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

    pub(crate) async fn root_at(&self, size: u64, block: Option<u64>) -> Result<Option<B256>, AnchorError> {
        let call = checkpoints::rootOfCall { log: self.file.log.id(), size };
        let root = self.chain.read(self.file.checkpoint_anchor, &call, block).await?;
        Ok(Some(root).filter(|root| !root.is_zero()))
    }

    /// The statement of `holder` in `window` that is anchored, if one is, in the latest state.
    ///
    /// # Errors
    /// `Node`.
    pub async fn statement_of(
        &self,
        window: &str,
        holder: &str,
    ) -> Result<Option<AnchoredStatement>, AnchorError> {
        self.statement_at(window, holder, None).await
    }

    pub(crate) async fn statement_at(
        &self,
        window: &str,
        holder: &str,
        block: Option<u64>,
    ) -> Result<Option<AnchoredStatement>, AnchorError> {
        let (log, window, holder) = (self.file.log.id(), window.to_owned(), holder.to_owned());
        let call = statements::statementOfCall { log, window, holder };
        let found = self.chain.read(self.file.statement_anchor, &call, block).await?;
        Ok((!found.root.is_zero()).then_some(AnchoredStatement {
            root: found.root,
            line_count: found.lineCount,
            checkpoint_size: found.checkpointSize,
        }))
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
}
