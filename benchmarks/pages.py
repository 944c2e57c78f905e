"""What a person waits for in the browser, with the real app: from a click to the drawn text.

    python benchmarks/pages.py [--data FILE.parquet] [--home FOLDER] [--rounds 25]

FILE is any file that can be imported; without it the built-in sample dataset is made. With `--home` the library is kept
there and used again. Needs Chromium on the PATH. Times are the browser's own, from the event of the click or key to the
frame in which the first text of the new page stands, so they hold all that lies between: the request, the query, the
answer and the drawing. Memory is that of the server's process.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from mistudio_core.library import Library
from mistudio_core.records import Dataset
from tests.browser.acts import idle
from tests.browser.app_server import AppServer

PAGE_SIZE = 50
IDLE_S = 10
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

# `first` names the sample that stands first and its first mark; `drawn` resolves with the time since the last act.
_WATCH = """() => {
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => (window.actedAt = performance.now()), true);
  }
  window.first = () => {
    for (const host of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
      const card = host.shadowRoot?.querySelector("article");
      if (card) return `${card.dataset.name}|${card.querySelector("mark")?.textContent ?? ""}`;
    }
    return "";
  };
  window.drawn = (before) => new Promise((resolve) => {
    const look = () => {
      const now = window.first();
      if (now && now !== before) requestAnimationFrame(() => resolve(performance.now() - window.actedAt));
      else if (performance.now() - window.actedAt > 60_000) resolve(NaN);
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


def main() -> None:
    """Run every part and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = (options.home or Path(folder) / "home").resolve()
        dataset = made(home, options.data)
        print(f"{dataset.name}: {dataset.num_samples:,} samples")
        app = AppServer(home)
        app.log = Path(folder) / "server.log"
        app.start()
        try:
            with browser() as chromium:
                rests(chromium, app)
                opens(chromium, app, dataset, options.rounds)
                turns(chromium, app, dataset, options.rounds)
                finds(chromium, app, home, dataset, options.rounds)
            line("memory of the app after all that", f"{memory_mb(app):.0f} MB")
        finally:
            app.stop()


def made(home: Path, data: Path | None) -> Dataset:
    """Return the dataset of the file, making it where the library does not hold it, with its index of words."""
    library = Library.open(home)
    name = "Benchmark of pages" if data is None else data.stem
    there = [dataset for dataset in library.datasets(status="ready") if dataset.name == name]
    if there:
        return there[0]
    begun = library.make_example() if data is None else library.import_files([data], name=name)
    library.wait(begun.id)
    for job in library.jobs(begun.id, active=True):
        library.wait(job.id)
    library.rename(begun.id, name=name)
    return library.dataset(begun.id)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


def launched(playwright: Playwright) -> Browser:
    """Start Chromium, the headless shell where there is one."""
    path = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("No Chromium was found on the PATH.")
    return playwright.chromium.launch(executable_path=path, args=_FLAGS)


def rests(chromium: Browser, app: AppServer) -> None:
    """What a page costs that nobody touches."""
    page = chromium.new_page()
    asked: list[str] = []
    page.goto(app.url)
    idle(page)
    page.close()
    page = chromium.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: asked.append("a message")))
    page.goto(app.url)
    idle(page)
    before = len(asked)
    page.wait_for_timeout(1000 * IDLE_S)
    line("memory of the app with an idle page", f"{memory_mb(app):.0f} MB")
    line(f"requests of an idle page in {IDLE_S} s", str(len(asked) - before))
    page.close()


def opens(chromium: Browser, app: AppServer, dataset: Dataset, rounds: int) -> None:
    """Coming from outside to the first page and to the samples, each time in a new browser without a cache."""

    def first_page() -> float:
        page = chromium.new_context().new_page()
        page.goto(app.url, wait_until="commit")
        found = page.wait_for_function(
            "name => document.querySelector('[data-testid=stMain]')?.innerText.includes(name) && performance.now()",
            arg=dataset.name,
            polling="raf",
        )
        time = float(found.json_value())
        page.context.close()
        return time

    def samples() -> float:
        page = chromium.new_context().new_page()
        page.add_init_script(f"({_WATCH})()")
        page.goto(samples_url(app, dataset), wait_until="commit")
        time = float(page.evaluate("() => { window.actedAt = 0; return window.drawn(''); }"))
        page.context.close()
        return time

    spread("first page of a warm server", first_page, min(rounds, 10))
    spread("address of the samples, to the first text", samples, min(rounds, 10))
    page = opened(chromium, samples_url(app, dataset))

    def tab() -> float:
        page.get_by_role("tab", name="Overview").click()
        page.wait_for_function("() => !window.first()")
        idle(page)
        page.get_by_role("tab", name="Samples").click()
        return float(page.evaluate("() => window.drawn('')"))

    spread("tab of the samples, to the first text", tab, min(rounds, 10))
    page.context.close()


def turns(chromium: Browser, app: AppServer, dataset: Dataset, rounds: int) -> None:
    """From page to page, and by chance."""
    page = opened(chromium, samples_url(app, dataset))
    last = -(-dataset.num_samples // PAGE_SIZE)

    def click(button: str) -> float:
        before = page.evaluate("() => window.first()")
        page.get_by_role("button", name=button, exact=True).first.click()
        return float(page.evaluate("before => window.drawn(before)", before))

    def there_and_back() -> float:
        shows_first = page.evaluate("() => window.first()").endswith(":0|")
        return click(f"Page {last}" if shows_first else "Page 1")

    spread("next page", lambda: rested(page, click("Next page")), min(rounds, last - 3))
    page.goto(samples_url(app, dataset))
    page.wait_for_function("() => window.first()")
    idle(page)
    spread("last page and first page by turns", lambda: rested(page, there_and_back()), rounds)
    page.goto(f"{samples_url(app, dataset)}&by=chars")
    page.wait_for_function("() => window.first()")
    idle(page)
    spread("next page, sorted by length", lambda: rested(page, click("Next page")), min(rounds, last - 3))
    page.context.close()


def finds(chromium: Browser, app: AppServer, home: Path, dataset: Dataset, rounds: int) -> None:
    """From the key that ends a search to its first hit, drawn and marked."""
    texts = [sample.text or "" for sample in Library.open(home).samples(dataset.id, limit=200).rows]
    words = sorted({word for text in texts for word in re.findall(r"\b[a-z]{4,9}\b", text)})
    chance = random.Random(0)
    for name, mode in {"words": "words", "a substring": "substring", "an expression": "regex"}.items():
        page = opened(chromium, f"{samples_url(app, dataset)}&mode={mode}")
        wanted = iter(chance.sample(words, min(len(words), rounds + 1)))

        def search(page: Page = page, wanted: Iterator[str] = wanted) -> float:
            before = page.evaluate("() => window.first()")
            box = page.get_by_role("searchbox", name="Search", exact=True)
            box.fill(next(wanted))
            box.press("Enter")
            return rested(page, float(page.evaluate("before => window.drawn(before)", before)))

        spread(f"search for {name}, to the first hit", search, min(rounds, len(words) - 1))
        page.context.close()


def samples_url(app: AppServer, dataset: Dataset) -> str:
    return f"{app.url}/dataset?id={dataset.id}&tab=Samples"


def opened(chromium: Browser, url: str) -> Page:
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(f"({_WATCH})()")
    page.goto(url)
    page.wait_for_function("() => window.first()")
    idle(page)
    return page


def rested(page: Page, time: float) -> float:
    """Return a time when the page has come to rest, so that the next act finds it as a reader would."""
    idle(page)
    return time


def memory_mb(app: AppServer) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{app.process_id}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def spread(name: str, act: Callable[[], float], rounds: int) -> None:
    """Print the middle and the 95th hundredth of the times that an act returns, after one that does not count."""
    act()
    times = sorted(act() for _ in range(rounds))
    line(name, f"p50 {times[len(times) // 2]:.0f} ms, p95 {times[int(len(times) * 0.95)]:.0f} ms")


def line(name: str, value: str) -> None:
    print(json.dumps({name: value}, ensure_ascii=False)[1:-1], flush=True)


if __name__ == "__main__":
    main()
