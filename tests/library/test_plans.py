"""Plans of a library: written by a recipe or like a tokenization, made elsewhere, and adopted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.tokenization.scale.run import run
from mistudio_core.tokenization.scale.status import status
from tests.support.planned import same_files

RECIPE = {"tokenizer": "sample", "context_length": 64}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Tokenization]:
    library = Library.open(tmp_path_factory.mktemp("library"))
    dataset = library.make_example(300)
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, RECIPE)
    library.wait(tokenization.id)
    return library, library.tokenization(tokenization.id)


def test_what_a_plan_made_is_a_tokenization_like_any_other(made: tuple[Library, Tokenization], tmp_path: Path) -> None:
    library, laptops = made
    plan = library.plan(laptops.dataset_id, RECIPE, out=tmp_path / "plan")
    assert (plan.uri, plan.stages[0]) == (str(tmp_path / "plan"), "encode")
    with pytest.raises(StudioError, match="of the stage encode are not done"):
        library.adopt(plan.uri)
    run(plan.uri)
    adopted = library.adopt(plan.uri)
    assert (adopted.id, adopted.status, adopted.num_tokens) == (plan.id, "ready", laptops.num_tokens)
    assert laptops.path is not None
    assert adopted.path is not None
    assert same_files(laptops.path, adopted.path) == []  # statistics.json with the measured characters among them
    assert library.adopt(plan.uri) == adopted
    assert library.verify(adopted.id, deep=True).problems == ()
    assert library.sequence(adopted.id, 3).to_json() == library.sequence(laptops.id, 3).to_json()
    assert library.rebuild().tokenizations == 2
    assert library.tokenization(adopted.id) == adopted
    library.delete(adopted.id)
    assert status(tmp_path / "plan")["stage"] == "ready"
    copied = library.adopt(plan.uri, copy=True)
    assert copied.path is not None
    assert not copied.path.is_symlink()
    library.delete(copied.id)


def test_a_plan_like_a_tokenization_has_its_recipe(made: tuple[Library, Tokenization], tmp_path: Path) -> None:
    library, laptops = made
    with pytest.raises(StudioError, match="Give either a recipe or a tokenization"):
        library.plan(laptops.dataset_id, out=tmp_path / "plan")
    plan = library.plan(laptops.dataset_id, out=tmp_path / "plan", like=laptops.id)
    run(plan.uri)
    adopted = library.adopt(plan.uri, copy=True)
    assert adopted.path is not None
    assert laptops.path is not None
    assert same_files(laptops.path, adopted.path) == []
    library.delete(adopted.id)
