// The attributes of each identity, entered by mouse or by the codes of the codebook.

const CODES = "0123456789abcdefghi";
const person = { pid: null, drawn: null };

function drawLabels(force = false) {
  const section = $("labels");
  const pids = pidsOf(model.state);
  if (!pids.length) {
    person.drawn = null;
    section.replaceChildren(el("p", { className: "empty" }, "No identities yet: assign tracks to people first (t)."));
    return;
  }
  if (!pids.includes(person.pid)) person.pid = pids.find((pid) => blanks(pid).length) || pids[0];
  const mark = person.pid + "|" + model.state.pieces.filter((p) => p.pid === person.pid).map((p) => `${keyOf(p)}-${p.b}`)
    + "|" + pids.join();
  if (force || person.drawn !== mark) buildPerson(section, pids);
  person.drawn = mark;
  refreshPerson();
}

function blanks(pid) {
  const row = model.state.labels[pid] || {};
  return data.groups.filter((group) => !row[group.name]);
}

function buildPerson(section, pids) {
  const at = pids.indexOf(person.pid);
  const choose = el("select", { "aria-label": "Identity", onchange: () => showPerson(choose.value, true) },
    ...pids.map((pid) => el("option", { value: pid, selected: pid === person.pid }, `person ${pid}`)));
  const turn = (by, text, label) => el("button", {
    type: "button", "aria-label": label, disabled: !pids[at + by], onclick: () => showPerson(pids[at + by], true),
  }, text);
  const looks = (view) => el("div", { role: "group", "aria-label": `${view} crops` },
    ...model.state.pieces.filter((p) => p.pid === person.pid && cameraOf(p).view === view).flatMap((piece) =>
      data.tracks[piece.t].src.slice(piece.a, piece.b + 1).map((_, n) => picture(data.tracks[piece.t], piece.a + n, 150))));
  section.replaceChildren(
    el("div", { className: "who" }, turn(-1, "‹", "Previous identity"), choose, turn(1, "›", "Next identity"),
      el("span", { className: "meta", id: "person-count" }),
      el("button", { type: "button", "aria-keyshortcuts": "u", onclick: allUnknown }, "Set the rest to unknown ", el("kbd", {}, "u"))),
    el("div", { className: "looks pair" },
      el("h2", {}, "Aerial"), el("h2", {}, "Ground"), looks("aerial"), looks("ground")),
    el("div", { className: "groups" }, ...data.groups.map(buildGroup)));
}

function buildGroup(group) {
  const held = (model.state.labels[person.pid] || {})[group.name];
  // A value from the file that is not a label, such as the name of an age bit, is offered as well.
  const words = !held || group.labels.includes(held) ? group.labels : [...group.labels, held];
  return el("fieldset", { className: "group", "data-group": group.name },
    el("legend", {}, group.title),
    ...words.map((word, code) => el("label", {},
      el("input", { type: "radio", name: "g-" + group.name, value: word, onchange: () => choose(group, word) }),
      code < group.labels.length ? el("kbd", {}, CODES[code]) : null, word.replaceAll("_", " "))),
    el("button", { type: "button", onclick: () => choose(group, "") }, "clear"));
}

function refreshPerson() {
  const row = model.state.labels[person.pid] || {};
  for (const field of document.querySelectorAll("#labels .group")) {
    const word = row[field.dataset.group] || "";
    for (const radio of field.querySelectorAll("input")) radio.checked = radio.value === word;
    if (word && !field.querySelector("input:checked")) return drawLabels(true);
    field.classList.toggle("filled", Boolean(word));
    field.lastChild.hidden = !word;
  }
  $("person-count").textContent = `${data.groups.length - blanks(person.pid).length} of ${data.groups.length} attributes`;
}

function choose(group, word) {
  step(withLabel(model.state, person.pid, group.name, word), `${group.title}: ${word || "blank"}`);
}

/** As in a line of text: what was typed last goes, and the next label is typed in its place. */
function clearBack(at) {
  const row = model.state.labels[person.pid] || {};
  const group = row[data.groups[at].name] || !at ? data.groups[at] : data.groups[at - 1];
  if (row[group.name]) choose(group, "");
  focusGroup(group);
}

function allUnknown() {
  let state = model.state;
  for (const group of blanks(person.pid)) state = withLabel(state, person.pid, group.name, group.labels.at(-1));
  if (state !== model.state) step(state, "rest set to unknown");
}

function showPerson(pid, focus) {
  if (!pid) return;
  person.pid = pid;
  drawLabels();
  say(`person ${pid}`);
  if (focus) focusGroup(blanks(pid)[0] || data.groups[0]);
}

function focusGroup(group) {
  const field = group && document.querySelector(`#labels [data-group="${group.name}"]`);
  if (!field) return;
  (field.querySelector("input:checked") || field.querySelector("input")).focus({ preventScroll: true });
  field.scrollIntoView({ block: "nearest" });
}

function labelKey(event) {
  const pids = pidsOf(model.state);
  const word = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!pids.length) return false;
  const field = event.target.closest(".group");
  const here = field ? data.groups.findIndex((group) => group.name === field.dataset.group) : -1;
  const group = data.groups[here] || blanks(person.pid)[0] || data.groups[0];
  const at = data.groups.indexOf(group);
  const turn = pids.indexOf(person.pid);
  const code = CODES.indexOf(word);
  if (word.length === 1 && code >= 0 && code < group.labels.length) {
    choose(group, group.labels[code]);
    focusGroup(data.groups[at + 1] || group);
  } else if (word.length === 1 && "0123456789abc".includes(word)) say(`${group.title} has no code ${word}`);
  else if (word === "j" || word === "k") focusGroup(data.groups[here < 0 ? at : at + (word === "j" ? 1 : -1)]);
  else if (word === "Backspace" || word === "Delete") clearBack(at);
  else if (word === "u") allUnknown();
  else if ((word === "Enter" && event.target.tagName !== "BUTTON") || word === "PageDown") {
    if (pids[turn + 1]) showPerson(pids[turn + 1], true);
    else say("This was the last identity.");
  } else if (word === "PageUp") showPerson(pids[turn - 1], true);
  else return false;
  return true;
}
