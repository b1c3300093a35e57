// Start, keys, and the page header.

let view = "tracks";

function draw() {
  if (view === "tracks") {
    drawSide(sides.aerial);
    drawSide(sides.ground);
  } else if (view === "asking") drawAsking();
  else drawLabels();
  drawTray();
  drawHead();
}

function drawHead() {
  const now = progressOf(model.state);
  $("done-tracks").max = now.pieces || 1;
  $("done-tracks").value = now.decided;
  $("count-tracks").textContent =
    `${now.decided} of ${now.pieces} decided: ${now.people} persons (${now.both} on both sides), ${now.junk} not a person`;
  $("done-labels").max = now.wanted || 1;
  $("done-labels").value = now.filled;
  $("count-labels").textContent = `${now.filled} of ${now.wanted}`;
  $("kept").textContent = model.stored
    ? "Saved in this browser; export when done." : "This browser cannot save: export before you close the page!";
  $("undo").disabled = !model.past.length;
  $("redo").disabled = !model.future.length;
  $("other").hidden = !model.other;
  if (model.other) $("other-when").textContent = new Date(model.other.saved).toLocaleString();
}

function show(which) {
  view = which;
  for (const name of ["tracks", "asking", "labels"]) {
    $(name).hidden = name !== which;
    $("to-" + name).setAttribute("aria-pressed", String(name === which));
  }
  document.body.dataset.view = which;
  $("clean-up").setAttribute("aria-pressed", String(which === "tracks" && isCleaning()));
  if (which !== "tracks") model.selected.clear();
  draw();
  if (which === "labels" && person.pid) focusGroup(blanks(person.pid)[0] || data.groups[0]);
}

/** From the top: the dialog would scroll to its button, which has the focus. */
function help() {
  $("help").showModal();
  $("help").scrollTop = 0;
}

const undo = () => timed(() => back(model.past, model.future, "undone"));
const redo = () => timed(() => back(model.future, model.past, "redone"));
const VIEW_KEYS = { tracks: trackKey, asking: askingKey, labels: labelKey };

document.addEventListener("keydown", (event) => {
  if ($("help").open) return;
  const word = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !typing(event.target) && (word === "z" || word === "y")) {
    event.preventDefault();
    return word === "y" || event.shiftKey ? redo() : undo();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (word === "?") help();
  else if (word === "t") showTracks();
  else if (word === "q") showAsking(event.target.closest(".card")?.dataset.key);
  else if (word === "i") show("labels");
  else if (!VIEW_KEYS[view](event)) return;
  event.preventDefault();
});
document.addEventListener("focusin", (event) => {
  document.querySelector('.card[aria-current="true"]')?.removeAttribute("aria-current");
  event.target.closest?.(".card")?.setAttribute("aria-current", "true");
});
window.addEventListener("beforeunload", (event) => {
  if (!model.stored && model.past.length) event.preventDefault();
});

$("to-tracks").onclick = showTracks;
$("to-asking").onclick = () => showAsking();
$("clean-up").onclick = () => {
  const elsewhere = view !== "tracks";
  if (elsewhere) show("tracks");
  cleanUp(elsewhere && data.doubts ? "doubt" : undefined);
};
$("to-labels").onclick = () => show("labels");
$("undo").onclick = undo;
$("redo").onclick = redo;
$("ask").onclick = help;
$("save-identities").onclick = () => download("identities.csv", identitiesCsv(model.state));
$("save-attributes").onclick = () => download("attributes.csv", attributesCsv(model.state));
$("save-judgements").onclick = () => download("judgements.csv", judgementsCsv(model.state));
$("take-files").onclick = () => {
  model.other = null;
  step(fromFiles(), "files loaded; undo restores your work");
};
$("keep-mine").onclick = () => {
  model.other = null;
  keep();
  draw();
};

// The crops of an identity stay visible below the header, whatever its height.
new ResizeObserver(([head]) => {
  document.documentElement.style.setProperty("--top", `${head.target.offsetHeight}px`);
}).observe(document.querySelector(".top"));

const work = kept();
model.state = work ? work.state : fromFiles();
if (work) Object.assign(asked, { pace: work.pace, least: work.least ?? asked.least });
// Files that hold what the browser holds are its own exports: nothing to ask.
const exported = work && work.base !== data.base && sameFiles(work.state, fromFiles());
if (work && work.base !== data.base && !exported) model.other = work;
if (!work || exported) keep();
buildSides();
buildAsking();
show("tracks");
