// The proposals: one track, the likeliest others beside it, and an answer by one key.

const SHOWN = 20; // likely tracks beside the one in focus
const LIMITS = [5000, 2000, 1000, 500, 100, 0]; // probabilities in 1/10,000
// least: proposals below this probability are not asked. pace: [time, proposals closed] of the latest answers.
// focus: the piece that was chosen, or null for the queue. pick: the place of the chosen likely track.
// named: a track in focus is compared with identities only.
const asked = { least: 500, pace: [], focus: null, pick: null, now: null, named: false };
const asking = {};

function buildAsking() {
  if (!pairs) {
    $("asking").append(el("p", { className: "empty" }, `Nothing to show: ${data.unproposed}.`));
    return;
  }
  const act = (text, shortcut, does, main) => el("button", {
    type: "button", className: main ? "main" : "", "aria-keyshortcuts": shortcut, onclick: does,
  }, text + " ", el("kbd", {}, shortcut));
  asking.progress = el("p", {
    className: "pace", id: "pace",
    title: "A track is done when none of its proposals down to the limit is open, or when it is not a person.",
  });
  asking.bar = el("progress", { className: "wide", "aria-label": "Tracks done", max: 1, value: 0 });
  asking.least = el("select", {
    "aria-label": "Least probability that is asked", id: "least",
    onchange: () => { asked.least = Number(asking.least.value); asked.pick = null; asking.least.blur(); keep(); draw(); },
  }, ...LIMITS.map((value) => el("option", { value }, value ? `${value / 100} %` : "all")));
  asking.least.value = asked.least;
  asking.named = el("input", { type: "checkbox", id: "named", onchange: () => { asking.named.blur(); onlyNamed(); } });
  asking.back = el("button", { type: "button", onclick: toQueue }, "Back to the queue ", el("kbd", {}, "Esc"));
  asking.acts = el("div", { className: "bar answers", role: "toolbar", "aria-label": "Answers" },
    act("Same person", "a", accept, true), act("Two people", "r", reject), act("Skip", "s", skip),
    act("Undo", "z", undo), act("None of these", "n", noneOfThese), act("Left: no person", "x", () => noPerson("one")),
    act("Right: no person", "X", () => noPerson("other")));
  asking.versus = el("div", { className: "versus" });
  asking.others = el("div", { className: "others" });
  asking.over = el("div", { className: "over" });
  $("asking").append(
    el("div", { className: "tools" }, asking.progress, el("label", {}, "ask down to ", asking.least), asking.back,
      asking.toNamed = el("label", {}, asking.named, " identities only ", el("kbd", {}, "p"))),
    asking.bar, asking.over, asking.versus, asking.acts, asking.others);
}

/** What is asked now: the piece on the left, the one on the right, and the likely tracks of the left one. */
function questionOf(state) {
  const queue = queueOf(state, asked.least);
  let one = null;
  const fromQueue = !(asked.focus && pieceOf(state, asked.focus));
  if (!fromQueue) one = state.pieces.indexOf(pieceOf(state, asked.focus));
  else if (queue.next) {
    const { a, b } = queue.next;
    // Aerial on the left, as everywhere on the page.
    const swap = cameraOf(state.pieces[a]).view === "ground" && cameraOf(state.pieces[b]).view === "aerial";
    one = swap ? b : a;
  }
  if (one === null) return { queue, one: null };
  const { shown, ruled, all } = candidatesOf(state, one, SHOWN, asked.named && !fromQueue);
  const camera = (place) => cameraOf(state.pieces[place]).camid;
  const kinds = [true, false].map((across) => shown.filter((found) => (camera(found.other) !== camera(one)) === across));
  let found = shown[asked.pick];
  if (!found && fromQueue) {
    const { group } = layoutOf(state);
    const { a, b, g, h, n } = queue.next;
    const other = group[one] === g ? h : g;
    found = shown.find((likely) => likely.h === other)
      || { h: other, mine: one, p: chanceOf(latest.odds[n]), ...nearestOf(state, rowAt.get(keyOf(state.pieces[one])), [one === a ? b : a]) };
  }
  found ||= shown[0];
  return { queue, one, kinds, shown, ruled, all, found };
}

function drawAsking() {
  if (!pairs) return;
  const state = model.state;
  const now = asked.now = questionOf(state);
  const open = Boolean(now.found);
  asking.progress.textContent = paceText(state, now.queue);
  asking.bar.max = state.pieces.length || 1;
  asking.bar.value = now.queue.done;
  asking.back.hidden = asking.toNamed.hidden = !asked.focus;
  asking.named.checked = asked.named;
  asking.acts.hidden = asking.versus.hidden = asking.others.hidden = now.one === null;
  for (const button of asking.acts.children) if (button.textContent !== "Undo z") button.disabled = !open;
  asking.over.replaceChildren(...(now.one === null || !open ? overOf(state, now) : []));
  if (now.one === null) {
    asking.versus.replaceChildren();
    asking.others.replaceChildren();
    return;
  }
  asking.versus.replaceChildren(
    bigOf(state, now.one, "Track in focus"),
    open ? bigOf(state, now.found.other, "Same person?", now.found) : el("div", {}));
  // The other likely tracks follow once the two that are compared have been painted, if no answer came before.
  requestAnimationFrame(() => setTimeout(() => {
    if (asked.now === now && asking.drawn !== now && view === "asking") drawOthers(state, now);
  }));
}

function drawOthers(state, now) {
  asking.drawn = now;
  asking.others.replaceChildren(...now.kinds.flatMap((found, at) => found.length ? [
    el("h3", {}, at ? "Likeliest of the same camera" : "Likeliest of the other cameras"),
    el("div", { className: "likely" }, ...found.map((likely) => tileOf(state, likely, now)))] : []),
  ...(now.ruled.length ? [el("h3", {}, "Ruled out"),
    el("div", { className: "likely ruled" }, ...now.ruled.map((likely) => ruledOf(state, likely, now.one)))] : []));
}

/** A likely track that cannot be the person in focus, and why. */
function ruledOf(state, likely, one) {
  const piece = state.pieces[likely.other];
  return el("div", { className: "out" },
    el("span", { className: "crops" }, ...someCrops(piece, 3).map((at) => picture(data.tracks[piece.t], at, 80))),
    el("span", {}, nameOf(piece)), el("span", { className: "meta" }, timesOf(piece)),
    el("span", { className: "meta why" }, whyApart(state, layoutOf(state).group[one], likely.h)));
}

/** A piece in large: its crops evenly chosen, its name, times, and the other tracks of its identity. */
function bigOf(state, place, title, likely) {
  const piece = state.pieces[place];
  const { group, members } = layoutOf(state);
  const rest = (members[group[place]] || []).filter((other) => other !== place);
  return el("div", { className: "big", "data-key": keyOf(piece) },
    el("h2", {}, title),
    el("p", { className: "reason" }, likely ? reasonOf(state, likely) : whoOf(piece)),
    el("p", { className: "meta" }, [nameOf(piece), cameraOf(piece).view, cameraOf(piece).session && `session ${cameraOf(piece).session}`,
      timesOf(piece), likely ? whoOf(piece) : ""].filter(Boolean).join(" · ")),
    el("div", { className: "crops" }, ...someCrops(piece, 6).map((at) => picture(data.tracks[piece.t], at, 150))),
    rest.length ? el("div", { className: "rest" }, el("span", { className: "meta" }, `with ${rest.length} more: `),
      ...rest.slice(0, 12).map((other) => picture(data.tracks[state.pieces[other].t], someCrops(state.pieces[other], 1)[0], 60))) : null);
}

/** The focus stays on the tile, and the two tracks come into view. */
function pickTile(at) {
  asked.pick = at;
  draw();
  drawOthers(model.state, asked.now);
  asking.others.querySelector('[aria-pressed="true"]')?.focus({ preventScroll: true });
  asking.versus.scrollIntoView({ block: "nearest" });
}

const whoOf = (piece) => (isPerson(piece.pid) ? `person ${piece.pid}` : piece.pid === JUNK ? "not a person" : "undecided");

function tileOf(state, likely, now) {
  const piece = state.pieces[likely.other];
  return el("button", {
    type: "button", className: "tile", "aria-pressed": String(likely === now.found),
    onclick: () => pickTile(now.shown.indexOf(likely)),
  },
  el("span", { className: "crops" }, ...someCrops(piece, 3).map((at) => picture(data.tracks[piece.t], at, 80))),
  el("strong", {}, percent(likely.p)), el("span", {}, nameOf(piece)), el("span", { className: "meta" }, timesOf(piece)),
  isPerson(piece.pid) ? el("span", { className: "meta" }, `person ${piece.pid}`) : null);
}

function reasonOf(state, likely) {
  const [one, other] = [state.pieces[likely.mine], state.pieces[likely.other]];
  const words = [`${percent(likely.p)} likely`, likely.cos === null ? "" : `similarity ${likely.cos.toFixed(2)}`];
  const gap = gapText(one, other);
  if (gap) words.push(gap);
  return words.filter(Boolean).join(" · ");
}

const percent = (p) => (p > 0.99 ? "over 99" : p < 0.0995 ? (100 * p).toFixed(1) : Math.round(100 * p)) + " %";

/** At most `most` crops, evenly spread over the piece, with both ends; of one, the middle. */
function someCrops(piece, most) {
  const n = piece.b - piece.a + 1;
  if (n <= most) return Array.from({ length: n }, (_, at) => piece.a + at);
  if (most === 1) return [piece.a + (n >> 1)];
  return Array.from({ length: most }, (_, at) => piece.a + Math.round((at * (n - 1)) / (most - 1)));
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

/** "0:04.0–0:09.2", or the frames where no times are known. */
function timesOf(piece) {
  const [times, frames] = [secondsOf(piece), framesOf(piece)];
  return times ? times.map(clock).join("–") : frames ? `frames ${frames.join("–")}` : "";
}

/** How long after or before: only within a video, because the clocks of two videos may differ. */
function gapText(one, other) {
  if (data.tracks[one.t].camera !== data.tracks[other.t].camera) return "";
  const [a, b] = [secondsOf(one), secondsOf(other)];
  if (!a || !b) return "";
  return b[0] > a[1] ? `${(b[0] - a[1]).toFixed(1)} s later` : a[0] > b[1] ? `${(a[0] - b[1]).toFixed(1)} s earlier` : "";
}

function paceText(state, queue) {
  const total = state.pieces.length;
  const text = `${queue.done.toLocaleString("en")} of ${total.toLocaleString("en")} tracks done`;
  const minutes = queue.open ? minutesLeft(asked.pace, queue.open) : null;
  if (minutes === null) return text;
  const left = minutes < 1 ? "less than a minute" : minutes < 100
    ? `about ${Math.round(minutes)} ${Math.round(minutes) === 1 ? "minute" : "minutes"}` : `about ${Math.round(minutes / 60)} hours`;
  return `${text}, ${left} left at your pace`;
}

/** What to do when nothing is asked. */
function overOf(state, now) {
  const { queue } = now;
  if (asked.focus) return [el("p", {}, `No likely ${asked.named ? "identity" : "track"} is left for this one.`)];
  const parts = [];
  if (queue.later) {
    parts.push(el("p", {}, `${queue.later} skipped proposals are left. `,
      el("button", { type: "button", className: "main", onclick: () => step({ ...model.state, skipped: [] }, "asking again") }, "Ask them again")));
  } else {
    const limit = asked.least ? ` of at least ${asked.least / 100} %` : "";
    const more = asked.least ? " Choose a lower limit to be asked about less likely ones." : "";
    parts.push(el("p", {}, `All proposals${limit} are answered.${more}`));
  }
  const alone = state.pieces.filter((piece) => piece.pid === null);
  if (alone.length) {
    parts.push(el("p", {}, `${alone.length} tracks have no identity yet: nobody was found for them${asked.least ? " down to this limit" : ""}. `,
      el("button", { type: "button", id: "make-new", onclick: () => eachNew(new Set(alone.map(keyOf))) }, "Make each a new person")));
  }
  return parts;
}

function pickBy(by) {
  const { shown, found } = asked.now;
  const at = shown.indexOf(found);
  asked.pick = Math.min(Math.max(at + by, 0), shown.length - 1);
  draw();
  say(`compared with ${nameOf(model.state.pieces[asked.now.found.other])}, ${percent(asked.now.found.p)}`);
}

function swap() {
  asked.focus = keyOf(model.state.pieces[asked.now.found.other]);
  asked.pick = null;
  draw();
}

/** Compare the track in focus with identities only, or with all tracks again. */
function onlyNamed() {
  if (!asked.focus) return;
  asked.named = !asked.named;
  asked.pick = null;
  draw();
  say(asked.named ? "compared with identities only" : "compared with all tracks");
}

function toQueue() {
  asked.focus = asked.pick = null;
  draw();
}

/** The proposals of one piece, or, without a key, the queue. */
function showAsking(key) {
  asked.focus = pairs && key ? key : null;
  asked.pick = null;
  show("asking");
  window.scrollTo(0, 0);
}

/** The lists of tracks, at the one that was asked about. */
function showTracks() {
  const was = view === "asking" && asked.now && asked.now.one !== null ? model.state.pieces[asked.now.one] : null;
  show("tracks");
  if (!was) return;
  const side = sides[cameraOf(was).view];
  const at = side.list.items.indexOf(keyOf(was));
  if (at >= 0) focusCard(side, at);
}
