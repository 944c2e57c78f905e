"""Every page in both themes, zoomed and on a telephone: pictures to look at, nothing cut off, for everybody to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import pytest
from playwright.sync_api import Page

from mistudio_core.library import Library
from tests.browser.accessibility import violations
from tests.browser.acts import idle, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.support.staged import StagedLibrary, a_dataset

PAGES = {
    "datasets": "",
    "overview": "dataset?id={id}",
    "samples": "dataset?id={id}&tab=Samples",
    "samples-search": "dataset?id={id}&tab=Samples&q=the+snow&split=train&min_chars=100",
    "samples-reading": "dataset?id={id}&tab=Samples&q=snow&mode=substring&open=2",
    "tokens": "sequences?id={id}&tok={tok}&sequence=3",
    "tokens-search": "sequences?id={id}&tok={tok}&text=%20snow",
    "tokenizations": "dataset?id={id}&tab=Tokenizations",
    "statistics": "dataset?id={id}&tab=Statistics",
    "statistics-of-tokens": "dataset?id={id}&tab=Statistics&stats_of={tok}",
    "compare": "compare?ids={tok},{other}",
    "jobs": "jobs",
    "settings": "settings",
}
# What is opened on a page when it has been looked at, by the names of buttons; every fold is opened too.
OPENED = {
    "overview": ["More", "Delete…"],
    "samples": ["Filters", "Keys"],
    "tokenizations": ["New tokenization", "Training code", "Export"],
    "statistics": ["Save"],
    "statistics-of-tokens": [],
    "jobs": [],
}
WIDTHS = {"": 1280, "-phone": 390}
ZOOMED = 640  # what is left of 1,280 pixels at 200 %
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
HEIGHT = 900

# Resolves when nothing in the page has changed for a moment.
STILL = """() => new Promise((resolve) => {
  const quiet = 250;
  const done = () => { watcher.disconnect(); resolve(true); };
  let timer = setTimeout(done, quiet);
  const watcher = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, quiet); });
  watcher.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
})"""
SCHEME = """() => {
  const [r, g, b] = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/\\d+/g);
  return Number(r) + Number(g) + Number(b) < 384 ? 'dark' : 'light';
}"""
UNNAMED_CHARTS = "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')].filter(e => !e.ariaLabel).length"

CONTRAST = """() => {
  const above = (e) => e.parentElement ?? e.getRootNode().host;  // out of a component too
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const over = (top, below) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a));
  };
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = above(e)) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length && colour[3] !== 0) { layers.push(colour); if ((colour[3] ?? 1) === 1) break; }
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const shown = (element) => {
    for (let e = element; e; e = above(e)) {
      const style = getComputedStyle(e);
      if (style.visibility === 'hidden' || style.display === 'none' || e.disabled) return 0;
    }
    return 1;
  };
  const opacity = (element) => {
    let product = 1;
    for (let e = element; e; e = above(e)) product *= Number(getComputedStyle(e).opacity);
    return product;
  };
  const found = [];
  const within = (root) => {
    const texts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode);
    const inner = [...root.querySelectorAll('*')].filter((e) => e.shadowRoot).flatMap((e) => within(e.shadowRoot));
    return [...texts, ...inner];
  };
  for (const text of within(document.querySelector('[data-testid=stApp]'))) {
    const element = text.parentElement;
    if (!element) continue;  // a style of a component
    const words = text.textContent.trim();
    const box = element.getBoundingClientRect();
    if (!words || !box.width || !shown(element)) continue;
    if (element.closest('svg, canvas, style, script, [aria-hidden=true]')) continue;
    const below = ground(element);
    const colour = parse(getComputedStyle(element).color);
    const visible = over([...colour.slice(0, 3), (colour[3] ?? 1) * opacity(element)], below);
    const [high, low] = [light(visible), light(below)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${words.slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    yield from served(AppServer(tmp_path_factory.mktemp("looks") / "home"))


@pytest.fixture(scope="module")
def ids(app: AppServer) -> dict[str, str]:
    """Fill the library: the sample with its tokenization, and a failed download."""
    library = Library.open(app.home)
    dataset = library.make_example()
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128})
    library.wait(tokenization.id)
    other = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 64, "preset": "per_document"})
    library.wait(other.id)
    error = {"code": "hub_unreachable", "message": "The Hub did not answer within 60 s.", "hint": "Try again later."}
    StagedLibrary(app.home).ended("download", a_dataset("OpenWebText-2M", repo_id="maxtli/OpenWebText-2M"), error)
    library.rebuild()
    return {"id": dataset.id, "tok": tokenization.id, "other": other.id}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read(app: AppServer, ids: dict[str, str], open_page: OpenPage, name: str) -> None:
    page = open_page(f"{app.url}/{PAGES[name].format(**ids)}", scheme=SCHEMES[0])
    page.get_by_role("heading", level=1).wait_for()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for look, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": HEIGHT})
            _drawn(page)
            _picture_whole(page, f"{name}-{scheme}{look}")
            assert page.evaluate(SCHEME) == scheme
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page is cut off"
            main = page.get_by_test_id("stMain")
            assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), "the page scrolls sideways"
            assert page.evaluate(CONTRAST) == []
            assert page.evaluate(UNNAMED_CHARTS) == 0, "a chart has no alternative text"
            if look == "" or scheme == SCHEMES[0]:  # a telephone has the same colours
                assert violations(page) == []
    page.set_viewport_size({"width": ZOOMED, "height": HEIGHT // 2})
    _drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page is cut off at 200 %"
    if name in OPENED:
        page.set_viewport_size({"width": WIDTHS[""], "height": HEIGHT})
        _opened(page, OPENED[name])
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            _drawn(page)
            picture(page, f"{name}-opened-{scheme}")
            assert page.evaluate(CONTRAST) == []
            assert violations(page) == []


def _opened(page: Page, buttons: Sequence[str]) -> None:
    """Open every fold and press these buttons, one after the other."""
    folds = page.locator("details:not([open]) > summary")
    while folds.count():
        folds.first.click()
        idle(page)
    for name in buttons:
        page.get_by_role("button", name=name).first.click()
        idle(page)


def _drawn(page: Page) -> None:
    """Wait until the script has ended and what it sent is drawn: charts follow after it."""
    idle(page)
    page.evaluate(STILL)


def _picture_whole(page: Page, name: str) -> None:
    """Take the page at its full height: it scrolls inside, so the window is made as high as what is in it."""
    width = page.viewport_size["width"] if page.viewport_size else 1280
    height = page.get_by_test_id("stMain").evaluate("e => Math.max(e.scrollHeight, 800)")
    page.set_viewport_size({"width": width, "height": min(int(height), 4000)})
    page.evaluate(STILL)
    picture(page, name)
