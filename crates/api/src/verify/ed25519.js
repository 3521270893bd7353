// The one signature rule: Ed25519 (RFC 8032), strict, as `verify_signature` of crates/ledger/src/key.rs.
//
// Browsers differ on crafted input, so what they leave open (spelling of points, points of small order, size of S) is
// decided here. The equation S·B = R + k·A is the browser's; where it has no Ed25519 it is computed here.

import { concatBytes } from './bytes.js';

const P = (1n << 255n) - 19n;
/** The order of the group. */
const ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
/** The constant of the curve, -121665/121666. */
const D = modP(-121665n * power(121666n, P - 2n));
/** A square root of -1. */
const ROOT = power(2n, (P - 1n) / 4n);
const IDENTITY = { x: 0n, y: 1n, z: 1n, t: 0n };
const BASE_BYTES = Uint8Array.from([0x58, ...new Array(31).fill(0x66)]);

function modP(number) {
  const rest = number % P;
  return rest < 0n ? rest + P : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (let square = modP(base), left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const littleEndian = (bytes) => bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);

/** The point of 32 bytes, RFC 8032 §5.1.3; null if there is none or y is not below p. */
function decodePoint(bytes) {
  const number = littleEndian(bytes);
  const sign = number >> 255n;
  const y = number & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = modP(y * y - 1n);
  const v = modP(D * y * y + 1n);
  // u/v to the power (p+3)/8, in one exponentiation.
  const cube = modP(v * v * v);
  let x = modP(u * cube * power(u * cube * cube * v, (P - 5n) / 8n));
  const check = modP(v * x * x);
  if (check === modP(-u)) x = modP(x * ROOT);
  else if (check !== u) return null;
  if ((x & 1n) !== sign) x = modP(-x);
  return { x, y, z: 1n, t: modP(x * y) };
}

/** RFC 8032 §5.1.4; complete, so it doubles as well. */
function addPoints(a, b) {
  const A = (a.y - a.x) * (b.y - b.x);
  const B = (a.y + a.x) * (b.y + b.x);
  const C = 2n * a.t * D * b.t;
  const Z = 2n * a.z * b.z;
  const [e, f, g, h] = [modP(B - A), modP(Z - C), modP(Z + C), modP(B + A)];
  return { x: modP(e * f), y: modP(g * h), z: modP(f * g), t: modP(e * h) };
}

function multiplyPoint(point, factor) {
  let result = IDENTITY;
  for (let double = point, left = factor; left > 0n; left >>= 1n) {
    if (left & 1n) result = addPoints(result, double);
    double = addPoints(double, double);
  }
  return result;
}

const samePoint = (a, b) => modP(a.x * b.z) === modP(b.x * a.z) && modP(a.y * b.z) === modP(b.y * a.z);
const isSmall = (point) => samePoint(multiplyPoint(point, 8n), IDENTITY);

/** Whether anything could ever verify under this key: condition 1 of the rule. */
export function isUsableKey(key) {
  const point = decodePoint(key);
  return point !== null && !isSmall(point);
}

/** Whether this browser computes the equation itself. Asked once. */
let known = null;
export function knowsEd25519() {
  known ??= crypto.subtle
    .importKey('raw', BASE_BYTES, 'Ed25519', false, ['verify'])
    .then(() => true, () => false);
  return known;
}

/**
 * Whether the 64 bytes R ‖ S are a signature of `message` by `key` under the one rule. `computeHere` leaves the
 * browser's Ed25519 aside.
 */
export async function verifySignature(key, message, signature, computeHere = false) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const [a, r] = [decodePoint(key), decodePoint(signature.subarray(0, 32))];
  const s = littleEndian(signature.subarray(32));
  if (a === null || r === null || s >= ORDER || isSmall(a) || isSmall(r)) return false;
  if (!computeHere && (await knowsEd25519())) {
    try {
      const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
      return await crypto.subtle.verify('Ed25519', imported, signature, message);
    } catch {
      return false;
    }
  }
  const hash = await crypto.subtle.digest('SHA-512', concatBytes(signature.subarray(0, 32), key, message));
  const k = littleEndian(new Uint8Array(hash)) % ORDER;
  return samePoint(multiplyPoint(decodePoint(BASE_BYTES), s), addPoints(r, multiplyPoint(a, k)));
}

