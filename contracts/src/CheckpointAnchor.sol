// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICheckpointAnchor} from "./ICheckpointAnchor.sol";
import {TreeProof} from "./TreeProof.sol";

/**
 * @title CheckpointAnchor
 * @notice Keeps checkpoints of ledgers: size and root that more than two thirds of a ledger's exchanges signed.
 * Sizes only grow. Two roots of one size, each signed by a quorum, prove that exchanges signed two histories: both are
 * kept and the log is frozen for good.
 *
 * A log is named by what it was founded with, `logId(origin, keys, quorum)`: nobody can take another's name, so founding
 * needs no permission. Nobody owns this contract; there is no way to change or delete an anchored root, and no upgrade.
 *
 * Signatures are EIP-712 over this contract's domain, by keys on secp256k1 that the exchanges keep for this purpose.
 */
contract CheckpointAnchor is ICheckpointAnchor, EIP712 {
    /// @notice The keys that may sign for a log, and how many must.
    struct KeySet {
        address[] keys;
        uint256 quorum;
    }

    /// @notice A root with the signatures for it, made by the key set `version`.
    struct SignedRoot {
        bytes32 root;
        uint64 version;
        bytes[] signatures;
    }

    /// @notice Two roots of one size, each signed by a quorum.
    struct Equivocation {
        uint64 size;
        bytes32 root;
        bytes32 otherRoot;
    }

    struct Log {
        string origin;
        uint64 size;
        uint64 version;
        bool founded;
        bool frozen;
        Equivocation equivocation;
    }

    /// @notice The most keys of a log.
    uint256 public constant KEYS_MAX = 64;

    bytes32 private constant CHECKPOINT_TYPEHASH =
        keccak256("Checkpoint(bytes32 log,string origin,uint64 size,bytes32 root)");
    bytes32 private constant KEY_SET_TYPEHASH =
        keccak256("KeySet(bytes32 log,uint64 version,address[] keys,uint256 quorum)");

    mapping(bytes32 log => Log) private _logs;
    mapping(bytes32 log => mapping(uint64 size => bytes32)) private _roots;
    mapping(bytes32 log => mapping(uint64 version => KeySet)) private _keySets;
    mapping(bytes32 log => mapping(uint64 version => mapping(address key => bool))) private _isKey;

    /// @notice A log was founded with its first keys.
    event LogFounded(bytes32 indexed log, string origin, address[] keys, uint256 quorum);
    /// @notice A checkpoint was anchored, signed by the key set `version`.
    event CheckpointAnchored(bytes32 indexed log, uint64 indexed size, bytes32 root, uint64 version);
    /// @notice The log's keys were replaced by the key set `version`.
    event KeySetChanged(bytes32 indexed log, uint64 indexed version, address[] keys, uint256 quorum);
    /// @notice Two roots of one size were signed; the log is frozen.
    event EquivocationRecorded(bytes32 indexed log, uint64 indexed size, bytes32 root, bytes32 otherRoot);

    /// @notice No log of this name was founded.
    error CheckpointAnchorUnknownLog(bytes32 log);
    /// @notice The log was founded already.
    error CheckpointAnchorLogExists(bytes32 log);
    /// @notice The origin is empty or longer than 255 bytes.
    error CheckpointAnchorInvalidOrigin();
    /// @notice The key at `index` is zero or not above the one before it, or there are none or too many keys.
    error CheckpointAnchorInvalidKeys(uint256 index);
    /// @notice The quorum is not more than two thirds of the keys, or more than all.
    error CheckpointAnchorInvalidQuorum(uint256 quorum, uint256 smallest, uint256 largest);
    /// @notice Its exchanges signed two histories; nothing is taken from them any more.
    error CheckpointAnchorFrozen(bytes32 log);
    /// @notice There is no key set of this version.
    error CheckpointAnchorUnknownVersion(bytes32 log, uint64 version);
    /// @notice The signature at `index` is not one.
    error CheckpointAnchorInvalidSignature(uint256 index);
    /// @notice Who signed is not a key of the log, or what was signed is something else.
    error CheckpointAnchorUnknownSigner(address signer);
    /// @notice Signatures are given in ascending order of their signers, each once.
    error CheckpointAnchorSignersUnordered(uint256 index);
    /// @notice Fewer signatures than the quorum.
    error CheckpointAnchorQuorumMissing(uint256 signatures, uint256 quorum);
    /// @notice A tree without leaves, or a root that is zero, is not anchored.
    error CheckpointAnchorEmptyTree();
    /// @notice This root is anchored at this size already.
    error CheckpointAnchorAlreadyAnchored(bytes32 log, uint64 size);
    /// @notice A larger size is anchored.
    error CheckpointAnchorSizeNotGrown(uint64 size, uint64 anchored);
    /// @notice No root is anchored at this size.
    error CheckpointAnchorNotAnchored(bytes32 log, uint64 size);
    /// @notice The two roots are one.
    error CheckpointAnchorRootsEqual(bytes32 root);

    constructor() EIP712("DatabourseCheckpointAnchor", "1") {}

    /**
     * @notice Founds a log. Anybody may: the name says with which keys.
     * @param keys Ascending, at most 64.
     * @param quorum More than two thirds of the keys.
     */
    function found(
        string calldata origin,
        address[] calldata keys,
        uint256 quorum
    ) external returns (bytes32 log) {
        if (bytes(origin).length == 0 || bytes(origin).length > 255) revert CheckpointAnchorInvalidOrigin();
        log = logId(origin, keys, quorum);
        Log storage record = _logs[log];
        if (record.founded) revert CheckpointAnchorLogExists(log);
        record.founded = true;
        record.origin = origin;
        _setKeys(log, 0, keys, quorum);
        emit LogFounded(log, origin, keys, quorum);
    }

    /**
     * @notice Anchors a checkpoint. Another root than the anchored one of the same size, signed by the quorum, does not
     * revert: it is recorded as equivocation and freezes the log.
     * @param signatures Of the present keys, 65 bytes each, in ascending order of the signers' addresses.
     */
    function submit(bytes32 log, uint64 size, bytes32 root, bytes[] calldata signatures) external {
        Log storage record = _open(log);
        if (size == 0 || root == 0) revert CheckpointAnchorEmptyTree();
        _requireQuorum(log, record.version, checkpointDigest(log, size, root), signatures);
        bytes32 anchored = _roots[log][size];
        if (anchored == root) revert CheckpointAnchorAlreadyAnchored(log, size);
        if (anchored != 0) {
            _freeze(record, log, size, anchored, root);
            return;
        }
        if (size < record.size) revert CheckpointAnchorSizeNotGrown(size, record.size);
        record.size = size;
        _roots[log][size] = root;
        emit CheckpointAnchored(log, size, root, record.version);
    }

    /**
     * @notice Records that two roots of one size were signed, whether or not that size is anchored, and freezes the log.
     * Each may have been signed by a former key set: replacing keys does not wipe out what was signed.
     */
    function reportEquivocation(
        bytes32 log,
        uint64 size,
        SignedRoot calldata one,
        SignedRoot calldata other
    ) external {
        Log storage record = _open(log);
        if (size == 0 || one.root == 0 || other.root == 0) revert CheckpointAnchorEmptyTree();
        if (one.root == other.root) revert CheckpointAnchorRootsEqual(one.root);
        _requireQuorum(log, one.version, checkpointDigest(log, size, one.root), one.signatures);
        _requireQuorum(log, other.version, checkpointDigest(log, size, other.root), other.signatures);
        _freeze(record, log, size, one.root, other.root);
    }

    /**
     * @notice Replaces the keys. The present keys' quorum signs the new ones together with their version, which is one
     * above the present one, so that no such signature can be used twice.
     */
    function changeKeys(
        bytes32 log,
        address[] calldata keys,
        uint256 quorum,
        bytes[] calldata signatures
    ) external {
        Log storage record = _open(log);
        uint64 version = record.version + 1;
        _requireQuorum(log, record.version, keySetDigest(log, version, keys, quorum), signatures);
        record.version = version;
        _setKeys(log, version, keys, quorum);
        emit KeySetChanged(log, version, keys, quorum);
    }

    /// @inheritdoc ICheckpointAnchor
    function requireQuorum(bytes32 log, bytes32 digest, bytes[] calldata signatures) external view {
        _requireQuorum(log, _open(log).version, digest, signatures);
    }

    /// @inheritdoc ICheckpointAnchor
    function rootOf(bytes32 log, uint64 size) external view returns (bytes32) {
        return _roots[log][size];
    }

    /// @notice The largest anchored size with its root (zero and zero if there is none), and how the log stands.
    function latest(
        bytes32 log
    ) external view returns (string memory origin, uint64 size, bytes32 root, uint64 version, bool frozen) {
        Log storage record = _founded(log);
        return (record.origin, record.size, _roots[log][record.size], record.version, record.frozen);
    }

    /// @notice The key set `version`; the first is 0.
    function keySet(bytes32 log, uint64 version) external view returns (address[] memory keys, uint256 quorum) {
        if (version > _founded(log).version) revert CheckpointAnchorUnknownVersion(log, version);
        KeySet storage set = _keySets[log][version];
        return (set.keys, set.quorum);
    }

    /// @notice Why the log is frozen; all zero if it is not.
    function equivocation(bytes32 log) external view returns (uint64 size, bytes32 root, bytes32 otherRoot) {
        Equivocation storage proof = _founded(log).equivocation;
        return (proof.size, proof.root, proof.otherRoot);
    }

    /// @notice Whether `entry` stands at `index` of the ledger that is anchored at `size`.
    function isIncluded(
        bytes32 log,
        uint64 size,
        uint64 index,
        bytes calldata entry,
        bytes32[] calldata proof
    ) external view returns (bool) {
        return TreeProof.verifyInclusion(_anchored(log, size), size, index, TreeProof.leafHash(entry), proof);
    }

    /// @notice Whether the ledger anchored at `newSize` begins with the one anchored at `oldSize`.
    function isConsistent(
        bytes32 log,
        uint64 oldSize,
        uint64 newSize,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 oldRoot = _anchored(log, oldSize);
        return TreeProof.verifyConsistency(oldSize, oldRoot, newSize, _anchored(log, newSize), proof);
    }

    /// @notice See {TreeProof-verifyInclusion}; for roots that the caller trusts.
    function verifyInclusion(
        bytes32 root,
        uint64 size,
        uint64 index,
        bytes32 leaf,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return TreeProof.verifyInclusion(root, size, index, leaf, proof);
    }

    /// @notice See {TreeProof-verifyConsistency}; for roots that the caller trusts.
    function verifyConsistency(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return TreeProof.verifyConsistency(oldSize, oldRoot, newSize, newRoot, proof);
    }

    /// @notice The name of the log that is founded so.
    function logId(
        string calldata origin,
        address[] calldata keys,
        uint256 quorum
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(origin, keys, quorum));
    }

    /// @notice What is signed of a checkpoint.
    function checkpointDigest(bytes32 log, uint64 size, bytes32 root) public view returns (bytes32) {
        bytes32 origin = keccak256(bytes(_founded(log).origin));
        return _hashTypedDataV4(keccak256(abi.encode(CHECKPOINT_TYPEHASH, log, origin, size, root)));
    }

    /// @notice What is signed of new keys.
    function keySetDigest(
        bytes32 log,
        uint64 version,
        address[] calldata keys,
        uint256 quorum
    ) public view returns (bytes32) {
        bytes32 packed = keccak256(abi.encodePacked(keys));
        return _hashTypedDataV4(keccak256(abi.encode(KEY_SET_TYPEHASH, log, version, packed, quorum)));
    }

    function _founded(bytes32 log) private view returns (Log storage record) {
        record = _logs[log];
        if (!record.founded) revert CheckpointAnchorUnknownLog(log);
    }

    function _open(bytes32 log) private view returns (Log storage record) {
        record = _founded(log);
        if (record.frozen) revert CheckpointAnchorFrozen(log);
    }

    function _anchored(bytes32 log, uint64 size) private view returns (bytes32 root) {
        root = _roots[log][size];
        if (root == 0) revert CheckpointAnchorNotAnchored(log, size);
    }

    function _setKeys(bytes32 log, uint64 version, address[] calldata keys, uint256 quorum) private {
        uint256 count = keys.length;
        if (count == 0 || count > KEYS_MAX) revert CheckpointAnchorInvalidKeys(count);
        uint256 smallest = (2 * count) / 3 + 1;
        if (quorum < smallest || quorum > count) revert CheckpointAnchorInvalidQuorum(quorum, smallest, count);
        address before = address(0);
        for (uint256 i = 0; i < count; ++i) {
            if (keys[i] <= before) revert CheckpointAnchorInvalidKeys(i);
            before = keys[i];
            _isKey[log][version][before] = true;
        }
        _keySets[log][version] = KeySet(keys, quorum);
    }

    function _freeze(Log storage record, bytes32 log, uint64 size, bytes32 root, bytes32 otherRoot) private {
        record.frozen = true;
        record.equivocation = Equivocation(size, root, otherRoot);
        emit EquivocationRecorded(log, size, root, otherRoot);
    }

    function _requireQuorum(
        bytes32 log,
        uint64 version,
        bytes32 digest,
        bytes[] calldata signatures
    ) private view {
        uint256 quorum = _keySets[log][version].quorum;
        if (quorum == 0) revert CheckpointAnchorUnknownVersion(log, version);
        if (signatures.length < quorum) revert CheckpointAnchorQuorumMissing(signatures.length, quorum);
        address before = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer, ECDSA.RecoverError failed, ) = ECDSA.tryRecover(digest, signatures[i]);
            if (failed != ECDSA.RecoverError.NoError) revert CheckpointAnchorInvalidSignature(i);
            if (signer <= before) revert CheckpointAnchorSignersUnordered(i);
            if (!_isKey[log][version][signer]) revert CheckpointAnchorUnknownSigner(signer);
            before = signer;
        }
    }
}
