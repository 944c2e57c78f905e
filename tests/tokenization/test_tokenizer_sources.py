"""Two sources of one tokenizer, its `tokenizer.json` and what transformers builds: which counts, and what is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.tokenization.packing.cautions import cautions
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.names import find_name
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.golden import corpus
from tests.hub import models as hub_models
from tests.hub.server import HubServer
from tests.support.tokenizer_families import family

GPT2_CLASS = {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>"}
PLAIN_CLASS = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>"}
TEXTS = ("In 2023, we add 650841823 and 6", "ﬁne ½ ①", "The River  and the WATER\n\n", "don't <|endoftext|> stop")


def digits(made: Tokenizer) -> None:
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}| ?\p{L}+|\s+|[^\s\p{L}\p{N}]+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def nfkc(made: Tokenizer) -> None:
    made.normalizer = normalizers.NFKC()


def lowercase(made: Tokenizer) -> None:
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])


def write(
    folder: Path, settings: Mapping[str, Any] | None, *changes: Callable[[Tokenizer], None], **config: Any
) -> Path:
    """Write the byte-level tokenizer of the golden rows, changed, with its settings and the model's `config.json`."""
    folder.mkdir(parents=True)
    made = Tokenizer.from_file(str(corpus.TOKENIZERS / "plain" / "tokenizer.json"))
    for change in changes:
        change(made)
    made.save(str(folder / "tokenizer.json"))
    if settings is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    if config:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def as_written(folder: Path) -> list[list[int]]:
    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return [made.encode(text).ids for text in TEXTS]


def ids(tokenizer: StoredTokenizer) -> list[list[int]]:
    made = tokenizer.load()
    return [made.encode(text).ids for text in TEXTS]


@pytest.mark.parametrize("change", [digits, nfkc, lowercase])
@pytest.mark.parametrize("config", [{}, {"model_type": "olmo2"}, {"model_type": "gpt2"}])
def test_a_named_file_is_that_file(tmp_path: Path, change: Callable[[Tokenizer], None], config: dict[str, Any]) -> None:
    folder = write(tmp_path / "given", GPT2_CLASS, change, **config)
    loaded = load_tokenizer(tmp_path / "kept", str(folder / "tokenizer.json"))
    assert ids(loaded) == as_written(folder)
    assert (loaded.source, loaded.named_tokens["eos_token"]) == ("file", "<|endoftext|>")
    assert loaded.eos_id == 0


@pytest.mark.parametrize(
    ("change", "part"), [(digits, "pre_tokenizer"), (nfkc, "normalizer"), (lowercase, "normalizer")]
)
def test_a_folder_that_transformers_builds_anew_is_told_and_can_be_chosen(
    tmp_path: Path, change: Callable[[Tokenizer], None], part: str
) -> None:
    from transformers import AutoTokenizer

    folder = write(tmp_path / "given", GPT2_CLASS, change)
    by_auto = [AutoTokenizer.from_pretrained(str(folder)).encode(text, add_special_tokens=True) for text in TEXTS]
    assert by_auto != as_written(folder)
    auto, file, named = (
        load_tokenizer(tmp_path / "kept", str(folder), source=source) for source in ("auto", "file", "transformers")
    )
    assert (ids(auto), ids(file), ids(named)) == (by_auto, as_written(folder), by_auto)
    assert auto.sha256 == named.sha256 != file.sha256
    for loaded, kept in ((auto, "of transformers"), (file, "of tokenizer.json")):
        (note,) = loaded.notes
        assert f"in its {part}, for example" in note
        assert kept in note
        assert "likely trained with the file" in note
        recipe = Recipe.from_fields({"tokenizer": str(folder)})
        assert cautions(recipe, resolve_policy(recipe, loaded), loaded) == [note]
        assert loaded.describe()["notes"] == [note]


@pytest.mark.parametrize(
    ("settings", "config"),
    [
        (GPT2_CLASS, {}),
        (GPT2_CLASS, {"model_type": "gpt2"}),
        (PLAIN_CLASS, {}),
        (PLAIN_CLASS, {"model_type": "llama"}),
        (None, {}),
    ],
)
def test_what_is_equal_is_not_cautioned(
    tmp_path: Path, settings: Mapping[str, Any] | None, config: dict[str, Any]
) -> None:
    folder = write(tmp_path / "given", settings, **config)
    kept = [load_tokenizer(tmp_path / "kept", str(path)) for path in (folder, folder / "tokenizer.json")]
    assert [one.notes for one in kept] == [(), ()]
    assert [ids(one) for one in kept] == [as_written(folder)] * 2
    assert kept[0].sha256 == kept[1].sha256


@pytest.mark.parametrize("model_type", ["olmo2", "llama", "gpt_neox"])
def test_the_kind_of_model_counts_as_it_does_for_autotokenizer(tmp_path: Path, model_type: str) -> None:
    folder = write(tmp_path / "given", PLAIN_CLASS, digits, nfkc, model_type=model_type)
    for path in (folder, folder / "tokenizer.json"):
        loaded = load_tokenizer(tmp_path / "kept", str(path))
        assert ids(loaded) == as_written(folder)
        assert loaded.notes == ()


def test_tokens_that_only_transformers_adds_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "given", {**PLAIN_CLASS, "pad_token": "<|pad|>"})
    loaded = load_tokenizer(tmp_path / "kept", str(folder))
    (note,) = loaded.notes
    assert "added_tokens" in note
    assert "trained with those of transformers" in note
    assert loaded.pad_id == loaded.vocab_size - 1
    file = load_tokenizer(tmp_path / "kept", str(folder / "tokenizer.json"))
    assert (file.pad_id, file.vocab_size) == (None, loaded.vocab_size - 1)


def test_special_tokens_that_only_one_adds_are_told(tmp_path: Path) -> None:
    def ended(made: Tokenizer) -> None:
        made.post_processor = processors.TemplateProcessing("$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)])

    folder = write(tmp_path / "given", {**PLAIN_CLASS, "add_eos_token": False, "add_bos_token": False}, ended)
    loaded = load_tokenizer(tmp_path / "kept", str(folder))
    file = load_tokenizer(tmp_path / "kept", str(folder / "tokenizer.json"))
    assert file.suffix == (0,)
    if loaded.suffix != file.suffix:
        assert all("post_processor" in one.notes[0] for one in (loaded, file))
    else:
        assert loaded.notes == file.notes == ()


def test_a_file_needs_neither_class_nor_code(tmp_path: Path) -> None:
    own = {"tokenizer_class": "OwnTokenizer", "auto_map": {"AutoTokenizer": ["own.OwnTokenizer", None]}, **GPT2_CLASS}
    own |= {"tokenizer_class": "OwnTokenizer", "eos_token": {"content": "<|endoftext|>"}, "model_max_length": 50}
    folder = write(tmp_path / "given", own)
    with pytest.raises(StudioError, match="custom code") as caught:
        load_tokenizer(tmp_path / "kept", str(folder))
    assert "tokenizer_source file" in (caught.value.hint or "")
    for path, source in ((folder, "file"), (folder / "tokenizer.json", "auto")):
        loaded = load_tokenizer(tmp_path / "kept", str(path), source=source)
        assert ids(loaded) == as_written(folder)
        assert (loaded.eos_id, loaded.model_max_length) == (0, 50)


def test_a_repository_has_both_sources(hub: HubServer, tmp_path: Path) -> None:
    repo = hub_models.bpe()
    made = Tokenizer.from_str(hub_models.bpe_json())
    made.normalizer = normalizers.Lowercase()
    repo.commit({"tokenizer.json": made.to_str(), "config.json": "{}"})
    repo = hub.add(repo)
    auto = load_tokenizer(tmp_path, "acme/tiny-gpt")
    file = load_tokenizer(tmp_path, "acme/tiny-gpt", source="file", revision="main")
    assert file.load().encode("The MILLER").ids == made.encode("The MILLER").ids != auto.load().encode("The MILLER").ids
    assert (auto.revision, file.revision) == (repo.sha, repo.sha)
    assert "normalizer" in auto.notes[0]
    found = find_name(tmp_path, "acme/tiny-gpt", revision="main", source="file")
    assert found is not None
    assert found.sha256 == file.sha256
    assert find_name(tmp_path, "acme/tiny-gpt", revision="main") is None, "main was asked for with the file only"


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "vocab.txt").write_text("[UNK]\na\nb")
    with pytest.raises(StudioError, match=r"no tokenizer\.json"):
        load_tokenizer(tmp_path / "kept", str(tmp_path / "given"), source="file")
    for fields in ({"tokenizer_source": "auto_map"}, {"tokenizer_source": "file", "tokenizer": "sample"}):
        with pytest.raises(StudioError, match="tokenizer_source"):
            Recipe.from_fields({"tokenizer": "a/b", **fields})


@pytest.mark.parametrize("source", ["auto", "file", "transformers"])
def test_dropout_is_switched_off_and_told(tmp_path: Path, source: str) -> None:
    folder = write(tmp_path / "given", PLAIN_CLASS)
    facts = json.loads((folder / "tokenizer.json").read_bytes())
    facts["model"]["dropout"] = 0.5
    (folder / "tokenizer.json").write_text(json.dumps(facts))
    certain_folder = write(tmp_path / "certain", PLAIN_CLASS)
    for file in ("", "tokenizer.json"):
        path = folder / file
        certain = load_tokenizer(tmp_path / "kept", str(certain_folder / file), source=source)
        assert certain.notes == ()
        loaded = load_tokenizer(tmp_path / "kept", str(path), source=source)
        assert len({tuple(loaded.load().encode(TEXTS[0]).ids) for _ in range(30)}) == 1
        assert loaded.sha256 == certain.sha256
        (note,) = loaded.notes
        assert "BPE dropout (dropout 0.5)" in note


def test_no_model_can_draw_lots_after_it_is_stored(tmp_path: Path) -> None:
    """Every setting of every model of `tokenizers` that may be a chance is known: a new one has to be looked at."""
    settings = {
        name
        for kind in (models.BPE, models.Unigram, models.WordPiece, models.WordLevel)
        for name in vars(kind)
        if not callable(getattr(kind, name)) and not name.startswith("_")
    }
    fixed = {
        "byte_fallback",
        "continuing_subword_prefix",
        "end_of_word_suffix",
        "fuse_unk",
        "ignore_merges",
        "unk_token",
    }
    assert settings - fixed - {"max_input_chars_per_word"} == {"dropout", "alpha", "nbest_size"}
    kept = family(tmp_path, "unigram")
    assert kept.load().model.alpha is None


def test_a_content_is_found_under_each_of_its_names(tmp_path: Path) -> None:
    one = write(tmp_path / "one", PLAIN_CLASS)
    other = tmp_path / "other"
    shutil.copytree(one, other)
    library = Library.open(tmp_path / "home")
    for path in (one, other, one / "tokenizer.json"):
        assert library.wait(library.load_tokenizer(str(path)).id, timeout=60).status == "succeeded"
    found = library.tokenizers()
    assert [item.name for item in found] == [str(one), str(one / "tokenizer.json"), str(other)]
    assert len({item.sha256 for item in found}) == 1
    for path in (one, other, one / "tokenizer.json"):
        assert library.tokenizer(str(path)).name == str(path)
    # What a name stands for may change; the other name is not touched.
    changed = Tokenizer.from_file(str(other / "tokenizer.json"))
    changed.normalizer = normalizers.Lowercase()
    changed.save(str(other / "tokenizer.json"))
    assert library.wait(library.load_tokenizer(str(other)).id, timeout=60).status == "succeeded"
    assert library.tokenizer(str(other)).sha256 != library.tokenizer(str(one)).sha256
    assert [item.name for item in library.tokenizers()].count(str(other)) == 1


def test_names_survive_a_damaged_record(tmp_path: Path) -> None:
    folder = write(tmp_path / "given", PLAIN_CLASS)
    load_tokenizer(tmp_path / "kept", str(folder))
    (record,) = (tmp_path / "kept").glob("named-*.json")
    record.write_text("{")
    assert find_name(tmp_path / "kept", str(folder)) is None
    assert load_tokenizer(tmp_path / "kept", str(folder)).name == str(folder)
    assert find_name(tmp_path / "kept", str(folder)) is not None
