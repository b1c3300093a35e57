// The tracks of both sides, and the tray that shows the selected ones side by side.

const sides = {};
const cards = new Map(); // key of a piece → its card
const cursors = new Map(); // key of a piece → its chosen crop
const SHOWS = [
  ["all", "all"], ["open", "undecided"], ["person", "persons"], ["junk", "not persons"], ["alone", "on one side only"],
];

function buildSides() {
  for (const node of document.querySelectorAll(".side")) {
    const view = node.dataset.view;
    // The keys are for the tracks again once something has been chosen.
    const again = (event) => { event.target.blur(); drawSide(side); node.scrollIntoView({ block: "nearest" }); };
    const show = el("select", { "aria-label": `Which ${view} tracks`, onchange: again },
      ...SHOWS.map(([value, text]) => el("option", { value }, text)));
    const order = el("select", { "aria-label": `Order of the ${view} tracks`, hidden: !data.doubts, onchange: again },
      el("option", { value: "file" }, "by video"), el("option", { value: "doubt" }, "most doubtful first"));
    const find = el("input", {
      type: "search", placeholder: "video, track or pid", "aria-label": `Find among the ${view} tracks`,
      oninput: () => drawSide(side),
    });
    const cardList = el("ul", { className: "cards" });
    const none = el("p", { className: "empty" }, "No tracks.");
    const count = el("span", { className: "meta" });
    const list = virtualList(cardList, (key) => cardOf(pieceOf(model.state, key)));
    const side = { view, node, show, order, find, list, count, none };
    sides[view] = side;
    node.append(el("h2", {}, view === "aerial" ? "Aerial" : "Ground"),
      el("div", { className: "tools" }, show, order, find, count), none, cardList);
  }
}

function matches(piece, side, views) {
  if (cameraOf(piece).view !== side.view) return false;
  const show = side.show.value;
  if (show === "open" && piece.pid !== null) return false;
  if (show === "person" && !isPerson(piece.pid)) return false;
  if (show === "junk" && piece.pid !== JUNK) return false;
  if (show === "alone" && !(isPerson(piece.pid) && views.get(piece.pid).size === 1)) return false;
  const word = side.find.value.trim().toLowerCase();
  if (!word) return true;
  const text = `${nameOf(piece)} ${isPerson(piece.pid) ? "pid " + piece.pid : ""}`.toLowerCase();
  return word.split(/\s+/).every((part) => text.includes(part));
}

const MOST_CARDS = 400; // kept for when they are seen again

function drawSide(side) {
  if (cards.size > MOST_CARDS) for (const [key, card] of cards) if (!card.node.isConnected) cards.delete(key);
  const { views } = progressOf(model.state);
  const found = model.state.pieces.filter((piece) => matches(piece, side, views)).map(keyOf);
  if (side.order.value === "doubt") found.sort((one, two) => doubtOf(two).score - doubtOf(one).score);
  side.list.items = found;
  side.count.textContent = `${found.length.toLocaleString("en")} tracks`;
  side.none.hidden = found.length > 0;
  $("clean-up").setAttribute("aria-pressed", String(isCleaning()));
  side.list.show();
}

const doubtful = new Map();
for (let n = 0; data.doubts && n < data.doubts.t.length; n++) {
  doubtful.set(`${data.doubts.t[n]}:${data.doubts.c[n]}`,
    { score: data.doubts.doubt[n] / 1000, why: data.doubts.reasons[data.doubts.why[n]] });
}

/** How likely the piece is no person, two people or too blurred; parts made since are not scored, and come last. */
function doubtOf(key) {
  return doubtful.get(key) || { score: -1, why: "" };
}

const isCleaning = () => Object.values(sides).every((side) => side.order.value === "doubt");

/** Both lists in the order for cleaning, or back in that of the videos. */
function cleanUp(to = isCleaning() ? "file" : "doubt") {
  if (!data.doubts) return say("The order for cleaning needs proposals: run agreid propose-identities, then agreid review.");
  for (const side of Object.values(sides)) side.order.value = to;
  window.scrollTo(0, 0);
  draw();
  const side = sides.aerial.list.items.length ? sides.aerial : sides.ground;
  focusCard(side, 0);
  say(to === "doubt" ? "most doubtful first: x marks a non-person and goes to the next" : "by video");
}

function cardOf(piece) {
  const key = keyOf(piece);
  let card = cards.get(key);
  if (!card || card.end !== piece.b) {
    card = buildCard(piece, key);
    cards.set(key, card);
  }
  refreshCard(card, piece, progressOf(model.state).views);
  return card.node;
}

function buildCard(piece, key) {
  const track = data.tracks[piece.t];
  const camera = cameraOf(piece);
  const place = [camera.platform, camera.session && `session ${camera.session}`, timesOf(piece)].filter(Boolean).join(", ");
  const doubt = doubtOf(key);
  const check = el("input", { type: "checkbox", onchange: () => toggle(key) });
  const badge = el("span", { className: "badge" });
  const crops = [];
  for (let at = piece.a; at <= piece.b; at++) {
    crops.push(el("button", {
      type: "button", className: "crop", tabIndex: -1, "aria-label": `frame ${track.frames[at]}`,
      title: `frame ${track.frames[at]}`, onclick: () => { cursors.set(key, at); draw(); },
    }, picture(track, at, 96)));
  }
  const pid = el("input", {
    className: "pid", inputMode: "numeric", placeholder: "pid", "aria-label": `pid of ${nameOf(piece)}`, autocomplete: "off",
    onchange: () => typePid(key, pid),
    onkeydown: (event) => { if (event.key === "Enter" || event.key === "Escape") { event.stopPropagation(); node.focus(); } },
  });
  const act = (text, shortcut, does) => el("button", {
    type: "button", "aria-keyshortcuts": shortcut, onclick: () => does(new Set([key])),
  }, text + " ", el("kbd", {}, shortcut));
  const junk = act("Not a person", "x", notPerson);
  const fresh = act("New person", "n", eachNew);
  const cut = act("Split here", "s", splitHere);
  const glue = act("Join", "j", joinNext);
  const node = el("li", { className: "card", tabIndex: 0, "data-key": key },
    el("header", {}, el("label", {}, check, nameOf(piece)), badge),
    el("div", { className: "meta" }, `${place}; ${crops.length} ${crops.length === 1 ? "crop" : "crops"}`,
      ...(doubt.why ? [", ", el("span", { className: "doubt" }, `doubt ${Math.round(100 * doubt.score)} %: ${doubt.why}`)] : [])),
    el("div", { className: "strip", role: "group", "aria-label": "crops" }, ...crops),
    el("div", { className: "acts" }, pid, fresh, junk, cut, glue));
  return { node, check, badge, crops, pid, junk, cut, glue, end: piece.b };
}

function refreshCard(card, piece, views) {
  const key = keyOf(piece);
  const person = isPerson(piece.pid);
  const kind = person ? "person" : piece.pid === JUNK ? "junk" : "open";
  const both = person && views.get(piece.pid).size === 2 ? ", both sides" : "";
  const words = { person: `person ${piece.pid}${both}`, junk: "not a person", open: "undecided" }[kind];
  const chosen = model.selected.has(key);
  card.node.dataset.kind = kind;
  card.node.classList.toggle("chosen", chosen);
  card.node.setAttribute("aria-label", `${nameOf(piece)}, ${words}${chosen ? ", selected" : ""}`);
  card.check.checked = chosen;
  card.badge.textContent = words;
  if (document.activeElement !== card.pid) card.pid.value = piece.pid === null ? "" : piece.pid;
  const cursor = Math.min(Math.max(cursors.get(key) ?? piece.a, piece.a), piece.b);
  card.crops.forEach((crop, at) => crop.setAttribute("aria-pressed", String(piece.a + at === cursor)));
  card.junk.firstChild.data = kind === "junk" ? "A person " : "Not a person ";
  card.cut.disabled = cursor === piece.a || data.tracks[piece.t].frames[cursor] === null;
  card.glue.hidden = !nextPart(model.state, key);
}

// Actions on pieces. `keys` are the selected ones, or the focused one.

function toggle(key) {
  if (!model.selected.delete(key)) model.selected.add(key);
  draw();
  say(`${model.selected.size} selected`);
}

function merge(keys) {
  if (!keys.size) return;
  const { state, said } = samePerson(model.state, keys);
  model.selected.clear();
  step(state, said);
}

function eachNew(keys) {
  const first = BigInt(freshPid(model.state));
  let pid = first;
  model.selected.clear();
  const state = withPid(model.state, keys, () => String(pid++));
  step(state, `new: person ${first}` + (keys.size > 1 ? ` to ${pid - 1n}` : ""));
}

function notPerson(keys) {
  const all = model.state.pieces.filter((piece) => keys.has(keyOf(piece)));
  const pid = all.every((piece) => piece.pid === JUNK) ? null : JUNK;
  model.selected.clear();
  step(withPid(model.state, keys, () => pid), `${all.map(nameOf).join(", ")}: ${pid ? "not a person" : "undecided"}`);
}

function undecide(keys) {
  model.selected.clear();
  step(withPid(model.state, keys, () => null), `${keys.size} undecided`);
}

function typePid(key, input) {
  const pid = parsePid(input.value);
  input.setAttribute("aria-invalid", String(pid === undefined));
  if (pid === undefined) return say("A pid is an integer; -1 is not a person, blank is undecided.");
  const before = pieceOf(model.state, key).pid;
  if (pid !== before) step(withPid(model.state, new Set([key]), () => pid), pid === null ? "undecided" : `pid ${pid}`);
}

function splitHere(keys) {
  const [key] = keys;
  const piece = pieceOf(model.state, key);
  const at = cursors.get(key) ?? piece.a;
  const frame = data.tracks[piece.t].frames[at];
  if (keys.size !== 1 || at <= piece.a || at > piece.b) return say("Choose the first crop of the other person, with ← and → or a click.");
  if (frame === null) return say("These crops have no frame numbers, so the track cannot be split.");
  cursors.delete(key);
  step(split(model.state, key, at), `split at frame ${frame}`);
}

function joinNext(keys) {
  const [key] = keys;
  const next = nextPart(model.state, key);
  if (keys.size !== 1 || !next) return say("This track has no further part.");
  cards.delete(keyOf(next));
  step(join(model.state, key), "joined");
}

function moveCursor(key, by) {
  const piece = pieceOf(model.state, key);
  const at = Math.min(Math.max((cursors.get(key) ?? piece.a) + by, piece.a), piece.b);
  cursors.set(key, at);
  draw();
  const crop = cards.get(key).crops[at - piece.a];
  crop.scrollIntoView({ block: "nearest", inline: "nearest" });
  say(`crop ${at - piece.a + 1} of ${piece.b - piece.a + 1}, ${crop.title}`);
}

function drawTray() {
  const chosen = model.state.pieces.filter((piece) => model.selected.has(keyOf(piece)));
  $("tray").hidden = !chosen.length;
  if (!chosen.length) return $("tray").replaceChildren();
  const show = (view) => el("div", { "aria-label": `selected ${view} tracks`, role: "group" },
    ...chosen.filter((piece) => cameraOf(piece).view === view).map((piece) => {
      const track = data.tracks[piece.t];
      let best = piece.a;
      for (let at = piece.a; at <= piece.b; at++) {
        if (track.sizes[at][0] * track.sizes[at][1] > track.sizes[best][0] * track.sizes[best][1]) best = at;
      }
      return el("figure", {}, picture(track, best, 110), el("figcaption", {}, nameOf(piece)));
    }));
  const act = (text, shortcut, does, main) => el("button", {
    type: "button", className: main ? "main" : "", "aria-keyshortcuts": shortcut, onclick: () => does(new Set(model.selected)),
  }, text + " ", el("kbd", {}, shortcut));
  $("tray").replaceChildren(el("div", { className: "bar" },
    act("Same person", "m", merge, true), act("New person each", "n", eachNew), act("Not a person", "x", notPerson),
    act("Undecided", "u", undecide), act("Deselect", "Escape", deselect)),
  el("div", { className: "pair" }, show("aerial"), show("ground")));
}

function deselect() {
  model.selected.clear();
  draw();
}

const TRACK_KEYS = { m: merge, n: eachNew, x: notPerson, u: undecide, s: splitHere, j: joinNext };
const lastFocus = { view: "aerial", at: 0 }; // of a card that may have been scrolled away

function trackKey(event) {
  const node = event.target.closest(".card");
  const key = node && node.dataset.key;
  const side = node && sides[node.closest(".side").dataset.view];
  const word = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (word === "Escape") return deselect(), true;
  if (word === "c") return cleanUp(), true;
  if (!key) return focusFirst(word);
  const at = side.list.items.indexOf(key);
  if (word === "ArrowDown" || word === "ArrowUp") focusCard(side, at + (word === "ArrowDown" ? 1 : -1));
  else if (word === "ArrowRight" || word === "ArrowLeft") moveCursor(key, word === "ArrowRight" ? 1 : -1);
  else if (word === "o") focusCard(sides[side.view === "aerial" ? "ground" : "aerial"], at);
  else if (word === " " && event.target === node) toggle(key);
  else if (word === "p") cards.get(key).pid.select();
  else if (word in TRACK_KEYS) {
    const one = word === "s" || word === "j" || !model.selected.size;
    TRACK_KEYS[word](one ? new Set([key]) : new Set(model.selected));
    const stays = side.list.items[at] === key;
    if (word === "x" && side.order.value === "doubt") focusCard(side, stays ? at + 1 : at);
    else if (!document.activeElement.closest(".card")) focusCard(side, at);
  } else return false;
  return true;
}

/** Without a track in focus the keys act on the selected; the arrows enter the lists where they were left. */
function focusFirst(word) {
  if (word === "ArrowDown" || word === "o") {
    focusCard(word === "o" ? sides.ground : sides[lastFocus.view], word === "o" ? 0 : lastFocus.at);
    return true;
  }
  if (!(word in TRACK_KEYS) || !model.selected.size || word === "s" || word === "j") return false;
  return TRACK_KEYS[word](new Set(model.selected)), true;
}

function focusCard(side, at) {
  const { items } = side.list;
  if (!items.length) return;
  const place = Math.min(Math.max(at, 0), items.length - 1);
  const node = side.list.reveal(place);
  Object.assign(lastFocus, { view: side.view, at: place });
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest" });
}
