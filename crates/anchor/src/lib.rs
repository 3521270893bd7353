//! Anchors: checkpoints of the ledger and roots of settlement statements, kept by two contracts on an EVM chain, so that
//! somebody who trusts neither a node nor a witness sees when history was rewritten.
//!
//! | noun | module | what it is |
//! |---|---|---|
//! | [`contracts`] | `contracts` | the two contracts of `contracts/src`, as calls, events and errors, and their bytecode |
//! | [`KeySet`], [`AnchorLog`] | `log` | the exchanges' keys of a ledger, and its name on a chain |
//! | [`AnchorKey`], [`AnchorSignature`] | `key`, `signature` | secp256k1 keys and what they sign (EIP-712) |
//! | [`AnchorFile`] | `file` | where the contracts of a ledger are |
//! | [`StatementTree`] | `statement_tree`, `standard_tree` | a statement as an OpenZeppelin standard Merkle tree |
//! | [`Chain`] | `chain`, `transaction`, `send` | a JSON-RPC node, and what it is sent |
//! | [`Anchor`] | `anchor`, `submit` | the contracts through a node |
//! | [`Patience`] | `confirm` | how often something is looked at and sent again until it stays |
//!
//! What may be asked of a chain again may be asked any number of times: every step looks at the chain first, so a
//! submission that was lost on the way is continued by typing it again.
//!
//! Deliberately absent: files, the ledger's own keys and its policy (`ledger`), TLS (as in `client`), key stores of
//! wallets, several transactions of one account at a time.

mod anchor;
mod chain;
mod confirm;
pub mod contracts;
mod error;
mod file;
mod key;
mod log;
mod send;
mod signature;
mod standard_tree;
mod statement_tree;
mod submit;
mod transaction;
mod typed;

pub use alloy_primitives::{Address, B256, Bytes};
pub use anchor::{Anchor, AnchoredStatement, LogState};
pub use chain::Chain;
pub use confirm::{CONFIRMATIONS_MAX, Patience};
pub use error::{AnchorError, ContractRefusal};
pub use file::{ANCHOR_FILE_FORMAT, AnchorFile};
pub use key::AnchorKey;
pub use log::{AnchorLog, KEYS_MAX, KeySet, KeySetError};
pub use signature::{AnchorSignature, GatherError, SIGNATURE_FORMAT, Signed, gather};
pub use statement_tree::{LINES_MAX, LineLeaf, LineProof, StatementRoot, StatementTree, TreeError};
pub use submit::Anchored;
