"""A shared library: every public method of `Library`, by its owner, a stranger, the host and a reader."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from mistudio_core.checksums import write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.library import Library
from mistudio_core.library.permissions import Role
from mistudio_core.settings import Settings

SHARED: Final = replace(Settings(), shared=True, admin=("ann@example.org",))
FULL: Final = replace(SHARED, max_waiting_jobs=0)
"""What may be started is refused here for want of a place in the queue, and starts nothing."""
SMALL: Final = {"tokenizer": "sample", "context_length": 32}

Who = Literal["everybody", "member", "owner", "host", "nobody"]
ROLES: Final[Mapping[str, tuple[str, Role | None]]] = {
    "owner": ("her", None),
    "stranger": ("him", None),
    "host": ("ann@example.org", None),
    "reader": ("nobody", "reader"),
}
ALLOWED: Final[Mapping[Who, set[str]]] = {
    "everybody": {"owner", "stranger", "host", "reader"},
    "member": {"owner", "stranger", "host"},
    "owner": {"owner", "host"},
    "host": {"host"},
    "nobody": set(),
}


@dataclass(frozen=True)
class Case:
    """One call: who may do it, and with which code it is refused after the check of rights, if it is."""

    who: Who
    call: Callable[[Library, Any], Any]
    code: str = ""


@dataclass(frozen=True)
class Subjects:
    """The ids of what `her` has made, and a file that she has uploaded."""

    dataset: str
    tokenization: str
    job: str
    look: str
    upload: str


def _file(library: Library, made: Subjects) -> list[Path]:
    return [library.home.uploads / made.upload / "texts.txt"]


QUEUE: Final = "too_many_jobs"
CASES: Final[Mapping[str, Case]] = {
    "may": Case("everybody", lambda lib, _: lib.may("start")),
    "datasets": Case("everybody", lambda lib, _: lib.datasets()),
    "datasets.get": Case("everybody", lambda lib, made: lib.dataset(made.dataset)),
    "datasets.search_hub": Case("member", lambda lib, _: lib.search_hub("")),
    "datasets.first_rows": Case("member", lambda lib, _: lib.first_rows("not a name"), "invalid_request"),
    "datasets.inspect": Case("member", lambda lib, _: lib.inspect("not a name"), "invalid_request"),
    "datasets.download": Case("member", lambda lib, _: lib.download("not a name"), "invalid_request"),
    "datasets.import_files": Case("owner", lambda lib, made: lib.import_files(_file(lib, made)), QUEUE),
    "datasets.look_at_files": Case("owner", lambda lib, made: lib.look_at_files(_file(lib, made)), QUEUE),
    "datasets.upload": Case("member", lambda lib, _: lib.upload([("a.txt", io.BytesIO(b"One."))])),
    "datasets.file_look": Case("owner", lambda lib, made: lib.file_look(made.look)),
    "datasets.make_example": Case("member", lambda lib, _: lib.make_example(7), QUEUE),
    "datasets.replaced_texts": Case("everybody", lambda lib, made: lib.replaced_texts(made.dataset)),
    "datasets.rename": Case("owner", lambda lib, made: lib.rename(made.dataset, name="Another")),
    "datasets.share": Case("owner", lambda lib, made: lib.share(made.dataset)),
    "samples": Case("everybody", lambda lib, made: lib.samples(made.dataset)),
    "samples.search": Case("everybody", lambda lib, made: lib.search(made.dataset, {"search": "the"})),
    "samples.concordance": Case("everybody", lambda lib, made: lib.concordance(made.dataset, {"search": "the"})),
    "samples.open_session": Case("everybody", lambda lib, made: lib.samples.open_session(made.dataset).close()),
    "samples.columns": Case("everybody", lambda lib, made: lib.sample_columns(made.dataset)),
    "samples.token_counts": Case(
        "everybody", lambda lib, made: lib.token_counts(made.dataset, made.tokenization, lib.samples(made.dataset).rows)
    ),
    "samples.export": Case("member", lambda lib, made: lib.export_samples(made.dataset, "csv")),
    "samples.stream": Case("everybody", lambda lib, made: list(lib.samples.stream(made.dataset))),
    "samples.build_index": Case("member", lambda lib, made: lib.build_search_index(made.dataset), QUEUE),
    "tokenizations": Case("everybody", lambda lib, made: lib.tokenizations(made.dataset)),
    "tokenizations.get": Case("everybody", lambda lib, made: lib.tokenization(made.tokenization)),
    "tokenizations.tokenize": Case(
        "member", lambda lib, made: lib.tokenize(made.dataset, SMALL | {"bos": "row"}), QUEUE
    ),
    "tokenizations.preview": Case("everybody", lambda lib, made: lib.preview(SMALL, dataset_id=made.dataset)),
    "tokenizations.source_text": Case("everybody", lambda lib, made: lib.source_text(made.dataset, SMALL)),
    "tokenizations.text_sources": Case("everybody", lambda lib, made: lib.text_sources(made.dataset)),
    "tokenizations.estimate": Case("everybody", lambda lib, made: lib.estimate(made.dataset, SMALL)),
    "tokenizations.left_out": Case("everybody", lambda lib, made: lib.left_out(made.dataset, SMALL)),
    "tokenizations.cautions": Case("everybody", lambda lib, made: lib.cautions(SMALL, made.dataset)),
    "tokenizations.recipe_values": Case(
        "everybody", lambda lib, made: lib.tokenizations.recipe_values(SMALL, made.dataset)
    ),
    "tokenizations.manifest": Case("everybody", lambda lib, made: lib.manifest(made.tokenization)),
    "tokenizations.sequence": Case("everybody", lambda lib, made: lib.sequence(made.tokenization, 0)),
    "tokenizations.stream": Case("everybody", lambda lib, made: list(lib.tokenizations.stream(made.tokenization))),
    "tokenizations.search_tokens": Case("everybody", lambda lib, made: lib.search_tokens(made.tokenization, ids=[5])),
    "statistics": Case("everybody", lambda lib, made: lib.statistics(made.tokenization)),
    "statistics.compare": Case(
        "everybody", lambda lib, made: lib.compare([made.tokenization, made.tokenization]), "invalid_request"
    ),
    "statistics.rare_ids": Case("everybody", lambda lib, made: lib.rare_ids(made.tokenization)),
    "tokenizers": Case("everybody", lambda lib, _: lib.tokenizers()),
    "tokenizers.get": Case("everybody", lambda lib, _: lib.tokenizer("sample")),
    "tokenizers.compare": Case("everybody", lambda lib, _: lib.compare_text(["sample", "sample"], "One.")),
    "tokenizers.load": Case("member", lambda lib, _: lib.load_tokenizer("sample"), QUEUE),
    "exports": Case("owner", lambda lib, made: lib.exports(made.tokenization)),
    "exports.write": Case("owner", lambda lib, made: lib.export_tokenization(made.tokenization, "parquet"), QUEUE),
    "exports.archive": Case("everybody", lambda lib, made: next(lib.exports.archive(made.tokenization))),
    "exports.push": Case("member", lambda lib, made: lib.push(made.tokenization, "a/b", hf_token="hf_a"), QUEUE),
    "exports.snippets": Case("everybody", lambda lib, made: lib.snippets(made.tokenization)),
    "jobs": Case("everybody", lambda lib, made: lib.jobs(made.dataset)),
    "jobs.get": Case("everybody", lambda lib, made: lib.job(made.job)),
    "jobs.log": Case("owner", lambda lib, made: lib.log(made.job)),
    "jobs.wait": Case("everybody", lambda lib, made: lib.wait(made.dataset, timeout=5)),
    "jobs.feed": Case("everybody", lambda lib, _: lib.jobs.feed().look()),
    "jobs.cancel": Case("owner", lambda lib, made: lib.cancel(made.job)),
    "jobs.retry": Case("owner", lambda lib, made: lib.retry(made.dataset), "invalid_request"),
    "plans.plan": Case("nobody", lambda lib, made: lib.plans.plan(made.dataset, SMALL, out=lib.home.root / "plan")),
    "plans.packed": Case("nobody", lambda lib, made: lib.plans.packed(made.dataset, SMALL)),
    "plans.adopt": Case("nobody", lambda lib, _: lib.plans.adopt(lib.home.root / "plan")),
    "maintenance.storage": Case("everybody", lambda lib, _: lib.storage()),
    "maintenance.reconcile": Case("everybody", lambda lib, _: lib.reconcile()),
    "maintenance.verify": Case("owner", lambda lib, made: lib.verify(made.tokenization)),
    "maintenance.repair": Case("owner", lambda lib, made: lib.repair(made.tokenization)),
    "maintenance.restore": Case("everybody", lambda lib, _: lib.maintenance.restore("nothing"), "not_found"),
    "maintenance.rebuild": Case("host", lambda lib, _: lib.rebuild()),
    "maintenance.delete_exports": Case("host", lambda lib, _: lib.delete_exports()),
    "maintenance.delete": Case("owner", lambda lib, made: lib.delete(made.dataset, cascade=True)),
}
"""In this order; what deletes comes last."""
ABOUT_A_SUBJECT: Final = {
    name
    for name, case in CASES.items()
    if "made" in case.call.__code__.co_varnames and name not in ("datasets.file_look",)
}
"""What strangers are told is not there, when the dataset is private."""
LISTS: Final = {
    "plans.plan",
    "plans.packed",
    "tokenizations",
    "jobs",
    "datasets.import_files",
    "datasets.look_at_files",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Subjects]:
    """A shared library in which `her` has a dataset, a tokenization, a look at a file and an upload."""
    home = tmp_path_factory.mktemp("roles") / "library"
    hers = Library.open(home, actor="her", settings=SHARED)
    dataset = hers.make_example(60)
    assert hers.wait(dataset.id, timeout=300).status == "succeeded"
    tokenization = hers.tokenize(dataset.id, SMALL)
    job = hers.wait(tokenization.id, timeout=300)
    assert job.status == "succeeded", hers.log(job.id)
    content = io.BytesIO(b"One.\nTwo.\n")
    look = hers.wait(hers.look_at_files(hers.upload([("texts.txt", content)])).id, timeout=120)
    assert look.status == "succeeded", hers.log(look.id)
    for left in hers.jobs(active=True):
        hers.wait(left.id, timeout=300)
    (upload,) = hers.upload([("texts.txt", content)])
    return home, Subjects(dataset.id, tokenization.id, job.id, look.id, upload.parent.name)


def _opened(prepared: tuple[Path, Subjects], place: Path, role: str) -> tuple[Library, Subjects]:
    home, made = prepared
    shutil.copytree(home, place)
    name, given = ROLES[role]
    return Library.open(place, actor=name, role=given, settings=FULL), made


def _code(library: Library, made: Subjects, name: str) -> str:
    try:
        CASES[name].call(library, made)
    except StudioError as error:
        return error.code
    return ""


def test_every_public_method_has_a_case(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    nouns = {noun: held for noun, held in vars(library).items() if type(held).__module__.endswith(f"library.{noun}")}
    methods = {"may"} | {noun for noun, held in nouns.items() if callable(held)}
    methods |= {f"{noun}.{name}" for noun, held in nouns.items() for name in dir(held) if not name.startswith("_")}
    assert methods == set(CASES)
    assert {name for name in dir(library) if not name.startswith("_")} - set(vars(library)) == {"open"}


@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what(prepared: tuple[Path, Subjects], tmp_path: Path, role: str) -> None:
    library, made = _opened(prepared, tmp_path / "copy", role)
    wrong = {}
    for name, case in CASES.items():
        code = _code(library, made, name)
        allowed = role in ALLOWED[case.who]
        expected = {case.code} if allowed else {"permission_denied"} | ({"not_found"} if "look" in name else set())
        if code not in expected:
            wrong[name] = code
    assert wrong == {}
    assert (made.dataset in {item.id for item in library.datasets()}) == (role in ("stranger", "reader"))


@pytest.mark.parametrize("role", ROLES)
def test_a_private_dataset_is_not_there_for_others(prepared: tuple[Path, Subjects], tmp_path: Path, role: str) -> None:
    library, made = _opened(prepared, tmp_path / "copy", role)
    manifest = library.home.dataset(made.dataset) / "dataset.json"
    write_sealed(manifest, (read_json(manifest) or {}) | {"access": "private"})
    Library.open(library.home.root).rebuild()
    if role in ("owner", "host"):
        assert [item.id for item in library.datasets()] == [made.dataset]
        assert _code(library, made, "jobs.log") == ""
        return
    assert library.datasets() == library.tokenizations() == library.jobs() == []
    codes = {name: _code(library, made, name) for name in sorted(ABOUT_A_SUBJECT - LISTS)}
    assert {name: code for name, code in codes.items() if code != "not_found"} == {}


def test_what_a_member_starts_is_theirs_and_outlives_the_catalog(
    prepared: tuple[Path, Subjects], tmp_path: Path
) -> None:
    library, made = _opened(prepared, tmp_path / "copy", "owner")
    before = (library.dataset(made.dataset), library.tokenization(made.tokenization), library.job(made.job))
    assert [record.owner for record in before] == ["her"] * 3
    library.home.catalog.unlink()
    again = Library.open(library.home.root, actor="her", settings=SHARED)
    assert (again.dataset(made.dataset), again.tokenization(made.tokenization), again.job(made.job)) == before


def test_a_stranger_owns_what_they_make_of_a_public_dataset(prepared: tuple[Path, Subjects], tmp_path: Path) -> None:
    shutil.copytree(prepared[0], tmp_path / "copy")
    made = prepared[1]
    his = Library.open(tmp_path / "copy", actor="him", settings=SHARED)
    hers = Library.open(tmp_path / "copy", actor="her", settings=SHARED)
    own = his.tokenize(made.dataset, SMALL | {"context_length": 16})
    assert his.wait(own.id, timeout=300).owner == "him"
    assert not hers.may("delete", hers.tokenization(own.id))
    assert his.may("delete", his.tokenization(own.id))
    with pytest.raises(StudioError, match="Other users") as caught:
        hers.delete(made.dataset, cascade=True)
    assert (caught.value.code, caught.value.details["ids"]) == ("in_use", [own.id])
    assert his.delete(own.id).deleted == (own.id,)
    assert made.dataset in hers.delete(made.dataset, cascade=True).deleted


def test_only_its_owner_resumes_what_failed(prepared: tuple[Path, Subjects], tmp_path: Path) -> None:
    """An equal request by somebody else makes another dataset, and leaves the one that failed as it is."""
    shutil.copytree(prepared[0], tmp_path / "copy")
    hers = Library.open(tmp_path / "copy", actor="her", settings=SHARED)
    failed = hers.make_example(200_000)
    hers.cancel(hers.jobs(failed.id)[0].id)
    his = Library.open(tmp_path / "copy", actor="him", settings=SHARED)
    with pytest.raises(StudioError) as caught:
        his.retry(failed.id)
    assert caught.value.code == "permission_denied"
    own = his.make_example(200_000)
    try:
        assert own.id != failed.id
        assert (own.owner, hers.dataset(failed.id).status) == ("him", "error")
        ann = Library.open(tmp_path / "copy", actor="ann@example.org", settings=SHARED)
        assert ann.cancel(his.jobs(own.id)[0].id).status == "cancelled"
        again = ann.retry(failed.id)
        assert (again.owner, ann.dataset(failed.id).owner) == ("her", "her")
        assert hers.cancel(again.id).status == "cancelled"
    finally:
        for job in Library.open(tmp_path / "copy").jobs(active=True):
            Library.open(tmp_path / "copy").cancel(job.id)


def test_nothing_reaches_into_the_machine_of_a_shared_library(prepared: tuple[Path, Subjects], tmp_path: Path) -> None:
    library, made = _opened(prepared, tmp_path / "copy", "stranger")
    refused: list[Callable[[], Any]] = [
        lambda: library.import_files([Path(__file__)]),
        lambda: library.look_at_files(["/etc/passwd"]),
        lambda: library.import_files([library.home.uploads]),
        lambda: library.import_files([library.home.uploads / "up_x" / ".." / made.upload / "texts.txt"]),
        lambda: library.tokenize(made.dataset, {"tokenizer": "/etc"}),
        lambda: library.tokenize(made.dataset, {"tokenizer": "a/b"}, hf_token="hf_his"),
        lambda: library.load_tokenizer("a/b", hf_token="hf_his"),
        lambda: library.tokenizer("/etc"),
    ]
    for act in refused:
        with pytest.raises(StudioError) as caught:
            act()
        assert caught.value.code == "permission_denied"


def test_a_library_that_is_not_shared_has_only_its_host(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    assert library.actor.is_host
    assert all(library.may(act) for act in ("start", "maintain"))
