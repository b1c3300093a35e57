// The answers to proposals. Each is one step that undo takes back.

/** Do a step, and note when it was done and how many proposals it closed: the pace. */
function timed(does) {
  asked.pick = null;
  const before = pairs && queueOf(model.state, asked.least).open;
  const from = model.state;
  does();
  if (!pairs || model.state === from || view !== "asking") return;
  asked.pace.push([Date.now(), before - queueOf(model.state, asked.least).open]);
  if (asked.pace.length > PACE_OF) asked.pace.shift();
  asking.progress.textContent = paceText(model.state, queueOf(model.state, asked.least));
}

function answer(state, said) {
  timed(() => step(state, said));
}

function answered(state, pairsSaid) {
  const rows = pairsSaid.map(([a, b, same]) => {
    const [one, other] = [state.pieces[Math.min(a, b)], state.pieces[Math.max(a, b)]];
    return [one.t, one.a, other.t, other.a, same];
  });
  return { ...state, answers: [...state.answers, ...rows] };
}

function accept() {
  const { one, found } = asked.now;
  const keys = new Set([keyOf(model.state.pieces[one]), keyOf(model.state.pieces[found.other])]);
  const { state, said } = samePerson(answered(model.state, [[one, found.other, 1]]), keys);
  answer(state, `accepted: ${said}`);
}

function reject() {
  const { one, found } = asked.now;
  const name = (at) => nameOf(model.state.pieces[at]);
  answer(answered(model.state, [[one, found.other, 0]]), `rejected: ${name(one)} and ${name(found.other)} are two people`);
}

function skip() {
  if (asked.focus) return toQueue();
  const { g, h } = asked.now.queue.next;
  const asks = asksOf(model.state);
  // All proposals between the two groups wait, or the next one would ask the same.
  const names = [];
  for (const member of layoutOf(model.state).members[g]) {
    for (const n of near[model.state.pieces[member].t]) {
      const ask = asks(n);
      if ((ask.g === g && ask.h === h) || (ask.g === h && ask.h === g)) names.push(pairName(n));
    }
  }
  answer({ ...model.state, skipped: [...model.state.skipped, ...names] }, "skipped: asked again at the end");
}

function noneOfThese() {
  const { one, shown } = asked.now;
  let state = answered(model.state, shown.map((found) => [found.mine, found.other, 0]));
  const piece = state.pieces[one];
  if (piece.pid === null) state = withPid(state, new Set([keyOf(piece)]), () => freshPid(model.state));
  answer(state, `${shown.length} rejected; ${nameOf(piece)} is person ${state.pieces[one].pid}`);
}

function noPerson(which) {
  const { one, found } = asked.now;
  const piece = model.state.pieces[which === "one" ? one : found.other];
  answer(withPid(model.state, new Set([keyOf(piece)]), () => JUNK), `${nameOf(piece)}: not a person`);
}

const ASKING_KEYS = { a: accept, r: reject, s: skip, n: noneOfThese, o: swap };

function askingKey(event) {
  if (!pairs) return false;
  const word = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const open = Boolean(asked.now.found);
  if (word === "z") undo();
  else if (word === "Escape") toQueue();
  else if (word === "p") onlyNamed();
  else if (!open) return false;
  else if (word === "ArrowLeft" || word === "ArrowRight") pickBy(word === "ArrowRight" ? 1 : -1);
  else if (word === "x") noPerson(event.shiftKey ? "other" : "one");
  else if (word in ASKING_KEYS) ASKING_KEYS[word]();
  else return false;
  return true;
}
