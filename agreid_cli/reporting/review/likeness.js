// How likely two groups of tracks are one person. Computed as in `metrics/clustering/likeness.py`, to the same
// numbers: every answer that joins tracks joins their vectors, and so moves the order of the queue.

const like = data.likeness;
const vectors = like && Int8Array.from(atob(like.v), (char) => char.charCodeAt(0));
const width = like && like.t.length ? vectors.length / like.t.length : 0;
const MOST_KEPT = 20000; // descriptions of groups
const keptGroups = new Map();
const alone = []; // descriptions of single rows
const ofTrack = data.tracks.map(() => []); // rows of each track
if (like) like.t.forEach((t, row) => ofTrack[t].push(row));
const twins = new Set();
if (like) like.twins.forEach((others, row) => others.forEach((other) => twins.add(row + "-" + other)));
const rowAt = new Map(like ? like.t.map((t, row) => [t + ":" + like.c[row], row]) : []);

/** The rows of the vectors of each group; a row belongs to the piece with its first crop. */
function rowsOf(state) {
  return once(state, "rows", () => {
    const { group, members } = layoutOf(state);
    const rows = members.map(() => []);
    for (let row = 0; like && row < like.t.length; row++) {
      const g = group[placeOf(state, like.t[row], like.c[row])];
      if (g >= 0) rows[g].push(row);
    }
    return rows;
  });
}

/** Of some rows, by camera: the sum of the vectors, its length, their number, and the sum of their levels. */
function described(rows) {
  if (rows.length === 1) return (alone[rows[0]] ||= summed(rows));
  const key = rows.join();
  if (!keptGroups.has(key)) {
    if (keptGroups.size > MOST_KEPT) keptGroups.clear();
    keptGroups.set(key, summed(rows));
  }
  return keptGroups.get(key);
}

function summed(rows) {
  const parts = [];
  for (const row of rows) {
    const camera = like.camera[row];
    const part = parts[camera] ||= { camera, n: 0, sum: new Float32Array(width), levels: like.levels[row].map(() => 0), length: 0 };
    part.n++;
    for (let at = 0, from = row * width; at < width; at++) part.sum[at] += vectors[from + at];
    like.levels[row].forEach((level, to) => { part.levels[to] += level; });
  }
  const found = parts.filter(Boolean);
  for (const part of found) {
    let square = 0;
    for (const value of part.sum) square += value * value;
    part.length = Math.sqrt(square);
  }
  return found;
}

function cosine(one, other) {
  let product = 0;
  const a = one.sum, b = other.sum;
  for (let at = 0; at < width; at++) product += a[at] * b[at];
  return product / Math.max(one.length * other.length, 1);
}

/** Log odds that two described groups are one person; -Infinity if one has no vector. */
function oddsOf(some, others) {
  if (!some.length || !others.length) return -Infinity;
  let total = 0;
  for (const one of some) {
    for (const other of others) {
      const level = (one.levels[other.camera] / one.n + other.levels[one.camera] / other.n) / 2 / 10000;
      const [slope, middle] = one.camera === other.camera ? like.curves.within : like.curves.across;
      total += slope * (cosine(one, other) - level - middle);
    }
  }
  return total / (some.length * others.length);
}

const chanceOf = (odds) => 1 / (1 + Math.exp(-odds));

/** Descriptions of the groups of a state, made when they are needed. */
function describedOf(state) {
  const rows = rowsOf(state);
  return once(state, "described", () => {
    const found = new Array(rows.length);
    return (g) => (found[g] ||= described(rows[g]));
  });
}

/** Whether two pieces may be one person although they overlap in time: their boxes cover each other. */
function areTwins(one, other) {
  const [a, b] = [rowAt.get(keyOf(one)), rowAt.get(keyOf(other))];
  return a !== undefined && b !== undefined && twins.has(a + "-" + b);
}
