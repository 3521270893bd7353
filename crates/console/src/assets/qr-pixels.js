// A QR code in pixels: where it is, and which of its modules are dark. qr-code.js reads them.

import { alignments, readModules } from './qr-code.js';

/** The text of the code in pixels; null if none is found. */
export function readPixels({ width, height, data }) {
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at += 1) {
    grey[at] = (data[4 * at] * 77 + data[4 * at + 1] * 150 + data[4 * at + 2] * 29) >> 8;
  }
  for (const binarise of [overall, local]) {
    const picture = { width, height, dark: binarise(grey, width, height) };
    const text = readPlaces(picture, finders(picture));
    if (text !== null) return text;
  }
  return null;
}

/** One threshold for all: the one that parts dark from light best (Otsu). */
function overall(grey) {
  const counts = new Uint32Array(256);
  grey.forEach((value) => { counts[value] += 1; });
  const total = counts.reduce((sum, count, value) => sum + count * value, 0);
  let [below, sumBelow, best, threshold] = [0, 0, -1, 128];
  for (let value = 0; value < 255; value += 1) {
    below += counts[value];
    sumBelow += counts[value] * value;
    const above = grey.length - below;
    if (below === 0 || above === 0) continue;
    const spread = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2;
    if (spread > best) [best, threshold] = [spread, value];
  }
  return Uint8Array.from(grey, (value) => Number(value <= threshold));
}

/** Each pixel against the mean around it, for pictures that are lit unevenly. */
function local(grey, width, height) {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0, row = 0; x < width; x += 1) {
      row += grey[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const reach = Math.max(8, Math.round(Math.min(width, height) / 16));
  return Uint8Array.from(grey, (value, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
    const [top, bottom] = [Math.max(0, y - reach), Math.min(height, y + reach + 1)];
    const sum = sums[bottom * (width + 1) + right] - sums[top * (width + 1) + right]
      - sums[bottom * (width + 1) + left] + sums[top * (width + 1) + left];
    return Number(value * (right - left) * (bottom - top) < sum * 0.92);
  });
}

const isDarkAt = ({ width, height, dark }, x, y) =>
  x >= 0 && y >= 0 && x < width && y < height && dark[Math.floor(y) * width + Math.floor(x)] === 1;

/** Whether five runs are 1:1:3:1:1, and how wide a module is then; 0 if not. */
function moduleOf(runs) {
  const width = runs.reduce((sum, run) => sum + run, 0) / 7;
  const fits = width >= 1 && runs.every((run, at) => Math.abs(run - (at === 2 ? 3 : 1) * width) < (at === 2 ? 1.5 : 0.75) * width);
  return fits ? width : 0;
}

/** The five runs through a dark place in direction (dx, dy), and the middle of the third; null if they are no finder's. */
function across(picture, x, y, dx, dy) {
  const runs = [0, 0, 0, 0, 0];
  const ends = [];
  for (const [sign, order] of [[-1, [2, 1, 0]], [1, [2, 3, 4]]]) {
    let at = sign === 1 ? 1 : 0;
    for (const run of order) {
      const colour = run % 2 === 0;
      const limit = picture.width + picture.height;
      while (isDarkAt(picture, x + sign * at * dx, y + sign * at * dy) === colour && at < limit) {
        runs[run] += 1;
        at += 1;
      }
      if (run === 2) ends.push(sign * at);
    }
  }
  const width = moduleOf(runs);
  const middle = (ends[0] + ends[1]) / 2;
  return width ? { x: x + middle * dx, y: y + middle * dy, width } : null;
}

/** The places that look like finder patterns, those that were seen most often first. */
function finders(picture) {
  const found = [];
  for (let y = 0; y < picture.height; y += 1) {
    for (let x = 0, from = 0; x <= picture.width; x += 1) {
      if (x < picture.width && isDarkAt(picture, x, y) === isDarkAt(picture, from, y)) continue;
      const middle = Math.floor((from + x) / 2);
      if (isDarkAt(picture, from, y)) {
        const level = across(picture, middle, y, 1, 0);
        const upright = level && across(picture, Math.floor(level.x), y, 0, 1);
        const place = upright && across(picture, Math.floor(level.x), Math.floor(upright.y), 1, 0);
        if (place) note(found, { x: place.x, y: upright.y, width: (place.width + upright.width) / 2 });
      }
      from = x;
    }
  }
  return found.sort((a, b) => b.count - a.count).slice(0, 12);
}

function note(found, { x, y, width }) {
  const near = found.find((one) => Math.hypot(one.x - x, one.y - y) < 3 * width && Math.abs(one.width - width) < width);
  if (!near) return found.push({ x, y, width, count: 1 });
  for (const [name, value] of Object.entries({ x, y, width })) near[name] += (value - near[name]) / (near.count + 1);
  near.count += 1;
  return found;
}

/** Tries every three of the places that may be the corners of one code. */
function readPlaces(picture, places) {
  for (let c = 2; c < places.length; c += 1) {
    for (let b = 1; b < c; b += 1) {
      for (let a = 0; a < b; a += 1) {
        const text = readCorners(picture, [places[a], places[b], places[c]]);
        if (text !== null) return text;
      }
    }
  }
  return null;
}

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

function readCorners(picture, three) {
  const widths = three.map((place) => place.width);
  if (Math.max(...widths) > 1.6 * Math.min(...widths)) return null;
  // The corner between the others is opposite the longest side.
  const [corner, p, q] = three.map((place, at) => [place, three[(at + 1) % 3], three[(at + 2) % 3]])
    .sort((a, b) => distance(b[1], b[2]) - distance(a[1], a[2]))[0];
  const turn = (p.x - corner.x) * (q.y - corner.y) - (p.y - corner.y) * (q.x - corner.x);
  const [right, down] = turn > 0 ? [p, q] : [q, p];
  const [across_, along] = [distance(corner, right), distance(corner, down)];
  if (Math.max(across_, along) > 1.4 * Math.min(across_, along)) return null;
  const width = widths.reduce((sum, one) => sum + one, 0) / 3;
  const guess = Math.round(((across_ + along) / 2 / width + 7 - 17) / 4);
  for (const change of [0, 1, -1, 2, -2, 3, -3]) {
    const version = guess + change;
    if (version < 1 || version > 40) continue;
    for (const place of grids(picture, { corner, right, down }, version)) {
      const text = readModules((x, y) => isDarkAt(picture, ...place(x + 0.5, y + 0.5)), version);
      if (text !== null) return text;
    }
  }
  return null;
}

/** Where modules are: by the three corners alone, and by the fourth's alignment pattern where it is found. */
function grids(picture, { corner, right, down }, version) {
  const span = version * 4 + 10;
  const flat = (x, y) => ['x', 'y'].map((axis) =>
    corner[axis] + ((right[axis] - corner[axis]) * (x - 3.5) + (down[axis] - corner[axis]) * (y - 3.5)) / span);
  const fourth = version > 1 ? alignmentNear(picture, flat, alignments(version).at(-1) + 0.5, span) : null;
  return fourth ? [bent(flat, fourth, span), flat] : [flat];
}

/** The place near (at, at) that looks most like an alignment pattern: dark, light around it, dark around that. */
function alignmentNear(picture, flat, at, span) {
  let best = { score: 21, far: Infinity };
  const reach = Math.min(8, 2 + span / 12);
  for (let dy = -reach; dy <= reach; dy += 0.25) {
    for (let dx = -reach; dx <= reach; dx += 0.25) {
      let score = 0;
      for (let y = -2; y <= 2; y += 1) {
        for (let x = -2; x <= 2; x += 1) {
          const isDark = Math.max(Math.abs(x), Math.abs(y)) !== 1;
          score += Number(isDarkAt(picture, ...flat(at + dx + x, at + dy + y)) === isDark);
        }
      }
      const far = Math.hypot(dx, dy);
      if (score > best.score || (score === best.score && far < best.far)) best = { score, far, dx, dy };
    }
  }
  return best.dx === undefined ? null : best;
}

/** The three corners stay where they are; what is towards the fourth moves with it (a projective map). */
function bent(flat, { dx, dy }, span) {
  // In units in which the corners are (0,0), (1,0), (0,1); the alignment pattern is three modules inside the fourth.
  const t = (span - 3) / span;
  const [u, v] = [t + dx / span, t + dy / span];
  // x' = (1+g)x / (gx + hy + 1), y' = (1+h)y / (gx + hy + 1), and (t, t) goes to (u, v).
  // u(gt + ht + 1) = (1+g)t and v(gt + ht + 1) = (1+h)t: two equations in g and h.
  const [a, b, c] = [u * t - t, u * t, t - u];
  const [d, e, f] = [v * t, v * t - t, t - v];
  const determinant = a * e - b * d;
  const [g, h] = [(c * e - b * f) / determinant, (a * f - c * d) / determinant];
  return (x, y) => {
    const [p, q] = [(x - 3.5) / span, (y - 3.5) / span];
    const scale = span / (g * p + h * q + 1);
    return flat(3.5 + (1 + g) * p * scale, 3.5 + (1 + h) * q * scale);
  };
}
