"""The command line as its contract has it: what is printed where, and how it exits."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.cli.tables import plain, table
from mistudio_core.library import Library
from tests.hub import repositories
from tests.hub.access import READ_TOKEN
from tests.hub.server import HubServer

ROOT = Path(__file__).resolve().parents[2]


class Shell:
    """Runs commands on one library."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mistudio_core", "--home", str(self.home), *arguments],
            cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def json(self, *arguments: str, exit_status: int = 0) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == exit_status, done.stderr
        return json.loads(done.stdout)

    def error(self, *arguments: str) -> str:
        return str(self.json(*arguments, exit_status=1)["error"]["code"])


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "library")


def test_a_whole_life_in_json(shell: Shell) -> None:
    dataset = shell.json("sample", "--samples", "120")
    assert list(dataset)[:18] == [
        "id", "name", "source", "repo_id", "revision", "config", "splits", "num_samples", "size_bytes", "status",
        "error", "columns", "text_columns", "path", "created_at", "updated_at", "owner", "access",
    ]  # fmt: skip
    assert (dataset["status"], dataset["num_samples"], dataset["error"]) == ("ready", 120, None)
    assert shell.json("list") == [dataset]
    page = shell.json("samples", dataset["id"], "--split", "train", "--offset", "2", "--limit", "3")
    assert (page["total"], page["total_is_exact"]) == (dataset["splits"]["train"], True)
    assert [row["index"] for row in page["rows"]] == [2, 3, 4]
    assert set(page["rows"][0]) == {"index", "split", "text", "columns", "matches"}
    assert (page["by"], page["note"]) == ("position", "")
    recipe = ("--tokenizer", "sample", "--context-length", "32")
    foreseen = shell.json("estimate", dataset["id"], *recipe, "--min-tokens", "40")
    assert [one["preset"] for one in foreseen["presets"]][:2] == ["continuous", "saelens"]
    assert 0 < foreseen["left_out"]["min_tokens"] < 1
    made = shell.json("tokenize", dataset["id"], *recipe)
    assert (made["status"], made["context_length"], made["vocab_size"]) == ("ready", 32, 4096)
    assert made["num_sequences"] > 0
    shown = shell.json("show", dataset["id"])
    assert shown["tokenizations"] == [made]
    assert shell.json("show", made["id"]) == made
    assert shell.json("stats", dataset["id"])["version"]
    assert shell.json("stats", made["id"])["version"]
    jobs = [job for job in shell.json("jobs") if job["kind"] != "index"]
    assert [(job["kind"], job["status"]) for job in jobs] == [("tokenize", "succeeded"), ("example", "succeeded")]
    assert shell.json("verify")["problems"] == []
    index, part = Path(dataset["path"]) / "samples.duckdb", next(Path(made["path"]).glob("data-*"))
    index.unlink()
    (done,) = shell.json("repair", dataset["id"])["repaired"]
    assert str(index) in done
    kept = part.read_bytes()
    part.write_bytes(kept[:-1])
    failure = shell.json("repair", exit_status=1)["error"]
    assert failure["code"] == "corrupt_data"
    assert f"{part} has" in failure["message"]
    assert f"Delete {made['id']} and tokenize again." in failure["message"]
    part.write_bytes(kept)
    assert shell.json("rebuild") == {"datasets": 1, "tokenizations": 1}
    renamed = shell.json("rename", dataset["id"], "--name", "tales\n \u202eof old", "--notes", "mine")
    assert (renamed["name"], renamed["notes"]) == ("tales of old", "mine")
    assert shell.json("delete-exports", "--yes") == {"freed_bytes": 0}
    assert shell.error("delete", dataset["id"], "--yes") == "in_use"
    deleted = shell.json("delete", dataset["id"], "--cascade", "--yes")
    assert set(deleted["deleted"]) == {dataset["id"], made["id"]}
    assert shell.json("list") == []


def test_failures_are_one_document_or_one_sentence(shell: Shell) -> None:
    document = shell.json("show", "ds_" + "a" * 12, exit_status=1)
    assert set(document["error"]) == {"code", "message", "hint", "details"}
    done = shell.run("show", "nonsense")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("not_found: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("samples", "ds_x", "--limit", "many"),
        ("sample", "--samples", "0"),
        ("sample", "--samples", "-1"),
        ("list", "--sort", "colour"),
        ("import", "/no/such/file.jsonl"),
    ],
)
def test_a_bad_value_is_an_error_with_a_code(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell.error(*arguments) in ("invalid_request", "not_found")


@pytest.mark.parametrize(
    "arguments", [("dance",), ("list", "--colour", "red"), ("show",), (), ("delete", "ds_x"), ("tokenize", "--json")]
)
def test_what_cannot_be_understood_exits_with_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage" in done.stderr


def test_problems_found_by_verify_name_the_files_and_fail(shell: Shell) -> None:
    dataset = shell.json("sample", "--samples", "30")
    part = next(Path(dataset["path"]).glob("raw/train/*.parquet"))
    part.write_bytes(b"PAR1 no longer")
    document = shell.json("verify", exit_status=1)
    assert document["error"]["code"] == "corrupt_data"
    assert str(part) in document["error"]["message"]


HEARS_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("mistudio_core", run_name="__main__")
"""
# Whoever runs the tests in the background of a script has them ignore Ctrl-C, and every child with them.


def test_ctrl_c_cancels_the_job_and_exits_with_130(shell: Shell) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, "--home", str(shell.home), "sample", "--samples", "200000"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    library = Library.open(shell.home)
    deadline = time.monotonic() + 20
    while not any(job.status == "running" for job in library.jobs()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    output, complaints = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, ""), complaints
    assert [job.status for job in library.jobs()] == ["cancelled"]


def test_a_recipe_file_is_read_and_options_win_over_it(shell: Shell, tmp_path: Path) -> None:
    dataset = shell.json("sample", "--samples", "60")
    (tmp_path / "recipe.json").write_text(json.dumps({"tokenizer": "sample", "context_length": 128}))
    made = shell.json("tokenize", dataset["id"], "--recipe", str(tmp_path / "recipe.json"), "--context-length", "16")
    assert made["context_length"] == 16
    (tmp_path / "recipe.json").write_text("[1]")
    assert shell.error("tokenize", dataset["id"], "--recipe", str(tmp_path / "recipe.json")) == "invalid_request"


def test_a_recipe_that_nests_too_deep_is_an_error_with_a_code(shell: Shell, tmp_path: Path) -> None:
    deep = "[" * 60_000 + "]" * 60_000
    (tmp_path / "recipe.json").write_text('{"tokenizer": ' + deep + "}")
    recipe = ("--tokenizer", "sample", "--recipe", str(tmp_path / "recipe.json"))
    assert shell.error("preview", "--text", "one", *recipe) == "invalid_request"
    assert (
        shell.error("preview", "--text", "one", "--tokenizer", "sample", "--context-length", deep) == "invalid_request"
    )


def test_samples_and_tokens_are_found(shell: Shell) -> None:
    dataset = shell.json("sample", "--samples", "300")
    recipe = ("--tokenizer", "sample", "--context-length", "32")
    foreseen = shell.json("estimate", dataset["id"], *recipe, "--min-tokens", "40")
    assert [one["preset"] for one in foreseen["presets"]][:2] == ["continuous", "saelens"]
    assert 0 < foreseen["left_out"]["min_tokens"] < 1
    made = shell.json("tokenize", dataset["id"], *recipe)
    assert shell.json("index", dataset["id"])["status"] == "succeeded"
    ranked = shell.json("samples", dataset["id"], "--search", "the", "--limit", "3")
    assert (ranked["by"], ranked["note"], len(ranked["rows"])) == ("ranked", "", 3)
    shutil.rmtree(Path(dataset["path"]) / "search")
    scanned = shell.json("samples", dataset["id"], "--search", "the", "--limit", "3")
    assert (scanned["by"], scanned["total"]) == ("scan", ranked["total"])
    assert "No word index" in scanned["note"]
    row = scanned["rows"][0]
    assert {row["text"][start:end].lower() for start, end in row["matches"]} == {"the"}
    exported = shell.json("samples", dataset["id"], "--search", "the", "--export", "jsonl")
    lines = Path(exported["path"]).read_text().splitlines()
    assert (len(lines), exported["size_bytes"]) == (ranked["total"], Path(exported["path"]).stat().st_size)
    cuts = shell.json("compare-text", "sample", made["id"], "--text", "One day")
    assert [len(own) for own in cuts["tokens"]] == [len(cuts["tokens"][0])] * 2
    assert not any(piece["differs"] for piece in cuts["pieces"])
    assert shell.error("compare-text", "sample", "--text", "One day") == "invalid_request"
    contexts = shell.json("concordance", dataset["id"], "the", "--sort", "after", "--limit", "2")
    assert set(contexts) >= {"rows", "total", "total_is_exact", "num_samples", "preceding", "following"}
    assert [hit["match"].lower() for hit in contexts["rows"]] == ["the", "the"]
    hits = shell.json("search-tokens", made["id"], "--text", " the", "--limit", "2")
    assert set(hits) >= {"total", "total_is_exact", "hits"}
    assert set(hits["hits"][0]) >= {"sequence", "position", "left", "match", "right", "sample"}
    assert [hit["match"] for hit in hits["hits"]] == [" the"] * 2
    ids = ",".join(str(token["id"]) for token in hits["sequence"])
    assert shell.json("search-tokens", made["id"], "--ids", ids, "--limit", "2") == hits
    assert shell.error("search-tokens", made["id"], "--ids", "1,x") == "invalid_request"
    assert shell.error("samples", dataset["id"], "--search", "(", "--mode", "regex") == "invalid_request"


def test_tables_show_control_characters_and_send_none_to_the_terminal() -> None:
    hostile = "\x1b[31mred\x07\nline"
    assert "\x1b" not in plain(hostile)
    text = table({"rows": [{"text": hostile}], "total": 1, "total_is_exact": True})
    assert "\x1b" not in text
    assert "\x07" not in text
    assert text.endswith("1 in all\n")
    assert table({"rows": [], "total": 0, "note": "By scan."}).endswith("0 in all\nBy scan.\n")
    assert table([]) == "nothing\n"
    assert "-" in table({"config": None})


def test_a_gated_dataset_is_downloaded_with_a_token_from_standard_input(shell: Shell, hub: HubServer) -> None:
    hub.add(repositories.gated())
    assert shell.run("download", "acme/gated", "--json").returncode == 1
    done = shell.run("download", "acme/gated", "--token-stdin", "--json", stdin=f"{READ_TOKEN}\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["num_samples"] > 0
