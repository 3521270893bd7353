// The page: takes a certificate and a policy, verifies here, shows what held. No text from outside becomes markup.

import { encodeUtf8 } from './bytes.js';
import { CHECKS, verifyCertificate } from './certificate.js';
import { Refused } from './entry.js';
import { parsePolicy, PolicyRefused } from './policy.js';
import { CHECK_WORDS, CODE_WORDS, WORDS } from './words.js';

const byId = (id) => document.getElementById(id);
const root = document.documentElement;
/** What is verified: bytes of the certificate, the policy's text and where it is from. */
const shown = { bytes: null, policy: null, source: 'noPolicy', fileName: '' };
/** Counts the verifications, so that a slow one does not overwrite a later one. */
let turn = 0;

/** Both languages in one element; the style shows one. */
function bilingual(element, [en, zh]) {
  const parts = [['en', en], ['zh', zh]].map(([lang, text]) => {
    const span = document.createElement('span');
    span.className = span.lang = lang;
    span.textContent = text;
    return span;
  });
  element.replaceChildren(...parts);
  return element;
}

function made(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

function setLanguage(language) {
  root.lang = root.dataset.lang = language;
}

/** 127200 of CNY/2 is `1,272.00 CNY`. */
function amountText(minor, asset) {
  const [code, scale] = asset.split('/');
  const digits = String(minor).padStart(Number(scale) + 1, '0');
  const whole = digits.slice(0, digits.length - Number(scale)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${whole}${Number(scale) > 0 ? '.' : ''}${digits.slice(whole.replaceAll(',', '').length)} ${code}`;
}

const timeText = (text) => text.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');

function showVerdict(kind, title, reason, code = '') {
  byId('verdict').hidden = false;
  byId('verdict').className = kind;
  byId('mark').textContent = kind === 'good' ? '✓' : '✗';
  bilingual(byId('outcome'), title);
  bilingual(byId('reason'), reason);
  byId('code').textContent = code;
  byId('code-line').hidden = code === '';
}

function showChecks(passed, failed, details) {
  const items = CHECKS.map((check) => {
    const state = passed.has(check) ? 'passed' : check === failed ? 'failed' : 'skipped';
    const sign = made('span', 'sign', { passed: '✓', failed: '✗', skipped: '–' }[state]);
    const what = bilingual(made('span', 'what'), CHECK_WORDS[check]);
    const item = made('li', state, sign, what);
    item.dataset.check = check;
    if (state === 'skipped') item.append(bilingual(made('span', 'detail'), WORDS.notReached));
    else if (details[check]) item.append(made('span', 'detail', details[check]));
    return item;
  });
  byId('checks').replaceChildren(...items);
  byId('checks-box').hidden = false;
}

function showFact(words, ...values) {
  byId('facts').append(bilingual(made('dt', ''), words), made('dd', words === WORDS.paid ? 'amount' : '', ...values));
}

function showProven({ entry, receipt }) {
  const { claims } = entry;
  byId('facts').replaceChildren();
  byId('lines').replaceChildren();
  const { facts, number, order } = claims.body;
  const isTrade = claims.type === 'certificate.issue' && facts !== undefined;
  byId('lines-box').hidden = !isTrade;
  if (isTrade) {
    const names = [facts.buyer_name.zh, facts.buyer_name.en].filter(Boolean).join(' · ');
    showFact(WORDS.paid, amountText(facts.total_minor, facts.asset));
    showFact(WORDS.buyer, names, made('span', 'mono', facts.buyer));
    showFact(WORDS.number, number);
    showFact(WORDS.order, made('span', 'mono', order));
    showFact(WORDS.placed, timeText(facts.placed_at));
    showFact(WORDS.completed, timeText(facts.completed_at));
    for (const line of facts.lines) {
      byId('lines').append(
        made('tr', '',
          made('td', '', String(line.line)),
          made('td', 'mono', line.product),
          made('td', 'number', amountText(line.gross_minor, facts.asset)),
          made('td', 'number', line.quantity.toLocaleString('en')),
          made('td', '', line.purpose),
          made('td', '', timeText(line.ends_at))));
    }
    if (facts.line_count > facts.lines.length) {
      const [en, zh] = WORDS.more;
      const cell = bilingual(made('td', ''), [
        `${facts.line_count} ${en} ${facts.lines.length}.`, `共 ${facts.line_count} ${zh} ${facts.lines.length} 行。`]);
      cell.colSpan = 6;
      byId('lines').append(made('tr', '', cell));
    }
  } else {
    showFact(WORDS.statement, made('code', '', claims.type));
  }
  const { checkpoint } = receipt;
  showFact(WORDS.place, `${receipt.index} / ${checkpoint.size}`, made('span', 'mono', checkpoint.origin));
  byId('proven').hidden = false;
  return isTrade;
}

/** Verifies what is shown, if there is a certificate and a policy. */
async function verifyShown() {
  if (shown.bytes === null) return;
  turn += 1;
  const mine = turn;
  const passed = new Set();
  byId('proven').hidden = true;
  let policy;
  try {
    if (shown.policy === null) throw new PolicyRefused(0, '');
    policy = await parsePolicy(shown.policy);
  } catch (error) {
    if (!(error instanceof PolicyRefused)) throw error;
    const [en, zh] = WORDS.policyBad;
    const words = [`${en} ${error.line}: ${error.message}`, `${zh} ${error.line}：${error.message}`];
    byId('checks-box').hidden = true;
    showVerdict('bad', WORDS.failed, shown.policy === null ? WORDS.noPolicy : words);
    return;
  }
  try {
    const proven = await verifyCertificate(shown.bytes, policy, (check) => passed.add(check));
    if (mine !== turn) return;
    const isTrade = showProven(proven);
    const { entry, receipt, logs, witnesses } = proven;
    const cosigners = witnesses.map((witness) => witness.name).join(', ');
    showChecks(passed, null, {
      entry: `${entry.claims.type} ${entry.claims.id}`,
      author: `ed25519, kid ${entry.kid}`,
      log: logs.join(', '),
      quorum: policy.quorum === 'none' ? 'quorum none' : cosigners,
      inclusion: `${receipt.index} / ${receipt.checkpoint.size}, ${receipt.proof.length} × SHA-256`,
    });
    showVerdict('good', WORDS.valid, isTrade ? WORDS.validOf : WORDS.validOther);
  } catch (error) {
    if (mine !== turn) return;
    if (!(error instanceof Refused)) throw error;
    const failed = CHECKS.find((check) => !passed.has(check));
    showChecks(passed, failed, { [failed]: error.message });
    showVerdict('bad', WORDS.refused, CODE_WORDS[error.code] ?? [error.message, error.message], error.code);
  }
  byId('verdict').focus({ preventScroll: true });
  byId('verdict').scrollIntoView({ block: 'nearest' });
}

/** A mistake of this page or of the browser must not look like an answer. */
function verifyNow() {
  verifyShown().catch((error) => {
    byId('proven').hidden = byId('checks-box').hidden = true;
    showVerdict('bad', WORDS.failed, [String(error), String(error)]);
  });
}

function takeBytes(bytes) {
  shown.bytes = bytes;
  verifyNow();
}

function takeText(text) {
  if (text.trim() !== '') takeBytes(encodeUtf8(text));
}

async function takeFile(file) {
  if (file) takeBytes(new Uint8Array(await file.arrayBuffer()));
}

async function takeNumber(number) {
  let response;
  try {
    response = await fetch(`/v1/certificates/${encodeURIComponent(number)}/file`);
  } catch {
    showVerdict('bad', WORDS.failed, WORDS.unreachable);
    return;
  }
  byId('number').value = number;
  if (response.ok) {
    takeBytes(new Uint8Array(await response.arrayBuffer()));
  } else {
    byId('proven').hidden = byId('checks-box').hidden = true;
    showVerdict('bad', WORDS.failed, WORDS.unknownNumber);
  }
}

function takePolicy(text, source, fileName = '') {
  Object.assign(shown, { policy: text, source, fileName });
  byId('policy').textContent = text ?? '';
  byId('policy').hidden = text === null;
  const words = WORDS[source].map((words) => (fileName ? `${words} ${fileName}` : words));
  bilingual(byId('policy-words'), words);
  verifyNow();
}

async function loadPolicy() {
  if (isAlone) return takePolicy(null, 'noPolicy');
  try {
    const response = await fetch('/v1/policy');
    const text = await response.text();
    return response.ok && text !== '' ? takePolicy(text, 'nodePolicy') : takePolicy(null, 'noPolicy');
  } catch {
    return takePolicy(null, 'noPolicy');
  }
}

/** What the address names: a compact certificate behind `#`, or a number in the path. */
function takeAddress() {
  const digits = location.hash.slice(1);
  const number = /^\/verify\/([^/]+)$/.exec(location.pathname)?.[1];
  if (digits !== '') {
    byId('text').value = digits;
    takeText(digits);
  } else if (number && !isAlone) {
    takeNumber(decodeURIComponent(number));
  }
}

function listen() {
  byId('language').addEventListener('click', () => setLanguage(root.dataset.lang === 'en' ? 'zh' : 'en'));
  byId('file').addEventListener('change', (event) => takeFile(event.target.files[0]));
  byId('policy-file').addEventListener('change', async (event) => {
    const file = event.target.files[0];
    if (file) takePolicy(await file.text(), 'ownPolicy', file.name);
  });
  byId('verify').addEventListener('click', () => takeText(byId('text').value));
  byId('load').addEventListener('click', () => takeNumber(byId('number').value.trim()));
  byId('number').addEventListener('keydown', (event) => {
    if (event.key === 'Enter') takeNumber(byId('number').value.trim());
  });
  const drop = byId('drop');
  for (const name of ['dragover', 'drop', 'dragleave']) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', name === 'dragover');
      if (name === 'drop') takeFile(event.dataTransfer.files[0]);
    });
  }
  addEventListener('hashchange', takeAddress);
}

/** Kept as one file: there is no node to ask. */
const isAlone = location.protocol === 'file:';

async function start() {
  setLanguage(/^zh\b/i.test(navigator.language) ? 'zh' : 'en');
  byId('number-row').hidden = byId('offline').hidden = isAlone;
  listen();
  const obstacle = !globalThis.crypto?.subtle ? WORDS.insecure : !globalThis.DecompressionStream ? WORDS.old : null;
  if (obstacle) {
    bilingual(byId('obstacle'), obstacle).hidden = false;
    if (!globalThis.crypto?.subtle) return;
  }
  await loadPolicy();
  takeAddress();
}

start();
