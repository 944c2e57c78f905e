"""Tokenizers and chat templates that mean harm, and a library that holds one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.library import Library
from mistudio_core.tokenization.tokenizer.names import Named, keep_name
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.support.staged import StagedLibrary

TALK = [{"role": "user", "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}, {"role": "assistant", "content": "b"}]

TEMPLATES: dict[str, str] = {
    "nested loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "nested loops that write": "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
    "three gigabytes by times": "{{ 'a' * 3000000000 }}",
    "three gigabytes that are not shown": "{% set x = 'a' * 3000000000 %}{{ x[0] }}",
    "memory by doubling": "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}"
    "{% endfor %}{{ n.x[0] }}",
    "memory by a list": "{{ ([0] * 900000000) | length }}",
    "memory by a filter": "{{ ('%3000000000d' | format(1)) | length }}",
    "memory by centring": "{{ ('a' | center(3000000000)) | length }}",
    "memory by replacing": "{{ (('a' * 100000) | replace('a', 'a' * 100000)) | length }}",
    "memory by joining": "{{ ((range(99999) | list) * 99999) | join(',') | length }}",
    "a number without end": "{{ 10 ** (10 ** 10) }}",
    "a shift without end": "{{ (2 ** 60000000) | string | length }}",
    "two megabytes": "{{ 'a' * 2000000 }}",
    "deep parentheses": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "deep brackets": "{{ " + "[" * 3000 + "]" * 3000 + " }}",
    "deep blocks": "{% if true %}" * 1500 + "{% endif %}" * 1500,
    "deep loops": "{% for x in [1] %}" * 300 + "{% endfor %}" * 300,
    "a long sum": "{{ " + "+".join(["1"] * 20000) + " }}",
    "a long chain of minuses": "{{ " + "-" * 5000 + "1 }}",
    "a macro without end": "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "two macros without end": "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}",
    "recursive loop": "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
    "the class of a value": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "attributes by a filter": "{{ ('' | attr('__class__')) ~ messages.__init__.__globals__ }}",
    "the environment of the engine": "{{ self._TemplateReference__context.environment.globals.clear() }}",
    "globals of a function": "{{ raise_exception.__globals__['json'].codecs.open('/etc/passwd').read() }}",
    "globals of a cycler": "{{ cycler.__init__.__globals__.os.system('true') }}",
    "format that reads attributes": "{{ '{0.__class__.__init__.__globals__}'.format(messages) }}",
    "a changed argument": "{{ messages.append(messages) }}{{ messages | tojson }}",
    "an import": "{% import 'os' as os %}{{ os }}",
    "an included file": "{% include '/etc/passwd' %}",
    "a template that extends": "{% extends '/etc/passwd' %}",
    "not a template": "{% for %}",
    "an unclosed block": "{% for m in messages %}",
    "half a surrogate pair": "{{ '\\ud800' }}",
    "an exception": "{{ raise_exception('no') }}",
    "a division by zero": "{{ 1 // 0 }}",
    "an unknown filter": "{{ messages | exec }}",
    "a huge indent": "{{ messages | tojson(indent=1000000000) }}",
    "slicing that never ends": "{{ range(100000) | slice(300000000) | list | length }}",
}
"""Chat templates, each of which has to end with an error."""


def library_with(home: Path, tokenizer_json: str, **config: Any) -> tuple[Library, str]:
    """Return a library with a dataset of conversations, its id, and a tokenizer that is called `hostile`."""
    staged = StagedLibrary(home)
    dataset = staged.ready("talks", {"train": pa.table({"talk": [TALK] * 3, "text": ["a" * 40 + "!"] * 3})})
    library = staged.open()
    add_tokenizer(library, "hostile", tokenizer_json, **config)
    return library, dataset


def add_tokenizer(library: Library, name: str, tokenizer_json: str, **config: Any) -> None:
    """Keep a tokenizer under a name."""
    stored = store_tokenizer(library.home.tokenizers, tokenizer_json, config, name=name, revision=None)
    keep_name(library.home.tokenizers, Named(name=name, sha256=stored.sha256))


def plain_tokenizer(**changed: Any) -> str:
    """Return a small tokenizer of single bytes as JSON, with some of its parts changed."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: place for place, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    facts = json.loads(tokenizer.to_str())
    return json.dumps(facts | changed)


def _model(vocab: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    plain = json.loads(plain_tokenizer())["model"]
    return plain | ({} if vocab is None else {"vocab": vocab}) | more


def _split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def _added(content: str, ident: int = 256, *, special: bool = True) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": ident, "content": content, "special": special} | flags


def _nested(depth: int, kind: str, inner: str) -> dict[str, Any]:
    part: dict[str, Any] = {"type": kind, inner: []}
    for _ in range(depth):
        part = {"type": kind, inner: [part]}
    return part


def hostile_files() -> dict[str, bytes]:
    """Return files called `tokenizer.json`, each of which has to end with an error when it is loaded or used."""
    plain = plain_tokenizer
    parts: dict[str, str] = {
        "catastrophic regex": plain(pre_tokenizer=_split(r"(a+)+$")),
        "catastrophic regex in a normalizer": plain(
            normalizer={"type": "Replace", "pattern": {"Regex": r"(a|aa)+$"}, "content": ""}
        ),
        "catastrophic regex in looking ahead": plain(pre_tokenizer=_split(r"(?=(a+)+$)(a*)*b")),
        "deep groups in a regex": plain(pre_tokenizer=_split("(" * 5000 + "a" + ")" * 5000)),
        "an unclosed group in a regex": plain(pre_tokenizer=_split("(a")),
        "a normalizer that makes texts long": plain(
            normalizer={"type": "Replace", "pattern": {"String": "a"}, "content": "b" * 4_000_000}
        ),
        "a normalizer that makes texts long again and again": plain(
            normalizer={
                "type": "Sequence",
                "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 50}] * 12,
            }
        ),
        "a prepended gigabyte": plain(
            normalizer={
                "type": "Sequence",
                "normalizers": [
                    {"type": "Prepend", "prepend": "b" * 1000},
                    *[{"type": "Replace", "pattern": {"String": "b"}, "content": "b" * 1000}] * 3,
                ],
            }
        ),
        "an empty vocabulary": plain(model=_model({})),
        "an id beyond 32 bits": plain(model=_model({"a": 1 << 32})),
        "the last id of 32 bits": plain(model=_model({"a": (1 << 32) - 1, "b": 0})),
        "an id beyond 64 bits": plain(model=_model({"a": 1 << 70})),
        "a negative id": plain(model=_model({"a": -1})),
        "an id that is a fraction": plain(model=_model({"a": 0.5})),
        "an added token beyond 32 bits": plain(added_tokens=[_added("<x>", 1 << 33)]),
        "a gigantic added token": plain(added_tokens=[_added("x" * 20_000_000)]),
        "a hundred thousand control tokens": plain(
            added_tokens=[_added(f"<{place:0100d}>", 256 + place) for place in range(200_000)]
        ),
        "merges of what is not there": plain(model=_model(merges=["x y", "z q"])),
        "merges that are no pairs": plain(model=_model(merges=["abc"])),
        "dropout of a thousand": plain(model=_model(dropout=1000.0)),
        "an unknown model": plain(model={"type": "Python", "code": "import os"}),
        "a model without a type": plain(model={}),
        "no model": plain(model=None),
        "an unknown normalizer": plain(normalizer={"type": "System", "command": "true"}),
        "a normalizer with a bad character map": plain(
            normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAAAAAAAAAA"}
        ),
        "a normalizer with a character map of rubbish": plain(
            normalizer={"type": "Precompiled", "precompiled_charsmap": "////////////////////////"}
        ),
        "deep normalizers": plain(normalizer=_nested(400, "Sequence", "normalizers")),
        "deep pre-tokenizers": plain(pre_tokenizer=_nested(400, "Sequence", "pretokenizers")),
        "a template of tokens that are not there": plain(
            post_processor={
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}}],
                "pair": [],
                "special_tokens": {},
            }
        ),
        "a template without the text": plain(
            post_processor={
                "type": "TemplateProcessing",
                "single": [],
                "pair": [],
                "special_tokens": {},
            }
        ),
        "a template of a million tokens": plain(
            post_processor={
                "type": "TemplateProcessing",
                "single": [{"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {"x": {"id": "x", "ids": [0] * 1_000_000, "tokens": ["x"] * 1_000_000}},
            }
            | {"single": [{"SpecialToken": {"id": "x", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}
        ),
        "a number for everything": "7",
        "null": "null",
        "a list": "[]",
        "half a file": plain()[:1000],
        "deep JSON": "[" * 200_000 + "]" * 200_000,
        "deep JSON of objects": '{"a":' * 200_000 + "1" + "}" * 200_000,
        "not a number": plain().replace('"type": "BPE"', '"type": NaN', 1),
        "half a surrogate pair": plain().replace('"model":', '"\\ud800": 1, "model":', 1),
        "no text": "\\x00" * 100,
        "scores that are no numbers": json.dumps(
            {"version": "1.0", "added_tokens": [], "model": {"type": "Unigram", "unk_id": 5, "vocab": [["a", 0.0]]}}
        ),
        "an unknown token that is not there": json.dumps(
            {
                "version": "1.0",
                "added_tokens": [],
                "model": {
                    "type": "WordPiece",
                    "unk_token": "[X]",
                    "continuing_subword_prefix": "##",
                    "max_input_chars_per_word": 100,
                    "vocab": {"a": 0},
                },
            }
        ),
    }
    files = {name: text.encode("utf-8", "surrogatepass") for name, text in parts.items()}
    return files | {"bytes that are no text": b"\xff\xfe" * 1000, "nothing": b""}
