// The compact form of a certificate: the digits of a QR code (docs/ENTRY.md, section "Compact certificate").

import {
  concatBytes, decodeUtf8, encodeUtf8, equalBytes, fromBase64, toBase64, toBase64url,
} from './bytes.js';
import { keyName, parseEntry, Refused } from './entry.js';
import { parseReceipt } from './receipt.js';

const DIGITS_MAX = 318325;
const TEXTS_BYTES_MAX = 131072;
const DIGITS_OF = [0, 3, 5, 8, 10, 13, 15, 17];
const [OTHER_LINE, SIGNED_LINE, COSIGNED_LINE] = [0x00, 0x01, 0x04];

/** What stands before the first text in the window of the decompressor. Part of the format. */
export const DICTIONARY = [
  '"on_behalf_of":"order.placeparty.certifyproduct.listdatabourse+jwtEdDSA/witness/log',
  '有限公司科技数据交易所Exchange Data Technology Co., Ltd.Limited.000Z"}],"model-training"risk-control',
  '"energy_management","quantity":1,"gross_minor":1"ends_at":"2027-T00:00:00.000Z"},{"line":2,"product":"01',
  '","revision":1,"supplier":"01","purpose":"logistics","quantity":1,"gross_minor":0000,"ends_at":"2028-1',
  '{"type":"certificate.issue","id":"01-7-8-9-a-b","exchange":"sh","iat":17,"body":{"order":"01",',
  '"number":"-2026-000000","facts":{"buyer":"01","buyer_name":{"zh":"","en":""},"asset":"CNY/2",',
  '"total_minor":000,"line_count":1,"lines":[{"line":1,"product":"01',
  '}],"lines_digest":"sha256:","placed_at":"2026-","completed_at":"2026-"}}}',
].join('');

const malformedCode = () => new Refused('certificate.malformed', '', 'the digits of a compact certificate');

/** The digits in what a scanner or a person hands over: they alone, or behind the `#` of a URL; null otherwise. */
export function digitsIn(text) {
  const trimmed = text.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, '');
  const isUrl = /^https?:\/\//.test(trimmed);
  const hash = trimmed.indexOf('#');
  if (isUrl && hash < 0) return null;
  const digits = isUrl ? trimmed.slice(hash + 1) : trimmed;
  return /^[0-9]+$/.test(digits) ? digits : null;
}

/** The entry, key and receipt of a compact certificate, as the texts that a file would hold. */
export async function readCompact(text) {
  if (text.length > DIGITS_MAX) throw new Refused('certificate.too_large', '', 'at most 318325 digits');
  const bytes = fromDigits(text);
  if (bytes === null || bytes.length === 0) throw malformedCode();
  if (bytes[0] !== 1) throw new Refused('certificate.format_unknown', '', 'version 1');
  const reader = new Reader(bytes);
  const shown = readShown(reader);
  const texts = await inflateTexts(reader.rest());
  if (texts === null) throw malformedCode();
  const certificate = await assemble(shown, texts.split('\0'));
  if (reader.isOdd) throw malformedCode();
  return certificate;
}

/** Each 17 digits are 7 bytes, big-endian; the last group may be shorter. */
function fromDigits(text) {
  if (!/^[0-9]*$/.test(text)) return null;
  const parts = [];
  for (let at = 0; at < text.length; at += 17) {
    const group = text.slice(at, at + 17);
    const count = DIGITS_OF.indexOf(group.length);
    const value = BigInt(group);
    if (count < 0 || value >> BigInt(8 * count)) return null;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value);
    parts.push(bytes.subarray(8 - count));
  }
  return concatBytes(...parts);
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    /** Something was written in another way than this system writes it. */
    this.isOdd = false;
  }
  take(count) {
    if (count > this.bytes.length - this.at) throw malformedCode();
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }
  /** Seven bits a byte from the lowest (LEB128), below 2^64 and in the fewest bytes. */
  number() {
    let number = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte] = this.take(1);
      number |= BigInt(byte & 0x7f) << shift;
      if (number >= 1n << 64n) throw malformedCode();
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n) this.isOdd = true;
        return number;
      }
    }
    throw malformedCode();
  }
  count(max) {
    const [count] = this.take(1);
    if (count > max) throw malformedCode();
    return count;
  }
  rest() {
    return this.bytes.slice(this.at);
  }
}

function readShown(reader) {
  reader.take(1);
  const shown = { key: reader.take(32), signature: reader.take(64), index: reader.number(), size: reader.number() };
  shown.root = reader.take(32);
  shown.proof = Array.from({ length: reader.count(64) }, () => reader.take(32));
  shown.lines = Array.from({ length: reader.count(64) }, () => readLineBytes(reader));
  return shown;
}

function readLineBytes(reader) {
  const [kind] = reader.take(1);
  const keyId = reader.take(4);
  if (kind === SIGNED_LINE) return concatBytes(keyId, reader.take(64));
  if (kind === COSIGNED_LINE) {
    const time = new Uint8Array(8);
    new DataView(time.buffer).setBigUint64(0, reader.number());
    return concatBytes(keyId, time, reader.take(64));
  }
  if (kind !== OTHER_LINE) throw malformedCode();
  const length = reader.number();
  // These lengths have a kind of their own.
  if (length === 64n || length === 72n) reader.isOdd = true;
  if (length > BigInt(reader.bytes.length)) throw malformedCode();
  return concatBytes(keyId, reader.take(Number(length)));
}

/** Raw deflate (RFC 1951) behind a stored block that holds the dictionary; null if it is none or too much. */
async function inflateTexts(deflated) {
  const words = encodeUtf8(DICTIONARY);
  const head = new Uint8Array(5);
  new DataView(head.buffer).setUint16(1, words.length, true);
  new DataView(head.buffer).setUint16(3, ~words.length & 0xffff, true);
  const inflater = new DecompressionStream('deflate-raw');
  const writer = inflater.writable.getWriter();
  // Failures show at the reader.
  writer.write(concatBytes(head, words, deflated)).catch(() => {});
  writer.close().catch(() => {});
  const reader = inflater.readable.getReader();
  const parts = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > words.length + TEXTS_BYTES_MAX) {
        await reader.cancel();
        return null;
      }
      parts.push(value);
    }
  } catch {
    return null;
  }
  const whole = concatBytes(...parts);
  return equalBytes(whole.subarray(0, words.length), words) ? decodeUtf8(whole.slice(words.length)) : null;
}

/** Puts the texts together as a file would hold them. A text that another spelling would have shortened is refused. */
async function assemble(shown, texts) {
  const { key, signature, lines } = shown;
  if (texts.length !== 4 + lines.length) throw malformedCode();
  const [header, payload, extra, origin, ...names] = texts;
  const usual = `{"alg":"EdDSA","kid":"${await keyName(key)}","typ":"databourse+jwt"}`;
  if (extra !== '' && fromBase64(extra) === null) throw malformedCode();
  const parts = [encodeUtf8(header || usual), encodeUtf8(payload), signature].map(toBase64url);
  const entry = parts.join('.');
  parseEntry(entry);
  let receipt = 'c2sp.org/tlog-proof@v1\n';
  if (extra !== '') receipt += `extra ${extra}\n`;
  receipt += `index ${shown.index}\n`;
  for (const hash of shown.proof) receipt += `${toBase64(hash)}\n`;
  receipt += `\n${origin}\n${shown.size}\n${toBase64(shown.root)}\n\n`;
  for (const [at, line] of lines.entries()) receipt += `\u2014 ${names[at] || origin} ${toBase64(line)}\n`;
  const read = parseReceipt(receipt);
  // Texts that would have been shortened; names with line breaks, which read as other lines than were written.
  if (header === usual || names.includes(origin)) throw malformedCode();
  if (read.checkpoint.origin !== origin || read.checkpoint.note.signatures.length !== lines.length) {
    throw malformedCode();
  }
  return { entry, authorKey: `ed25519:${toBase64url(key)}`, receipt };
}
