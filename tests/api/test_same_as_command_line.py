"""The command line and the API give equal JSON for the same act, results and refusals alike."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from mistudio_core.cli.parser import make_parser
from mistudio_core.cli.run import run
from mistudio_core.library import Library
from tests.api.conftest import Connect
from tests.hub.server import HubServer

ONLY_IN_A_SHELL: Final = {
    "app", "serve", "api-key",  # what starts servers and lets programs in
    "plan", "shard", "status", "merge", "adopt", "run",  # folders of the machines that make a tokenization together
}  # fmt: skip
RECIPE: Final = {"tokenizer": "sample", "context_length": 32}
OPTIONS: Final = "--tokenizer sample --context-length 32"


@dataclass(frozen=True)
class Act:
    """A command and a request that ask for the same; DS, TOK and JOB stand for the ids of what is there."""

    command: str
    method: str
    path: str
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)


ACTS: Final = (
    Act("list", "GET", "/datasets"),
    Act("list --status ready --source sample --search stor --sort name", "GET", "/datasets",
        query={"status": "ready", "source": "sample", "search": "stor", "sort": "name"}),
    Act("list --sort colour", "GET", "/datasets", query={"sort": "colour"}),
    Act("show DS", "GET", "/datasets/DS"),
    Act("show TOK", "GET", "/tokenizations/TOK"),
    Act("show TOK", "GET", "/datasets/DS/tokenizations/TOK"),
    Act("show tok_aaaaaaaaaaaa", "GET", "/tokenizations/tok_aaaaaaaaaaaa"),
    Act("samples DS --offset 2 --limit 3", "GET", "/datasets/DS/samples", query={"offset": 2, "limit": 3}),
    Act("samples DS --offset 3 --limit 3 --search the", "GET", "/datasets/DS/samples",
        query={"page": 2, "limit": 3, "search": "the"}),
    Act("samples DS --search fo+ --mode regex --ignore-case --min-chars 300 --sort chars --descending", "GET",
        "/datasets/DS/samples", query={"search": "fo+", "mode": "regex", "ignore_case": True, "min_chars": 300,
                                       "sort": "chars", "descending": True}),
    Act("samples DS --where nonsense", "GET", "/datasets/DS/samples", query={"where": ["nonsense"]}),
    Act("samples DS --tokenization TOK --min-tokens 100 --limit 2", "GET", "/datasets/DS/samples",
        query={"tokenization": "TOK", "min_tokens": 100, "limit": 2}),
    Act("concordance DS the --mode phrase --limit 3 --sort after", "GET", "/datasets/DS/concordance",
        query={"search": "the", "mode": "phrase", "limit": 3, "sort": "after"}),
    Act("compare-text sample TOK --text 'one two'", "POST", "/compare-text",
        {"tokenizers": ["sample", "TOK"], "text": "one two"}),
    Act("index DS", "POST", "/datasets/DS/index"),
    Act("search-tokens TOK --text ' the' --limit 2", "GET", "/tokenizations/TOK/search",
        query={"text": " the", "limit": 2}),
    Act("search-tokens TOK --ids 11,12", "GET", "/tokenizations/TOK/search", query={"ids": [11, 12]}),
    Act("stats DS", "GET", "/datasets/DS/statistics"),
    Act("stats TOK", "GET", "/tokenizations/TOK/statistics"),
    Act(f"preview --text Hello {OPTIONS}", "POST", "/preview", {"text": "Hello", "recipe": RECIPE}),
    Act(f"preview DS --index 3 {OPTIONS}", "POST", "/preview", {"dataset_id": "DS", "index": 3, "recipe": RECIPE}),
    Act(f"estimate DS {OPTIONS}", "POST", "/datasets/DS/estimate", RECIPE),
    Act("compare TOK TOK", "GET", "/compare", query={"ids": ["TOK", "TOK"]}),
    Act("snippet TOK", "GET", "/tokenizations/TOK/snippets"),
    Act("jobs", "GET", "/jobs"),
    Act("cancel JOB", "POST", "/jobs/JOB/cancel"),
    Act("retry JOB", "POST", "/jobs/JOB/retry"),
    Act("retry DS", "POST", "/datasets/DS/retry"),
    Act("retry TOK", "POST", "/tokenizations/TOK/retry"),
    Act("delete DS --yes", "DELETE", "/datasets/DS"),
    Act("delete tok_aaaaaaaaaaaa --yes", "DELETE", "/tokenizations/tok_aaaaaaaaaaaa"),
    Act("delete-exports --yes", "DELETE", "/exports"),
    Act("rename DS --name Tales --notes mine", "PATCH", "/datasets/DS", {"name": "Tales", "notes": "mine"}),
    Act("verify TOK --deep", "POST", "/verify", {"id": "TOK", "deep": True}),
    Act("repair DS", "POST", "/repair", {"id": "DS"}),
    Act("rebuild", "POST", "/rebuild"),
    Act("example --samples 120", "POST", "/datasets/example", {"num_samples": 120}),
    Act(f"tokenize DS {OPTIONS}", "POST", "/datasets/DS/tokenize", RECIPE),
    Act("tokenize DS --tokenizer sample --stride -1", "POST", "/datasets/DS/tokenize",
        {"tokenizer": "sample", "stride": -1}),
    Act("import /no/such.csv --delimiter ';'", "POST", "/datasets/import",
        {"paths": ["/no/such.csv"], "options": {"delimiter": ";"}}),
    Act("import /no/such.csv --encoding cp0", "POST", "/datasets/import",
        {"paths": ["/no/such.csv"], "options": {"encoding": "cp0"}}),
    Act("export TOK --kind stone", "POST", "/tokenizations/TOK/exports", {"kind": "stone"}),
    Act("push TOK me/mine", "POST", "/tokenizations/TOK/push", {"repo_id": "me/mine"}),
    Act("search-hub nothing", "GET", "/datasets/search-hub", query={"text": "nothing"}),
    Act("inspect no/such", "GET", "/datasets/inspect", query={"repo_id": "no/such"}),
    Act("first-rows no/such", "GET", "/datasets/first-rows", query={"repo_id": "no/such"}),
    Act("download no/such --max-samples 3", "POST", "/datasets/download", {"repo_id": "no/such", "max_samples": 3}),
    Act("download no/such --max-samples 0", "POST", "/datasets/download", {"repo_id": "no/such", "max_samples": 0}),
)  # fmt: skip


def test_every_command_has_its_act() -> None:
    (groups,) = (one for one in make_parser()._actions if isinstance(one, argparse._SubParsersAction))
    commands = {action.dest for action in groups._choices_actions}
    assert {act.command.split()[0] for act in ACTS} | ONLY_IN_A_SHELL == commands


def test_equal_json_for_the_same_act(
    home: Path, connect: Connect, hub: HubServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISTUDIO_MAX_WAITING_JOBS", "0")  # nothing starts, so that all stays as it is
    library = Library.open(home)
    dataset, made = library.datasets()[0], library.tokenizations()[0]
    ids = {"DS": dataset.id, "TOK": made.id, "JOB": library.jobs(made.id)[0].id}
    client = connect(home, max_waiting_jobs=0)
    wrong = []
    for act in ACTS:
        words = [_filled(word.strip("'"), ids) for word in _words(act.command)]
        capsys.readouterr()
        run(["--home", str(home), *words, "--json"])
        printed = json.loads(capsys.readouterr().out)
        path, query, body = (_filled(json.dumps(value), ids) for value in (act.path, act.query, act.body))
        answer = client.request(act.method, json.loads(path), params=json.loads(query), json=json.loads(body))
        if _comparable(printed) != _comparable(answer.json()):
            wrong.append((act.command, printed, answer.json()))
    assert wrong == []


def _words(command: str) -> list[str]:
    import shlex

    return shlex.split(command)


def _filled(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(name, value)
    return text


def _comparable(value: Any) -> Any:
    """Leave out what differs from one moment to the next, and how a list is wrapped."""
    if isinstance(value, dict) and set(value) == {"data", "pagination"}:
        value = value["data"]
    if isinstance(value, dict) and "num_listed" in value and "hits" in value:
        value = {"rows" if name == "hits" else name: one for name, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "program" in value[0]:
        value = {one["name"]: one["code"] or one["problem"] for one in value}
    if isinstance(value, dict):
        return {name: _comparable(one) for name, one in value.items() if name not in ("updated_at", "seconds")}
    return [_comparable(one) for one in value] if isinstance(value, list) else value
