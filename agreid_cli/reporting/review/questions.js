// Which pairs of tracks are still to be asked: proposals that earlier answers do not decide.
// A group is one identity, or one undecided track. Answers are [track, crop, other track, its crop, 1 or 0]; a
// part of a track is found by a crop, so that answers and proposals survive splitting and joining.

const IDLE_MS = 60000; // a longer gap between two answers is a break
const PACE_OF = 60; // answers that the pace is measured over
const pairs = data.proposals;
for (const name of pairs ? ["a", "b", "ca", "cb", "p", "across"] : []) pairs[name] = Int32Array.from(pairs[name]);

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

function overlap(one, other) {
  if (data.tracks[one.t].camera !== data.tracks[other.t].camera) return false;
  const [a, b] = framesOf(one) && framesOf(other) ? [framesOf(one), framesOf(other)] : [secondsOf(one), secondsOf(other)];
  return Boolean(a && b) && a[0] <= b[1] && b[0] <= a[1];
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

/** The queue at a limit of probability: the next proposal, how many are open, and how many tracks are done. */
function queueOf(state, least) {
  return once(state, "queue " + least, () => {
    const { first, group, members } = layoutOf(state);
    const decided = deciderOf(state);
    const divided = state.pieces.length > data.tracks.length;
    const skipped = new Set(state.skipped);
    const waiting = new Uint8Array(members.length);
    let next = -1, open = 0, later = 0;
    for (let n = 0; n < pairs.p.length; n++) { // as asksOf, without an object for each of a hundred thousand
      if (pairs.p[n] < least) continue;
      const g = group[divided ? placeOf(state, pairs.a[n], pairs.ca[n]) : first[pairs.a[n]]];
      const h = group[divided ? placeOf(state, pairs.b[n], pairs.cb[n]) : first[pairs.b[n]]];
      if (g < 0 || h < 0 || g === h || decided(g, h)) continue;
      open++;
      waiting[g] = waiting[h] = 1;
      if (skipped.size && skipped.has(pairName(n))) later++;
      else if (next < 0) next = n;
    }
    const done = group.reduce((sum, g) => sum + (g < 0 || !waiting[g]), 0);
    return { next: next < 0 ? null : asksOf(state)(next), open, later, done };
  });
}

const near = data.tracks.map(() => []); // proposals of each track
for (let n = 0; pairs && n < pairs.p.length; n++) {
  near[pairs.a[n]].push(n);
  near[pairs.b[n]].push(n);
}

/** Open proposals of the group of the piece at `place`: the likeliest of each other group, likeliest first. */
function candidatesOf(state, place) {
  const { group, members } = layoutOf(state);
  const asks = asksOf(state);
  const best = new Map();
  for (const member of members[group[place]] || []) { // none of a non-person
    for (const n of near[state.pieces[member].t]) {
      const ask = asks(n);
      if (!ask.open || (ask.a !== member && ask.b !== member)) continue;
      const other = ask.a === member ? ask.b : ask.a;
      const known = best.get(group[other]);
      if (!known || pairs.p[n] > pairs.p[known.n]) best.set(group[other], { n, mine: member, other });
    }
  }
  return [...best.values()].sort((x, y) => pairs.p[y.n] - pairs.p[x.n] || x.n - y.n);
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
