"""Nothing that is kept in memory grows for ever: every cache has a bound with a name, or a reason why it needs none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BY_NATURE = {
    "mistudio_core/sources/split_files.py:_keyword": "one expression for each usual split, for a file and a folder",
    "mistudio_core/jobs/launch.py:_children": "workers of this process; each start takes out those that have ended",
    "mistudio_core/sources/file_proxy.py:KNOWN": "the files of one job, in its worker",
    "mistudio_core/store/catalog/file.py:_instances": "one database in memory",
    "mistudio_core/store/samples/order_cache.py:_orders": "of the last few queries: each new one puts out the oldest",
    "mistudio_core/tokenization/recipes/registry.py:_discovered": "the presets of the package",
    "mistudio_core/tokenization/recipes/registry.py:_registered": "the presets of the package",
}
EMPTY = {"dict", "list", "set", "deque", "defaultdict", "OrderedDict", "Counter", "WeakValueDictionary"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in (ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "mistudio_core").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def unbounded(name: str, tree: ast.Module) -> Iterator[str]:
    """Yield each cache of a module that has no bound, as `file:name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_is_unbounded(one, node) for one in node.decorator_list):
            yield f"{name}:{node.name}"
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and _is_empty(node.value):
            yield f"{name}:{target.id}"


def _is_unbounded(decorator: ast.expr, function: ast.FunctionDef) -> bool:
    call = decorator if isinstance(decorator, ast.Call) else None
    kind = ast.unparse(decorator if call is None else call.func).rpartition(".")[2]
    if kind == "cache":
        return bool(_arguments(function))
    if kind == "lru_cache":
        sizes = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "maxsize")] if call else []
        return not any(map(_has_a_name, sizes))
    if kind not in ("cache_data", "cache_resource"):
        return False
    bounds = [one.value for one in call.keywords if one.arg in ("max_entries", "ttl")] if call else []
    hashed = [argument for argument in _arguments(function) if not argument.startswith("_")]
    return bool(hashed) and not any(map(_has_a_name, bounds))


def _has_a_name(bound: ast.expr) -> bool:
    """Tell whether a bound is a constant with a name; that one thing is kept needs none."""
    return isinstance(bound, ast.Name | ast.Attribute) or ast.unparse(bound) == "1"


def _arguments(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs) if one.arg != "self"]


def _is_empty(value: ast.expr | None) -> bool:
    """Tell whether a value is an empty container, which is there to be filled."""
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List):
        return not value.elts
    if not isinstance(value, ast.Call):
        return False
    return ast.unparse(value.func).rpartition(".")[2] in EMPTY and not value.args and not value.keywords


def test_every_cache_has_a_bound_or_a_reason() -> None:
    found = {place for name, tree in sources() for place in unbounded(name, tree)}
    assert found - BY_NATURE.keys() == set()
    assert BY_NATURE.keys() - found == set(), "there is no such cache any more"


def test_what_has_no_bound_is_found() -> None:
    text = """
@st.cache_data
def a(x): ...
@st.cache_data(show_spinner=False, max_entries=32)
def b(x): ...
@st.cache_resource(max_entries=_OPEN)
def fine(x): ...
@st.cache_resource(show_spinner=False)
def one_entry(_x): ...
@functools.cache
def c(x): ...
@cache
def no_argument(): ...
@lru_cache
def d(x): ...
@lru_cache(maxsize=None)
def e(x): ...
@lru_cache(_KEPT)
def kept(x): ...
_f: dict[str, int] = {}
_g = collections.OrderedDict()
_table = {"a": 1}
"""
    assert [place[2:] for place in unbounded("m", ast.parse(text))] == ["a", "b", "c", "d", "e", "_f", "_g"]
