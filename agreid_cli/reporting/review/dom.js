// Small DOM helpers. Text is always inserted as text, never as markup.

const $ = (id) => document.getElementById(id);

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && !name.includes("-") && name !== "list") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function picture(track, at, height) {
  const [w, h] = track.sizes[at];
  return el("img", {
    src: track.src[at], loading: "lazy", decoding: "async", alt: "",
    height, width: Math.max(1, Math.round((w / h) * height)),
  });
}

/** Put `nodes` into `parent` without touching those that stay: focus and scroll survive. */
function arrange(parent, nodes) {
  const stay = new Set(nodes);
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] || null);
  });
}

function say(text) {
  if (text) $("said").textContent = text;
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function typing(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]):not([type=radio]), select, textarea");
}
