// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title TreeProof
 * @notice Inclusion and consistency proofs of the ledger's tree: RFC 6962 hashing with SHA-256, verified as RFC 9162
 * sections 2.1.3.2 and 2.1.4.2 say. Whether a root may be trusted is not asked here.
 * @dev `sha256` is the precompile at address 2. OpenZeppelin's `MerkleProof` cannot be used: it hashes sorted pairs, and
 * here the place of a leaf is part of what is proven.
 */
library TreeProof {
    /// @notice Hash of a leaf: SHA-256(0x00 || entry), RFC 6962 section 2.1.
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), entry));
    }

    /// @notice Hash of a node: SHA-256(0x01 || left || right), RFC 6962 section 2.1.
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /**
     * @notice Whether the leaf at `index` of the tree of `size` leaves under `root` is `leaf`.
     * @param proof Siblings from the leaf up; neither one less nor one more than the path has.
     */
    function verifyInclusion(
        bytes32 root,
        uint64 size,
        uint64 index,
        bytes32 leaf,
        bytes32[] memory proof
    ) internal pure returns (bool) {
        if (index >= size) return false;
        uint64 node = index;
        uint64 last = size - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) return false;
            if (node & 1 == 1 || node == last) {
                hash = nodeHash(proof[i], hash);
                // A node without a sibling stands for itself on the levels above.
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = nodeHash(hash, proof[i]);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }

    /**
     * @notice Whether the tree of `newSize` leaves under `newRoot` begins with the tree of `oldSize` under `oldRoot`.
     * Of two trees of one size only equal roots and an empty proof hold. Nothing is said about an empty tree: false.
     */
    function verifyConsistency(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] memory proof
    ) internal pure returns (bool) {
        if (oldSize == 0 || oldSize > newSize) return false;
        if (oldSize == newSize) return proof.length == 0 && oldRoot == newRoot;
        if (proof.length == 0) return false;
        uint64 node = oldSize - 1;
        uint64 last = newSize - 1;
        while (node & 1 == 1) {
            node >>= 1;
            last >>= 1;
        }
        // A complete old tree is a node of the new one, and its root need not be sent.
        uint256 next = node == 0 ? 0 : 1;
        bytes32 oldHash = node == 0 ? oldRoot : proof[0];
        bytes32 newHash = oldHash;
        for (; next < proof.length; ++next) {
            if (last == 0) return false;
            bytes32 sibling = proof[next];
            if (node & 1 == 1 || node == last) {
                oldHash = nodeHash(sibling, oldHash);
                newHash = nodeHash(sibling, newHash);
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                newHash = nodeHash(newHash, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot;
    }
}
