// Answers → corrected rows of identities.csv, and judgements.csv. No access to the document.

const data = JSON.parse(document.getElementById("data").textContent);

/** The last pid of the file, as a number that new people are counted from. */
const highest = data.spans.reduce((most, [, , , , pid]) => {
  return /^\d+$/.test(pid) && BigInt(pid) > most ? BigInt(pid) : most;
}, 0n);

/** What a suspicion becomes when it is corrected in its usual way: a pid, or "new". */
function usual(one) {
  if (one.kind === "wrong-identity") return one.other;
  if (one.kind === "same-person") return one.pid;
  return "new";
}

/** The crops or tracks that are marked in a case: those of the answer, else those that were proposed. */
const markedIn = (one, answer) => new Set(answer?.marked ?? one.marked);

/** The place of the answer that has already moved a track of this unanswered case; null if there is none. */
function settledBy(at, answers) {
  const one = data.suspicions[at];
  if (answers[at] || !["wrong-identity", "mixed-identity"].includes(one.kind)) return null;
  const mine = new Set([one.unit, ...(one.kind === "mixed-identity" ? one.marked : [])]);
  const found = data.suspicions.findIndex((other, n) => {
    if (n === at || answers[n]?.answer !== "correct") return false;
    if (other.kind === "wrong-identity") return mine.has(other.unit);
    return other.kind === "mixed-identity" && [...markedIn(other, answers[n])].some((unit) => mine.has(unit));
  });
  return found < 0 ? null : found;
}

/** Rows [video, track, from, to, pid] after all answers, in order. Later answers act on the result of earlier ones. */
function corrected(answers) {
  const rows = data.spans.map(([video, track, from, to, pid]) => [{ video, track, from, to, pid }]);
  const renamed = new Map();
  let fresh = highest;
  const named = (pid) => {
    if (pid === "new") return String(++fresh);
    while (renamed.has(pid)) pid = renamed.get(pid);
    return pid;
  };
  const put = (unit, pid) => rows[data.pieces[unit].span].forEach((row) => { row.pid = pid; });
  data.suspicions.forEach((one, at) => {
    const answer = answers[at];
    if (answer?.answer !== "correct" || one.kind === "same-person") return;
    const pid = named(answer.pid);
    const marked = markedIn(one, answer);
    if (one.kind === "wrong-identity") put(one.unit, pid);
    else if (one.kind === "mixed-identity") marked.forEach((unit) => put(unit, pid));
    else rows[data.pieces[one.unit].span] = divided(one, marked, rows[data.pieces[one.unit].span], pid);
  });
  data.suspicions.forEach((one, at) => {
    if (answers[at]?.answer !== "correct" || one.kind !== "same-person") return;
    const [keep, gone] = [named(one.pid), named(one.other)];
    if (keep === gone) return;
    renamed.set(gone, keep);
    rows.flat().forEach((row) => { if (row.pid === gone) row.pid = keep; });
  });
  return rows.flat().map((row) => [row.video, row.track, row.from, row.to, row.pid]);
}

/** A row divided into runs of marked and other crops; the marked ones get `pid`. */
function divided(one, marked, before, pid) {
  const crops = data.pieces[one.unit].crops;
  const row = before[0];
  const runs = [];
  crops.forEach((crop, at) => {
    const mine = marked.has(at);
    const last = runs[runs.length - 1];
    if (last && last.mine === mine) last.to = crop.frame;
    else runs.push({ mine, from: crop.frame, to: crop.frame });
  });
  if (runs.length < 2) return before.map((part) => ({ ...part, pid: runs[0]?.mine ? pid : part.pid }));
  return runs.map((run, at) => ({
    video: row.video, track: row.track,
    from: at === 0 ? row.from : run.from, to: at === runs.length - 1 ? row.to : run.to,
    pid: run.mine ? pid : row.pid,
  }));
}

/** The rows of judgements.csv: those of the file, then the answers, which replace older ones of the same pair. */
function judged(answers) {
  const rows = new Map();
  const add = (a, b, same) => {
    if (a.join() === b.join()) return;
    rows.set([a.join(), b.join()].sort().join("|"), [...a, ...b, same ? 1 : 0]);
  };
  for (const [va, ta, fa, vb, tb, fb, same] of data.judgements) add([va, ta, fa], [vb, tb, fb], same === 1);
  const side = (unit, at) => {
    const piece = data.pieces[unit];
    const whole = piece.whole && at === undefined;
    return [piece.video, piece.track, whole ? "" : (piece.crops[at ?? 0].frame ?? "")];
  };
  const given = data.suspicions.map((one, at) => [one, answers[at]]).filter(([, answer]) => answer);
  const isRight = ([, answer]) => answer.answer === "right";
  // What is corrected overrides what was called right of the same pair.
  [...given.filter(isRight), ...given.filter((pair) => !isRight(pair))].forEach(([one, answer]) => {
    const right = answer.answer === "right";
    if (one.kind === "wrong-identity") {
      add(side(one.unit), side(one.own), right);
      if (right || answer.pid !== one.other) add(side(one.unit), side(one.near), false);
      else add(side(one.unit), side(one.near), true);
    } else if (one.kind === "same-person") add(side(one.unit), side(one.near), !right);
    else if (one.kind === "mixed-identity") add(side(one.unit), side(one.near), right);
    else {
      const marked = markedIn(one, answer);
      const crops = data.pieces[one.unit].crops;
      const first = crops.findIndex((_, n) => marked.has(n));
      const rest = crops.findIndex((_, n) => !marked.has(n));
      if (first >= 0 && rest >= 0) add(side(one.unit, first), side(one.unit, rest), right);
    }
  });
  return [...rows.values()];
}

/** CSV text; quotes where needed. */
function csv(header, rows) {
  const cell = (value) => (/[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return [header, ...rows].map((row) => row.map(cell).join(",") + "\n").join("");
}
