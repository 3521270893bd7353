//! The contracts of `contracts/src`: their calls, events and errors, and the bytecode that `cargo xtask contracts` made.
//! A test holds these lines against the compiler's ABI, so neither can change without the other.
#![allow(missing_docs, reason = "the contracts' sources document them")]

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolConstructor as _;
use alloy_sol_types::sol;
use serde::Deserialize;
use std::sync::LazyLock;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface CheckpointAnchor {
        struct SignedRoot {
            bytes32 root;
            uint64 version;
            bytes[] signatures;
        }

        event LogFounded(bytes32 indexed log, string origin, address[] keys, uint256 quorum);
        event CheckpointAnchored(bytes32 indexed log, uint64 indexed size, bytes32 root, uint64 version);
        event KeySetChanged(bytes32 indexed log, uint64 indexed version, address[] keys, uint256 quorum);
        event EquivocationRecorded(bytes32 indexed log, uint64 indexed size, bytes32 root, bytes32 otherRoot);

        error CheckpointAnchorUnknownLog(bytes32 log);
        error CheckpointAnchorLogExists(bytes32 log);
        error CheckpointAnchorInvalidOrigin();
        error CheckpointAnchorInvalidKeys(uint256 index);
        error CheckpointAnchorInvalidQuorum(uint256 quorum, uint256 smallest, uint256 largest);
        error CheckpointAnchorFrozen(bytes32 log);
        error CheckpointAnchorUnknownVersion(bytes32 log, uint64 version);
        error CheckpointAnchorInvalidSignature(uint256 index);
        error CheckpointAnchorUnknownSigner(address signer);
        error CheckpointAnchorSignersUnordered(uint256 index);
        error CheckpointAnchorQuorumMissing(uint256 signatures, uint256 quorum);
        error CheckpointAnchorEmptyTree();
        error CheckpointAnchorAlreadyAnchored(bytes32 log, uint64 size);
        error CheckpointAnchorSizeNotGrown(uint64 size, uint64 anchored);
        error CheckpointAnchorNotAnchored(bytes32 log, uint64 size);
        error CheckpointAnchorRootsEqual(bytes32 root);

        function found(string calldata origin, address[] calldata keys, uint256 quorum) external returns (bytes32 log);
        function submit(bytes32 log, uint64 size, bytes32 root, bytes[] calldata signatures) external;
        function reportEquivocation(bytes32 log, uint64 size, SignedRoot calldata one, SignedRoot calldata other) external;
        function changeKeys(bytes32 log, address[] calldata keys, uint256 quorum, bytes[] calldata signatures) external;
        function requireQuorum(bytes32 log, bytes32 digest, bytes[] calldata signatures) external view;
        function rootOf(bytes32 log, uint64 size) external view returns (bytes32);
        function latest(bytes32 log) external view returns (string memory origin, uint64 size, bytes32 root, uint64 version, bool frozen);
        function keySet(bytes32 log, uint64 version) external view returns (address[] memory keys, uint256 quorum);
        function equivocation(bytes32 log) external view returns (uint64 size, bytes32 root, bytes32 otherRoot);
        function isIncluded(bytes32 log, uint64 size, uint64 index, bytes calldata entry, bytes32[] calldata proof) external view returns (bool);
        function isConsistent(bytes32 log, uint64 oldSize, uint64 newSize, bytes32[] calldata proof) external view returns (bool);
        function verifyInclusion(bytes32 root, uint64 size, uint64 index, bytes32 leaf, bytes32[] calldata proof) external pure returns (bool);
        function verifyConsistency(uint64 oldSize, bytes32 oldRoot, uint64 newSize, bytes32 newRoot, bytes32[] calldata proof) external pure returns (bool);
        function logId(string calldata origin, address[] calldata keys, uint256 quorum) external pure returns (bytes32);
        function checkpointDigest(bytes32 log, uint64 size, bytes32 root) external view returns (bytes32);
        function keySetDigest(bytes32 log, uint64 version, address[] calldata keys, uint256 quorum) external view returns (bytes32);
    }

    #[derive(Debug, PartialEq, Eq)]
    interface StatementAnchor {
        struct Statement {
            bytes32 root;
            uint64 lineCount;
            uint64 checkpointSize;
        }

        struct Line {
            string window;
            string holder;
            uint256 index;
            uint256 leafIndex;
            string entry;
            string kind;
            string direction;
            uint256 effectMinor;
            string json;
        }

        event StatementAnchored(bytes32 indexed log, string window, string holder, uint64 lineCount, bytes32 root, uint64 checkpointSize);

        error StatementAnchorCheckpointMissing(bytes32 log, uint64 size);
        error StatementAnchorEmptyStatement();
        error StatementAnchorAlreadyAnchored(bytes32 log, bytes32 root);
        error StatementAnchorNotAnchored(bytes32 log, string window, string holder);

        function anchor(bytes32 log, string calldata window, string calldata holder, Statement calldata statement, bytes[] calldata signatures) external;
        function statementOf(bytes32 log, string calldata window, string calldata holder) external view returns (Statement memory);
        function verifyLine(bytes32 log, Line calldata line, bytes32[] calldata proof) external view returns (bool);
        function leafOf(Line calldata line) external pure returns (bytes32);
        function statementDigest(bytes32 log, string calldata window, string calldata holder, Statement calldata statement) external view returns (bytes32);
        function CHECKPOINTS() external view returns (address);
    }

    contract StatementAnchorConstructor {
        constructor(address checkpoints);
    }
}

#[derive(Deserialize)]
struct Artefact {
    bytecode: Bytes,
}

static CHECKPOINT_ANCHOR: LazyLock<Bytes> =
    LazyLock::new(|| bytecode(include_str!("../../../contracts/out/CheckpointAnchor.json")));
static STATEMENT_ANCHOR: LazyLock<Bytes> =
    LazyLock::new(|| bytecode(include_str!("../../../contracts/out/StatementAnchor.json")));

/// A committed file; a test reads both, so the empty code of a damaged one is never deployed.
fn bytecode(artefact: &str) -> Bytes {
    serde_json::from_str::<Artefact>(artefact).map(|artefact| artefact.bytecode).unwrap_or_default()
}

/// The code that creates a checkpoint anchor.
pub fn checkpoint_anchor_code() -> Bytes {
    CHECKPOINT_ANCHOR.clone()
}

/// The code that creates a statement anchor for the logs of `checkpoints`.
pub fn statement_anchor_code(checkpoints: Address) -> Bytes {
    let arguments = StatementAnchorConstructor::constructorCall { checkpoints }.abi_encode();
    let mut code = STATEMENT_ANCHOR.to_vec();
    code.extend(arguments);
    code.into()
}
