//! The Merkle tree of the ledger: RFC 6962 §2.1 and RFC 9162 §2.1 hashing, the growing right edge, the tiles of
//! C2SP tlog-tiles, inclusion and consistency proofs. Arithmetic only.
//!
//! | module | what it holds | source |
//! |---|---|---|
//! | [`hash`] | [`struct@Hash`], [`leaf_hash`], [`node_hash`], [`EMPTY_ROOT`] | RFC 9162 §2.1.1 |
//! | [`subtree`] | [`Subtree`], the name of one perfect subtree | RFC 9162 §2.1.1 |
//! | [`compact`] | [`CompactRange`], a tree reduced to the subtrees that later leaves need | RFC 9162 §2.1.2 |
//! | [`tile`] | [`TileCoord`], [`BundleCoord`], their paths, and which of them a tree size has | tlog-tiles |
//! | [`edge`] | [`TileEdge`], which turns appended leaves into finished tiles | tlog-tiles |
//! | [`proof`] | building from tiles, verifying | RFC 9162 §2.1.3, §2.1.4 |
//! | [`memory`] | [`MemoryTree`], a whole tree in memory | – |
//!
//! Deliberately absent: storage and HTTP (a caller hands tiles in through [`proof::HashReader`]), the clock,
//! randomness, the encoding of entries and of entry bundles, checkpoints and signatures (all `ledger`), any leaf
//! other than bytes, any hash function other than SHA-256. A root says nothing about who vouches for it: sizes and
//! roots given to a verifier come from a signed checkpoint.
//!
//! Nothing here panics on hostile input: coordinates, sizes, tiles and proofs from outside end in a typed error.
//!
//! ```
//! use databourse_merkle::{MemoryTree, leaf_hash, proof};
//!
//! let mut tree = MemoryTree::new();
//! for entry in ["listing", "offer", "licence"] {
//!     tree.push(leaf_hash(entry.as_bytes()));
//! }
//! let path = proof::inclusion_proof(1, tree.size(), &tree)?;
//! proof::verify_inclusion(leaf_hash(b"offer"), 1, tree.size(), &path, tree.root())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod compact;
pub mod edge;
pub mod hash;
pub mod memory;
pub mod proof;
pub mod subtree;
pub mod tile;

pub use compact::{CompactRange, PartsError, root_of};
pub use edge::{EdgeError, FullTile, TileEdge};
pub use hash::{EMPTY_ROOT, Hash, HashError, empty_root, leaf_hash, node_hash};
pub use memory::MemoryTree;
pub use proof::{
    BuildError, HashReader, MissingTile, ProofError, consistency_proof, inclusion_proof, inclusion_proofs,
    root_from_inclusion, tiles_for_consistency, tiles_for_inclusion, tiles_for_inclusions,
    verify_consistency, verify_inclusion,
};
pub use subtree::Subtree;
pub use tile::{BundleCoord, TILE_WIDTH, TileCoord, TileNodes, TilePath};

/// The largest tree that this crate grows or restores: 2^63 − 1 leaves, what a signed 64-bit column can count.
/// Coordinates, proofs and verification work for every `u64` size.
pub const SIZE_MAX: u64 = i64::MAX as u64;
