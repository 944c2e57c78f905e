"""Preview, estimate and verification say what a tokenization does, will do and has done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.engines.offsets import Placer
from mistudio_core.tokenization.output.encoded_again import verify_sequences
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.output.verify import verify_files
from mistudio_core.tokenization.previews.answers import MOST_CHARACTERS
from mistudio_core.tokenization.previews.estimate import estimate
from mistudio_core.tokenization.previews.preview import Previewer
from mistudio_core.tokenization.previews.sampled import sample
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import presets
from mistudio_core.tokenization.scale.tokenizing import tokenize
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts
from tests.support.tokenized import Result, run, task_of, texts_table, tokenized, write_raw
from tests.support.tokenizer_families import FAMILIES, family, text_of

TEXT = "Hello  Ωmega\n机器学习 🙂👩‍👩‍👧 <eos> ok</s>"


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {name: family(root, name) for name in FAMILIES}


def _recipe(**fields: Any) -> Recipe:
    return Recipe.from_fields({"tokenizer": "t", "columns": ["text"], "splits": ["train"]} | fields)


@pytest.mark.parametrize("name", FAMILIES)
def test_preview_shows_every_byte_honestly(tokenizers: dict[str, StoredTokenizer], name: str) -> None:
    shown = Previewer(tokenizers[name]).preview(_recipe(), TEXT)
    own = [token for token in shown["tokens"] if token["end"] > token["start"]]
    assert [token["id"] for token in own] == tokenizers[name].load().encode(TEXT, add_special_tokens=False).ids
    assert shown["num_tokens"] == len(shown["tokens"])
    assert not any("\ufffd" in token["text"] for token in shown["tokens"])
    starts = [token["start"] for token in shown["tokens"]]
    assert starts == sorted(starts)
    covered = {place for token in own for place in range(token["start"], token["end"])}
    assert {place for place, character in enumerate(TEXT) if not character.isspace()} <= covered


def test_preview_marks_what_is_special(tokenizers: dict[str, StoredTokenizer]) -> None:
    previewer = Previewer(tokenizers["own"])
    special = [token["text"] for token in previewer.preview(_recipe(), "a<eos>b")["tokens"] if token["special"]]
    assert special == ["<bos>", "<eos>", "<eos>"]
    literal = previewer.preview(_recipe(control_tokens="literal", bos="never", separator="none"), "a<eos>b")
    assert not any(token["special"] for token in literal["tokens"])
    assert "".join(token["text"] for token in literal["tokens"]) == "a<eos>b"


@pytest.mark.parametrize("preset", [one.name for one in presets()])
def test_preview_is_what_a_document_becomes(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, preset: str
) -> None:
    recipe = _recipe(preset=preset, context_length=64, **({"remainder": "keep"} if preset == "continuous" else {}))
    shown = [token["id"] for token in Previewer(tokenizers["own"]).preview(recipe, "water over the river")["tokens"]]
    texts = ["water over the river"] * 20
    fields = {key: value for key, value in recipe.to_json().items() if key not in ("tokenizer", "splits", "columns")}
    result = tokenized(tmp_path, texts, tokenizers["own"], **fields)
    row = result.rows()[0].tolist()
    assert row[: len(shown)] == shown


def test_preview_of_too_much(tokenizers: dict[str, StoredTokenizer]) -> None:
    with pytest.raises(StudioError) as caught:
        Previewer(tokenizers["own"]).preview(_recipe(), "a" * (MOST_CHARACTERS + 1))
    assert caught.value.code == "too_large"
    assert Previewer(tokenizers["own"]).preview(_recipe(), "lone \ud800 half")["num_tokens"] > 3


def test_characters_of_a_piece(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    random = Random(2)
    texts = [text_of(random, 40) for _ in range(10)]
    result = tokenized(tmp_path, texts, tokenizers["plain"], context_length=16, separator="none")
    placer = Placer(tokenizers["plain"])
    provenance = Provenance(result.folder)
    plain = tokenizers["plain"].load()
    for number, row in enumerate(result.rows()):
        for source in provenance.sources(number):
            start, end = placer.characters(texts[source.sample], source.first, source.last)
            decoded = plain.decode(row[source.start : source.end].tolist(), skip_special_tokens=False)
            assert decoded.strip("\ufffd") in texts[source.sample][start:end]
    assert placer.characters("ab", 5, 9) == (2, 2)
    with pytest.raises(StudioError, match="no sequence"):
        provenance.sources(result.manifest["num_sequences"])
    with pytest.raises(StudioError):
        Provenance(tmp_path / "nothing")


@pytest.mark.parametrize("context", [32, 256])
def test_estimate_is_near_what_comes(tokenizers: dict[str, StoredTokenizer], tmp_path: Path, context: int) -> None:
    random = Random(6)
    texts = [text_of(random, int(random.random() ** 2 * 200)) for _ in range(6000)]
    splits = write_raw(tmp_path, {"train": texts_table(texts)}, (50,))
    recipe = _recipe(context_length=context)
    for found in estimate(recipe, lambda wanted: sample(wanted, splits, tokenizers["own"]), tokenizers["own"]):
        assert found.problem is None
        task = task_of(tmp_path / found.preset, splits, tokenizers["own"], preset=found.preset, context_length=context)
        manifest = run(task).manifest
        assert found.sequences == pytest.approx(manifest["num_sequences"], rel=0.05)
        assert found.tokens == pytest.approx(manifest["num_tokens"], rel=0.05)
        assert found.bytes == pytest.approx(manifest["size_bytes"], rel=0.15)
        assert found.lost_share == pytest.approx(manifest["lost"]["share"], abs=0.03)
        assert found.seconds > 0


def test_estimate_says_which_presets_cannot_be(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(["some words"] * 50)})
    recipe, tokenizer = _recipe(context_length=4), tokenizers["wordpiece"]
    found = {item.preset: item for item in estimate(recipe, lambda one: sample(one, splits, tokenizer), tokenizer)}
    assert "EOS" in str(found["transformer_lens"].problem)
    assert found["continuous"].sequences > 0
    empty = write_raw(tmp_path / "empty", {"train": texts_table(["x"])})
    with pytest.raises(StudioError) as caught:
        sample(_recipe(splits=["train"]), {"train": type(empty["train"])(tmp_path / "gone")}, tokenizers["own"])
    assert caught.value.code == "no_data"


def _tokenization(tmp_path: Path, tokenizer: StoredTokenizer, **fields: Any) -> Result:
    random = Random(9)
    texts = [text_of(random, 40) for _ in range(60)]
    return tokenized(tmp_path, texts, tokenizer, groups=(7,), shard_bytes=2000, context_length=16, **fields)


@pytest.mark.parametrize(
    "fields",
    [{}, {"preset": "saelens"}, {"preset": "sparsify"}, {"preset": "per_document", "padding": "longest", "stride": 3}],
)
def test_sound_tokenizations_verify(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, fields: dict[str, Any]
) -> None:
    result = _tokenization(tmp_path, tokenizers["own"], **fields)
    checked, problems = verify_files(result.folder)
    assert (checked, problems) == (1 + len(result.manifest["shards"]) + len(result.manifest["sidecars"]), [])
    rows, wrong = verify_sequences(result.folder, open_splits(tmp_path), tokenizers["own"])
    assert (rows >= min(100, result.manifest["num_sequences"]), wrong) == (True, [])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (_flip, "damaged"),
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "bytes instead of"),
    ],
)
@pytest.mark.parametrize("kind", ["shards", "sidecars"])
def test_damage_is_named(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, damage: Callable[[Path], Any], word: str, kind: str
) -> None:
    result = _tokenization(tmp_path, tokenizers["own"])
    file = result.manifest[kind][0]["file"]
    damage(result.folder / file)
    _, problems = verify_files(result.folder)
    assert len(problems) == 1
    assert file in problems[0]
    assert word in problems[0]


def test_deep_check_finds_rows_that_the_texts_do_not_give(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path
) -> None:
    result = _tokenization(tmp_path, tokenizers["own"])
    path = result.folder / result.manifest["shards"][0]["file"]
    data = path.read_bytes()
    row = result.matrix()[0].astype("<u2")
    assert row.tobytes() in data
    changed = row.copy()
    changed[5] += 1
    path.write_bytes(data.replace(row.tobytes(), changed.tobytes()))
    _, problems = verify_sequences(result.folder, open_splits(tmp_path), tokenizers["own"])
    assert len(problems) == 1
    assert "sequence 0 does not match its texts" in problems[0]
    assert verify_sequences(result.folder, open_splits(tmp_path), tokenizers["plain"])[0] == 0


def test_missing_manifest_is_a_problem(tmp_path: Path) -> None:
    assert verify_files(tmp_path)[1] == [f"{tmp_path / 'manifest.json'} is missing."]
    (tmp_path / "manifest.json").write_text("{")
    assert "damaged" in verify_files(tmp_path)[1][0]


def test_the_live_figures_name_their_tokens(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(["water over the river"] * 300)}, (50,))
    seen: list[Any] = []
    task = task_of(tmp_path / "out", splits, tokenizers["own"], context_length=16, shard_bytes=1000)
    tokenize(task, {}, threads=1, report=lambda _phase, tally: seen.append(tally.live()))
    top = seen[-1]["top_tokens"]
    assert top
    texts = TokenTexts(tokenizers["own"])
    assert [row["token"] for row in top] == [texts.shown(row["id"]) for row in top]
