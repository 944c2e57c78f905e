// Draws samples as cards, or one text or the columns of one sample by themselves.

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
      element("h2", "", card.title),
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
