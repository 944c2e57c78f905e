"""The plan folder: all that machines share which make one tokenization. Nothing in it is decided again by a worker.

plan.json          recipe, policy, engine and its verdict, versions, measured facts, hash and shuffle rule; sealed
tokenizer/         the stored tokenizer, in a folder named by its checksum
files.parquet      split, uri, size_bytes, sha256, num_rows, first (of its samples in the split)
groups.parquet     row groups: file, index, first, num_rows, num_bytes
shards.parquet     index, split, first, last
settled/           what all steps of a stage came to
failed/            <stage>-<index>.json: host, code, message of the last failure
differs/           <stage>-<index>.json: where a worker saw the engines differ
progress/          a file for each worker
cancel             workers stop where it lies
tokenization/      what is made, with its parts in .work until the merge
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core import __version__
from mistudio_core.checksums import seal_problem, write_sealed
from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import DATASET_MANIFEST, PLAN
from mistudio_core.files import read_json, sync_folder
from mistudio_core.raw import RawSplit, RowGroup, open_splits
from mistudio_core.tokenization.packing.plan import Plan, Shard, make_plan, plan_like
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.pipeline.engine_choice import EngineChoice
from mistudio_core.tokenization.pipeline.shards import OnStep
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.facts import data_key, manifest_facts, measured_texts
from mistudio_core.tokenization.scale.steps import Steps, known_steps, stages_of
from mistudio_core.tokenization.tokenizer.contents import VERDICTS
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer

FORMAT: Final = 1
HASH: Final = "xxh3-128"
TOKENIZER: Final = "tokenizer"
MADE: Final = "tokenization"


@dataclass(frozen=True, slots=True)
class Planned:
    """An opened plan: the folder, what `plan.json` says, and the task that follows from it."""

    folder: Path
    document: Mapping[str, Any]
    task: Task

    def steps(self, on_step: OnStep = lambda _: None) -> Steps:
        """Return the steps to be run in this process."""
        return Steps(self.task, EngineChoice(self.task, planned=self.document["engine"]), on_step)

    @property
    def measured(self) -> dict[str, tuple[int, int]]:
        """Characters and words of all texts of a split, where they are known."""
        return {split: (characters, words) for split, (characters, words) in self.document["measured"].items()}


def write_plan(
    folder: Path, dataset_folder: Path, recipe: Recipe, tokenizer: StoredTokenizer, *, tokenization_id: str,
    created_at: str, owner: str = "local", like: Mapping[str, Any] | None = None, max_piece_bytes: int | None = None,
    shard_bytes: int | None = None,
) -> Planned:  # fmt: skip
    """Plan a tokenization of a dataset in `folder`, which must not exist or be empty; `plan.json` is written last.

    `like` is the manifest of a tokenization whose seams are taken over. Raises `invalid_request` for a folder that is
    in use and `engines_differ` where the recipe allows only the fast engine and that is wrong.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise invalid(f"{folder} exists and is not empty.", "Name a new folder for the plan.")
    dataset = read_json(dataset_folder / DATASET_MANIFEST) or {}
    splits = {name: split for name, split in open_splits(dataset_folder).items() if name in recipe.splits}
    plan = make_plan(splits, recipe, shard_bytes=shard_bytes) if like is None else plan_like(splits, recipe, like)
    policy = resolve_policy(recipe, tokenizer)
    task = Task(plan, recipe, policy, tokenizer, splits, folder / MADE, max_piece_bytes, folder)
    engine = EngineChoice(task, data_key(dataset)).decided()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        tokenizer.folder, folder / TOKENIZER / tokenizer.sha256, ignore=shutil.ignore_patterns(VERDICTS, ".*")
    )
    _write_tables(folder, plan, splits, dataset)
    sync_folder(folder)
    write_sealed(
        folder / PLAN,
        {
            "format": FORMAT,
            "mistudio_version": __version__,
            "id": tokenization_id,
            "recipe": recipe.to_json(),
            "recipe_fingerprint": recipe.fingerprint(),
            "policy": policy.to_json(),
            "tokenizer": {"name": tokenizer.name, "revision": tokenizer.revision, "sha256": tokenizer.sha256,
                          "source": tokenizer.source, "notes": list(tokenizer.notes)},
            "engine": engine,
            "max_piece_bytes": max_piece_bytes,
            "measured": measured_texts(dataset_folder, recipe),
            "hash": HASH,
            "shuffle_rule": recipe.shuffle_rule,
            "splits": dict(plan.splits),
            "stages": list(stages_of(task)),
            "steps": known_steps(task),
            "facts": manifest_facts(tokenization_id, dataset, created_at=created_at, owner=owner),
        },
    )  # fmt: skip
    return open_plan(folder)


def open_plan(folder: Path) -> Planned:
    """Open a plan folder; raise `not_found` where it holds none and `corrupt_data` where it is damaged."""
    document = read_json(folder / PLAN)
    if document is None:
        raise StudioError("not_found", f"There is no plan in {folder}.", "Write one with the command plan.")
    problem = seal_problem(folder / PLAN)
    if problem is not None:
        raise StudioError("corrupt_data", problem, "Write the plan again.")
    recipe, policy = Recipe.from_stored(document["recipe"]), Policy.from_json(document["policy"])
    rules = document["format"], document["hash"], document["shuffle_rule"]
    if rules != (FORMAT, HASH, recipe.shuffle_rule):
        raise invalid(
            f"The plan was written by version {document['mistudio_version']}, which works by other rules.",
            "Use that version on every machine, or plan again.",
        )
    named = document["tokenizer"]
    tokenizer = open_tokenizer(
        folder / TOKENIZER / named["sha256"], name=named["name"], revision=named["revision"], source=named["source"],
        notes=tuple(named["notes"]),
    )  # fmt: skip
    plan = Plan(document["splits"], tuple(Shard(*row) for row in _rows(folder / "shards.parquet", _SHARDS)))
    made, splits = folder / MADE, _read_splits(folder, document["splits"])
    task = Task(plan, recipe, policy, tokenizer, splits, made, document["max_piece_bytes"], folder)
    task.work.mkdir(parents=True, exist_ok=True)
    return Planned(folder, document, task)


def _write_tables(folder: Path, plan: Plan, splits: Mapping[str, RawSplit], dataset: Mapping[str, Any]) -> None:
    entries = {entry["path"]: entry for entry in dataset.get("files", ())}
    files: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for name, split in splits.items():
        numbers = {part: len(files) + at for at, part in enumerate(split.parts)}
        firsts: dict[Path, int] = {}
        for group in split.row_groups:
            firsts.setdefault(group.part, group.first)
            sizes = {"first": group.first, "num_rows": group.num_rows, "num_bytes": group.num_bytes}
            groups.append({"file": numbers[group.part], "index": group.index, **sizes})
        for part in split.parts:
            entry = entries.get(f"raw/{name}/{part.name}", {})
            rows = sum(group.num_rows for group in split.row_groups if group.part == part)
            files.append({
                "split": name, "uri": str(part.resolve()), "size_bytes": part.stat().st_size,
                "sha256": entry.get("sha256"), "num_rows": rows, "first": firsts.get(part, 0),
            })  # fmt: skip
    shards = [{"index": s.index, "split": s.split, "first": s.first, "last": s.last} for s in plan.shards]
    for table, rows_of, schema in (("files", files, _FILES), ("groups", groups, _GROUPS), ("shards", shards, _SHARDS)):
        pq.write_table(pa.Table.from_pylist(rows_of, schema), folder / f"{table}.parquet", compression="zstd")


_FILES: Final = pa.schema(
    [("split", pa.string()), ("uri", pa.string()), ("size_bytes", pa.int64()), ("sha256", pa.string()),
     ("num_rows", pa.int64()), ("first", pa.int64())]
)  # fmt: skip
_GROUPS: Final = pa.schema(
    [("file", pa.int32()), ("index", pa.int32()), ("first", pa.int64()), ("num_rows", pa.int64()),
     ("num_bytes", pa.int64())]
)  # fmt: skip
_SHARDS: Final = pa.schema([("index", pa.int64()), ("split", pa.string()), ("first", pa.int64()), ("last", pa.int64())])


def _read_splits(folder: Path, names: Mapping[str, int]) -> dict[str, RawSplit]:
    """Return the splits by the index of the plan; of each only one footer is read, for its schema."""
    files = pq.read_table(folder / "files.parquet").to_pylist()
    found: dict[str, list[RowGroup]] = {name: [] for name in names}
    parts = [Path(file["uri"]) for file in files]
    for file, index, first, num_rows, num_bytes in _rows(folder / "groups.parquet", _GROUPS):
        group = RowGroup(part=parts[file], index=index, first=first, num_rows=num_rows, num_bytes=num_bytes)
        found[files[file]["split"]].append(group)
    splits = {}
    for name, groups in found.items():
        first = next((Path(file["uri"]) for file in files if file["split"] == name), None)
        schema = None if first is None else _schema(first)
        splits[name] = RawSplit.of_index(folder if first is None else first.parent, groups, schema)
    return splits


def _rows(file: Path, schema: pa.Schema) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table that may have a million of them, in the order of a schema's columns."""
    table = pq.read_table(file)
    return zip(*(table[name].to_pylist() for name in schema.names), strict=True)


def _schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise StudioError(
            "corrupt_data", f"The data file {file} of the plan is missing or damaged.",
            "Every machine must see the files of the plan under the same paths.",
        ) from error  # fmt: skip
