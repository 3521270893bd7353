// Signed notes, checkpoints and the keys that sign them (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

import { bigEndian, concatBytes, encodeUtf8, equalBytes, fromBase64, parseDecimal, sha256, toHex } from './bytes.js';
import { isUsableKey, verifySignature } from './ed25519.js';
import { Refused } from './entry.js';

const NOTE_BYTES_MAX = 524288;
const NOTE_SIGNATURES_MAX = 64;
const ORIGIN_BYTES_MAX = 255;
/** SHA-256 of nothing. */
const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
export const LOG_KEY = 0x01;
export const WITNESS_KEY = 0x04;

const malformedCheckpoint = (expected) => new Refused('checkpoint.malformed', '', expected);

/** Not empty, no space of Unicode, no plus, no control character. */
const isKeyName = (name) =>
  name !== '' && !/[\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(name);

/** Reads a note: what is signed and the lines under it. The text ends at the last blank line. */
export function parseNote(text) {
  if (encodeUtf8(text).length > NOTE_BYTES_MAX) throw malformedCheckpoint('at most 524288 bytes');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw malformedCheckpoint('no control characters');
  const blank = text.lastIndexOf('\n\n');
  if (blank < 0 || !text.slice(blank + 2).endsWith('\n')) {
    throw malformedCheckpoint('a blank line and signature lines');
  }
  const lines = text.slice(blank + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformedCheckpoint('at most 64 signatures');
  return { text: text.slice(0, blank + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line) {
  const parts = line.startsWith('\u2014 ') ? line.slice(2) : '';
  const space = parts.indexOf(' ');
  const name = parts.slice(0, Math.max(space, 0));
  const bytes = space < 0 || !isKeyName(name) ? null : fromBase64(parts.slice(space + 1));
  if (bytes === null || bytes.length < 5) throw malformedCheckpoint('lines `— <name> <base64>`');
  return { name, keyId: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/** Reads a signed checkpoint: origin, size and root, exactly three lines. */
export function parseCheckpoint(text) {
  const note = parseNote(text);
  const [origin, size, root, ...more] = note.text.slice(0, -1).split('\n');
  if (root === undefined) throw malformedCheckpoint('three lines: origin, size, root');
  const checkpoint = { origin, size: parseDecimal(size), root: fromBase64(root), note };
  if (checkpoint.size === null) throw malformedCheckpoint('a decimal size below 2^64');
  if (checkpoint.root?.length !== 32) throw malformedCheckpoint('a root of 32 bytes in base64');
  if (more.length > 0) throw malformedCheckpoint('no extension lines');
  const originBytes = encodeUtf8(origin).length;
  if (originBytes < 1 || originBytes > ORIGIN_BYTES_MAX) throw malformedCheckpoint('an origin of 1 to 255 bytes');
  if (checkpoint.size === 0n && toHex(checkpoint.root) !== EMPTY_ROOT) {
    throw malformedCheckpoint('the root of an empty tree');
  }
  return checkpoint;
}

/** A verifier key `<name>+<8 hex digits>+<base64(type ‖ key)>`; null if it is none. */
export async function parseVerifierKey(text) {
  const [name, keyId] = text.split('+', 2);
  if (keyId === undefined || !isKeyName(name) || !/^[0-9a-f]{8}$/.test(keyId)) return null;
  const third = name.length + keyId.length + 1;
  const bytes = text[third] === '+' ? fromBase64(text.slice(third + 1)) : null;
  if (bytes?.length !== 33 || (bytes[0] !== LOG_KEY && bytes[0] !== WITNESS_KEY)) return null;
  const key = bytes.slice(1);
  if (!isUsableKey(key)) return null;
  const id = (await sha256(encodeUtf8(`${name}\n`), bytes)).slice(0, 4);
  return toHex(id) === keyId ? { name, keyId: id, type: bytes[0], key } : null;
}

/**
 * What `key` signed of the note: null if nothing, else the latest time that its lines state (undefined for a log).
 * Throws the failing line.
 */
export async function verifyLines(note, key) {
  let signed = null;
  for (const line of note.signatures) {
    if (line.name !== key.name || !equalBytes(line.keyId, key.keyId)) continue;
    const time = await verifyLine(note.text, line, key);
    if (time === null) {
      const name = `${key.name}+${toHex(key.keyId)}`;
      throw new Refused('checkpoint.signature_invalid', '', `the signature of ${name} does not verify`);
    }
    if (signed === null || time > signed.time) signed = { time };
  }
  return signed;
}

async function verifyLine(text, line, key) {
  if (key.type === LOG_KEY) {
    const holds = await verifySignature(key.key, encodeUtf8(text), line.bytes);
    return holds ? 0n : null;
  }
  if (line.bytes.length !== 72) return null;
  const time = bigEndian(line.bytes.subarray(0, 8));
  if (time >= 1n << 63n) return null;
  const message = concatBytes(encodeUtf8(`cosignature/v1\ntime ${time}\n`), encodeUtf8(text));
  return (await verifySignature(key.key, message, line.bytes.subarray(8))) ? time : null;
}
