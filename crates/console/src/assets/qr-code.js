// The modules of a QR code as text (ISO/IEC 18004): format, mask, blocks, Reed-Solomon, segments. Where the modules come
// from is qr.js's to say.

/** Error-correction codewords of each block and number of blocks, for versions 1 to 40: table 9 of the standard. */
const [LOW, MEDIUM, QUARTILE, HIGH] = [
  [
    [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, ...Array(14).fill(30)],
    [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25],
  ],
  [
    [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, ...Array(19).fill(28)],
    [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49],
  ],
  [
    [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, ...Array(14).fill(30)],
    [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68],
  ],
  [
    [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, ...Array(18).fill(30)],
    [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81],
  ],
];
/** By the two bits that name a level. */
const LEVELS = [MEDIUM, LOW, HIGH, QUARTILE];

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Powers of 2 in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1, twice around, and their logarithms. */
const POWER = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent += 1) {
  POWER[exponent] = POWER[exponent + 255] = value;
  LOG[value] = exponent;
  value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1;
}
const times = (a, b) => (a === 0 || b === 0 ? 0 : POWER[LOG[a] + LOG[b]]);
const over = (a, b) => (a === 0 ? 0 : POWER[LOG[a] + 255 - LOG[b]]);
/** The value at `x` of a polynomial from its lowest coefficient up. */
const valueAt = (polynomial, x) => polynomial.reduceRight((sum, coefficient) => times(sum, x) ^ coefficient, 0);

/** Where alignment patterns have their centres in a code of this version. */
export function alignments(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const last = version * 4 + 10;
  return [6, ...Array.from({ length: count - 1 }, (_, at) => last - step * (count - 2 - at))];
}

/** Whether a module is of a pattern or of format and version, and not data. */
function isFunction(x, y, version, centres) {
  const size = version * 4 + 17;
  if (x === 6 || y === 6) return true;
  if ((x < 9 && y < 9) || (x >= size - 8 && y < 9) || (x < 9 && y >= size - 8)) return true;
  if (version >= 7 && ((y < 6 && x >= size - 11) || (x < 6 && y >= size - 11))) return true;
  const last = size - 7;
  return centres.some((cx) => Math.abs(x - cx) <= 2 && centres.some((cy) => {
    const isFinder = (cx === 6 && cy === 6) || (cx === last && cy === 6) || (cx === 6 && cy === last);
    return !isFinder && Math.abs(y - cy) <= 2;
  }));
}

/** Level and mask: of the 32 words of the format's code the nearest to what either copy reads. */
function readFormat(isDark, size) {
  const first = [0, 1, 2, 3, 4, 5, 7, 8].map((y) => [8, y]);
  const rest = [7, 5, 4, 3, 2, 1, 0].map((x) => [x, 8]);
  const second = Array.from({ length: 15 }, (_, at) => (at < 8 ? [size - 1 - at, 8] : [8, size - 15 + at]));
  let best = { distance: 4 };
  for (const places of [[...first, ...rest], second]) {
    const read = places.reduce((word, [x, y], at) => word | (Number(isDark(x, y)) << at), 0);
    for (let data = 0; data < 32; data += 1) {
      let rest = data;
      for (let at = 0; at < 10; at += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
      let differing = read ^ (((data << 10) | rest) ^ 0x5412);
      let distance = 0;
      for (; differing; differing &= differing - 1) distance += 1;
      if (distance < best.distance) best = { distance, level: data >> 3, mask: data & 7 };
    }
  }
  return best.level === undefined ? null : best;
}

/** The codewords in the order in which they are laid out: up and down in pairs of columns from the right. */
function readCodewords(isDark, version, mask) {
  const size = version * 4 + 17;
  const centres = alignments(version);
  const words = [];
  let [word, bits] = [0, 0];
  for (let right = size - 1, isUp = true; right >= 1; right -= 2, isUp = !isUp) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = isUp ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (isFunction(x, y, version, centres)) continue;
        word = (word << 1) | Number(isDark(x, y) !== MASKS[mask](x, y));
        bits += 1;
        if (bits === 8) {
          words.push(word);
          [word, bits] = [0, 0];
        }
      }
    }
  }
  return words;
}

/** Corrects a block, highest coefficient first; null if there are more errors than it can correct. */
function corrected(block, checkCount) {
  const received = block.toReversed();
  const syndromes = Array.from({ length: checkCount }, (_, at) => valueAt(received, POWER[at]));
  if (syndromes.every((syndrome) => syndrome === 0)) return block;
  // Berlekamp-Massey: the shortest recurrence of the syndromes is the locator of the errors.
  let [locator, before, length, shift, lastGap] = [[1], [1], 0, 1, 1];
  for (let at = 0; at < checkCount; at += 1) {
    let gap = syndromes[at];
    for (let term = 1; term <= length; term += 1) gap ^= times(locator[term] ?? 0, syndromes[at - term]);
    if (gap === 0) {
      shift += 1;
      continue;
    }
    const factor = over(gap, lastGap);
    const next = Array.from({ length: Math.max(locator.length, before.length + shift) }, (_, term) =>
      (locator[term] ?? 0) ^ times(factor, before[term - shift] ?? 0));
    if (2 * length <= at) {
      [before, lastGap, length, shift] = [locator, gap, at + 1 - length, 1];
    } else {
      shift += 1;
    }
    locator = next;
  }
  const evaluator = Array.from({ length: checkCount }, (_, at) =>
    locator.slice(0, at + 1).reduce((sum, coefficient, term) => sum ^ times(coefficient, syndromes[at - term]), 0));
  // The derivative over GF(2^8) has the odd terms only.
  const slope = locator.map((_, at) => (at % 2 === 0 ? locator[at + 1] ?? 0 : 0));
  let found = 0;
  for (let place = 0; place < received.length; place += 1) {
    const inverse = POWER[(255 - (place % 255)) % 255];
    if (valueAt(locator, inverse) !== 0) continue;
    found += 1;
    const divisor = times(valueAt(slope, inverse), inverse);
    if (divisor === 0) return null;
    received[place] ^= over(valueAt(evaluator, inverse), divisor);
  }
  const holds = found === length && syndromes.every((_, at) => valueAt(received, POWER[at]) === 0);
  return holds ? received.toReversed() : null;
}

/** Takes the blocks apart, corrects each, and joins their data; null if one cannot be. */
function readData(words, version, level) {
  const [checkCount, blockCount] = LEVELS[level].map((table) => table[version - 1]);
  const shortLength = Math.floor(words.length / blockCount) - checkCount;
  const longFrom = blockCount - (words.length % blockCount);
  const blocks = Array.from({ length: blockCount }, () => []);
  let at = 0;
  for (let place = 0; place <= shortLength; place += 1) {
    for (let block = place < shortLength ? 0 : longFrom; block < blockCount; block += 1) blocks[block].push(words[at++]);
  }
  for (let place = 0; place < checkCount; place += 1) blocks.forEach((block) => block.push(words[at++]));
  const whole = blocks.map((block) => corrected(block, checkCount));
  if (whole.includes(null)) return null;
  return whole.flatMap((block) => block.slice(0, -checkCount));
}

/** The text of the segments: digits, letters and bytes in UTF-8. */
function readText(data, version) {
  let at = 0;
  const take = (count) => {
    let number = 0;
    for (let bit = 0; bit < count; bit += 1, at += 1) number = number * 2 + ((data[at >> 3] >> (7 - (at & 7))) & 1);
    return number;
  };
  const size = version < 10 ? 0 : version < 27 ? 1 : 2;
  const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
  let text = '';
  while (data.length * 8 - at >= 4) {
    const mode = take(4);
    if (mode === 0) break;
    if (mode === 1) {
      for (let left = take([10, 12, 14][size]); left > 0; left -= 3) {
        const count = Math.min(left, 3);
        text += String(take([0, 4, 7, 10][count])).padStart(count, '0');
      }
    } else if (mode === 2) {
      for (let left = take([9, 11, 13][size]); left > 0; left -= 2) {
        const pair = take(left > 1 ? 11 : 6);
        text += left > 1 ? letters[Math.floor(pair / 45)] + letters[pair % 45] : letters[pair];
      }
    } else if (mode === 4) {
      const bytes = Uint8Array.from({ length: take([8, 16, 16][size]) }, () => take(8));
      text += new TextDecoder().decode(bytes);
    } else if (mode === 7) {
      take(8);
    } else {
      return null;
    }
  }
  return text;
}

/** The text of a code of this version whose modules `isDark(x, y)` tells; null if they are none. */
export function readModules(isDark, version) {
  const format = readFormat(isDark, version * 4 + 17);
  if (format === null) return null;
  const data = readData(readCodewords(isDark, version, format.mask), version, format.level);
  return data && readText(data, version);
}
