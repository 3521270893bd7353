// Verification in the reader's browser: an entry on its page, a certificate on its page or from a file, a text or a
// picture. What verifies are the modules of /verify, which say the same as `databourse verify`; here is what is shown.

import { encodeUtf8, toHex } from '/verify/assets/bytes.js';
import { CHECKS, verifyCertificate } from '/verify/assets/certificate.js';
import { leafHash, parseEntry, Refused } from '/verify/assets/entry.js';
import { cosigningWitnesses, parsePolicy, PolicyRefused, quorumReached, signingLogs } from '/verify/assets/policy.js';
import { inclusionFault, parseReceipt } from '/verify/assets/receipt.js';
import { CHECK_WORDS, CODE_WORDS, WORDS } from '/verify/assets/words.js';

const isChinese = document.documentElement.lang.startsWith('zh');
const say = ([en, zh]) => (isChinese ? zh : en);
const proof = document.getElementById('proof');
const verdict = document.getElementById('verdict');
const list = document.getElementById('checks');
const shown = document.getElementById('shown');

const MINE = {
  leaf: ['The fingerprint of the entry, computed again', '重新计算条目的指纹'],
  busy: ['Verifying in this browser…', '正在本浏览器内核验……'],
  good: ['Genuine: every check holds.', '真实：全部检查通过。'],
  goodEntry: ['It stands in the ledger: every check holds.', '确在账本之中：全部检查通过。'],
  noKey: [
    'The author’s key is not shown to you, so the signature is not checked here. The exchanges checked it before they took the entry in, and the fingerprint covers it.',
    '签名方的密钥不对您显示，此处不核对其签名。各交易所在收入条目前已核对，指纹亦覆盖该签名。',
  ],
  notFinal: ['Not final yet: too few exchanges have cosigned the ledger up to here. Reload in a moment.', '尚未成为终局：联署到此处的交易所还不够多。请稍后刷新。'],
  notTrade: ['This proves another statement, not a trade: ', '所证明的是另一类声明，而非交易：'],
  paid: ['Paid, tax included', '已付（含税）'],
  lines: ['Lines', '明细行数'],
  place: ['Place in the ledger', '账本位置'],
  open: ['Open this certificate', '打开此凭证'],
  noCode: ['No QR code was found in this picture. Choose a sharper one, or paste the text of the code.', '未在图片中找到二维码。请选择更清晰的图片，或粘贴二维码文字。'],
  noPolicy: ['The node publishes no policy yet. Reload in a moment.', '本节点尚未发布验证策略。请稍后刷新。'],
};

function made(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function pronounce(kind, words, code = '') {
  verdict.className = kind;
  verdict.replaceChildren(made('strong', '', words));
  if (code) verdict.append(' ', made('code', '', code));
  verdict.hidden = false;
}

/** The steps: what held, what did not, and what was not reached. */
function showSteps(steps, passed, failed, details) {
  list.replaceChildren(...steps.map((step) => {
    const state = passed.has(step) ? 'passed' : step === failed ? 'failed' : 'skipped';
    const sign = { passed: '✓', failed: '✗', skipped: '–' }[state];
    const item = made('li', state, made('span', 'sign', sign), ' ', say(CHECK_WORDS[step] ?? MINE[step]));
    item.dataset.check = step;
    const detail = state === 'skipped' ? say(WORDS.notReached) : details[step];
    if (detail) item.append(made('div', 'quiet', detail));
    return item;
  }));
}

async function nodePolicy() {
  const text = await (await fetch('/v1/policy')).text();
  if (text === '') throw new Error(say(MINE.noPolicy));
  return parsePolicy(text);
}

/** An entry whose author's key is not known: all that a certificate's verification does, but for the signature. */
async function verifyEntry(entryText, receiptText, policy, passed) {
  const entry = parseEntry(entryText);
  passed('entry');
  const receipt = parseReceipt(receiptText);
  passed('receipt');
  const { checkpoint } = receipt;
  const logs = await signingLogs(policy, checkpoint);
  const witnesses = await cosigningWitnesses(policy, checkpoint);
  if (logs.length === 0) throw new Refused('checkpoint.log_signature_missing', '', checkpoint.origin);
  passed('log');
  if (!quorumReached(policy, witnesses)) throw new Refused('checkpoint.quorum_missing', '', policy.quorum);
  passed('quorum');
  const leaf = await leafHash(entry.bytes);
  const fault = await inclusionFault(leaf, receipt.index, checkpoint.size, receipt.proof, checkpoint.root);
  if (fault) throw new Refused('inclusion.invalid', '', fault);
  passed('inclusion');
  return { entry, receipt, logs, witnesses };
}

/** Verifies `source`: `bytes` of a certificate, or an entry with its receipt and no key. */
async function verify(source) {
  const steps = source.bytes
    ? (source.isEntry ? CHECKS.slice(1) : CHECKS).toSpliced(-1, 0, 'leaf')
    : ['entry', 'receipt', 'log', 'quorum', 'leaf', 'inclusion'];
  const passed = new Set();
  pronounce('remark', say(MINE.busy));
  if (shown) shown.replaceChildren();
  try {
    const policy = await nodePolicy();
    const proven = source.bytes
      ? await verifyCertificate(source.bytes, policy, (step) => passed.add(step))
      : await verifyEntry(source.entry, source.receipt, policy, (step) => passed.add(step));
    passed.add('leaf');
    const { entry, receipt, logs, witnesses } = proven;
    showSteps(steps, passed, null, {
      author: entry.kid,
      log: logs.join(', '),
      quorum: witnesses.map((witness) => witness.name).join(', '),
      leaf: toHex(await leafHash(entry.bytes)),
      inclusion: `${receipt.index} / ${receipt.checkpoint.size}, ${receipt.proof.length} × SHA-256`,
    });
    const isEntry = source.isEntry || !source.bytes;
    pronounce('done', say(isEntry ? MINE.goodEntry : MINE.good));
    if (!source.bytes) list.append(made('li', 'skipped', made('span', 'sign', '–'), ' ', say(MINE.noKey)));
    if (shown) showCertificate(entry, receipt);
  } catch (error) {
    if (error instanceof Refused) {
      const failed = steps.find((step) => !passed.has(step) && step !== 'leaf');
      showSteps(steps, passed, failed, { [failed]: error.message });
      pronounce('problem', say(CODE_WORDS[error.code] ?? [error.message, error.message]), error.code);
    } else {
      // A mistake of this page or of the browser must not look like an answer.
      list.replaceChildren();
      const words = error instanceof PolicyRefused ? `${say(WORDS.policyBad)} ${error.line}` : error.message;
      pronounce('problem', `${say(WORDS.failed)}: ${words}`);
    }
  }
}

/** 127200 of CNY/2 is `¥1,272.00`, as the console writes money. */
function money(minor, asset) {
  const [code, scale] = asset.split('/');
  const digits = String(minor).padStart(Number(scale) + 1, '0');
  const at = digits.length - Number(scale);
  const whole = digits.slice(0, at).replace(/\B(?=(\d{3})+$)/g, ',');
  const text = Number(scale) > 0 ? `${whole}.${digits.slice(at)}` : whole;
  return code === 'CNY' ? `¥${text}` : `${code}\u00a0${text}`;
}

function localTime(text) {
  const offset = Number(proof.dataset.offset ?? 0) * 60000;
  return new Date(Date.parse(text) + offset).toISOString().slice(0, 16).replace('T', ' ');
}

/** What a certificate from elsewhere states. */
function showCertificate(entry, receipt) {
  const { facts, number, order } = entry.claims.body;
  if (entry.claims.type !== 'certificate.issue' || facts === undefined) {
    shown.append(made('p', '', say(MINE.notTrade), made('code', '', entry.claims.type)));
    return;
  }
  const name = isChinese ? facts.buyer_name.zh ?? facts.buyer_name.en : facts.buyer_name.en ?? facts.buyer_name.zh;
  const rows = [
    [WORDS.number, number],
    [WORDS.buyer, name],
    [MINE.paid, money(facts.total_minor, facts.asset)],
    [MINE.lines, String(facts.line_count)],
    [WORDS.placed, localTime(facts.placed_at)],
    [WORDS.completed, localTime(facts.completed_at)],
    [WORDS.order, made('code', '', order)],
    [MINE.place, `${receipt.index} / ${receipt.checkpoint.size}`],
  ];
  const facts_ = rows.map(([words, value]) => made('div', '', made('dt', '', say(words)), made('dd', '', value)));
  const link = made('a', 'button second', say(MINE.open));
  link.href = `/certificates/${encodeURIComponent(number)}`;
  shown.append(made('dl', 'facts', ...facts_), made('p', '', link));
}

const problem = (words) => {
  list.replaceChildren();
  shown?.replaceChildren();
  pronounce('problem', say(words));
};

async function verifyPage() {
  const { file, receipt, key } = proof.dataset;
  if (file) {
    const answer = await fetch(file);
    return answer.ok ? verify({ bytes: new Uint8Array(await answer.arrayBuffer()) }) : problem(WORDS.unknownNumber);
  }
  const answer = await fetch(receipt);
  if (!answer.ok) return problem(answer.status === 404 ? MINE.notFinal : WORDS.unreachable);
  const text = await answer.text();
  const entry = document.getElementById('jws').textContent.trim();
  if (!key) return verify({ entry, receipt: text });
  const whole = JSON.stringify({ format: 'databourse-certificate@v1', entry, author_key: key, receipt: text });
  return verify({ bytes: encodeUtf8(whole), isEntry: true });
}

/** The text of a code, of a file, or a number; an address leads to the certificate that it names. */
function takeText(text) {
  const trimmed = text.trim();
  const number = /^(?:https?:\/\/\S*\/(?:verify|certificates)\/)?([a-z][a-z0-9]{1,7}-\d{4}-\d{8,})$/i.exec(trimmed)?.[1];
  if (number) location.assign(`/certificates/${number.toLowerCase()}`);
  else if (trimmed !== '') verify({ bytes: encodeUtf8(trimmed) });
}

async function takePicture(file) {
  if (!file) return;
  pronounce('remark', say(MINE.busy));
  try {
    const { readPicture } = await import('./qr.js');
    const text = await readPicture(file);
    if (text === null) problem(MINE.noCode);
    else takeText(text);
  } catch {
    problem(MINE.noCode);
  }
}

function listen() {
  const at = (id, name, act) => document.getElementById(id)?.addEventListener(name, act);
  at('verify', 'click', () => verifyPage().catch(() => problem(WORDS.unreachable)));
  at('verify-text', 'click', () => takeText(document.getElementById('code-text').value));
  at('certificate-file', 'change', async ({ target }) => {
    if (target.files[0]) await verify({ bytes: new Uint8Array(await target.files[0].arrayBuffer()) });
  });
  at('code-picture', 'change', ({ target }) => takePicture(target.files[0]));
}

if (proof) {
  if (globalThis.crypto?.subtle) {
    for (const element of document.querySelectorAll('[data-needs-script]')) element.hidden = false;
    listen();
    if (proof.dataset.now !== undefined) verifyPage().catch(() => problem(WORDS.unreachable));
  } else {
    problem(WORDS.insecure);
  }
}
