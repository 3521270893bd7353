// A certificate, verified as `databourse verify` does: same order, same codes (docs/ENTRY.md, "Certificate file").

import { decodeUtf8, fromBase64url } from './bytes.js';
import { digitsIn, readCompact } from './compact.js';
import { isSignedBy, keyName, leafHash, parseEntry, Refused } from './entry.js';
import { JsonRefusal, readMembers, stringMember } from './json.js';
import { cosigningWitnesses, quorumReached, signingLogs } from './policy.js';
import { inclusionFault, parseReceipt } from './receipt.js';

const CERTIFICATE_FORMAT = 'databourse-certificate@v1';
const CERTIFICATE_BYTES_MAX = 2097152;

/** The checks in their order. */
export const CHECKS = ['file', 'entry', 'receipt', 'author', 'signature', 'log', 'quorum', 'inclusion'];

/** Reads a certificate: the bytes of its file, or the text of its QR code. Nothing is verified. */
export async function readCertificate(bytes, passed = () => {}) {
  if (bytes.length > CERTIFICATE_BYTES_MAX) {
    throw new Refused('certificate.too_large', 'file', 'at most 2097152 bytes');
  }
  const text = decodeUtf8(bytes);
  const digits = text === null ? null : digitsIn(text);
  const file = digits === null ? readFile(text) : await readCompact(digits);
  passed('file');
  const entry = parseEntry(file.entry);
  passed('entry');
  const receipt = parseReceipt(file.receipt);
  passed('receipt');
  return { entry, key: fromBase64url(file.authorKey.slice('ed25519:'.length)), receipt };
}

function readFile(text) {
  if (text === null) throw new Refused('certificate.malformed', '', 'UTF-8');
  try {
    const members = readMembers(text, ['format', 'entry', 'author_key', 'receipt']);
    if (stringMember(members, 'format') !== CERTIFICATE_FORMAT) {
      throw new Refused('certificate.format_unknown', 'format', `\`${CERTIFICATE_FORMAT}\``);
    }
    const entry = stringMember(members, 'entry');
    const authorKey = stringMember(members, 'author_key');
    if (!authorKey.startsWith('ed25519:') || fromBase64url(authorKey.slice(8))?.length !== 32) {
      throw new JsonRefusal('`ed25519:` and 43 characters', 'author_key');
    }
    return { entry, authorKey, receipt: stringMember(members, 'receipt') };
  } catch (error) {
    if (!(error instanceof JsonRefusal)) throw error;
    throw new Refused('certificate.malformed', error.member, error.message);
  }
}

/**
 * Verifies a certificate by a policy of [parsePolicy]. `passed` is told each check that holds. Gives what is proven;
 * throws [Refused].
 */
export async function verifyCertificate(bytes, policy, passed = () => {}) {
  const { entry, key, receipt } = await readCertificate(bytes, passed);
  if ((await keyName(key)) !== entry.kid) {
    throw new Refused('author_key.differs', '', '`author_key` is not the key that the entry names');
  }
  passed('author');
  if (!(await isSignedBy(entry, key))) {
    throw new Refused('signature.invalid', 'signature', 'this key did not make this signature of this entry');
  }
  passed('signature');
  const { checkpoint } = receipt;
  const logs = await signingLogs(policy, checkpoint);
  const witnesses = await cosigningWitnesses(policy, checkpoint);
  if (logs.length === 0) {
    const expected = `a signature of ${checkpoint.origin} under the checkpoint`;
    throw new Refused('checkpoint.log_signature_missing', '', expected);
  }
  passed('log');
  if (!quorumReached(policy, witnesses)) {
    const names = witnesses.map((witness) => witness.name).join(', ');
    throw new Refused('checkpoint.quorum_missing', '', `quorum ${policy.quorum}; cosigned by [${names}]`);
  }
  passed('quorum');
  const leaf = await leafHash(entry.bytes);
  const fault = await inclusionFault(leaf, receipt.index, checkpoint.size, receipt.proof, checkpoint.root);
  if (fault) throw new Refused('inclusion.invalid', '', `a path to the signed root (${fault})`);
  passed('inclusion');
  return { entry, receipt, logs, witnesses };
}

/** The verdict in one word: `verified` or the code of the refusal. What is no refusal is thrown on. */
export async function verdictOf(bytes, policy) {
  try {
    await verifyCertificate(bytes, policy);
    return 'verified';
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.code;
  }
}
