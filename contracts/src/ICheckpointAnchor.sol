// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ICheckpointAnchor
/// @notice What other contracts ask of a checkpoint anchor.
interface ICheckpointAnchor {
    /// @notice The root that is anchored for `log` at `size`, or zero.
    function rootOf(bytes32 log, uint64 size) external view returns (bytes32);

    /// @notice Reverts unless the quorum of the log's present keys signed `digest` and the log is not frozen.
    function requireQuorum(bytes32 log, bytes32 digest, bytes[] calldata signatures) external view;
}
