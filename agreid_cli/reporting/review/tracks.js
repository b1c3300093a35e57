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
    const show = el("select", { "aria-label": `Which ${view} tracks`, onchange: () => { side.page = 0; drawSide(side); } },
      ...SHOWS.map(([value, text]) => el("option", { value }, text)));
    const find = el("input", {
      type: "search", placeholder: "video, track or pid", "aria-label": `Find among the ${view} tracks`,
      oninput: () => { side.page = 0; drawSide(side); },
    });
    const list = el("ul", { className: "cards" });
    const turn = (by) => { side.page += by; drawSide(side); list.scrollIntoView({ block: "nearest" }); };
    const before = el("button", { type: "button", "aria-label": `Previous ${view} tracks`, onclick: () => turn(-1) }, "‹");
    const after = el("button", { type: "button", "aria-label": `Next ${view} tracks`, onclick: () => turn(1) }, "›");
    const count = el("span", { className: "meta" });
    const side = { view, node, show, find, list, before, after, count, page: 0, shown: [] };
    sides[view] = side;
    node.append(el("h2", {}, view === "aerial" ? "Aerial" : "Ground"),
      el("div", { className: "tools" }, show, find, before, count, after), list);
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
  const text = `${nameOf(piece)} ${isPerson(piece.pid) ? "pid " + piece.pid : ""}`.toLowerCase();
  return word.split(/\s+/).every((part) => text.includes(part));
}

function drawSide(side) {
  const { views } = progressOf(model.state);
  const found = model.state.pieces.filter((piece) => matches(piece, side, views));
  const pages = Math.max(1, Math.ceil(found.length / data.perPage));
  side.page = Math.max(0, Math.min(side.page, pages - 1));
  const from = side.page * data.perPage;
  side.shown = found.slice(from, from + data.perPage);
  side.before.disabled = side.page === 0;
  side.after.disabled = side.page === pages - 1;
  side.count.textContent = found.length
    ? `${from + 1}–${from + side.shown.length} of ${found.length}` : "none";
  arrange(side.list, side.shown.length
    ? side.shown.map((piece) => cardOf(piece, views))
    : [el("li", { className: "empty" }, "No tracks.")]);
}

function cardOf(piece, views) {
  const key = keyOf(piece);
  let card = cards.get(key);
  if (!card || card.end !== piece.b) {
    card = buildCard(piece, key);
    cards.set(key, card);
  }
  refreshCard(card, piece, views);
  return card.node;
}

function buildCard(piece, key) {
  const track = data.tracks[piece.t];
  const camera = cameraOf(piece);
  const place = [camera.platform, camera.session && `session ${camera.session}`].filter(Boolean).join(", ");
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
    el("div", { className: "meta" }, `${place}; ${crops.length} ${crops.length === 1 ? "crop" : "crops"}`),
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
  const before = model.state.pieces.find((piece) => keyOf(piece) === key).pid;
  if (pid !== before) step(withPid(model.state, new Set([key]), () => pid), pid === null ? "undecided" : `pid ${pid}`);
}

function splitHere(keys) {
  const [key] = keys;
  const piece = model.state.pieces.find((one) => keyOf(one) === key);
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
  const piece = model.state.pieces.find((one) => keyOf(one) === key);
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

function trackKey(event) {
  const node = event.target.closest(".card");
  const key = node && node.dataset.key;
  const side = node && sides[node.closest(".side").dataset.view];
  const word = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (word === "Escape") return deselect(), true;
  if (!key) return focusFirst(word);
  const at = side.shown.findIndex((piece) => keyOf(piece) === key);
  if (word === "ArrowDown" || word === "ArrowUp") focusCard(side, at + (word === "ArrowDown" ? 1 : -1));
  else if (word === "ArrowRight" || word === "ArrowLeft") moveCursor(key, word === "ArrowRight" ? 1 : -1);
  else if (word === "o") focusCard(sides[side.view === "aerial" ? "ground" : "aerial"], at);
  else if (word === " " && event.target === node) toggle(key);
  else if (word === "p") cards.get(key).pid.select();
  else if (word in TRACK_KEYS) {
    const one = word === "s" || word === "j" || !model.selected.size;
    TRACK_KEYS[word](one ? new Set([key]) : new Set(model.selected));
    if (!document.activeElement.closest(".card")) focusCard(side, at);
  } else return false;
  return true;
}

/** Without a track in focus the keys act on the selected; the arrows enter the lists. */
function focusFirst(word) {
  if (word === "ArrowDown" || word === "o") return focusCard(sides[word === "o" ? "ground" : "aerial"], 0), true;
  if (!(word in TRACK_KEYS) || !model.selected.size || word === "s" || word === "j") return false;
  return TRACK_KEYS[word](new Set(model.selected)), true;
}

function focusCard(side, at) {
  if (at >= side.shown.length && !side.after.disabled) { side.page++; drawSide(side); at = 0; }
  else if (at < 0 && side.page > 0) { side.page--; drawSide(side); at = side.shown.length - 1; }
  const piece = side.shown[Math.min(Math.max(at, 0), side.shown.length - 1)];
  if (!piece) return;
  const { node } = cards.get(keyOf(piece));
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest" });
}
