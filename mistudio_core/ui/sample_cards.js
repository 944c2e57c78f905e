// Draws samples as cards, or one text by itself. All that comes from a dataset becomes a text node: nothing here
// writes HTML.

// C0, C1, soft hyphens, marks, embeddings and overrides of direction, separators, zero-width and byte-order marks.
// Joiners stay as they are: Persian, Indic scripts and emoji are written with them.
const SIGNS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const C0 = ("NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC " +
  "FS GS RS US").split(" ");
const NAMES = { 0x7f: "DEL", 0xad: "SHY", 0x200b: "ZWSP", 0xfeff: "BOM" };
const DIRECTIONS = { "\u061c": "ALM", "\u200e": "LRM", "\u200f": "RLM" };

const state = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".cards");
  const before = state.get(root) ?? {};
  if (data.text || data.columns) {
    root.replaceChildren(...(data.text ? reading(data.text) : [columnsElement(data)]));
    return;
  }
  root.replaceChildren(...data.cards.map((card) => cardElement(card, setTriggerValue)));
  state.set(root, { turn: data.turn, focus: data.focus });
  const focused = [...root.children].find((card) => card.dataset.name === data.focus.split("|")[0]);
  if (focused) focused.classList.add("focus");
  if (focused && data.focus !== before.focus) {
    focused.scrollIntoView({ block: "center" });
  } else if (before.turn !== undefined && before.turn !== data.turn && root.getBoundingClientRect().top < 0) {
    root.scrollIntoView({ block: "start" });
  }
}

function cardElement(card, setTriggerValue) {
  const article = element("article");
  article.dataset.name = card.name;
  article.setAttribute("aria-label", `Sample ${card.title} ${card.split}`.trim());
  const text = card.pieces.join("");
  const isWhole = !card.empty && !card.cut_before && !card.cut_after;
  const open = () => setTriggerValue("open", card.open);
  const acts = element("span", "acts", [
    ...(isWhole ? [copyButton(text)] : []),
    button("Open", open, `Open sample ${card.title}`),
  ]);
  article.append(
    element("header", "", [
      element("h3", "", card.title),
      ...(card.split ? [element("span", "split", card.split)] : []),
      ...card.facts.map((fact) => element("span", "fact", fact)),
      acts,
    ]),
    textElement(card),
  );
  if (card.unfold) article.append(button(card.unfold, () => setTriggerValue("unfold", card.name), "", "unfold"));
  if (card.read) article.append(button(card.read, open, "", "unfold"));
  if (card.columns.length) article.append(columnsElement(card, open));
  return article;
}

function textElement(card) {
  if (card.empty) return element("div", "empty", card.empty);
  const text = element("div", "text", painted(card.pieces));
  if (card.cut_before) text.prepend(element("span", "count", "… "));
  if (card.cut_after) text.append(element("span", "count", " …"));
  return text;
}

function columnsElement(card, open) {
  const columns = card.columns.map((column) =>
    element("span", "column", [
      element("span", "name", signs(column.name)),
      column.kind === "nested"
        ? button(column.value, open, `Open ${column.name} of sample ${card.title}`)
        : element("span", column.kind, signs(column.value)),
    ]),
  );
  if (card.more) columns.push(button(`${card.more} more columns`, open));
  return element("div", "columns", columns);
}

// One text by itself, with steps from match to match.
function reading(pieces) {
  const text = element("div", "text", painted(pieces));
  const marks = [...text.querySelectorAll("mark")];
  const copy = copyButton(pieces.join(""));
  if (!marks.length) return [element("div", "steps", [copy]), text];
  let current = 0;
  const count = element("span", "count");
  const step = (by) => {
    marks[current].classList.remove("current");
    current = (current + by + marks.length) % marks.length;
    marks[current].classList.add("current");
    marks[current].scrollIntoView({ block: "center" });
    count.textContent = `Match ${current + 1} of ${marks.length}`;
  };
  requestAnimationFrame(() => step(0));
  const steps = [count, button("Previous", () => step(-1), "Previous match"), button("Next", () => step(1), "Next match")];
  return [element("div", "steps", [...steps, copy]), text];
}

// Plain and marked pieces by turns.
function painted(pieces) {
  return pieces.flatMap((piece, at) => (at % 2 ? [element("mark", "", signs(piece))] : signs(piece)));
}

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

function copyButton(text) {
  const copy = button("Copy", async () => {
    copy.textContent = (await copied(text)) ? "Copied" : "Could not copy";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  }, "Copy the text");
  return copy;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS a browser has no clipboard to write to but this one.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
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
