"""No tokenizer and no chat template runs in the program that uses a library: look workers do it, and may be ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.jobs.look_pool import LookPool
from mistudio_core.jobs.look_protocol import Limits
from mistudio_core.library import Library
from tests.faults.hostile import add_tokenizer, library_with, plain_tokenizer

ROOT = Path(__file__).resolve().parents[2]
EVERY_LOOK = """
import sys
from mistudio_core.library import Library
library = Library.open(sys.argv[1])
talks, chat = sys.argv[2], {"tokenizer": "talker", "chat": "talk"}
text = {"tokenizer": "sample", "columns": ["text"]}
one, other = [record.id for record in library.tokenizations()][:2]
assert library.preview(chat, text="aha").num_tokens == 3
assert library.preview(text, dataset_id=talks).num_tokens > 1
assert library.source_text(talks, chat).text.startswith("2")
assert library.source_text(talks, text).text.startswith("aaa")
library.cautions(text), library.cautions(chat, talks)
assert len(library.estimate(talks, text).presets) > 2
library.left_out(talks, text)
made = library.tokenize(talks, chat)
assert made.recipe.chat_date is not None
library.wait(made.id)
library.sequence(one, 0)
assert library.search_tokens(one, text="aa").total > 0
assert library.compare([one, other]).partings
library.rare_ids(one)
assert library.verify(deep=True).problems == ()
library.snippets(one), library.tokenizers(), library.statistics(one), library.exports(one)
print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.fixture
def pool() -> Iterator[LookPool]:
    pool = LookPool()
    yield pool
    pool.close()


def children() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # one that has ended
            if "mistudio_core.work.looks" in child.cmdline():
                found.append(child)
    return found


def test_whoever_uses_a_library_loads_neither_tokenizers_nor_templates(tmp_path: Path) -> None:
    """A program that asks everything there is to ask has none of these packages in memory."""
    library, talks = library_with(tmp_path / "home", plain_tokenizer())
    template = "{{ strftime_now('%Y') }}{% for m in messages %}{{ m.content }}{% endfor %}"
    add_tokenizer(library, "talker", plain_tokenizer(), chat_template=template)
    for length in (8, 16):
        made = library.tokenize(talks, {"tokenizer": "sample", "columns": ["text"], "context_length": length})
        library.wait(made.id)
    asked = subprocess.run(
        [sys.executable, "-c", EVERY_LOOK, str(library.home.root), talks],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    packages = {"tokenizers", "jinja2", "transformers", "gigatoken", "datasets", "streamlit"}
    assert set(asked.stdout.split()) & packages == set()


def test_pages_of_the_app_load_no_tokenizers() -> None:
    code = (
        "import sys, mistudio_core.ui.app.shell, mistudio_core.ui.datasets.page, mistudio_core.ui.sequences.page\n"
        "import mistudio_core.ui.settings.page, mistudio_core.ui.jobs.page, mistudio_core.ui.statistics.compare_page\n"
        "templates = [name for name in sys.modules if name.endswith(('texts.chat', 'template_engine'))]\n"
        "print('tokenizers' in sys.modules, templates)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.stdout.split("\n")[0] == "False []", run.stderr


def test_a_second_look_at_a_tokenizer_takes_milliseconds(tmp_path: Path) -> None:
    library, _ = library_with(tmp_path / "home", plain_tokenizer())
    first = library.preview({"tokenizer": "hostile"}, text="hello")
    worker = {child.pid for child in children()}
    taken = []
    for _ in range(20):
        begun = time.perf_counter()
        assert library.preview({"tokenizer": "hostile"}, text="hello") == first
        taken.append(time.perf_counter() - begun)
    assert {child.pid for child in children()} == worker
    assert min(taken) < 0.05


def question(text: str, library: Library) -> dict[str, object]:
    stored = library.tokenizer("hostile")
    named = {"folder": str(stored.folder), "name": "x", "revision": None, "source": "file", "notes": []}
    return {"tokenizer": named, "text": text}


def test_a_worker_that_was_killed_is_replaced(tmp_path: Path, pool: LookPool) -> None:
    library, _ = library_with(tmp_path / "home", plain_tokenizer())
    before = {child.pid for child in children()}
    for _ in range(3):
        assert pool.ask("encode", question("ab", library), "it") == [64, 65]
        (worker,) = [child for child in children() if child.pid not in before]
        worker.kill()
        worker.wait()


def test_a_worker_dies_with_whoever_asked(tmp_path: Path) -> None:
    library, _ = library_with(tmp_path / "home", plain_tokenizer())
    code = (
        "import os, sys\nfrom mistudio_core.library import Library\nfrom mistudio_core.jobs import look_pool\n"
        f"Library.open({str(library.home.root)!r}).preview({{'tokenizer': 'hostile'}}, text='a')\n"
        "print(look_pool.pool._idle[0]._process.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    pid = int(run.stdout)
    until = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_many_threads_share_few_workers(tmp_path: Path, pool: LookPool) -> None:
    library, _ = library_with(tmp_path / "home", plain_tokenizer())
    before, most = {child.pid for child in children()}, []
    wrong = []

    def ask(text: str) -> None:
        for _ in range(20):
            if pool.ask("encode", question(text, library), "it") != [ord(letter) - 33 for letter in text]:
                wrong.append(text)
            most.append(len({child.pid for child in children()} - before))

    threads = [threading.Thread(target=ask, args=("x" * count,)) for count in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert 1 <= max(most) <= 2


def test_an_answer_beyond_its_limit_is_an_error_and_the_worker_stays(tmp_path: Path, pool: LookPool) -> None:
    library, _ = library_with(tmp_path / "home", plain_tokenizer())
    before = {child.pid for child in children()}
    pool.ask("encode", question("a", library), "it")
    own = {child.pid for child in children()} - before
    with pytest.raises(StudioError, match="makes more than 1,000 bytes") as raised:
        pool.ask("encode", question("a" * 1000, library), "It", Limits(num_bytes=1000))
    assert raised.value.code == "too_large"
    assert {child.pid for child in children()} - before == own


def test_a_fault_of_a_question_is_an_error_of_ours(pool: LookPool) -> None:
    with pytest.raises(StudioError) as raised:
        pool.ask("no such question", {}, "It")
    assert raised.value.code == "internal"


def test_a_look_worker_has_no_access_token(pool: LookPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_planted_for_looks")
    library, _ = library_with(tmp_path / "home", plain_tokenizer())
    before = {child.pid for child in children()}
    pool.ask("encode", question("a", library), "it")
    (worker,) = [child for child in children() if child.pid not in before]
    assert "hf_planted_for_looks" not in "".join(worker.environ().values())
    assert worker.pid != os.getpid()
