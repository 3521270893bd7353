//! Inclusion proofs (RFC 9162 §2.1.3) and consistency proofs (§2.1.4), as lists of hashes.
//!
//! [`plan`] says which leaves each hash of a proof covers and so which tiles it takes, [`build`] reads them through a
//! [`HashReader`], [`batch`] does so for many leaves at once, [`verify`] needs nothing but the proof. A store that cannot
//! answer at once loads [`tiles_for_inclusion`] or [`tiles_for_consistency`] first and hands them in as a map.

pub mod batch;
pub mod build;
pub mod plan;
pub mod reader;
pub mod verify;

pub use batch::{inclusion_proofs, tiles_for_inclusions};
pub use build::{BuildError, consistency_proof, inclusion_proof};
pub use plan::{tiles_for_consistency, tiles_for_inclusion};
pub use reader::{HashReader, MissingTile};
pub use verify::{ProofError, root_from_inclusion, verify_consistency, verify_inclusion};
