// Start, keys, and the page header.

let view = "tracks";

function draw() {
  if (view === "tracks") {
    drawSide(sides.aerial);
    drawSide(sides.ground);
  } else drawLabels();
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
  for (const name of ["tracks", "labels"]) {
    $(name).hidden = name !== which;
    $("to-" + name).setAttribute("aria-pressed", String(name === which));
  }
  if (which === "labels") model.selected.clear();
  draw();
  if (which === "labels" && person.pid) focusGroup(blanks(person.pid)[0] || data.groups[0]);
}

const undo = () => back(model.past, model.future, "undone");
const redo = () => back(model.future, model.past, "redone");

document.addEventListener("keydown", (event) => {
  if ($("help").open) return;
  const word = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !typing(event.target) && (word === "z" || word === "y")) {
    event.preventDefault();
    return word === "y" || event.shiftKey ? redo() : undo();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (word === "?") $("help").showModal();
  else if (word === "t") show("tracks");
  else if (word === "i") show("labels");
  else if (!(view === "tracks" ? trackKey(event) : labelKey(event))) return;
  event.preventDefault();
});
document.addEventListener("focusin", (event) => {
  document.querySelector('.card[aria-current="true"]')?.removeAttribute("aria-current");
  event.target.closest?.(".card")?.setAttribute("aria-current", "true");
});
window.addEventListener("beforeunload", (event) => {
  if (!model.stored && model.past.length) event.preventDefault();
});

$("to-tracks").onclick = () => show("tracks");
$("to-labels").onclick = () => show("labels");
$("undo").onclick = undo;
$("redo").onclick = redo;
$("ask").onclick = () => $("help").showModal();
$("save-identities").onclick = () => download("identities.csv", identitiesCsv(model.state));
$("save-attributes").onclick = () => download("attributes.csv", attributesCsv(model.state));
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
if (work && work.base !== data.base) model.other = work;
if (!work) keep();
buildSides();
show("tracks");
