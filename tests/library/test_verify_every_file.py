"""Every file of a finished dataset and of a tokenization is checked: one changed byte anywhere is seen and named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mistudio_core.checksums import file_entries, renew_entry, seal_problem, write_sealed
from mistudio_core.file_names import SAMPLE_INDEX
from mistudio_core.files import file_sha256, read_json, walk_files
from mistudio_core.library import Library
from mistudio_core.store.samples.index import build_index

RECIPES = [
    {"context_length": 32},
    {"context_length": 32, "preset": "saelens"},
    {"context_length": 32, "remainder": "pad", "padding_column": "length", "shuffle_seed": 3},
]
EXPECTED = {
    "dataset.json", "user.json", "statistics.json", "samples.duckdb", "checksums.json", "meta.json", "manifest.json",
    "statistics.npz",
    "state.json", "dataset_info.json", "sae_lens.json", "lengths", "skipped", "sequence_lengths", "marks",
}  # fmt: skip
EMPTY_LOCKS = re.compile(r"\..*\.lock")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = Library.open(tmp_path_factory.mktemp("verify") / "home")
    dataset = made.make_example(120)
    assert made.wait(dataset.id, timeout=300).status == "succeeded"
    for job in made.jobs(active=True):  # the index of words follows by itself
        made.wait(job.id, timeout=300)
    for recipe in RECIPES:
        assert made.wait(made.tokenize(dataset.id, {"tokenizer": "sample"} | recipe).id, timeout=300).error is None
    if not (made.home.dataset(dataset.id) / "search").is_dir():
        assert made.wait(made.build_search_index(dataset.id).id, timeout=300).status == "succeeded"
    made.rename(dataset.id, name="Größe 1", notes="2 of 3")
    return made


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes() or b" ")
    data[place] ^= 1
    path.write_bytes(data)


def test_every_file_is_covered(library: Library) -> None:
    assert library.verify(deep=True).problems == ()
    (dataset,) = library.datasets()
    files = [path for path in walk_files(library.home.dataset(dataset.id)) if not EMPTY_LOCKS.fullmatch(path.name)]
    assert {path.name for path in files} >= EXPECTED
    for path in files:
        data = path.read_bytes()
        for place in {0, len(data) // 2, max(0, len(data) - 1)}:
            flip(path, place)
            problems = library.verify().problems
            assert len(problems) == 1, (path, place, problems)
            assert str(path) in problems[0], (path, place, problems)
            path.write_bytes(data)
    assert library.verify().problems == ()


@pytest.mark.parametrize("name", ["statistics.json", "dataset.json", "manifest.json", "sae_lens.json", "user.json"])
def test_a_number_changed_by_hand_is_seen(library: Library, name: str) -> None:
    (dataset,) = library.datasets()
    for path in library.home.dataset(dataset.id).rglob(name):
        data = path.read_text("utf-8")
        digits = list(re.finditer(r"\d", data))
        for found in digits[:: max(1, len(digits) // 4)]:
            digit = str((int(found[0]) + 1) % 10)
            path.write_text(data[: found.start()] + digit + data[found.end() :], "utf-8")
            assert any(str(path) in problem for problem in library.verify(deep=True).problems), (path, found)
        path.write_text(data, "utf-8")


def test_an_index_that_was_built_again_is_sound(library: Library, tmp_path: Path) -> None:
    (dataset,) = library.datasets()
    folder = library.home.dataset(dataset.id)
    (folder / SAMPLE_INDEX).unlink()
    shutil.rmtree(folder / "search")
    assert [SAMPLE_INDEX in problem for problem in library.verify().problems] == [True]
    library.wait(library.build_search_index(dataset.id).id, timeout=300)
    assert library.verify().problems == ()
    (folder / SAMPLE_INDEX).unlink()
    library.samples(dataset.id, sort="chars")  # makes a small one again by itself
    assert library.verify().problems == ()


@pytest.mark.parametrize("ending", ["put_in_place", "renew_entry"])
def test_a_build_that_is_killed_at_the_last_step_leaves_a_sound_index(
    library: Library, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    (dataset,) = library.datasets()
    folder = library.home.dataset(dataset.id)
    with (folder / SAMPLE_INDEX).open("ab") as file:  # as if another version had built it
        file.write(b"older")
    renew_entry(folder / "dataset.json", SAMPLE_INDEX)
    assert library.verify().problems == ()
    before = file_sha256(folder / SAMPLE_INDEX)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"mistudio_core.store.samples.index.{ending}", killed)
        with pytest.raises(Killed):
            build_index(folder)
    assert (file_sha256(folder / SAMPLE_INDEX) == before) == (ending == "put_in_place")
    assert library.verify().problems == ()
    flip(folder / SAMPLE_INDEX, 100)
    assert [SAMPLE_INDEX in problem for problem in library.verify().problems] == [True]
    build_index(folder)
    entries = (read_json(folder / "dataset.json") or {})["sidecars"]
    assert sorted(entry["file"] for entry in entries) == sorted({entry["file"] for entry in entries})
    assert library.verify().problems == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('"a":1', '"a":2'),
        lambda text: text.replace('"sha256"', '"sha257"'),
        lambda text: text.replace('"b"', '"c"'),
        lambda text: text.replace(":", ": ", 1),
        lambda text: text[:-1],
        lambda text: text.replace("x", "\\ud800"),
        lambda text: "[]",
    ],
)
def test_a_sealed_document_tells_of_any_change(tmp_path: Path, damage: Callable[[str], str]) -> None:
    path = tmp_path / "some.json"
    write_sealed(path, {"a": 1, "b": [2.5, "x", None]})
    assert seal_problem(path) is None
    changed = damage(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    assert str(path) in str(seal_problem(path))


def test_documents_from_before_there_were_seals_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(json.dumps({"a": 1, "files": []}))
    assert seal_problem(path) is None


def test_of_two_builders_the_last_one_has_the_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, index = tmp_path / "dataset.json", tmp_path / SAMPLE_INDEX
    index.write_bytes(b"first")
    write_sealed(manifest, {"sidecars": file_entries(tmp_path, [SAMPLE_INDEX])})
    entries = file_entries
    others = [b"second", b"third!"]

    def overtaken(folder: Path, names: list[str]) -> list[dict[str, object]]:
        found = entries(folder, names)
        if others:  # another builder puts its own index there meanwhile
            (tmp_path / "draft").write_bytes(others.pop())
            (tmp_path / "draft").replace(index)
        return found

    monkeypatch.setattr("mistudio_core.checksums.file_entries", overtaken)
    renew_entry(manifest, SAMPLE_INDEX)
    assert (read_json(manifest) or {})["sidecars"] == entries(tmp_path, [SAMPLE_INDEX])
    assert index.read_bytes() == b"second"
