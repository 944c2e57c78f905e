// Draws tokens one after the other in colours that tell them apart, or hits of a search with what stands beside them.

const COLOURS = 4;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tokens");
  root.replaceChildren(...(data.hits ? hitElements(data.hits, setTriggerValue) : rowElements(data, setTriggerValue)));
  if (data.mark) root.querySelector(".mark")?.scrollIntoView({ block: "nearest" });
}

function rowElements(data, setTriggerValue) {
  const spans = data.tokens.map((token, at) => tokenElement(token, at + data.first, data.mark));
  const row = element("div", "row");
  const seams = new Map(data.parts.map((part, number) => [Math.max(part.start, data.first), { part, number }]));
  spans.forEach((span, at) => {
    const seam = seams.get(at + data.first);
    if (seam) {
      const open = () => setTriggerValue("sample", seam.number);
      row.append(element("div", "seam", [button(seam.part.label, open, `Open sample ${seam.part.label}`)]));
    }
    row.append(span);
  });
  return [aboutElement(data, row, setTriggerValue), row];
}

function tokenElement([id, text, special], position, mark) {
  const inMark = mark && position >= mark[0] && position < mark[1];
  const kind = special ? "special" : `c${position % COLOURS}`;
  const span = element("span", `token ${kind}${inMark ? " mark" : ""}`, lines(text));
  span.dataset.position = position;
  span.title = `position ${position}, id ${id}`;
  return span;
}

// A line end is shown, and ends the line too.
function lines(text) {
  return text.split("\n").flatMap((line, at) => (at ? [element("span", "newline", "\n"), ...signs(line)] : signs(line)));
}

// The line that tells of the token under the pointer, or of the one that was clicked.
function aboutElement(data, row, setTriggerValue) {
  const words = element("span", "", "Hover over a token for its id and position; click it to search for it.");
  const find = element("span");
  let pinned = null;
  const tell = (span) => {
    const position = Number(span.dataset.position);
    const [id, text, special] = data.tokens[position - data.first];
    words.textContent = `Position ${position} · id ${id} · ${JSON.stringify(text)}${special ? " · control token" : ""}`;
    return id;
  };
  row.onmouseover = (event) => {
    const span = event.target.closest(".token");
    if (span) tell(span);
  };
  row.onmouseleave = () => pinned && tell(pinned);
  row.onclick = (event) => {
    const span = event.target.closest(".token");
    if (!span) return;
    pinned?.classList.remove("pinned");
    pinned = span;
    span.classList.add("pinned");
    const id = tell(span);
    find.replaceChildren(button("Find this token", () => setTriggerValue("find", id)));
  };
  return element("div", "about", [words, find]);
}

function hitElements(hits, setTriggerValue) {
  return hits.map((hit, number) => {
    const open = () => setTriggerValue("hit", number);
    const left = element("span", "left", [element("span", "", flat(hit.left))]);
    const line = element("div", "hit", [
      button(hit.label, open, `Open ${hit.label} at position ${hit.at}`),
      left,
      element("span", "match mark", flat(hit.match)),
      element("span", "right", flat(hit.right)),
    ]);
    line.title = `position ${hit.at}${hit.sample}`;
    return line;
  });
}

// On one line a line end is only a sign.
function flat(text) {
  return text.split("\n").flatMap((line, at) => (at ? [element("span", "newline", " "), ...signs(line)] : signs(line)));
}
