"""The documentation names every field that a result has."""

from pathlib import Path
from typing import Any

import pytest

from tests.charts.test_charts import comparison, dataset_result, token_result

DOCUMENTATION = (Path(__file__).parent.parent.parent / "docs" / "statistics.md").read_text()
NAMED_BY_DATA = {"splits", "percentiles"}


def fields(value: Any) -> set[str]:
    """Collect the names of all fields, but not those that are names of splits or percents."""
    if isinstance(value, list):
        return {name for item in value for name in fields(item)}
    if not isinstance(value, dict):
        return set()
    names = set(value)
    for name, inner in value.items():
        by_data = name in NAMED_BY_DATA and isinstance(inner, dict)
        names |= fields(list(inner.values()) if by_data else inner)
    return names


@pytest.mark.parametrize("make", [token_result, dataset_result, comparison])
def test_every_field_is_documented(make: Any) -> None:
    missing = [name for name in fields(make()) if f"`{name}`" not in DOCUMENTATION and f'"{name}"' not in DOCUMENTATION]
    assert sorted(missing) == []
