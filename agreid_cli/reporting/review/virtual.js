// A long list in the page's own scroll: only the items near the window exist. Heights are measured once an item
// has been shown, and guessed before.

const AHEAD = 700; // pixels above and below the window
const lists = [];

function virtualList(node, build) {
  const heights = new Map();
  const list = { node, items: [], guess: 190 };
  const height = (item) => heights.get(item) || list.guess;

  const show = () => {
    const above = -node.getBoundingClientRect().top;
    const [from, to] = [above - AHEAD, above + window.innerHeight + AHEAD];
    let top = 0, at = 0;
    while (at < list.items.length - 1 && top + height(list.items[at]) < from) top += height(list.items[at++]);
    const first = at;
    let end = top;
    while (at < list.items.length && (end < to || at === first)) end += height(list.items[at++]);
    let below = 0;
    for (let n = at; n < list.items.length; n++) below += height(list.items[n]);
    node.style.paddingTop = top + "px";
    node.style.paddingBottom = below + "px";
    const shown = list.items.slice(first, at);
    arrange(node, shown.map(build));
    const gap = parseFloat(getComputedStyle(node).rowGap) || 0;
    shown.forEach((item, n) => heights.set(item, node.children[n].offsetHeight + gap));
    if (heights.size > 3) list.guess = [...heights.values()].reduce((sum, one) => sum + one, 0) / heights.size;
  };

  /** The node of the item at a place, which the window is moved to if it is not near. */
  const reveal = (place) => {
    let top = 0;
    for (let n = 0; n < place; n++) top += height(list.items[n]);
    const at = node.getBoundingClientRect().top + top;
    if (at < -AHEAD / 2 || at > window.innerHeight + AHEAD / 2) {
      window.scrollTo(0, window.scrollY + at - window.innerHeight / 3);
      show();
    }
    return build(list.items[place]);
  };

  lists.push(Object.assign(list, { show, reveal, resized: () => { heights.clear(); show(); } }));
  return list;
}

const visibleLists = () => lists.filter((list) => list.node.offsetParent);
let scrolled = false;
window.addEventListener("scroll", () => {
  if (scrolled) return;
  scrolled = true;
  requestAnimationFrame(() => {
    scrolled = false;
    for (const list of visibleLists()) list.show();
  });
}, { passive: true });
window.addEventListener("resize", () => {
  for (const list of visibleLists()) list.resized();
});
