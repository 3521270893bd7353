//! What is signed, by EIP-712: computed here, so that nobody signs what a chain's node says that it is.

use crate::{StatementRoot, file::AnchorFile, log::KeySet};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct as _};

/// The signed structs, under the names that are hashed.
#[allow(missing_docs, unreachable_pub, dead_code, reason = "generated")]
mod message {
    alloy_sol_types::sol! {
        struct Checkpoint {
            bytes32 log;
            string origin;
            uint64 size;
            bytes32 root;
        }

        struct KeySet {
            bytes32 log;
            uint64 version;
            address[] keys;
            uint256 quorum;
        }

        struct Statement {
            bytes32 log;
            string window;
            string holder;
            uint64 lineCount;
            bytes32 root;
            uint64 checkpointSize;
            bytes32 checkpointRoot;
        }
    }
}

fn domain(name: &'static str, chain_id: u64, contract: Address) -> Eip712Domain {
    let (name, version) = (Some(name.into()), Some("1".into()));
    Eip712Domain::new(name, version, Some(U256::from(chain_id)), Some(contract), None)
}

fn checkpoint_domain(file: &AnchorFile) -> Eip712Domain {
    domain("DatabourseCheckpointAnchor", file.chain_id, file.checkpoint_anchor)
}

/// What an exchange signs of a checkpoint.
pub(crate) fn checkpoint(file: &AnchorFile, size: u64, root: B256) -> B256 {
    let message = message::Checkpoint { log: file.log.id(), origin: file.log.origin.clone(), size, root };
    message.eip712_signing_hash(&checkpoint_domain(file))
}

/// What the present keys sign of the next ones.
pub(crate) fn key_set(file: &AnchorFile, version: u64, set: &KeySet) -> B256 {
    let message = message::KeySet {
        log: file.log.id(),
        version,
        keys: set.keys().to_vec(),
        quorum: U256::from(set.quorum()),
    };
    message.eip712_signing_hash(&checkpoint_domain(file))
}

/// What an exchange signs of a statement.
pub(crate) fn statement(file: &AnchorFile, of: &StatementRoot) -> B256 {
    let message = message::Statement {
        log: file.log.id(),
        window: of.window.clone(),
        holder: of.holder.clone(),
        lineCount: of.line_count,
        root: of.root,
        checkpointSize: of.checkpoint_size,
        checkpointRoot: of.checkpoint_root,
    };
    message.eip712_signing_hash(&domain("DatabourseStatementAnchor", file.chain_id, file.statement_anchor))
}
