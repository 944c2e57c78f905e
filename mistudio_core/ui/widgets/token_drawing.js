// Draws tokens one after the other in colours that tell them apart.

const COLOURS = 4;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tokens");
  root.replaceChildren(...rowElements(data, setTriggerValue));
  if (data.mark) root.querySelector(".mark")?.scrollIntoView({ block: "nearest" });
}

function rowElements(data, setTriggerValue) {
  const spans = data.tokens.map((token, at) => tokenElement(token, at + data.first, data.mark));
  const row = element("div", "row");
  row.tabIndex = 0;
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Tokens: arrow keys choose one, with Shift several, Enter searches for them");
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

// The line that tells of the token under the pointer, or of the run of tokens that was chosen: by a click and another
// one with Shift, or with the arrow keys.
function aboutElement(data, row, setTriggerValue) {
  const words = element("span", "", "Hover over a token for its id and position; click it to search for it, Shift and click another for all between.");
  words.setAttribute("role", "status");
  const find = element("span");
  const spans = [...row.querySelectorAll(".token")];
  let anchor = null;
  let end = null;
  const places = () => Array.from({ length: Math.abs(end - anchor) + 1 }, (_, step) => Math.min(anchor, end) + step);
  const tell = (place) => {
    const [id, text, special] = data.tokens[place];
    words.textContent = `Position ${place + data.first} · id ${id} · ${JSON.stringify(text)}${special ? " · control token" : ""}`;
  };
  const tellChosen = () => {
    if (anchor === end) return tell(anchor);
    const text = places().map((place) => data.tokens[place][1]).join("");
    words.textContent = `Positions ${Math.min(anchor, end) + data.first} to ${Math.max(anchor, end) + data.first} · ${JSON.stringify(text)}`;
  };
  const search = () => setTriggerValue("find", places());
  const choose = (place, extends_) => {
    for (const span of row.querySelectorAll(".pinned")) span.classList.remove("pinned");
    end = place;
    if (!extends_ || anchor === null) anchor = place;
    for (const at of places()) spans[at].classList.add("pinned");
    tellChosen();
    find.replaceChildren(button(anchor === end ? "Find this token" : `Find these ${places().length} tokens`, search));
  };
  row.onmouseover = (event) => {
    const span = event.target.closest(".token");
    if (span) tell(Number(span.dataset.position) - data.first);
  };
  row.onmouseleave = () => anchor !== null && tellChosen();
  row.onmousedown = (event) => event.shiftKey && event.preventDefault(); // or the text between would be selected
  row.onclick = (event) => {
    const span = event.target.closest(".token");
    if (span) choose(Number(span.dataset.position) - data.first, event.shiftKey);
  };
  row.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !spans.length) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) choose(end === null ? 0 : Math.min(spans.length - 1, Math.max(0, end + step)), event.shiftKey);
    else if (event.key === "Enter" && anchor !== null) search();
    else return;
    spans[end].scrollIntoView({ block: "nearest" });
    event.preventDefault();
  };
  return element("div", "about", [words, find]);
}
