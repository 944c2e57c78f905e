"""Where a tokenization runs: the choice in the form, a saved plan, and a job that a cluster makes."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from streamlit.testing.v1 import AppTest

from mistudio_core.cli.run import run as command
from mistudio_core.errors import StudioError
from mistudio_core.example.dataset import sample_tokenizer
from mistudio_core.jobs.protocol import Progress
from mistudio_core.tokenization.scale.board import Board
from mistudio_core.tokenization.scale.run import run
from mistudio_core.ui.tokenize import where
from mistudio_core.ui.tokenize.recipe_fields import key
from tests.support.app_driver import open_app, press, words
from tests.support.planned import same_files
from tests.support.staged import StagedLibrary, a_tokenization, staged, stories

FIELDS = {"tokenizer": "sample", "context_length": 64}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """A scheduler that workers are still to come to; they are threads of this process."""
    options = {"host": "127.0.0.1", "dashboard_address": None, "processes": False, "protocol": "tcp://"}
    with LocalCluster(n_workers=0, threads_per_worker=1, **options) as running:
        monkeypatch.setenv("MISTUDIO_CLUSTER", running.scheduler_address.replace("tcp://", "dask://"))
        yield running


def a_form(library: StagedLibrary, place: str) -> tuple[str, AppTest]:
    """Open the form of a dataset of stories with the sample's tokenizer, and choose where to run."""
    sample_tokenizer(library.home)
    dataset_id = library.ready("stories", {"train": stories(300)})
    library.open()
    app = open_app("dataset", id=dataset_id, tab="Tokenizations")
    app.selectbox(key=key(dataset_id, "tokenizer")).select("sample").run()
    app.number_input(key=key(dataset_id, "context_length")).set_value(64).run()
    app.segmented_control(key=key(dataset_id, "where")).set_value(place).run()
    return dataset_id, app


def test_a_saved_plan_runs_where_it_is_unpacked(
    library: StagedLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset_id, app = a_form(library, where.PLAN)
    assert where.CLUSTER not in app.segmented_control(key=key(dataset_id, "where")).options
    press(app, key(dataset_id, "make_plan"))
    assert library.library.tokenizations(dataset_id) == []
    (_, packed) = app.session_state[key(dataset_id, "plan")]
    shown = "\n".join(item.value for item in app.code)
    assert all(line in shown for line in packed.commands)
    assert "#SBATCH --array=0-0\n" in packed.script
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        archive.extractall(tmp_path)
    plan = tmp_path / packed.name.removesuffix(".zip")
    assert (plan / "shard.sbatch").read_text() == packed.script
    monkeypatch.chdir(plan)
    assert command(packed.script.splitlines()[-1].removeprefix("exec mistudio ").split()) == 0
    adopted = library.library.adopt(plan)
    assert adopted.num_sequences > 0
    app.number_input(key=key(dataset_id, "context_length")).set_value(32).run()
    assert not app.code, "the plan was of another recipe"


def test_a_cluster_makes_what_this_machine_would_and_heeds_a_cancel(
    library: StagedLibrary, cluster: LocalCluster, tmp_path: Path
) -> None:
    dataset_id, app = a_form(library, where.CLUSTER)
    press(app, key(dataset_id, "start"))
    opened = library.library
    (tokenization,) = opened.tokenizations(dataset_id)
    plan = library.home.tokenization_draft(dataset_id, tokenization.id)
    (job,) = opened.jobs(tokenization.id)
    while not cluster.scheduler.tasks:
        assert opened.job(job.id).active, opened.log(job.id)
        time.sleep(0.05)
    opened.cancel(job.id)
    assert opened.wait(job.id, timeout=60).status == "cancelled"
    assert Board(plan).is_cancelled
    while cluster.scheduler.tasks:
        time.sleep(0.05)
    cluster.scale(1)
    opened.retry(tokenization.id)
    assert opened.wait(tokenization.id, timeout=120).status == "succeeded"
    made = opened.tokenization(tokenization.id)
    assert not plan.exists()
    assert opened.verify(made.id).problems == ()
    with pytest.raises(StudioError, match="Already exists"):  # wherever it was made
        opened.tokenize(dataset_id, FIELDS)
    here = opened.plan(dataset_id, FIELDS, out=tmp_path / "here")
    run(here.uri)
    assert made.path is not None
    assert same_files(tmp_path / "here" / "tokenization", made.path) == []


def test_failed_shards_are_shown_with_host_and_reason(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    failed = [{"stage": "encode", "index": 7, "host": "node3", "message": "The disk is full."}]
    live = {"workers": 4, "failed": failed, "num_failed": 2}
    progress = Progress(phase="encode", done=3, total=9, unit="shards", rate=1.5, eta_s=4.0, live=live)
    library.running("tokenize", a_tokenization(dataset_id), progress)
    library.open()
    shown = words(open_app("dataset", id=dataset_id, tab="Tokenizations"))
    for part in ("Encode", "3 of 9 shards", "1.5", "4 workers", "encode 7 on node3: The disk is full", "and 1 more"):
        assert part in shown, (part, shown)


def test_no_cluster_without_its_variable(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open()
    with pytest.raises(StudioError, match="No cluster is named"):
        library.library.tokenize(dataset_id, FIELDS, on_cluster=True)
