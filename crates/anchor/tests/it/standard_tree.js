// Roots and proofs by OpenZeppelin: `node standard_tree.js <node_modules> <JSON: trees of rows of values>`.
"use strict";

const fs = require("fs");
const path = require("path");
const { StandardMerkleTree } = require(path.join(process.argv[2], "@openzeppelin/merkle-tree"));

const TYPES = ["string", "string", "uint256", "uint256", "string", "string", "string", "uint256", "string"];

const trees = JSON.parse(fs.readFileSync(process.argv[3], "utf8")).map((rows) => {
  const tree = StandardMerkleTree.of(rows, TYPES);
  return { root: tree.root, proofs: rows.map((_, index) => tree.getProof(index)) };
});
console.log(JSON.stringify(trees));
