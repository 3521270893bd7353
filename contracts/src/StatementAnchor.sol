// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ICheckpointAnchor} from "./ICheckpointAnchor.sol";

/**
 * @title StatementAnchor
 * @notice Keeps the root of the settlement statement of a holder in a window: an OpenZeppelin standard Merkle tree over
 * its lines. The quorum of the exchanges signs it together with an anchored checkpoint: the ledger from which anybody
 * may make the statement again. One statement for each log, window and holder, for good.
 */
contract StatementAnchor is EIP712 {
    /// @notice What was anchored.
    struct Statement {
        bytes32 root;
        uint64 lineCount;
        uint64 checkpointSize;
    }

    /// @notice A line of a statement, as it is a leaf of the tree; see contracts/README.md.
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

    bytes32 private constant STATEMENT_TYPEHASH =
        keccak256(
            "Statement(bytes32 log,string window,string holder,uint64 lineCount,bytes32 root,"
            "uint64 checkpointSize,bytes32 checkpointRoot)"
        );

    /// @notice Where the keys and the checkpoints of the logs are.
    ICheckpointAnchor public immutable CHECKPOINTS;

    mapping(bytes32 log => mapping(bytes32 name => Statement)) private _statements;

    /// @notice The statement of a holder in a window was anchored.
    event StatementAnchored(
        bytes32 indexed log,
        string window,
        string holder,
        uint64 lineCount,
        bytes32 root,
        uint64 checkpointSize
    );

    /// @notice The checkpoint that the statement follows from is not anchored.
    error StatementAnchorCheckpointMissing(bytes32 log, uint64 size);
    /// @notice A statement without lines, or a root that is zero, is not anchored.
    error StatementAnchorEmptyStatement();
    /// @notice This statement is anchored already, with this root.
    error StatementAnchorAlreadyAnchored(bytes32 log, bytes32 root);
    /// @notice No statement of this holder in this window is anchored.
    error StatementAnchorNotAnchored(bytes32 log, string window, string holder);

    constructor(ICheckpointAnchor checkpoints) EIP712("DatabourseStatementAnchor", "1") {
        CHECKPOINTS = checkpoints;
    }

    /**
     * @notice Anchors the statement of `holder` in `window`.
     * @param statement Its `checkpointSize` is an anchored size of the log.
     * @param signatures Of the log's present keys, in ascending order of the signers' addresses.
     */
    function anchor(
        bytes32 log,
        string calldata window,
        string calldata holder,
        Statement calldata statement,
        bytes[] calldata signatures
    ) external {
        if (statement.root == 0 || statement.lineCount == 0) revert StatementAnchorEmptyStatement();
        CHECKPOINTS.requireQuorum(log, statementDigest(log, window, holder, statement), signatures);
        Statement storage record = _statements[log][_name(window, holder)];
        if (record.root != 0) revert StatementAnchorAlreadyAnchored(log, record.root);
        _statements[log][_name(window, holder)] = statement;
        emit StatementAnchored(
            log,
            window,
            holder,
            statement.lineCount,
            statement.root,
            statement.checkpointSize
        );
    }

    /// @notice The anchored statement; all zero if there is none.
    function statementOf(
        bytes32 log,
        string calldata window,
        string calldata holder
    ) external view returns (Statement memory) {
        return _statements[log][_name(window, holder)];
    }

    /// @notice Whether `line` is in the anchored statement that it names.
    function verifyLine(
        bytes32 log,
        Line calldata line,
        bytes32[] calldata proof
    ) external view returns (bool) {
        Statement storage record = _statements[log][_name(line.window, line.holder)];
        if (record.root == 0) revert StatementAnchorNotAnchored(log, line.window, line.holder);
        return line.index < record.lineCount && MerkleProof.verifyCalldata(proof, record.root, leafOf(line));
    }

    /// @notice The leaf of a line: hashed twice, so that no leaf is a node (OpenZeppelin's standard tree).
    function leafOf(Line calldata line) public pure returns (bytes32) {
        bytes32 hash = keccak256(
            abi.encode(
                line.window,
                line.holder,
                line.index,
                line.leafIndex,
                line.entry,
                line.kind,
                line.direction,
                line.effectMinor,
                line.json
            )
        );
        return keccak256(bytes.concat(hash));
    }

    /// @notice What is signed of a statement.
    function statementDigest(
        bytes32 log,
        string calldata window,
        string calldata holder,
        Statement calldata statement
    ) public view returns (bytes32) {
        bytes32 checkpointRoot = CHECKPOINTS.rootOf(log, statement.checkpointSize);
        if (checkpointRoot == 0) revert StatementAnchorCheckpointMissing(log, statement.checkpointSize);
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        STATEMENT_TYPEHASH,
                        log,
                        keccak256(bytes(window)),
                        keccak256(bytes(holder)),
                        statement.lineCount,
                        statement.root,
                        statement.checkpointSize,
                        checkpointRoot
                    )
                )
            );
    }

    function _name(string calldata window, string calldata holder) private pure returns (bytes32) {
        return keccak256(abi.encode(window, holder));
    }
}
