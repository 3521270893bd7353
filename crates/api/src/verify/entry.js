// The entry: one signed statement, a compact JWS (docs/ENTRY.md; RFC 7515 §3.1, RFC 8037).

import { decodeUtf8, encodeUtf8, fromBase64url, sha256, toBase64url } from './bytes.js';
import { verifySignature } from './ed25519.js';
import { integerMember, JsonRefusal, readInteroperable, readMembers, stringMember } from './json.js';

/** Why something is refused: a stable code, the failing part of it, and words. */
export class Refused extends Error {
  constructor(code, field, expected) {
    super(expected);
    this.code = code;
    this.field = field;
  }
}

const ENTRY_BYTES_MAX = 65535;
/** The end of the year 9999 in seconds. */
const ISSUED_AT_MAX = 253402300799n;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Reads an entry; its signature is not verified. */
export function parseEntry(text) {
  const bytes = encodeUtf8(text);
  if (bytes.length > ENTRY_BYTES_MAX) throw new Refused('entry.too_large', '', 'at most 65535 bytes');
  const parts = text.split('.');
  if (parts.length !== 3) throw malformedEntry('', 'three base64url parts joined by `.`');
  const kid = within('header', () => readHeader(decodePart(parts[0], 'header')));
  const claims = within('payload', () => readClaims(decodePart(parts[1], 'payload')));
  const signature = fromBase64url(parts[2]);
  if (signature?.length !== 64) throw malformedEntry('signature', '64 bytes in base64url without padding');
  return { text, bytes, kid, claims, signature, signed: encodeUtf8(`${parts[0]}.${parts[1]}`) };
}

/** The leaf: SHA-256(0x00 ‖ the entry's bytes), RFC 6962 §2.1. */
export const leafHash = (bytes) => sha256(Uint8Array.of(0), bytes);

/** The name of a key: its RFC 7638 thumbprint. */
export async function keyName(key) {
  return toBase64url(await sha256(encodeUtf8(`{"crv":"Ed25519","kty":"OKP","x":"${toBase64url(key)}"}`)));
}

export const isSignedBy = (entry, key) => verifySignature(key, entry.signed, entry.signature);

function readHeader(text) {
  const members = readMembers(text, ['alg', 'kid', 'typ']);
  for (const [name, value] of [['alg', 'EdDSA'], ['typ', 'databourse+jwt']]) {
    if (stringMember(members, name) !== value) throw new JsonRefusal(`\`${value}\``, name);
  }
  const kid = stringMember(members, 'kid');
  if (fromBase64url(kid)?.length !== 32) throw new JsonRefusal('a thumbprint of 43 characters', 'kid');
  return kid;
}

function readClaims(text) {
  const members = readMembers(text, ['type', 'id', 'exchange', 'iat', 'on_behalf_of', 'body']);
  const shaped = (name, is, expected) => {
    const value = stringMember(members, name);
    if (!is(value)) throw new JsonRefusal(expected, name);
    return value;
  };
  // A type is judged after everything else has been read, as in the node.
  const type = stringMember(members, 'type');
  const id = shaped('id', (id) => UUID7.test(id), 'a UUIDv7');
  const exchange = shaped('exchange', (code) => /^[a-z][a-z0-9]{1,7}$/.test(code), 'an exchange code');
  const issuedAt = integerMember(members, 'iat');
  const isParty = (party) => UUID7.test(party);
  const onBehalfOf = members.has('on_behalf_of') ? shaped('on_behalf_of', isParty, 'a party id') : null;
  const body = members.get('body');
  if (body === undefined) throw new JsonRefusal('this member is required', 'body');
  if (type.length > 64 || !/^[a-z_]+\.[a-z_]+$/.test(type)) throw new JsonRefusal('`<noun>.<verb>`', 'type');
  if (issuedAt < 0n || issuedAt > ISSUED_AT_MAX) throw new JsonRefusal('whole seconds since 1970', 'iat');
  let facts;
  try {
    facts = readInteroperable(body);
  } catch (error) {
    throw new JsonRefusal(error.message, 'body');
  }
  return { type, id, exchange, issuedAt, onBehalfOf, body: facts };
}

function decodePart(part, name) {
  const bytes = fromBase64url(part);
  const text = bytes && decodeUtf8(bytes);
  if (text === null) throw malformedEntry(name, 'UTF-8 in base64url without padding');
  return text;
}

function within(part, read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonRefusal)) throw error;
    throw malformedEntry(error.member ? `${part}.${error.member}` : part, error.message);
  }
}

const malformedEntry = (field, expected) => new Refused('entry.malformed', field, expected);
