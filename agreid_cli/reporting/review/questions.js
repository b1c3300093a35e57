// Which pairs of tracks are still to be asked: proposals that earlier answers do not decide.
// A group is one identity, or one undecided track. Answers are [track, crop, other track, its crop, 1 or 0]; a
// part of a track is found by a crop, so that answers and proposals survive splitting and joining.

const IDLE_MS = 60000; // a longer gap between two answers is a break
const PACE_OF = 60; // answers that the pace is measured over
const pairs = data.proposals;
for (const name of pairs ? ["a", "b", "ca", "cb"] : []) pairs[name] = Int32Array.from(pairs[name]);

/** First piece of each track, group of each piece (-1: not a person), and the pieces of each group. */
function layoutOf(state) {
  return once(state, "layout", () => {
    const first = new Int32Array(data.tracks.length);
    const group = new Int32Array(state.pieces.length);
    const members = [], ofPid = new Map();
    state.pieces.forEach((piece, at) => {
      if (piece.a === 0) first[piece.t] = at;
      if (piece.pid === JUNK) return void (group[at] = -1);
      let number = isPerson(piece.pid) ? ofPid.get(piece.pid) : undefined;
      if (number === undefined) {
        number = members.push([]) - 1;
        if (isPerson(piece.pid)) ofPid.set(piece.pid, number);
      }
      group[at] = number;
      members[number].push(at);
    });
    return { first, group, members };
  });
}

/** The place among the pieces of the one with this crop. */
function placeOf(state, t, crop) {
  let at = layoutOf(state).first[t];
  while (state.pieces[at].b < crop) at++;
  return at;
}

/** The answers by pieces, the latest for each pair. What was done to the pids later prevails: two tracks that
    were rejected and then merged are one person, and accepted ones hold while they have one pid. */
function answersOf(state) {
  return once(state, "answers", () => {
    const latest = new Map();
    for (const [t, c, u, d, same] of state.answers) {
      const [a, b] = [placeOf(state, t, c), placeOf(state, u, d)].sort((x, y) => x - y);
      if (a === b) continue;
      const [one, other] = [state.pieces[a], state.pieces[b]];
      const merged = isPerson(one.pid) && one.pid === other.pid;
      const holds = same ? merged : !merged && one.pid !== JUNK && other.pid !== JUNK;
      latest.delete(a + "-" + b);
      latest.set(a + "-" + b, { a, b, one, other, same, holds });
    }
    return [...latest.values()];
  });
}

/** decided(g, h): whether two groups are known to be two people, by an answer or because both are seen at once. */
function deciderOf(state) {
  return once(state, "decider", () => {
    const { group, members } = layoutOf(state);
    const n = members.length;
    const known = new Map();
    const pair = (g, h) => (g < h ? g * n + h : h * n + g);
    const rejected = new Uint8Array(n); // spares most look-ups among a hundred thousand proposals
    for (const { a, b, same, holds } of answersOf(state)) {
      if (!holds || same) continue;
      known.set(pair(group[a], group[b]), true);
      rejected[group[a]] = rejected[group[b]] = 1;
    }
    return (g, h) => {
      if (members[g].length === 1 && members[h].length === 1) return Boolean(rejected[g] && rejected[h]) && known.has(pair(g, h));
      const key = pair(g, h);
      if (!known.has(key)) known.set(key, members[g].some((a) => members[h].some((b) => overlap(state.pieces[a], state.pieces[b]))));
      return known.get(key);
    };
  });
}

/** The first and the last known value of a piece's crops, which are in order of time; null if there is none. */
function endsOf(piece, values) {
  let { a, b } = piece;
  while (values && a <= b && values[a] === null) a++;
  while (values && a <= b && values[b] === null) b--;
  return values && a <= b ? [values[a], values[b]] : null;
}

const framesOf = (piece) => endsOf(piece, data.tracks[piece.t].frames);
const secondsOf = (piece) => endsOf(piece, data.tracks[piece.t].times);

/** Whether two pieces are seen at the same time in one video, in different places; or in two videos that have a
    common clock and no common place. */
function overlap(one, other) {
  const [camera, there] = [data.tracks[one.t].camera, data.tracks[other.t].camera];
  if (camera !== there) {
    if (!like || !like.blind.length) return false;
    const [v, w] = [data.cameras[camera].video, data.cameras[there].video];
    if (!like.blind.some((videos) => videos.includes(v) && videos.includes(w))) return false;
    const [a, b] = [secondsOf(one), secondsOf(other)];
    return Boolean(a && b) && a[0] + like.start[v] <= b[1] + like.start[w] && b[0] + like.start[w] <= a[1] + like.start[v];
  }
  const [a, b] = framesOf(one) && framesOf(other) ? [framesOf(one), framesOf(other)] : [secondsOf(one), secondsOf(other)];
  return Boolean(a && b) && a[0] <= b[1] && b[0] <= a[1] && !areTwins(one, other);
}

/** Why two groups cannot be one person, or "". */
function whyApart(state, g, h) {
  const { group, members } = layoutOf(state);
  for (const a of members[g]) {
    const b = members[h].find((other) => overlap(state.pieces[a], state.pieces[other]));
    if (b === undefined) continue;
    const names = members[g].length + members[h].length > 2 ? `: ${nameOf(state.pieces[a])} and ${nameOf(state.pieces[b])}` : "";
    return `seen at the same time${names}`;
  }
  const told = answersOf(state).find(({ a, b, same, holds }) => holds && !same
    && ((group[a] === g && group[b] === h) || (group[a] === h && group[b] === g)));
  return told ? `rejected: ${nameOf(told.one)} and ${nameOf(told.other)}` : "";
}

/** The two places of proposal `n` and whether it is still to be asked. */
function asksOf(state) {
  const { group } = layoutOf(state);
  const decided = deciderOf(state);
  return (n) => {
    const a = placeOf(state, pairs.a[n], pairs.ca[n]), b = placeOf(state, pairs.b[n], pairs.cb[n]);
    const g = group[a], h = group[b];
    return { n, a, b, g, h, open: g >= 0 && h >= 0 && g !== h && !decided(g, h) };
  };
}

/** A proposal's name stays when propose-identities runs again; its number does not. */
function pairName(n) {
  return `${pairs.a[n]}:${pairs.ca[n]}-${pairs.b[n]}:${pairs.cb[n]}`;
}

// Of each proposal, the descriptions of its groups and their odds when they were last computed.
const latest = { some: [], others: [], odds: new Float64Array(pairs ? pairs.a.length : 0) };

/** The queue at a limit of probability: the likeliest proposal, how many are open, and how many tracks are done. */
function queueOf(state, least) {
  return once(state, "queue " + least, () => {
    const about = describedOf(state);
    const low = Math.log(least / (10000 - least));
    let most = -Infinity;
    const { first, group, members } = layoutOf(state);
    const decided = deciderOf(state);
    const divided = state.pieces.length > data.tracks.length;
    const skipped = new Set(state.skipped);
    const waiting = new Uint8Array(members.length);
    let next = -1, open = 0, later = 0;
    for (let n = 0; n < pairs.a.length; n++) { // as asksOf, without an object for each of a hundred thousand
      const g = group[divided ? placeOf(state, pairs.a[n], pairs.ca[n]) : first[pairs.a[n]]];
      const h = group[divided ? placeOf(state, pairs.b[n], pairs.cb[n]) : first[pairs.b[n]]];
      if (g < 0 || h < 0 || g === h) continue;
      const [some, others] = [about(g), about(h)];
      if (latest.some[n] !== some || latest.others[n] !== others) {
        latest.some[n] = some;
        latest.others[n] = others;
        latest.odds[n] = oddsOf(some, others);
      }
      if (latest.odds[n] < low || decided(g, h)) continue;
      open++;
      waiting[g] = waiting[h] = 1;
      if (skipped.size && skipped.has(pairName(n))) later++;
      else if (next < 0 || latest.odds[n] > most) [next, most] = [n, latest.odds[n]];
    }
    const done = group.reduce((sum, g) => sum + (g < 0 || !waiting[g]), 0);
    return { next: next < 0 ? null : asksOf(state)(next), open, later, done };
  });
}

const near = data.tracks.map(() => []); // proposals of each track
for (let n = 0; pairs && n < pairs.a.length; n++) {
  near[pairs.a[n]].push(n);
  near[pairs.b[n]].push(n);
}

const RULED_OUT = 5; // likely groups that are known to be somebody else, shown with the reason

/** The groups that may be, or that cannot be, the person of the piece at `place`, likeliest first. `other` is their
    piece that is most similar to it. With `named`, only those that have a pid. */
function candidatesOf(state, place, most, named) {
  const { group, members } = layoutOf(state);
  const g = group[place];
  if (g < 0) return { shown: [], ruled: [], all: 0 };
  const about = describedOf(state), decided = deciderOf(state);
  const found = [];
  for (let h = 0; h < members.length; h++) {
    if (h !== g && about(h).length && (!named || isPerson(state.pieces[members[h][0]].pid))) found.push({ h, odds: oddsOf(about(g), about(h)) });
  }
  found.sort((x, y) => y.odds - x.odds || x.h - y.h);
  const shown = [], ruled = [];
  let all = 0;
  for (const likely of found) {
    const alone = members[g].length === 1 && members[likely.h].length === 1;
    const out = decided(g, likely.h) || (alone && overlap(state.pieces[place], state.pieces[members[likely.h][0]]));
    all += !out;
    const list = out ? ruled : shown;
    if (list.length < (out ? RULED_OUT : most)) list.push(likely);
  }
  const own = rowAt.get(keyOf(state.pieces[place]));
  for (const likely of [...shown, ...ruled]) Object.assign(likely, { p: chanceOf(likely.odds), mine: place }, nearestOf(state, own, members[likely.h]));
  return { shown, ruled, all };
}

/** The piece among `places` that is most similar to the vector `own`, and its cosine. */
function nearestOf(state, own, places) {
  let other = places[0], cos = null;
  for (const at of places) {
    const row = rowAt.get(keyOf(state.pieces[at]));
    if (own === undefined || row === undefined) continue;
    const value = cosine(described([own])[0], described([row])[0]);
    if (cos === null || value > cos) [other, cos] = [at, value];
  }
  return { other, cos };
}

/** Minutes until the queue is empty at the pace of the latest answers, or null if it is not known yet. */
function minutesLeft(pace, open) {
  let time = 0, closed = 0, answers = 0;
  for (let at = 1; at < pace.length; at++) {
    const gap = pace[at][0] - pace[at - 1][0];
    if (gap > IDLE_MS) continue;
    time += gap;
    closed += pace[at][1];
    answers++;
  }
  return answers < 5 || closed <= 0 ? null : (open / closed) * (time / 60000);
}
