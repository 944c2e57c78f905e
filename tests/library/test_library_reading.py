"""The library read in depth: queries, exports, tokens, previews, estimates and comparisons on real data."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mistudio_core.cli.parser import make_parser
from mistudio_core.errors import StudioError
from mistudio_core.library import Library

LENGTH = 64


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The example dataset with two tokenizations and its search index."""
    made = Library.open(tmp_path_factory.mktemp("reading") / "library")
    dataset = made.make_example(400)
    assert made.wait(dataset.id, timeout=300).status == "succeeded", made.log(made.jobs()[0].id)
    for recipe in (
        {"tokenizer": "sample", "context_length": LENGTH},
        {"tokenizer": "sample", "context_length": 32, "preset": "per_document", "padding": "max_length"},
    ):
        job = made.wait(made.tokenize(dataset.id, recipe).id, timeout=300)
        assert job.status == "succeeded", made.log(job.id)
    for job in made.jobs(dataset.id, active=True):
        made.wait(job.id, timeout=300)
    return made


@pytest.fixture(scope="module")
def texts(library: Library) -> list[str]:
    (dataset,) = library.datasets()
    found: list[str] = []
    while len(found) < dataset.splits["train"]:
        page = library.samples(dataset.id, split="train", offset=len(found), limit=100)
        found += [sample.text or "" for sample in page.rows]
    return found


def test_a_search_finds_what_python_finds(library: Library, texts: list[str]) -> None:
    (dataset,) = library.datasets()
    for mode in ("substring", "words"):
        found = library.search(dataset.id, {"split": "train", "search": "listening", "mode": mode, "ignore_case": True})
        wanted = {place for place, text in enumerate(texts) if "listening" in text.lower()}
        assert {sample.index for sample in found.page.rows} == wanted
        assert (found.page.total, found.page.total_is_exact) == (len(wanted), True)
        for sample in found.page.rows:
            assert sample.matches
            assert all((sample.text or "")[start:end].lower() == "listening" for start, end in sample.matches)
    assert library.search(dataset.id, {"search": "listening"}).by == "ranked"


def test_filters_and_sorts_by_the_datasets_own_columns(library: Library, texts: list[str]) -> None:
    (dataset,) = library.datasets()
    page = library.samples(dataset.id, split="train", sort="chars", descending=True, limit=10, where=("words>=200",))
    lengths = sorted((len(text) for text in texts if len(text.split()) >= 200), reverse=True)
    assert [len(sample.text or "") for sample in page.rows] == lengths[:10]
    assert page.total == len(lengths)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_a_whole_result_is_exported(library: Library, texts: list[str], kind: str) -> None:
    (dataset,) = library.datasets()
    path = library.export_samples(dataset.id, kind, {"split": "train", "min_chars": 900})
    assert path.parent == library.home.exports
    wanted = [text for text in texts if len(text) >= 900]
    assert _exported(path) == wanted
    assert len(wanted) > 3


def _exported(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return [str(text) for text in pq.read_table(path).column("text").to_pylist()]
    if path.suffix == ".jsonl":
        return [json.loads(line)["text"] for line in path.read_text("utf-8").split("\n") if line]
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def test_a_row_is_read_token_by_token_and_leads_to_its_samples(library: Library, texts: list[str]) -> None:
    packed = library.tokenizations()[0]
    row = library.sequence(packed.id, 5)
    assert len(row.tokens) == LENGTH
    assert row.parts
    for part in row.parts:
        piece = "".join(token.text for token in row.tokens[part.start : part.end])
        assert piece in texts[part.sample]
    with pytest.raises(StudioError) as caught:
        library.sequence(packed.id, packed.num_sequences)
    assert caught.value.code == "invalid_request"


def test_a_token_sequence_is_found_where_it_stands(library: Library) -> None:
    packed = library.tokenizations()[0]
    found = library.search_tokens(packed.id, text=" one another", limit=5)
    assert found.total > 0
    assert found.total_is_exact
    for hit in found.hits:
        row = library.sequence(packed.id, hit.sequence)
        length = len(found.sequence)
        assert [token.id for token in row.tokens[hit.position : hit.position + length]] == list(hit.ids)
        assert hit.match == " one another"
    assert sum(item["count"] for item in found.by_position) == found.total
    assert library.search_tokens(packed.id, ids=[token.id for token in found.sequence]).total == found.total
    after = library.search_tokens(packed.id, text=" one", sort="after", limit=10).hits
    texts = [library.sequence(packed.id, hit.sequence).tokens[hit.position + 1 :][:1] for hit in after]
    next_texts = [token.text.casefold() for tokens in texts for token in tokens]
    assert next_texts == sorted(next_texts)
    assert len(after) == 10
    for wrong in ({}, {"text": "a", "ids": [1]}, {"ids": []}, {"ids": [-1]}, {"ids": [1], "sort": "no"}):
        with pytest.raises(StudioError) as caught:
            library.search_tokens(packed.id, **wrong)  # type: ignore[arg-type]
        assert caught.value.code == "invalid_request"


def test_a_preview_needs_the_tokenizer_and_shows_every_character(library: Library, tmp_path: Path) -> None:
    (dataset,) = library.datasets()
    recipe: dict[str, Any] = {"tokenizer": "sample"}
    text = "Ada 你好 <|endoftext|>"
    shown = library.preview(recipe, text=text)
    assert "\ufffd" not in "".join(token["text"] for token in shown["tokens"])
    assert shown["num_tokens"] == len(shown["tokens"])
    assert {place for token in shown["tokens"] for place in range(token["start"], token["end"])} == set(
        range(len(text))
    )
    sample = library.samples(dataset.id, split="train", offset=7, limit=1).rows[0].text or ""
    of_sample = library.preview(recipe, dataset_id=dataset.id, index=7)["tokens"]
    assert "".join(token["text"] for token in of_sample if not token["special"]) == sample
    with pytest.raises(StudioError) as caught:
        library.preview({"tokenizer": "no/such"}, text="x")
    assert caught.value.code == "tokenizer_not_found"
    job = library.wait(library.load_tokenizer(str(tmp_path)).id, timeout=60)
    assert (job.error or pytest.fail("no error")).code in ("tokenizer_not_found", "tokenizer_unsupported")


def test_a_tokenizer_is_kept_under_each_of_its_names(library: Library) -> None:
    (kept,) = library.tokenizers()
    path = str(kept.folder)
    job = library.wait(library.load_tokenizer(path).id, timeout=300)
    assert job.status == "succeeded", library.log(job.id)
    assert (
        library.preview({"tokenizer": path}, text="Ada")["tokens"]
        == library.preview({"tokenizer": "sample"}, text="Ada")["tokens"]
    )


def test_an_estimate_is_near_what_comes_out(library: Library) -> None:
    (dataset,) = library.datasets()
    packed = library.tokenizations()[0]
    by_preset = {
        one.preset: one
        for one in library.estimate(dataset.id, {"tokenizer": "sample", "context_length": LENGTH}).presets
    }
    assert set(by_preset) == {"continuous", "saelens", "transformer_lens", "sparsify", "per_document"}
    assert by_preset["continuous"].sequences == pytest.approx(packed.num_sequences, rel=0.1)


def test_tokenizations_are_compared_and_rare_ids_listed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = library.tokenizations()
    monkeypatch.delattr("mistudio_core.library.statistics.ask_about_both")  # one tokenizer: nothing has to be encoded
    result = library.compare([one.id, other.id])
    assert [facts["tokens"] for facts in result["tokenizations"]] == [one.num_tokens, other.num_tokens]
    assert result["overlap"][0]["jaccard"] is not None
    assert result["partings"] == [None], "one tokenizer does not part from itself"
    with pytest.raises(StudioError):
        library.compare([one.id])
    never = library.rare_ids(one.id)
    statistics = library.statistics(one.id)
    assert statistics is not None
    assert len(never) == one.vocab_size - statistics["vocabulary"]["distinct"]  # type: ignore[operator]
    assert all(row["count"] == 0 and row["token"] for row in never)


def test_deep_verification_encodes_again_and_finds_a_changed_row(library: Library) -> None:
    assert library.verify(deep=True).problems == ()


def test_rows_are_handed_over_and_copies_go_with_them(library: Library) -> None:
    packed, padded = library.tokenizations()
    for kind in ("parquet", "bin", "jsonl"):
        job = library.wait(library.export_tokenization(packed.id, kind).id, timeout=300)
        assert job.status == "succeeded", library.log(job.id)
    assert {found["kind"] for found in library.exports(packed.id)} == {"parquet", "bin", "jsonl"}
    snippets = {snippet.name: snippet for snippet in library.snippets(packed.id)}
    assert set(snippets) == {"saelens", "transformer_lens", "sparsify", "pytorch", "python", "remote", "shell"}
    for snippet in snippets.values():
        if snippet.language == "python":
            compile(snippet.code or "(", "snippet", "exec")
    assert snippets["saelens"].note.startswith("Written for SAELens 6.")
    assert snippets["python"].note == ""
    commands = [shlex.split(line)[1:] for line in (snippets["shell"].code or "").splitlines() if line[0] != "#"]
    for command in commands:
        assert make_parser().parse_args(command[2:]).home == str(library.home.root)
    with pytest.raises(StudioError) as caught:
        library.export_tokenization(packed.id, "zip")
    assert caught.value.code == "invalid_request"
    job = library.wait(library.export_tokenization(padded.id, "parquet").id, timeout=300)
    folder = Path(library.exports(padded.id)[0]["path"])
    assert folder.is_dir()
    library.delete(padded.id)
    assert not folder.exists()
