// Lists the sections of a page; a click goes to one and unfolds it.

const attached = new WeakMap();
const REACHED = 140; // pixels from the top of the window: a section that begins above is the one that is read
const GROWS_MS = 3000; // a section that was unfolded gets what is in it from the server
let follow; // watches the section that was gone to last

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".contents");
  const page = root.ownerDocument;
  attached.get(root)?.();
  const placeOf = (section) => page.querySelector(`.${section.place}`);
  const links = data.sections.map((section) => button(section.title, () => go(placeOf(section))));
  root.replaceChildren(...links);
  const mark = () => {
    const read = data.sections.findLastIndex((section) => placeOf(section)?.getBoundingClientRect().top < REACHED);
    links.forEach((link, at) => link.setAttribute("aria-current", at === Math.max(read, 0)));
  };
  const scrolled = page.querySelector("[data-testid=stMain]");
  scrolled.addEventListener("scroll", mark, { passive: true });
  mark();
  const stop = () => scrolled.removeEventListener("scroll", mark);
  attached.set(root, stop);
  return stop;
}

function go(section) {
  if (!section) return;
  follow?.disconnect(); // or the section that was left takes the page back when it grows
  const summary = section.querySelector("summary");
  if (section.querySelector("details:not([open])")) {
    const grows = new ResizeObserver(() => section.scrollIntoView({ block: "start" }));
    grows.observe(section);
    setTimeout(() => grows.disconnect(), GROWS_MS);
    follow = grows;
    summary.click();
  }
  summary?.focus({ preventScroll: true });
  section.scrollIntoView({ block: "start" });
}
