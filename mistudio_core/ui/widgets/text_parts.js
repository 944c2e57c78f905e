// What the components share: text of others becomes text nodes, and signs that nobody would see get a name. Nothing
// writes HTML.

// C0, C1, soft hyphens, marks, embeddings and overrides of direction, separators, zero-width and byte-order marks.
// Joiners stay as they are: Persian, Indic scripts and emoji are written with them.
const SIGNS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const C0 = ("NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC " +
  "FS GS RS US").split(" ");
const NAMES = { 0x7f: "DEL", 0xad: "SHY", 0x200b: "ZWSP", 0xfeff: "BOM" };
const DIRECTIONS = { "\u061c": "ALM", "\u200e": "LRM", "\u200f": "RLM" };

// Signs that nobody would see get a name; they stay in the text themselves, so that a copy has them.
function signs(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(SIGNS)) {
    if (found.index > at) nodes.push(text.slice(at, found.index));
    nodes.push(...sign(found[0]));
    at = found.index + found[0].length;
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function sign(character) {
  const code = character.codePointAt(0);
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const direction = DIRECTIONS[character];
  // An override must not reach out of its sign; a mark of direction has to, or the line would read wrongly.
  const span = element("span", "sign", direction ? "" : character);
  span.dataset.sign = direction ?? C0[code] ?? NAMES[code] ?? number;
  span.title = number;
  return direction ? [span, character] : [span];
}

function button(label, act, description = "", kind = "") {
  const made = element("button", kind, label);
  made.type = "button";
  made.onclick = act;
  if (description) made.setAttribute("aria-label", description);
  return made;
}

function element(tag, kind = "", content = []) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}
