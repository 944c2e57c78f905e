"""Which files of a repository belong to which split, by their names, as in the `datasets` library.

This is for looking only: a download asks the library itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from mistudio_core.file_names import ARROW_INFO, ARROW_SPLITS, MODEL_CONFIG

DATA_ENDINGS: Final = frozenset(
    {"parquet", "geoparquet", "gpq", "arrow", "json", "jsonl", "ndjson", "csv", "tsv", "txt", "zip"}
)
"""Endings of the formats that are read; they may be followed by those of a compression."""
_IGNORED: Final = frozenset({MODEL_CONFIG, ARROW_INFO, "dataset_infos.json", ARROW_SPLITS})
_KEYWORDS: Final = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SHARDED: Final = re.compile(r"data/(?P<split>[^/]*)-\d{5}-of-\d{5}[^/]*\.[^/]*")
_READERS: Final = {"geoparquet": "parquet", "gpq": "parquet", "jsonl": "json", "ndjson": "json", "tsv": "csv"}
_BREAK: Final = "[-._ 0-9]"


def is_data(path: str) -> bool:
    """Tell whether a file has the ending of a format that is read, and a name that is not set apart."""
    name = PurePosixPath(path).name
    hidden = any(part.startswith((".", "__")) for part in path.split("/"))
    return not hidden and name not in _IGNORED and bool(DATA_ENDINGS & set(name.lower().split(".")[1:]))


def files_of_splits(
    paths: Sequence[str], patterns: Mapping[str, Sequence[str]] | None, folder: str = ""
) -> dict[str, list[str]]:
    """Return the data files of each split, in the order of their names.

    `patterns` are the globs of a dataset card; without any the file names decide: `data/<split>-00000-of-00001.*`,
    else the words for the usual splits in folder names, else in file names, else all is `train`.
    """
    data = sorted(path for path in paths if is_data(path))
    if patterns is not None:
        root = f"{folder}/" if folder else ""
        return {split: _matching(data, [root + glob for glob in globs]) for split, globs in patterns.items()}
    if folder:
        inside = [path.removeprefix(f"{folder}/") for path in data if path.startswith(f"{folder}/")]
        return {split: [f"{folder}/{path}" for path in found] for split, found in files_of_splits(inside, None).items()}
    data = _of_one_format(data)
    sharded = _grouped((match["split"], path) for path in data if (match := _SHARDED.fullmatch(path)))
    if sharded:
        return sharded
    for rule in (_by_folder, _by_name):
        found = {split: [path for path in data if rule(path, split)] for split in _KEYWORDS}
        if any(found.values()):
            return {split: files for split, files in found.items() if files}
    return {"train": data} if data else {}


def _of_one_format(paths: Sequence[str]) -> list[str]:
    """Keep the files of the most frequent format: one reader reads a dataset."""
    formats = {path: _READERS.get(ending, ending) for path in paths if (ending := _ending(path))}
    count = Counter(formats.values())
    most = max(count, key=lambda name: (count[name], name == "parquet", name == "arrow"), default=None)
    return [path for path in paths if formats[path] == most]


def _ending(path: str) -> str:
    return next(part for part in PurePosixPath(path).name.lower().split(".")[1:] if part in DATA_ENDINGS)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for split, path in pairs:
        found.setdefault(split, []).append(path)
    return {split: found[split] for split in usual_order(found)}


def usual_order(splits: Iterable[str]) -> list[str]:
    """Return split names in the order of `datasets`: train, validation and test first, then by name."""
    names = set(splits)
    usual = [split for split in _KEYWORDS if split in names]
    return [*usual, *sorted(names - set(usual))]


def _matching(paths: Sequence[str], globs: Sequence[str]) -> list[str]:
    from fsspec.utils import glob_translate  # type: ignore[import-untyped]

    expressions = [re.compile(glob_translate(glob)) for glob in globs]
    return [path for path in paths if any(expression.match(path) for expression in expressions)]


def _by_folder(path: str, split: str) -> bool:
    return any(_keyword(split, "$").match(part) for part in path.split("/")[:-1])


def _by_name(path: str, split: str) -> bool:
    return bool(_keyword(split, "").match(path.rsplit("/", 1)[-1]))


@cache
def _keyword(split: str, end: str) -> re.Pattern[str]:
    """Match a split's keywords as separate words; a name goes on after them, a folder may end."""
    after = f"(?:{_BREAK}|{end})" if end else _BREAK
    return re.compile(f"(?:.*{_BREAK})?(?:{'|'.join(_KEYWORDS[split])}){after}")
