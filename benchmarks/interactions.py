"""What a visitor waits for, act by act: from a click to the first change on the page, and until nothing changes.

    python benchmarks/interactions.py [--rounds 10]

Fills a library with the example dataset and two tokenizations, starts the app on it, and drives it in Chromium, which
has to be on the PATH and shares the processors with the app. Times are the browser's own. An act has come to rest with
its last change before the page stood still for half a second; that half second does not count. Goals on two quiet cores
are printed beside what was measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence

from playwright.sync_api import Browser, Page

from benchmarks.pages import browser
from mistudio_core.library import Library
from tests.browser.acts import idle
from tests.browser.app_server import AppServer

VISITORS = 10
JOB_SAMPLES = 20_000  # the reference engine needs some seconds for them
WORDS = ("garden", "river", "winter", "letter", "kitchen", "morning", "bridge", "teacher", "window", "boat")

# Elements that come and go in the page and in its components count as changes; classes of what is hovered do not.
_WATCH = """() => {
  const change = () => { window.firstAt ||= performance.now(); window.lastAt = performance.now(); };
  const watched = new WeakSet();
  const watch = (root) => {
    if (watched.has(root)) return;
    watched.add(root);
    new MutationObserver(change).observe(root, {subtree: true, childList: true, characterData: true});
  };
  const begin = () => {
    window.actedAt = performance.now();
    window.firstAt = window.lastAt = 0;
    const main = document.querySelector("[data-testid=stMain]");
    watch(main);
    for (const host of main.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
      if (host.shadowRoot) watch(host.shadowRoot);
    }
  };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, begin, true);
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  window.rested = () => new Promise((resolve) => {
    const look = () => {
      const running = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
      const now = performance.now();
      if (window.lastAt && !running && now - window.lastAt > 500) {
        resolve([window.firstAt - window.actedAt, window.lastAt - window.actedAt]);
      } else if (now - window.actedAt > 60_000) resolve([NaN, NaN]);
      else setTimeout(look, 20);
    };
    look();
  });
  new MutationObserver((_, observer) => {
    if (!document.querySelector("[data-testid=stMain] h1")) return;
    window.titleAt = performance.now();
    observer.disconnect();
  }).observe(document, {subtree: true, childList: true});
}"""
_TITLED = "() => window.titleAt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    print("| act | first change, ms: median, p95 | at rest, ms: median, p95 | goal |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        app = AppServer(Path(folder) / "home")
        library = Library.open(app.home)
        ids = filled(library)
        app.start()
        try:
            with browser() as chromium:
                told("first page of a cold server", [], [first_page(chromium, app.url)], "3,000")
                told("first page of a warm one", [], [first_page(chromium, app.url) for _ in range(rounds)], "1,000")
                for name, (address, act) in acts(ids).items():
                    interacts(chromium, f"{app.url}/{address}", name, act, rounds)
                with_a_job(chromium, app, library)
        finally:
            app.stop()


def filled(library: Library) -> dict[str, str]:
    dataset = library.make_example()
    library.wait(dataset.id)
    made = [library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": length}) for length in (128, 64)]
    for one in made:
        library.wait(one.id)
    return {"id": dataset.id, "tok": made[0].id}


def acts(ids: Mapping[str, str]) -> Mapping[str, tuple[str, Callable[[Page, int], None]]]:
    """Return for each act where it begins and what is done; acts that open another page go back by themselves."""
    dataset = f"dataset?id={ids['id']}"

    def click(role: str, *names: str) -> Callable[[Page, int], None]:
        def act(page: Page, number: int) -> None:
            page.get_by_role(role, name=names[number % len(names)], exact=True).first.click()  # type: ignore[arg-type]

        return act

    def search(page: Page, number: int) -> None:
        box = page.get_by_role("searchbox", name="Search", exact=True)
        box.fill(WORDS[number % len(WORDS)])
        box.press("Enter")

    return {
        "next page of samples": (f"{dataset}&tab=Samples", click("button", "Next page")),
        "search": (f"{dataset}&tab=Samples", search),
        "tab": (dataset, click("tab", "Samples", "Overview")),
        "Statistics": (f"{dataset}&stats_of={ids['tok']}", click("tab", "Statistics", "Overview")),
        "next sequence": (f"sequences?id={ids['id']}&tok={ids['tok']}&sequence=3", click("button", "Next")),
        "open a dataset": ("", click("link", "Example stories", "Datasets")),
        "Jobs": ("", click("link", "Jobs", "Datasets")),
    }


def interacts(chromium: Browser, url: str, name: str, act: Callable[[Page, int], None], rounds: int) -> None:
    page = opened(chromium, url)
    first, rest = [], []
    for number in range(-1, rounds):  # the first does not count
        act(page, number + 1)
        changed, rested = page.evaluate("() => window.rested()")
        if number >= 0:
            first.append(changed)
            rest.append(rested)
    told(name, first, rest, "1,000" if name == "Statistics" else "200, 500")
    page.context.close()


def with_a_job(chromium: Browser, app: AppServer, library: Library) -> None:
    """Measure how far things move while a job is polled, and first pages of many visitors at once meanwhile."""
    dataset = library.make_example(JOB_SAMPLES)
    library.wait(dataset.id)
    page = opened(chromium, f"{app.url}/dataset?id={dataset.id}&tab=Tokenizations")
    recipe = {"tokenizer": "sample", "context_length": 128, "engine": "reference"}
    running = library.tokenize(dataset.id, recipe)
    page.reload()
    page.get_by_test_id("stProgress").first.wait_for()
    idle(page)
    before = page.evaluate("() => window.shifted")
    pages = [chromium.new_context().new_page() for _ in range(VISITORS)]
    for one in pages:
        one.add_init_script(f"({_WATCH})()")
        one.goto(app.url, wait_until="commit")
    times = [float(one.wait_for_function(_TITLED).json_value()) for one in pages]
    told(f"first page of {VISITORS} visitors at once, with a job", [], times, "1,500")
    library.wait(running.id)
    idle(page)
    print(f"| layout shift while the job was polled | {page.evaluate('() => window.shifted') - before:.3f} | | 0.02 |")


def first_page(chromium: Browser, url: str) -> float:
    """Return the milliseconds from the address to the title, for a visitor with an empty cache."""
    page = chromium.new_context().new_page()
    page.add_init_script(f"({_WATCH})()")
    page.goto(url, wait_until="commit")
    titled = float(page.wait_for_function(_TITLED).json_value())
    page.context.close()
    return titled


def opened(chromium: Browser, url: str) -> Page:
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(f"({_WATCH})()")
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    idle(page)
    return page


def told(name: str, first: Sequence[float], rest: Sequence[float], goal: str) -> None:
    print(f"| {name} | {_spread(first)} | {_spread(rest)} | {goal} |", flush=True)


def _spread(times: Sequence[float]) -> str:
    ordered = sorted(times)
    if len(ordered) < 2:
        return f"{ordered[0]:,.0f}" if ordered else ""
    return f"{ordered[len(ordered) // 2]:,.0f}, {ordered[int(len(ordered) * 0.95)]:,.0f}"


if __name__ == "__main__":
    main()
