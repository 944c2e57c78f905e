"""Every file of a finished library, damaged in every way, is named and hides nothing; what can be is made again."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest

from mistudio_core.files import read_json, walk_files, write_json
from mistudio_core.jobs import protocol
from mistudio_core.library import Library, visitors
from mistudio_core.records import Repaired
from mistudio_core.tokenization.tokenizer.names import Named, keep_name
from tests.support.damage import DAMAGES, damaged

FORM_ONLY = {protocol.STARTED, protocol.PROCESS, protocol.PROGRESS}
"""What is replaced while a job runs has no checksum: what still has its form is taken as it is."""
MAY_BE_MISSING = (*FORM_ONLY, protocol.LOG, "sample.json", ".checksums.json", "visitors.key")
"""What need not be there: it is told by nothing else that it ever was."""
NOT_REPAIRED = ("visitors.key", "samples-")
"""What Repair leaves: a key that cannot be made again, and files whose question nothing tells."""
NOT_DATA = (".lock", "catalog.generation", "catalog.rows.json", "catalog.duckdb")
CANNOT = {"dataset.json", "manifest.json", "lengths", "skipped", "statistics.npz"}
"""What no other file tells, apart from samples and sequences."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library.open(tmp_path_factory.mktemp("whole") / "home")
    dataset = library.make_example(40)
    assert library.wait(dataset.id, timeout=300).status == "succeeded"
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 32})
    assert library.wait(tokenization.id, timeout=300).error is None
    job = library.export_tokenization(tokenization.id, "parquet")
    for one in (job, *library.jobs(active=True)):  # the index of words follows by itself
        assert library.wait(one.id, timeout=300).error is None
    library.rename(dataset.id, name="Named", notes="noted")
    library.export_samples(dataset.id, "csv")
    visitors.signed(library.home.root, visitors.new_name())
    keep_name(library.home.tokenizers, Named(name="someone/named", sha256=library.tokenizer("sample").sha256))
    return library


@pytest.fixture
def library(made: Library, tmp_path: Path) -> Library:
    shutil.copytree(made.home.root, tmp_path / "home")
    return Library.open(tmp_path / "home")


def files_of(library: Library) -> list[Path]:
    """Return the finished files, of the jobs those of one."""
    job = library.home.job(library.jobs(library.tokenizations()[0].id)[-1].id)
    found = [path for path in walk_files(library.home.root) if not path.name.endswith(NOT_DATA)]
    found = [path for path in found if library.home.locks not in path.parents]
    return sorted(path for path in found if library.home.jobs not in path.parents or job in path.parents)


def is_seen(path: Path, damage: str) -> bool:
    if path.name.startswith("named-"):
        return damage != "missing"
    if path.name == protocol.LOG:
        return damage in ("folder", "unreadable")
    if (path.name.endswith(MAY_BE_MISSING) and path.parent.name != "search") or path.parent.name == "verdicts":
        return damage != "missing"
    return True


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damaged_file_is_named_and_hides_nothing(made: Library, damage: str) -> None:
    files = files_of(made)
    assert len(files) > 30
    assert made.verify().problems == ()
    for path in files:
        if damage == "flipped" and path.name in FORM_ONLY:
            continue
        with damaged(path, damage):
            problems = made.verify().problems
            assert len(made.datasets()) == len(made.tokenizations()) == 1
            assert len(made.jobs()) == 4
            made.tokenizers()
        assert len(problems) == is_seen(path, damage), (path, problems)
        assert all(str(path) in problem for problem in problems), (path, problems)
    assert made.verify().problems == ()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_lock_keeps_nobody_out(library: Library, damage: str) -> None:
    for path in [path for path in library.home.locks.iterdir() if path.is_file()]:
        DAMAGES[damage](path)
    (dataset,) = library.datasets()
    assert library.rename(dataset.id, name=damage).name == damage


def test_all_damage_at_once_is_named(made: Library) -> None:
    manifests = ("dataset.json", "manifest.json", "checksums.json", "source.json")
    files = [path for path in files_of(made) if not path.name.endswith(manifests) and path.name != protocol.LOG]
    with ExitStack() as stack:
        for path in files:
            stack.enter_context(damaged(path, "garbage"))
        problems = "\n".join(made.verify().problems)
        assert [path for path in files if str(path) not in problems] == []
    assert made.verify().problems == ()


def mended(library: Library) -> Repaired:
    done = library.repair()
    for job in done.jobs:
        assert library.wait(job, timeout=300).error is None
    return done


def test_what_other_files_tell_is_made_again(library: Library) -> None:
    cannot_be = ("raw/", ".arrow")
    files = [
        path for path in files_of(library) if path.name not in CANNOT and not any(one in str(path) for one in cannot_be)
    ]
    files = [path for path in files if "tokenized" not in path.parts or path.name != "statistics.json"]
    files = [path for path in files if not path.name.startswith(NOT_REPAIRED)]
    before = {path: path.read_bytes() for path in files}
    whole = [record.to_json() for record in (*library.datasets(), *library.tokenizations(), *library.jobs())]
    for path, damage in zip(files, cycle(DAMAGES), strict=False):
        DAMAGES[damage](path)
    assert len(library.verify().problems) > 12
    done = mended(library)
    assert done.left == ()
    assert library.verify().problems == ()
    assert [record.to_json() for record in (*library.datasets(), *library.tokenizations())] == whole[:2]
    equal = {"statistics.json", "state.json", "dataset_info.json", "sae_lens.json", "tokenizer.json"}
    changed = {path.name for path, data in before.items() if path.is_file() and path.read_bytes() != data}
    assert not changed & equal, changed
    assert library.rebuild().tokenizations == 1
    assert [record.to_json() for record in library.datasets()] == whole[:1]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_takes_no_job_is_made_again_of_every_damage(made: Library, damage: str) -> None:
    """Without the files that a job makes again, which takes a second or two."""
    of_jobs = {protocol.REQUEST, protocol.RESULT, *FORM_ONLY}
    quick = {"state.json", "dataset_info.json", "sae_lens.json", "user.json", *of_jobs}
    files = [path for path in files_of(made) if path.name in quick and "exports" not in path.parts]
    assert len(files) == len(quick)
    with ExitStack() as stack:
        for path in files:
            stack.enter_context(damaged(path, damage))
        assert (made.repair().left, made.verify().problems) == ((), ())


def test_what_cannot_be_made_again_is_left_with_what_helps(made: Library) -> None:
    (dataset,), (tokenization,) = made.datasets(), made.tokenizations()
    raw = next((made.home.dataset(dataset.id) / "raw").rglob("*.parquet"))
    lengths = made.home.tokenization(dataset.id, tokenization.id) / "lengths"
    with damaged(raw, "flipped"), damaged(lengths, "cut"):
        done = made.repair()
    assert (done.repaired, done.jobs) == ((), ())
    assert sorted(done.left) == sorted(
        [
            f"{dataset.id}: {raw} is damaged: its content does not match its checksum. "
            f"Delete {dataset.id} and download or import it again.",
            f"{tokenization.id}: {lengths} has {lengths.stat().st_size // 2:,} bytes instead of "
            f"{lengths.stat().st_size:,}. Delete {tokenization.id} and tokenize again.",
        ]
    )


def _without_checksums(path: Path) -> None:
    value = {
        name: item for name, item in (read_json(path) or {}).items() if name not in ("sha256", "sidecars", "checked")
    }
    write_json(path, value.pop("record", value))


def test_an_export_that_is_gone_is_forgotten(library: Library) -> None:
    (export,) = library.home.exports.glob("samples-*.csv")
    export.unlink()
    assert [str(export) in problem for problem in library.verify().problems] == [True]
    assert library.repair().left == ()
    assert library.verify().problems == ()
    assert list(library.home.exports.glob("samples-*")) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_key_of_visitors_lets_nobody_in_and_keeps_nobody_out(library: Library, damage: str) -> None:
    root = library.home.root
    before = visitors.signed(root, visitors.new_name())
    assert visitors.name_in(root, before) is not None
    DAMAGES[damage](root / "visitors.key")
    assert visitors.name_in(root, before) is None
    again = visitors.signed(root, visitors.new_name())
    assert visitors.name_in(root, again) is not None
    assert library.verify().problems == ()


def test_files_of_which_nothing_was_recorded_are_no_damage(library: Library) -> None:
    """As an older version left them: without checksums of documents, tokenizers and copies."""
    (dataset,) = library.datasets()
    sealed = ("dataset.json", "user.json", "manifest.json", "source.json", protocol.REQUEST, protocol.RESULT)
    for path in files_of(library):
        if path.name.endswith(".checksums.json"):
            path.unlink()
        elif path.name == "visitors.key":
            path.write_bytes(bytes.fromhex(path.read_text()[:64]))
        elif path.name in sealed or path.name.startswith("named-"):
            _without_checksums(path)
    shutil.rmtree(library.home.dataset(dataset.id) / "search")
    for verdicts in library.home.tokenizers.glob("*/verdicts"):
        shutil.rmtree(verdicts)
    assert library.verify().problems == ()
