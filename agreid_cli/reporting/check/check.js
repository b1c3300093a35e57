// The cases of the page, their answers, and keys.

const KEY = `agreid-check-${data.fingerprint}`;
const SAYS = {
  "wrong-identity": (one) => `Is this track pid ${one.other}, not pid ${one.pid}?`,
  "mixed-track": (one) => `Does this track of pid ${one.pid} show two people?`,
  "mixed-identity": (one) => `Is pid ${one.pid} two people?`,
  "same-person": (one) => `Are pid ${one.pid} and pid ${one.other} one person?`,
};
const RIGHT = {
  "wrong-identity": (one) => `No, it is pid ${one.pid}`, "mixed-track": () => "No, one person",
  "mixed-identity": () => "No, one person", "same-person": () => "No, two people",
};
const CORRECTION = {
  "wrong-identity": (one) => `Yes, make it pid ${one.other}`, "mixed-track": () => "Yes, make the marked crops a new person",
  "mixed-identity": () => "Yes, make the marked tracks a new person",
  "same-person": (one) => `Yes, make both pid ${one.pid}`,
};
let state = { answers: {}, past: [] };
let stored = true;
try {
  const kept = JSON.parse(localStorage.getItem(KEY) || "null");
  if (kept) state.answers = kept;
} catch { stored = false; }

function keep() {
  try { localStorage.setItem(KEY, JSON.stringify(state.answers)); } catch { stored = false; }
}

function answer(at, given) {
  state.past.push({ ...state.answers });
  if (given) state.answers[at] = given;
  else delete state.answers[at];
  keep();
  data.suspicions.forEach((_, n) => {
    if (n === at || (settledBy(n, state.answers) !== null) !== ($(`case-${n}`).dataset.answer === "settled")) redraw(n);
  });
  head();
  say(given ? `${at + 1}: ${words(data.suspicions[at], given)}` : `${at + 1}: open again`);
  if (given) focusCase(at, 1);
}

function words(one, given) {
  if (given.answer === "right") return "right as annotated";
  if (one.kind === "same-person") return `both become pid ${one.pid}`;
  const who = given.pid === "new" ? "a new person" : given.pid === "-1" ? "not a person" : `pid ${given.pid}`;
  const what = { "wrong-identity": "the track becomes", "mixed-track": "the marked crops become", "mixed-identity": "the marked tracks become" };
  return `${what[one.kind]} ${who}`;
}

function nameOf(unit) {
  const piece = data.pieces[unit];
  return `${piece.video}:${piece.track}${piece.whole ? "" : ` from frame ${piece.crops[0].frame}`}`;
}

const HEIGHT = 96;
function image(crop) {
  return el("img", { src: crop.src, loading: "lazy", decoding: "async", alt: "", height: HEIGHT, title: crop.frame === null ? "" : `frame ${crop.frame}`,
    width: Math.max(1, Math.round((crop.width / crop.height) * HEIGHT)) });
}

function row(unit, label, extra, pressed) {
  const piece = data.pieces[unit];
  const strip = el("div", { className: "strip" });
  piece.crops.forEach((crop, n) => {
    strip.append(pressed
      ? el("button", { type: "button", className: "crop", "aria-pressed": String(pressed.marked.has(n)),
        "aria-label": `crop ${n + 1}${crop.frame === null ? "" : `, frame ${crop.frame}`}`, onclick: () => pressed.toggle(n) }, image(crop))
      : el("span", { className: "still" }, image(crop)));
  });
  const who = el("p", { className: "who" }, el("b", {}, label), document.createTextNode(nameOf(unit)), extra);
  return el("div", { className: `row${extra || pressed ? " asked" : ""}` }, who, strip);
}

/** What is marked in a case that is not answered yet, by its place. */
const marks = new Map();
function marksOf(at) {
  const one = data.suspicions[at];
  if (!marks.has(at)) marks.set(at, markedIn(one, state.answers[at]));
  return marks.get(at);
}

function rowsOf(one, at) {
  const toggled = (n) => {
    const set = marksOf(at);
    set.has(n) ? set.delete(n) : set.add(n);
    if (state.answers[at]) answer(at, { ...state.answers[at], marked: [...set] });
    else redraw(at);
  };
  if (one.kind === "wrong-identity")
    return [plain(one.own, `Its own identity, pid ${one.pid}`), asked(one.unit, "The track in question"), plain(one.near, `Looks like pid ${one.other}`)];
  if (one.kind === "same-person") return [...all(one.pid), ...all(one.other)];
  if (one.kind === "mixed-track") {
    const rows = [row(one.unit, "Marked red: the other person (click a crop to change)", null, { marked: marksOf(at), toggle: toggled })];
    if (one.near !== null) rows.push(plain(one.near, `Most similar other: pid ${one.other}`));
    return rows;
  }
  return data.members[one.pid].map((unit) => {
    const box = el("input", { type: "checkbox", checked: marksOf(at).has(unit), onchange: () => toggled(unit) });
    return row(unit, `pid ${one.pid} `, el("label", {}, box, document.createTextNode(" the other person")));
  });
}
const plain = (unit, label) => row(unit, label, null);
const asked = (unit, label) => {
  const made = row(unit, label, null);
  made.classList.add("asked");
  return made;
};
const all = (pid) => data.members[pid].map((unit) => plain(unit, `pid ${pid}`));

function build(at) {
  const one = data.suspicions[at];
  const given = state.answers[at];
  const node = el("article", { className: "case", id: `case-${at}`, tabIndex: -1, "aria-labelledby": `case-${at}-h` });
  const settled = settledBy(at, state.answers);
  node.dataset.answer = given?.answer || (settled === null ? "open" : "settled");
  const pid = el("input", { type: "text", inputMode: "numeric", size: 9, placeholder: "another pid", "aria-label": "another pid" });
  const correct = (to) => answer(at, { answer: "correct", pid: to, marked: [...marksOf(at)] });
  pid.addEventListener("change", () => {
    if (/^(-1|\d{1,18})$/.test(pid.value.trim())) correct(pid.value.trim());
    else say(`'${pid.value}' is not a pid`);
  });
  const acts = el("div", { className: "acts" },
    el("button", { type: "button", onclick: () => answer(at, { answer: "right" }) }, RIGHT[one.kind](one), " ", el("kbd", {}, "r")),
    el("button", { type: "button", className: "main", onclick: () => correct(usual(one)) }, CORRECTION[one.kind](one), " ", el("kbd", {}, "c")));
  if (one.kind !== "same-person") {
    if (usual(one) !== "new") acts.append(el("button", { type: "button", onclick: () => correct("new") }, "A new person ", el("kbd", {}, "n")));
    acts.append(el("button", { type: "button", onclick: () => correct("-1") }, "Not a person ", el("kbd", {}, "x")), pid);
  }
  if (given) acts.append(el("span", { className: "answer" }, `→ ${words(one, given)}`),
    el("button", { type: "button", onclick: () => answer(at, null) }, "Take back ", el("kbd", {}, "u")));
  if (settled !== null) acts.append(el("span", { className: "answer" }, `settled by answer ${settled + 1}`));
  node.append(
    el("h2", { id: `case-${at}-h` }, `${at + 1}. ${SAYS[one.kind](one)}`, el("span", { className: "likely" }, `${Math.round(100 * one.probability)} % likely`)),
    el("p", {}, one.reason), el("div", { className: "rows" }, ...rowsOf(one, at)), acts);
  node.hidden = $("only-open").checked && node.dataset.answer !== "open";
  return node;
}

function redraw(at) {
  const old = $(`case-${at}`);
  const focused = old.contains(document.activeElement);
  const made = build(at);
  old.replaceWith(made);
  if (focused) made.focus({ preventScroll: true });
}

function head() {
  const settled = data.suspicions.filter((_, at) => settledBy(at, state.answers) !== null).length;
  const n = Object.keys(state.answers).length + settled;
  $("done").max = data.suspicions.length || 1;
  $("done").value = n;
  const changed = Object.values(state.answers).filter((given) => given.answer === "correct").length;
  $("count").textContent = `${n} of ${data.suspicions.length}: ${n - changed - settled} right, ${changed} to correct`
    + (settled ? `, ${settled} settled by these` : "");
  $("kept").textContent = stored ? "Saved in this browser; export when done." : "This browser cannot save: export before you close the page!";
  $("undo").disabled = !state.past.length;
}

function current() {
  const node = document.activeElement?.closest?.(".case");
  return node ? Number(node.id.slice(5)) : null;
}

function focusCase(from, step) {
  for (let at = from + step; at >= 0 && at < data.suspicions.length; at += step) {
    const node = $(`case-${at}`);
    if (!node.hidden) {
      node.focus({ preventScroll: true });
      return node.scrollIntoView({ block: "nearest" });
    }
  }
}

document.addEventListener("keydown", (event) => {
  if ($("help").open || typing(event.target)) return;
  const word = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && word === "z") { event.preventDefault(); return $("undo").click(); }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = current();
  const one = at === null ? null : data.suspicions[at];
  const correct = (to) => answer(at, { answer: "correct", pid: to, marked: [...marksOf(at)] });
  if (word === "?") $("help").showModal();
  else if (word === "arrowdown") focusCase(at ?? -1, 1);
  else if (word === "arrowup") focusCase(at ?? data.suspicions.length, -1);
  else if (one && word === "r") answer(at, { answer: "right" });
  else if (one && word === "c") correct(usual(one));
  else if (one && word === "n" && one.kind !== "same-person") correct("new");
  else if (one && word === "x" && one.kind !== "same-person") correct("-1");
  else if (one && word === "u") answer(at, null);
  else return;
  event.preventDefault();
});

function drawAll() {
  if (!data.suspicions.length) {
    $("main").replaceChildren(el("p", { className: "empty" }, "Nothing is suspicious: no probability reaches the least one that is listed."));
  } else $("main").replaceChildren(...data.suspicions.map((_, at) => build(at)));
  head();
}
$("undo").onclick = () => {
  if (!state.past.length) return;
  state.answers = state.past.pop();
  marks.clear();
  keep();
  drawAll();
  say("undone");
};
$("only-open").onchange = drawAll;
$("ask").onclick = () => $("help").showModal();
$("save-identities").onclick = () => download("identities.csv", csv(["video_id", "track_id", "frame_from", "frame_to", "pid"], corrected(state.answers)));
$("save-judgements").onclick = () => download("judgements.csv",
  csv(["video_a", "track_a", "frame_a", "video_b", "track_b", "frame_b", "same"], judged(state.answers)));
drawAll();
