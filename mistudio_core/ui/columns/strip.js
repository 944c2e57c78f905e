// Draws the cells of the columns: bars to click or to drag over, and values to click.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".strip");
  const scrolled = root.scrollLeft;
  root.replaceChildren(...data.cells.map((cell, place) => cellElement(cell, place, setTriggerValue)));
  root.scrollLeft = scrolled;
}

function cellElement(cell, place, setTriggerValue) {
  const made = element("section", cell.bars.some((bar) => bar.on) ? "cell on" : "cell");
  made.setAttribute("aria-label", `Column ${cell.name}`);
  const name = cell.sorts
    ? button(cell.name, () => setTriggerValue("sort", place), `Sort by ${cell.name}`, "name")
    : element("span", "name", signs(cell.name));
  name.title = cell.sorts ? `${cell.name}: sort` : cell.name;
  made.append(element("div", "head", [name, element("span", "type", signs(cell.type))]));
  const pick = (first, last) =>
    setTriggerValue("pick", { cell: place, first: Math.min(first, last), last: Math.max(first, last) });
  made.append(cell.values ? valuesElement(cell, pick) : barsElement(cell, pick));
  const foot = cell.values ? [cell.note] : cell.ends.length ? [cell.ends[0], cell.note, cell.ends[1]] : [cell.note];
  made.append(element("div", "foot", foot.map((words) => element("span", "", words))));
  return made;
}

function valuesElement(cell, pick) {
  return element("div", "values", cell.bars.map((bar, at) => {
    const line = element("button", bar.on ? "value on" : "value", [
      element("span", "label", signs(bar.label)),
      element("span", "share", bar.share),
    ]);
    line.type = "button";
    line.style.setProperty("--part", `${100 * bar.part}%`);
    line.title = `${bar.label}: ${bar.count}`;
    line.setAttribute("aria-label", `Filter ${cell.name} ${bar.label}, ${bar.count}`);
    line.setAttribute("aria-pressed", String(bar.on));
    line.disabled = !cell.picks;
    line.onclick = () => pick(at, at);
    return line;
  }));
}

function barsElement(cell, pick) {
  const chart = element("div", "bars");
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", cell.bars.length ? `Histogram of ${cell.name}, ${cell.ends.join(" to ")}` : "No values");
  const bars = cell.bars.map((bar) => {
    const made = element("span", bar.on ? "bar on" : "bar", [element("i")]);
    made.firstChild.style.height = bar.part ? `max(2px, ${100 * bar.part}%)` : "0";
    made.title = `${bar.label}: ${bar.count}`;
    return made;
  });
  chart.append(...bars);
  if (!cell.picks || !bars.length) return chart;
  chart.classList.add("picks");
  let from = null;
  const at = (event) => {
    const box = chart.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * bars.length);
    return Math.max(0, Math.min(bars.length - 1, place));
  };
  const show = (first, last) =>
    bars.forEach((bar, number) => bar.classList.toggle("drag", number >= Math.min(first, last) && number <= Math.max(first, last)));
  chart.onpointerdown = (event) => {
    from = at(event);
    chart.setPointerCapture(event.pointerId);
    show(from, from);
  };
  chart.onpointermove = (event) => from !== null && show(from, at(event));
  chart.onpointercancel = () => { from = null; show(-1, -1); };
  chart.onpointerup = (event) => {
    if (from === null) return;
    const first = from;
    from = null;
    pick(first, at(event));
  };
  return chart;
}
