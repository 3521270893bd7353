//! What can go wrong with a chain, and what the contracts refuse.

use crate::contracts::{CheckpointAnchor::CheckpointAnchorErrors, StatementAnchor::StatementAnchorErrors};
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolInterface as _;
use alloy_transport::{RpcError, TransportErrorKind};
use std::fmt;

/// A refusal of one of the contracts, by its custom error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractRefusal {
    /// Of the checkpoint anchor.
    Checkpoint(CheckpointAnchorErrors),
    /// Of the statement anchor.
    Statement(StatementAnchorErrors),
    /// Of neither; the data as the chain gave it.
    Other(Bytes),
}

impl ContractRefusal {
    /// Reads the data of a reverted call. No error of one contract has the selector of one of the other.
    pub fn decode(data: &[u8]) -> Self {
        if let Ok(error) = CheckpointAnchorErrors::abi_decode(data) {
            return Self::Checkpoint(error);
        }
        match StatementAnchorErrors::abi_decode(data) {
            Ok(error) => Self::Statement(error),
            Err(_) => Self::Other(Bytes::copy_from_slice(data)),
        }
    }
}

impl fmt::Display for ContractRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(error) => write!(f, "{error:?}"),
            Self::Statement(error) => write!(f, "{error:?}"),
            Self::Other(data) => write!(f, "reverted with {data}"),
        }
    }
}

/// Why something was not anchored, or not read.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The address of the node is none, or asks for TLS, which is left to a proxy.
    #[error("{0} is not an address of the form http://host:port")]
    Url(String),
    /// The node does not answer, or not in JSON-RPC. It may be asked again.
    #[error("the chain's node: {0}")]
    Node(String),
    /// The node belongs to another chain than the contracts' file.
    #[error("the node is on chain {found}, the contracts are on chain {expected}")]
    OtherChain {
        /// Chain of the file.
        expected: u64,
        /// Chain of the node.
        found: u64,
    },
    /// A contract refused.
    #[error("the contract refuses: {0}")]
    Refused(ContractRefusal),
    /// Another root than ours is anchored at this size: two histories exist. Nothing was sent.
    #[error("at size {size} the chain holds the root {anchored}, not {ours}: two histories of one ledger")]
    OtherRoot {
        /// The size.
        size: u64,
        /// The root on the chain.
        anchored: B256,
        /// Ours.
        ours: B256,
    },
    /// Another statement of this holder and window is anchored. Nothing was sent.
    #[error("another statement of {holder} in {window} is anchored, with the root {anchored}")]
    OtherStatement {
        /// Whose.
        holder: String,
        /// Of which window.
        window: String,
        /// Its root.
        anchored: B256,
    },
    /// The account was used for something else while contracts were deployed.
    #[error("the account {account} sent its transaction {nonce} for something else; deploy anew")]
    NonceTaken {
        /// The account.
        account: Address,
        /// Number of the transaction.
        nonce: u64,
    },
    /// It did not reach its confirmations in the given time. Typing the command again continues.
    #[error("not confirmed in time: {0}")]
    TimedOut(String),
    /// More confirmations were asked for than a node keeps states.
    #[error("{0} confirmations: expected 1 to {CONFIRMATIONS_MAX}", CONFIRMATIONS_MAX = crate::CONFIRMATIONS_MAX)]
    Confirmations(u64),
    /// A file is not what it should be.
    #[error("the file: {0}")]
    File(String),
    /// A key could not sign.
    #[error("signing: {0}")]
    Signing(String),
}

impl From<RpcError<TransportErrorKind>> for AnchorError {
    fn from(error: RpcError<TransportErrorKind>) -> Self {
        let data = error.as_error_resp().and_then(|response| response.as_revert_data());
        match data {
            Some(data) => Self::Refused(ContractRefusal::decode(&data)),
            None => Self::Node(error.to_string()),
        }
    }
}
