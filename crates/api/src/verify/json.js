// JSON read strictly: JSON.parse alone would let one of two members of the same name win in silence.

/** What was refused: the member that failed, '' for the whole. */
export class JsonRefusal extends Error {
  constructor(expected, member = '') {
    super(expected);
    this.member = member;
  }
}

/** The largest integer that every reader keeps exact, RFC 7493 §2.2. */
const INTEGER_MAX = (1n << 53n) - 1n;
/** How deep objects and lists may stand in one another, the outermost counted. */
const DEPTH_MAX = 64;

/**
 * The raw values of an object's members as a Map. A member outside `names`, a second one of the same name or
 * anything behind the object is refused; names are compared after unescaping.
 */
export function readMembers(text, names) {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') throw new JsonRefusal('a JSON object');
  const found = new Map();
  at = skipSpace(text, at + 1);
  if (text[at] === '}') {
    at += 1;
  } else {
    for (;;) {
      const nameEnd = skipString(text, at);
      const name = jsonString(text.slice(at, nameEnd));
      if (!names.includes(name)) throw new JsonRefusal('no unknown member');
      if (found.has(name)) throw new JsonRefusal('each member once', name);
      try {
        const valueStart = skipColon(text, nameEnd);
        at = skipValue(text, valueStart);
        found.set(name, text.slice(valueStart, at));
      } catch (error) {
        throw new JsonRefusal(error.message, name);
      }
      at = skipSpace(text, at);
      if (text[at] === '}') break;
      if (text[at] !== ',') throw new JsonRefusal('`,` or `}`');
      at = skipSpace(text, at + 1);
    }
    at += 1;
  }
  if (skipSpace(text, at) !== text.length) throw new JsonRefusal('nothing behind the object');
  return found;
}

/** The string of a member that must be there. */
export function stringMember(members, name) {
  const raw = members.get(name);
  if (raw === undefined) throw new JsonRefusal('this member is required', name);
  return named(name, () => jsonString(raw));
}

/** The integer of a member that must be there, as a BigInt of 64 bits. */
export function integerMember(members, name) {
  const raw = members.get(name);
  if (raw === undefined) throw new JsonRefusal('this member is required', name);
  const number = /^(?:0|-?[1-9][0-9]{0,19})$/.test(raw) ? BigInt(raw) : null;
  if (number === null || BigInt.asIntN(64, number) !== number) throw new JsonRefusal('an integer', name);
  return number;
}

function named(name, read) {
  try {
    return read();
  } catch (error) {
    throw new JsonRefusal(error.message, name);
  }
}

/** Checks that the text is an object of I-JSON (RFC 7493) without fractions, and gives it. */
export function readInteroperable(text) {
  if (text[0] !== '{') throw new JsonRefusal('a JSON object');
  if (walk(text, 0, DEPTH_MAX) !== text.length) throw new JsonRefusal('nothing behind the object');
  return JSON.parse(text);
}

function walk(text, start, depthLeft) {
  const open = text[start];
  if (open !== '{' && open !== '[') return walkScalar(text, start);
  if (depthLeft === 0) throw new JsonRefusal('objects and lists nest at most 64 deep');
  const close = open === '{' ? '}' : ']';
  const names = new Set();
  let at = skipSpace(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    if (open === '{') {
      const nameEnd = skipString(text, at);
      const name = jsonString(text.slice(at, nameEnd));
      if (names.has(name)) throw new JsonRefusal('each member once');
      names.add(name);
      at = skipColon(text, nameEnd);
    }
    at = skipSpace(text, walk(text, at, depthLeft - 1));
    if (text[at] === close) return at + 1;
    if (text[at] !== ',') throw new JsonRefusal(`\`,\` or \`${close}\``);
    at = skipSpace(text, at + 1);
  }
}

function walkScalar(text, start) {
  const end = skipScalar(text, start);
  const raw = text.slice(start, end);
  if (raw[0] === '"') {
    jsonString(raw);
  } else if (raw[0] === '-' || (raw[0] >= '0' && raw[0] <= '9')) {
    if (!/^(?:0|-?[1-9][0-9]{0,15})$/.test(raw)) throw new JsonRefusal('integers of at most 53 bits');
    const number = BigInt(raw);
    if (number > INTEGER_MAX || -number > INTEGER_MAX) throw new JsonRefusal('integers of at most 53 bits');
  }
  return end;
}

/** The text that a string token means; half a surrogate pair is none. */
function jsonString(raw) {
  if (raw[0] !== '"') throw new JsonRefusal('a string');
  const text = JSON.parse(raw);
  if (/[\ud800-\udfff]/u.test(text)) throw new JsonRefusal('no half surrogate pair');
  return text;
}

function skipSpace(text, at) {
  while (at < text.length && ' \t\n\r'.includes(text[at])) at += 1;
  return at;
}

function skipColon(text, at) {
  const colon = skipSpace(text, at);
  if (text[colon] !== ':') throw new JsonRefusal('`:`');
  return skipSpace(text, colon + 1);
}

/** The end of the value at `start`, whatever its depth. */
function skipValue(text, start) {
  const open = [];
  let at = start;
  for (;;) {
    if (text[at] === '{' || text[at] === '[') {
      open.push(text[at] === '{' ? '}' : ']');
      at = skipSpace(text, at + 1);
      if (text[at] === open.at(-1)) {
        open.pop();
        at += 1;
      } else {
        if (open.at(-1) === '}') at = skipColon(text, skipString(text, at));
        continue;
      }
    } else {
      at = skipScalar(text, at);
    }
    for (;;) {
      if (open.length === 0) return at;
      at = skipSpace(text, at);
      if (text[at] === open.at(-1)) {
        open.pop();
        at += 1;
      } else if (text[at] === ',') {
        at = skipSpace(text, at + 1);
        if (open.at(-1) === '}') at = skipColon(text, skipString(text, at));
        break;
      } else {
        throw new JsonRefusal('`,` or the end of the list');
      }
    }
  }
}

function skipScalar(text, at) {
  if (text[at] === '"') return skipString(text, at);
  const token = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
  token.lastIndex = at;
  if (!token.test(text)) throw new JsonRefusal('a JSON value');
  return token.lastIndex;
}

function skipString(text, start) {
  if (text[start] !== '"') throw new JsonRefusal('a string');
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    // NaN is the end of the text.
    if (!(code >= 0x20)) throw new JsonRefusal('a string without control characters that ends');
    if (code !== 0x5c) {
      at += 1;
    } else if (text[at + 1] === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) {
      at += 6;
    } else if (text[at + 1] !== undefined && '"\\/bfnrt'.includes(text[at + 1])) {
      at += 2;
    } else {
      throw new JsonRefusal('an escape of JSON');
    }
  }
}
