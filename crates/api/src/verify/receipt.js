// Receipts: a place in the ledger and the path to a signed root (C2SP tlog-proof, RFC 6962 §2.1.1).

import { encodeUtf8, equalBytes, fromBase64, parseDecimal, sha256 } from './bytes.js';
import { Refused } from './entry.js';
import { parseCheckpoint } from './note.js';

const RECEIPT_BYTES_MAX = 1048576;
const RECEIPT_HASHES_MAX = 64;
const RECEIPT_FORMAT = 'c2sp.org/tlog-proof@v1\n';

const malformedReceipt = (expected) => new Refused('receipt.malformed', '', expected);

export function parseReceipt(text) {
  if (encodeUtf8(text).length > RECEIPT_BYTES_MAX) throw malformedReceipt('at most 1048576 bytes');
  if (!text.startsWith(RECEIPT_FORMAT)) throw malformedReceipt('`c2sp.org/tlog-proof@v1`');
  const rest = text.slice(RECEIPT_FORMAT.length);
  const blank = rest.indexOf('\n\n');
  if (blank < 0) throw malformedReceipt('a blank line and a checkpoint');
  const lines = rest.slice(0, blank).split('\n');
  if (lines[0].startsWith('extra ')) {
    const extra = fromBase64(lines.shift().slice('extra '.length));
    if (!extra?.length) throw malformedReceipt('`extra <base64>`');
  }
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice('index '.length)) : null;
  if (index === null) throw malformedReceipt('`index <n>`');
  const proof = lines.map((line) => fromBase64(line));
  if (proof.length > RECEIPT_HASHES_MAX) throw malformedReceipt('at most 64 hashes');
  if (proof.some((hash) => hash?.length !== 32)) throw malformedReceipt('hashes of 32 bytes in base64');
  return { index, proof, checkpoint: parseCheckpoint(rest.slice(blank + 2)) };
}

/**
 * Whether the path leads from the leaf at `index` to the root of a tree of `size` leaves (RFC 9162 §2.1.3.2): null,
 * or what is wrong with it.
 */
export async function inclusionFault(leaf, index, size, proof, root) {
  if (index >= size) return 'index_outside_tree';
  let [node, last, hash] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (last === 0n) return 'too_long';
    if ((node & 1n) === 1n || node === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) return 'too_short';
  return equalBytes(hash, root) ? null : 'root_mismatch';
}
