// Bytes and their spellings. As in the node, each value has one spelling and another one is refused (null).

export const encodeUtf8 = (text) => new TextEncoder().encode(text);

/** The text of UTF-8 bytes, a byte order mark kept; null if they are none. */
export function decodeUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export function concatBytes(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const equalBytes = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** RFC 4648 §4, with padding. */
export function toBase64(bytes) {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(binary);
}

/** Reads RFC 4648 §4; padding is required, unused bits are zero (§3.5). */
export function fromBase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  let binary;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  if (btoa(binary) !== text) return null;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** RFC 4648 §5 without padding (RFC 7515 §2). */
export const toBase64url = (bytes) =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const padding = '='.repeat((4 - (text.length % 4)) % 4);
  return padding.length === 3 ? null : fromBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding);
}

/** Decimal digits without sign or leading zeros, below 2^64, as a BigInt. */
export function parseDecimal(text) {
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) return null;
  const number = BigInt(text);
  return number < 1n << 64n ? number : null;
}

/** The big-endian number of the bytes. */
export const bigEndian = (bytes) => bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);

export const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', concatBytes(...parts)));
