// Whom to trust: logs, witnesses and how many are enough (C2SP tlog-policy).

import { encodeUtf8, equalBytes, parseDecimal } from './bytes.js';
import { Refused } from './entry.js';
import { LOG_KEY, parseVerifierKey, verifyLines, WITNESS_KEY } from './note.js';

const POLICY_BYTES_MAX = 262144;
const POLICY_ITEMS_MAX = 256;

/** The policy cannot be read; `line` counts from 1, 0 is the whole. */
export class PolicyRefused extends Error {
  constructor(line, expected) {
    super(expected);
    this.line = line;
  }
}

export async function parsePolicy(text) {
  if (encodeUtf8(text).length > POLICY_BYTES_MAX) throw new PolicyRefused(0, 'at most 262144 bytes');
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) throw new PolicyRefused(0, 'no control characters');
  if (text !== '' && !text.endsWith('\n')) throw new PolicyRefused(0, 'a newline at the end of every line');
  const draft = { logs: [], witnesses: [], groups: [], quorum: null, taken: new Map() };
  for (const [position, line] of text.slice(0, -1).split('\n').entries()) {
    const words = line.split(/[ \t]/).filter((word) => word !== '');
    if (words.length === 0 || words[0].startsWith('#')) continue;
    const refusal = await readLine(draft, words);
    if (refusal) throw new PolicyRefused(position + 1, refusal);
  }
  if (draft.quorum === null) throw new PolicyRefused(0, 'one line `quorum <name>` or `quorum none`');
  return { logs: draft.logs, witnesses: draft.witnesses, groups: draft.groups, quorum: draft.quorum };
}

/** Adds one line to the draft; the words that say what was expected if it cannot. */
async function readLine(draft, [kind, ...words]) {
  if (kind === 'log' && words.length >= 1) return readLog(draft, words);
  if (kind === 'witness' && words.length >= 2) return readWitness(draft, words);
  if (kind === 'group' && words.length >= 2) return readGroup(draft, words);
  if (kind === 'quorum' && words.length === 1) return readQuorum(draft, words[0]);
  return '`log`, `witness`, `group` or `quorum` with its words';
}

async function readLog(draft, [text, ...url]) {
  const key = await parseVerifierKey(text);
  if (key?.type !== LOG_KEY) return 'a verifier key of type 0x01 (Ed25519)';
  if (url.length > 1) return 'at most one URL after the key';
  if (draft.logs.some((log) => equalBytes(log.key.key, key.key))) return 'each log key once';
  return addItem(draft.logs, { key });
}

async function readWitness(draft, [name, text, ...url]) {
  const key = await parseVerifierKey(text);
  if (key?.type !== WITNESS_KEY) return 'a verifier key of type 0x04 (cosignature/v1)';
  if (url.length > 1) return 'at most one URL after the key';
  if (draft.witnesses.some((witness) => equalBytes(witness.key.key, key.key))) return 'each witness key once';
  return defineName(draft, name) ?? addItem(draft.witnesses, { name, key });
}

function readGroup(draft, [name, enough, ...members]) {
  if (members.length === 0) return 'a group with at least one member';
  for (const member of members) {
    if (!draft.taken.has(member)) return 'members that are defined on lines before';
    if (draft.taken.get(member)) return 'each name as a member once in the whole policy';
    draft.taken.set(member, true);
  }
  const known = { all: BigInt(members.length), any: 1n };
  const threshold = Object.hasOwn(known, enough) ? known[enough] : parseDecimal(enough);
  if (threshold === null || threshold < 1n || threshold > BigInt(members.length)) {
    return '`all`, `any` or a number from 1 to that of the members';
  }
  return defineName(draft, name) ?? addItem(draft.groups, { name, threshold: Number(threshold), members });
}

function readQuorum(draft, name) {
  if (name !== 'none' && !draft.taken.has(name)) return 'a quorum that is defined on a line before';
  if (draft.quorum !== null) return 'one line `quorum <name>` or `quorum none`';
  draft.quorum = name;
  return null;
}

function defineName(draft, name) {
  if (name === 'none' || draft.taken.has(name)) return 'a name that is not `none` and not defined before';
  draft.taken.set(name, false);
  return null;
}

function addItem(items, item) {
  if (items.length === POLICY_ITEMS_MAX) return 'at most 256 logs, 256 witnesses and 256 groups';
  items.push(item);
  return null;
}

/** Who of the policy's logs signed; refuses an unknown origin. */
export async function signingLogs(policy, checkpoint) {
  const logs = policy.logs.filter((log) => log.key.name === checkpoint.origin);
  if (logs.length === 0) {
    throw new Refused('checkpoint.origin_unknown', '', `the policy trusts no log of origin ${checkpoint.origin}`);
  }
  const signed = [];
  for (const log of logs) {
    if (await verifyLines(checkpoint.note, log.key)) signed.push(log.key.name);
  }
  return signed;
}

/** Which of the policy's witnesses cosigned, and when they say they did. */
export async function cosigningWitnesses(policy, checkpoint) {
  const signed = [];
  for (const witness of policy.witnesses) {
    const line = await verifyLines(checkpoint.note, witness.key);
    if (line) signed.push({ name: witness.name, time: line.time });
  }
  return signed;
}

/** Whether these witnesses are enough. Groups name what stands before them, so one pass decides. */
export function quorumReached(policy, witnesses) {
  if (policy.quorum === 'none') return true;
  const reached = new Set(witnesses.map((witness) => witness.name));
  for (const group of policy.groups) {
    if (group.members.filter((name) => reached.has(name)).length >= group.threshold) reached.add(group.name);
  }
  return reached.has(policy.quorum);
}
