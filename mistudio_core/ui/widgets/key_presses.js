// Listens to keys on the page, and lists them under a button and under `?`.

const listening = new WeakMap();
const OWN_KEYS = "input, textarea, select, [contenteditable=true], [role=tablist], [role=radiogroup], [role=listbox], canvas";

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".keys");
  const page = root.ownerDocument;
  listening.get(root)?.();
  if (data.first) return goTo(data.first, root);
  const list = element("dl", "list", data.presses.flatMap((press) => [
    element("dt", "", press.shown.map((name) => element("kbd", "", name))),
    element("dd", "", press.does),
  ]));
  list.hidden = root.querySelector(".list")?.hidden ?? true;
  const toggle = () => (list.hidden = !list.hidden);
  const open = button("?", toggle, "Keys");
  open.title = "Keys";
  root.replaceChildren(open, list);
  const listen = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.composedPath().some((part) => part.matches?.(OWN_KEYS))) return;
    const dialog = page.querySelector("[role=dialog]");
    if (dialog && !dialog.contains(root.getRootNode().host ?? root)) return;
    if (event.key === "?") return toggle();
    const place = data.presses.findIndex((press) => press.keys.includes(event.key));
    const press = data.presses[place];
    if (!press || !(press.acts || press.focus)) return;
    event.preventDefault();
    if (press.focus) page.querySelector(press.focus)?.focus();
    else setTriggerValue("pressed", place);
  };
  page.addEventListener("keydown", listen);
  const stop = () => page.removeEventListener("keydown", listen);
  listening.set(root, stop);
  return stop;
}

// Goes to an element once, and once more where a dialog that opens has taken the focus for its button since.
function goTo(selector, root) {
  if (root.dataset.gone) return;
  root.dataset.gone = "1";
  const page = root.ownerDocument;
  const go = () => {
    if (!page.activeElement?.matches("input")) page.querySelector(selector)?.focus({ preventScroll: true });
  };
  go();
  page.defaultView.setTimeout(go, 200);
}
