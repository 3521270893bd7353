// Judges the inclusion proofs of a ledger in a folder of static files with @sigstore/verify, by the function with which npm
// verifies that a package stands in Rekor. It computes the leaf from the entry's bytes itself.
"use strict";
const fs = require("fs");
const path = require("path");
const [folder, modules] = process.argv.slice(2);
const { verifyMerkleInclusion } = require(path.join(modules, "@sigstore/verify/dist/tlog/merkle.js"));
const { inclusion } = JSON.parse(fs.readFileSync(path.join(folder, "proofs.json"), "utf8"));

const check = (at, size, root, hashes, body) => {
  try {
    verifyMerkleInclusion(
      { canonicalizedBody: body, inclusionProof: { logIndex: String(at), hashes } },
      { logSize: BigInt(size), logHash: root },
    );
    return true;
  } catch (error) {
    if (error.code !== "TLOG_INCLUSION_PROOF_ERROR") throw error;
    return false;
  }
};
const say = (sentence) => {
  console.error(sentence);
  process.exit(1);
};

let checked = 0;
for (const { index, size, root, proof, entry } of inclusion) {
  const [target, hashes] = [Buffer.from(root, "base64"), proof.map((hash) => Buffer.from(hash, "base64"))];
  const body = Buffer.from(entry, "base64");
  const place = `${index} of ${size}`;
  if (!check(index, size, target, hashes, body)) say(`our proof of ${place} is refused`);
  if (check(index, size, target, hashes, Buffer.concat([body, Buffer.from("x")]))) say(`another entry at ${place} is accepted`);
  if (check(index, size, target, [...hashes, target], body)) say(`a longer proof of ${place} is accepted`);
  checked += 1;
}
console.log(`inclusion=${checked}`);
