"""What a dataset card declares: configurations, where their files are, and their splits and columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CardConfig:
    """One configuration as the card has it.

    `patterns` maps splits to globs, None where the card leaves it to the file names; `data_dir` is the folder that
    they start from. `num_samples` and `columns` are empty and None where the card does not say.
    """

    name: str
    default: bool
    patterns: Mapping[str, tuple[str, ...]] | None = None
    data_dir: str = ""
    num_samples: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] | None = None


def read_card(card: Any) -> tuple[CardConfig, ...]:
    """Return the configurations of a card's metadata, in its order; malformed parts of it are left out.

    A card that declares none has one, `default`.
    """
    head = card if isinstance(card, Mapping) else {}
    infos = {_name(entry): entry for entry in _mappings(head.get("dataset_info"))}
    declared = {_name(entry): entry for entry in _mappings(head.get("configs"))}
    names = list(declared) or list(infos) or ["default"]
    return tuple(_config(name, declared.get(name, {}), infos.get(name, {}), alone=len(names) == 1) for name in names)


def written_settings(card: Any, config: str) -> Mapping[str, Any]:
    """Return all that a card says of one configuration: its files, and settings of the reader."""
    entries = _mappings(card.get("configs")) if isinstance(card, Mapping) else []
    return next((entry for entry in entries if _name(entry) == config), {})


def licence(card: Any) -> str | None:
    """Return the licence that the card names; several are joined by commas."""
    value = card.get("license") if isinstance(card, Mapping) else None
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or None
    return None if value is None else str(value)


def _config(name: str, declared: Mapping[str, Any], info: Mapping[str, Any], *, alone: bool) -> CardConfig:
    features = info.get("features", declared.get("features"))
    return CardConfig(
        name=name,
        default=alone or name == "default" or declared.get("default") is True,
        patterns=_patterns(declared.get("data_files")),
        data_dir=str(declared.get("data_dir") or "").strip("/"),
        num_samples={
            str(split["name"]): split["num_examples"]
            for split in _mappings(info.get("splits"))
            if "name" in split and isinstance(split.get("num_examples"), int)
        },
        columns=_columns(features) if isinstance(features, list) and features else None,
    )


def _patterns(data_files: Any) -> Mapping[str, tuple[str, ...]] | None:
    """Read the three spellings of `data_files`: one glob, several, or a list of splits with their globs."""
    if isinstance(data_files, str):
        return {"train": (data_files,)}
    if not isinstance(data_files, list) or not data_files:
        return None
    if all(isinstance(entry, str) for entry in data_files):
        return {"train": tuple(data_files)}
    return {
        str(entry["split"]): (paths,) if isinstance(paths := entry["path"], str) else tuple(map(str, paths))
        for entry in _mappings(data_files)
        if "split" in entry and isinstance(entry.get("path"), (str, list))
    }


def _columns(features: list[Any]) -> dict[str, str]:
    return {str(entry["name"]): _type_name(entry) for entry in _mappings(features) if "name" in entry}


def _type_name(entry: Any) -> str:
    """Name the type of a feature in the card's own notation, in the same words as `raw.column_types`."""
    if isinstance(entry, str):
        return "string" if entry == "large_string" else entry
    if isinstance(entry, list):
        return f"struct<{', '.join(f'{name}: {kind}' for name, kind in _columns(entry).items())}>"
    if not isinstance(entry, Mapping):
        return "unknown"
    for key in ("list", "sequence", "large_list"):
        if key in entry:
            inner = entry[key]
            inner = inner.get("dtype", inner) if isinstance(inner, Mapping) else inner
            return f"list<{_type_name(inner)}>"
    if "struct" in entry:
        return _type_name(entry["struct"])
    if "dtype" in entry:
        return _type_name(entry["dtype"])
    return str(next(iter(entry), "unknown"))  # such as {"class_label": {...}}


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("config_name", "default"))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, Mapping)]
