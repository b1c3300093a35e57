// The data and the decisions. A state is never changed in place: every step creates a new one that shares the
// unchanged parts, so undo restores the old one.

const data = JSON.parse(document.getElementById("data").textContent);
const KEY = "agreid-review:" + data.fingerprint;
const JUNK = "-1";
const DEEPEST_UNDO = 1000;

const model = { state: null, past: [], future: [], selected: new Set(), stored: true, other: null };

function fromFiles() {
  const pieces = data.spans.map(([t, a, b, pid]) => ({ t, a, b, pid }));
  return { pieces, labels: data.labels, answers: data.answers, skipped: [] };
}

const derived = new Map();

/** What follows from a state is computed once: states never change. It is kept of the latest few only, because
    undo keeps a thousand states. */
function once(state, name, make) {
  if (!derived.has(state)) {
    derived.set(state, new Map());
    if (derived.size > 4) derived.delete(derived.keys().next().value);
  }
  const known = derived.get(state);
  if (!known.has(name)) known.set(name, make());
  return known.get(name);
}

function pieceOf(state, key) {
  return once(state, "by key", () => new Map(state.pieces.map((piece) => [keyOf(piece), piece]))).get(key);
}

/** A piece is a run of crops a..b of track t; it stays the same piece while t and a stay. */
function keyOf(piece) {
  return piece.t + ":" + piece.a;
}

function cameraOf(piece) {
  return data.cameras[data.tracks[piece.t].camera];
}

function isPerson(pid) {
  return pid !== null && pid !== JUNK;
}

function nameOf(piece) {
  const track = data.tracks[piece.t];
  const whole = piece.a === 0 && piece.b === track.frames.length - 1;
  const part = whole ? "" : ` (frames ${track.frames[piece.a]} to ${track.frames[piece.b]})`;
  return `${cameraOf(piece).video} · ${track.id}${part}`;
}

/** Pids are whole numbers of up to 64 bits, kept as text. */
function comparePids(one, two) {
  const a = BigInt(one), b = BigInt(two);
  return a < b ? -1 : a > b ? 1 : 0;
}

function pidsOf(state) {
  return once(state, "pids", () => {
    const found = [...new Set(state.pieces.map((piece) => piece.pid).filter(isPerson))];
    return found.map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String);
  });
}

function freshPid(state) {
  const used = [pidsOf(state).at(-1) || "0", ...Object.keys(state.labels)].map(BigInt);
  return String(used.reduce((most, pid) => (pid > most ? pid : most), 0n) + 1n);
}

/** The pid that was typed, "" for blank, or undefined when it is none. */
function parsePid(text) {
  const word = text.trim();
  if (word === "") return null;
  if (!/^-?\d{1,19}$/.test(word)) return undefined;
  const number = BigInt(word);
  return number < -1n || number > 9223372036854775807n ? undefined : String(number);
}

function withPid(state, keys, choose) {
  const pieces = state.pieces.map((piece) => (keys.has(keyOf(piece)) ? { ...piece, pid: choose(piece) } : piece));
  return { ...state, pieces };
}

/** One pid for all; what the identities were called differently becomes one identity. */
function samePerson(state, keys) {
  const chosen = state.pieces.filter((piece) => keys.has(keyOf(piece)));
  const pids = [...new Set(chosen.map((piece) => piece.pid).filter(isPerson))].sort(comparePids);
  const pid = pids.length ? pids[0] : freshPid(state);
  const gone = new Set(pids.slice(1));
  const pieces = state.pieces.map((piece) =>
    keys.has(keyOf(piece)) || gone.has(piece.pid) ? { ...piece, pid } : piece);
  const labels = { ...state.labels };
  const lost = [];
  if (gone.size) {
    const merged = {};
    for (const group of data.groups) {
      const words = new Set(pids.map((p) => (state.labels[p] || {})[group.name]).filter(Boolean));
      if (words.size === 1) merged[group.name] = [...words][0];
      else if (words.size > 1) lost.push(group.title);
    }
    for (const p of pids) delete labels[p];
    if (Object.keys(merged).length) labels[pid] = merged;
  }
  const also = gone.size ? `; identity ${[...gone].join(", ")} is now ${pid}` : "";
  const blank = lost.length ? `; labels that differed are now blank: ${lost.join(", ")}` : "";
  return { state: { ...state, pieces, labels }, said: `${chosen.length} tracks are person ${pid}${also}${blank}` };
}

/** The crop `at` and all after it in its piece become a piece of their own, undecided. */
function split(state, key, at) {
  const pieces = state.pieces.flatMap((piece) =>
    keyOf(piece) === key && piece.a < at && at <= piece.b
      ? [{ ...piece, b: at - 1 }, { ...piece, a: at, pid: null }]
      : [piece]);
  return { ...state, pieces };
}

function nextPart(state, key) {
  const piece = pieceOf(state, key);
  return piece && pieceOf(state, piece.t + ":" + (piece.b + 1));
}

function join(state, key) {
  const next = nextPart(state, key);
  const pieces = state.pieces.filter((piece) => piece !== next).map((piece) =>
    keyOf(piece) === key ? { ...piece, b: next.b, pid: piece.pid === null ? next.pid : piece.pid } : piece);
  return { ...state, pieces };
}

function withLabel(state, pid, group, word) {
  const row = { ...(state.labels[pid] || {}) };
  if (word) row[group] = word;
  else delete row[group];
  return { ...state, labels: { ...state.labels, [pid]: row } };
}

function progressOf(state) {
  return once(state, "progress", () => countsOf(state));
}

function countsOf(state) {
  const pids = pidsOf(state);
  const views = new Map();
  for (const piece of state.pieces) {
    if (!isPerson(piece.pid)) continue;
    if (!views.has(piece.pid)) views.set(piece.pid, new Set());
    views.get(piece.pid).add(cameraOf(piece).view);
  }
  const filled = pids.reduce((n, pid) => n + Object.keys(state.labels[pid] || {}).length, 0);
  return {
    decided: state.pieces.filter((piece) => piece.pid !== null).length,
    pieces: state.pieces.length,
    people: pids.length,
    both: [...views.values()].filter((seen) => seen.size === 2).length,
    junk: state.pieces.filter((piece) => piece.pid === JUNK).length,
    filled,
    wanted: pids.length * data.groups.length,
    views,
  };
}

// The files, as `agreid build-manifest` reads them.

function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(rows) {
  return rows.map((row) => row.map(csvCell).join(",") + "\n").join("");
}

function identitiesCsv(state) {
  const rows = state.pieces.map((piece) => {
    const track = data.tracks[piece.t];
    const whole = piece.a === 0 && piece.b === track.frames.length - 1;
    const ends = whole ? ["", ""] : [track.frames[piece.a], track.frames[piece.b]];
    return [cameraOf(piece).video, track.id, ...ends, piece.pid, cameraOf(piece).platform, piece.b - piece.a + 1];
  });
  return csv([["video_id", "track_id", "frame_from", "frame_to", "pid", "platform", "crops"], ...rows]);
}

function attributesCsv(state) {
  const names = data.groups.map((group) => group.name);
  const pids = [...new Set([...pidsOf(state), ...Object.keys(state.labels)])].sort(comparePids);
  const rows = pids.map((pid) => [pid, ...names.map((name) => (state.labels[pid] || {})[name])]);
  return csv([["pid", ...names], ...rows]);
}

/** As `agreid propose-identities` reads it: answers that hold, with a frame where the track is divided. */
function judgementsCsv(state) {
  const side = (piece) => {
    const track = data.tracks[piece.t];
    const whole = piece.a === 0 && piece.b === track.frames.length - 1;
    return [cameraOf(piece).video, track.id, whole ? "" : track.frames[piece.a]];
  };
  const rows = answersOf(state).filter((answer) => answer.holds)
    .map(({ one, other, same }) => [...side(one), ...side(other), same]);
  return csv([["video_a", "track_a", "frame_a", "video_b", "track_b", "frame_b", "same"], ...rows]);
}

// Saved in this browser after every step, under the fingerprint of the crops.

function keep() {
  const { pieces, labels, answers, skipped } = model.state;
  const work = {
    base: data.base, saved: Date.now(), pieces: pieces.map((p) => [p.t, p.a, p.b, p.pid]), labels, answers, skipped,
    pace: asked.pace, least: asked.least,
  };
  if (model.other) work.base = model.other.base;
  try {
    localStorage.setItem(KEY, JSON.stringify(work));
    model.stored = true;
  } catch {
    model.stored = false;
  }
}

function kept() {
  try {
    const work = JSON.parse(localStorage.getItem(KEY));
    if (!work || !covers(work.pieces)) return null;
    const pieces = work.pieces.map(([t, a, b, pid]) => ({ t, a, b, pid }));
    const { base, saved, labels = {}, answers = [], skipped = [], pace = [], least } = work;
    return { base, saved, pace, least, state: { pieces, labels, answers, skipped } };
  } catch {
    return null;
  }
}

/** Whether two states export the same files. */
function sameFiles(one, other) {
  return [identitiesCsv, attributesCsv, judgementsCsv].every((text) => text(one) === text(other));
}

/** Whether the pieces hold every crop of every track once, in order. */
function covers(pieces) {
  let t = 0, a = 0;
  for (const piece of pieces) {
    if (piece[0] !== t || piece[1] !== a || piece[2] < a || t >= data.tracks.length) return false;
    a = piece[2] + 1;
    if (a > data.tracks[t].frames.length) return false;
    if (a === data.tracks[t].frames.length) [t, a] = [t + 1, 0];
  }
  return t === data.tracks.length && a === 0;
}

function step(state, said) {
  model.past.push(model.state);
  if (model.past.length > DEEPEST_UNDO) model.past.shift();
  model.future = [];
  model.state = state;
  afterStep(said);
}

function back(from, to, said) {
  if (!from.length) return;
  to.push(model.state);
  model.state = from.pop();
  afterStep(said);
}

function afterStep(said) {
  const there = new Set(model.state.pieces.map(keyOf));
  for (const key of model.selected) if (!there.has(key)) model.selected.delete(key);
  keep();
  draw();
  say(said);
}
