"""Presets are registered: no other module knows one by name, and a new one works everywhere without another change."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from mistudio_core.cli.run import run
from mistudio_core.errors import StudioError
from mistudio_core.jobs import environment
from mistudio_core.jobs.look_pool import pool
from mistudio_core.store.sequences.reader import TokenSequences
from mistudio_core.store.sequences.search import find_tokens
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.recipes import registry
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.ui.tokenize.recipe_fields import key
from tests.support.app_driver import open_app, press, words
from tests.support.tokenized import tokenized
from tests.support.tokenizer_families import family
from tests.support.toy_preset import TOY

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "mistudio_core"
LENGTH = 32


def test_no_other_module_knows_a_preset_by_its_name() -> None:
    names = {preset.name for preset in registry.presets()}
    default = Recipe(tokenizer="t").preset
    known: list[str] = []
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *CORE.rglob("*.py")]:
        folder = path.relative_to(ROOT).parent.as_posix()
        if folder == "mistudio_core/tokenization/presets":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for parent in ast.walk(tree):
            for node in ast.iter_child_nodes(parent):
                if not isinstance(node, ast.Constant) or node.value not in names:
                    continue
                is_default = folder == "mistudio_core/tokenization/recipes" and node.value == default
                if is_default and not isinstance(parent, ast.Compare | ast.Tuple | ast.List | ast.Set | ast.Dict):
                    continue
                known.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.value}")
    assert known == []


def test_every_preset_says_what_it_is() -> None:
    found = registry.presets()
    assert [preset.position for preset in found] == sorted({preset.position for preset in found})
    for preset in found:
        assert isinstance(preset, PackingPreset)
        assert preset.title
        assert preset.summary.endswith(".")
        assert preset.is_peer == (preset.batch_rows is not None)
        assert preset.is_peer == ({"batch_rows", "emulate_num_proc"} <= preset.fields)


def test_an_unknown_preset_is_refused_and_a_name_is_taken_once() -> None:
    with pytest.raises(StudioError, match="'no such'") as caught:
        registry.preset("no such")
    assert caught.value.code == "invalid_request"
    assert "continuous" in caught.value.hint
    with pytest.raises(ValueError, match="continuous"):
        registry.register(registry.preset("continuous"))


@pytest.mark.parametrize("tokenizer", ["own", "plain"])
@pytest.mark.parametrize("fields", [{"preset": "per_document"}, {"preset": "saelens", "concatenate": False}])
def test_a_sequence_of_one_document_has_no_seam(tmp_path: Path, tokenizer: str, fields: dict[str, Any]) -> None:
    used = family(tmp_path / "tokenizers", tokenizer)
    bos = next(text for text, ident in used.control.items() if ident == used.bos_id)
    text = f"water{bos}over the river and the sea"
    result = tokenized(tmp_path / "out", [text] * 5, used, context_length=8, **fields)
    assert not any("follow each other" in caution for caution in result.manifest["cautions"])
    row = result.rows()[0].tolist()
    place = row.index(used.bos_id, 1)
    assert find_tokens(TokenSequences(result.folder), row[place - 1 : place + 2]).total == 5


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackingPreset]:
    """Register the toy here, and in every worker: Python imports `sitecustomize` before anything else."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "from mistudio_core.tokenization.recipes.registry import register\n"
        "from tests.support.toy_preset import TOY\n"
        "register(TOY)\n"
    )
    of_worker = environment.worker_environment

    def with_toy() -> dict[str, str]:
        variables = of_worker()
        return variables | {"PYTHONPATH": f"{tmp_path / 'site'}:{ROOT}:{variables.get('PYTHONPATH', '')}"}

    monkeypatch.setattr(environment, "worker_environment", with_toy)
    pool.close()  # look workers that know no toy
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    registry.presets()
    with patch.dict(registry._registered):
        registry.register(TOY)
        yield TOY
    pool.close()
    assert "toy" not in {preset.name for preset in registry.presets()}


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """What runs a command of the command line and returns the document that it prints."""

    def command(*arguments: str) -> Any:
        capsys.readouterr()
        status = run(["--home", str(tmp_path / "home"), *arguments, "--json"])
        printed = capsys.readouterr().out
        assert status == 0, printed
        return json.loads(printed)

    return command


def test_a_new_preset_goes_through_everything(toy: PackingPreset, shell: Callable[..., Any], tmp_path: Path) -> None:
    dataset = shell("example", "--samples", "150")["id"]
    made = from_the_form(dataset, shell)
    (folder,) = (tmp_path / "home").rglob(made)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["recipe"]["preset"], manifest["peer_version"]) == ("toy", None)
    assert "This preset is a toy." in manifest["cautions"]
    eos = manifest["policy"]["separator"][0]
    stored = sequences_are_right(folder, manifest, eos)

    recipe = ("--tokenizer", "sample", "--context-length", str(LENGTH), "--preset", "toy")
    shown = shell("preview", "--text", "a river", *recipe)
    assert shown["tokens"][0]["id"] == eos, "the separator stands before a document"
    assert [token["id"] for token in shown["tokens"]].count(eos) == 1
    forecast = {one["preset"]: one for one in shell("estimate", dataset, *recipe)["presets"]}
    assert forecast["toy"]["sequences"] == pytest.approx(len(stored), rel=0.1)
    limited = shell("tokenize", dataset, *recipe, "--token-budget", "340")
    assert limited["num_tokens"] == 10 * LENGTH, "complete sequences only"

    across_seam = token_search_knows_seams(stored, eos)
    within = shell("search-tokens", made, "--ids", ",".join(map(str, across_seam)))
    both = shell("search-tokens", made, "--ids", ",".join(map(str, across_seam)), "--across")
    assert within["total"] < both["total"]

    assert shell("verify", made, "--deep")["problems"] == []
    for kind in ("parquet", "bin", "text"):
        assert shell("export", made, "--kind", kind)["kind"] == kind
    assert shell("snippet", made, "--program", "toy").startswith(f"# toy: {manifest['num_tokens']} tokens\n")
    assert toy.name in shell("snippet", made)


def from_the_form(dataset_id: str, shell: Callable[..., Any]) -> str:
    """Choose the toy among the cards, estimate, start, and return the id of the tokenization."""
    app = open_app("dataset", id=dataset_id, tab="Tokenizations")
    app.selectbox(key=key(dataset_id, "tokenizer")).select("sample").run()
    assert "each behind an EOS" in words(app)
    press(app, key(dataset_id, "preset_toy"))
    assert "This preset is a toy" in app.warning[0].value
    app.number_input(key=key(dataset_id, "context_length")).set_value(LENGTH).run()
    press(app, key(dataset_id, "estimate_now"))
    assert list(app.dataframe[0].value["Preset"])[-1] == "● A toy"
    press(app, key(dataset_id, "start"))
    while (tokenization := shell("show", dataset_id)["tokenizations"][0])["status"] in ("queued", "processing"):
        time.sleep(0.2)
    assert tokenization["status"] == "ready", shell("jobs")
    assert "Ready" in words(app.run())
    return str(tokenization["id"])


def sequences_are_right(folder: Path, manifest: dict[str, Any], eos: int) -> list[list[int]]:
    """Compare sequences with their sources: all but the documents' own tokens is EOS, right before a document."""
    sequences = StoredSequences(folder)
    rows = [row for split in sequences.splits for batch in sequences.batches(split) for row in batch[0].to_pylist()]
    assert len(rows) == manifest["num_sequences"] > 20
    provenance = Provenance(folder)
    lengths = np.fromfile(folder / "lengths", np.uint32)
    for number, row in enumerate(rows):
        assert len(row) == LENGTH
        owned = np.zeros(LENGTH, np.bool_)
        for source in provenance.sources(number):
            owned[source.start : source.end] = True
            if source.first == 0 and source.start:
                assert row[source.start - 1] == eos
            if source.split == "train" and source.end < LENGTH:
                assert source.last == lengths[source.sample], "a document ends before the next begins"
        assert {row[place] for place in np.flatnonzero(~owned)} <= {eos}
    return rows


def token_search_knows_seams(stored: list[list[int]], eos: int) -> list[int]:
    """Return EOS with its neighbours from a place in the middle of a sequence."""
    return next(
        row[place - 1 : place + 2] for row in stored for place in range(1, LENGTH - 1)
        if row[place] == eos and eos not in (row[place - 1], row[place + 1])
    )  # fmt: skip
