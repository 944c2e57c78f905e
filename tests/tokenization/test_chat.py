"""Conversations become text as `transformers` makes it of them, with the tokenizer's own template or a plain one."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.chat import DEFAULT_CHAT_TEMPLATE, ChatTemplate, dated
from mistudio_core.tokenization.texts.conversations import RefusedError
from mistudio_core.tokenization.texts.reader import skip_code
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.golden import corpus
from tests.support.tokenized import run, task_of, write_raw
from tests.support.tokenizer_families import family

TEMPLATES = {
    "chatml": (
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    ),
    "bos": """{{ bos_token }}{% for m in messages %}
  {% if m.role == 'user' %}
Q: {{ m.content | trim }}
  {% else %}
A: {{ m.content }}{{ eos_token }}
  {% endif %}
{% endfor %}""",
    "strict": (
        "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('roles must alternate') }}{% endif %}[{{ m['content'] }}]{% endfor %}"
    ),
    "generation": "{% for m in messages %}{% generation %}{{ m['content'] }}{% endgeneration %}|{% endfor %}",
    "json": (
        "{{ messages | tojson }}{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}"
        "{{ m['role'] }}{% endfor %}"
    ),
    "tools": (
        "{% if tools is not none and tools %}tools{% endif %}{% if add_generation_prompt %}prompt{% endif %}"
        "{{ messages[-1].content }}"
    ),
    "plain": DEFAULT_CHAT_TEMPLATE,
}
TALKS: list[list[dict[str, str]]] = [
    [{"role": "user", "content": "Hi <b>&amp; you"}, {"role": "assistant", "content": " Grüße 机器 🙂\n"}],
    [{"role": "user", "content": ""}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
]

PEER = """
import json, sys
from transformers import PreTrainedTokenizerFast
tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[1], bos_token="<bos>", eos_token="<eos>")
asked = json.load(sys.stdin)
told = {}
for name, template in asked["templates"].items():
    tokenizer.chat_template = template
    told[name] = [tokenizer.apply_chat_template(talk, tokenize=False) for talk in asked["talks"]]
json.dump(told, sys.stdout)
"""


def test_templates_render_as_transformers_renders_them() -> None:
    path = corpus.TOKENIZERS / "own" / "tokenizer.json"
    done = subprocess.run(
        [sys.executable, "-c", PEER, str(path)],
        input=json.dumps({"templates": TEMPLATES, "talks": TALKS}), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    names = {"bos_token": "<bos>", "eos_token": "<eos>"}
    for name, template in TEMPLATES.items():
        assert [ChatTemplate(template, names).render(talk) for talk in TALKS] == told[name], name


def _with_template(root: Path, template: Any) -> StoredTokenizer:
    whole = json.loads((corpus.TOKENIZERS / "own" / "tokenizer.json").read_bytes())
    config = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "chat_template": template}
    return store_tokenizer(root, json.dumps(whole), config, name="chatty", revision=None)


def _rows(tmp_path: Path, tokenizer: StoredTokenizer, talks: list[Any], names: tuple[str, str], **asked: Any) -> Any:
    fields = [(name, pa.string()) for name in names]
    table = pa.table({"id": list(range(len(talks))), "talk": pa.array(talks, pa.list_(pa.struct(fields)))})
    splits = write_raw(tmp_path, {"train": table}, (2,))
    task = task_of(
        tmp_path / "out",
        splits,
        tokenizer,
        preset="per_document",
        context_length=400,
        **asked,
    )
    assert task.recipe.chat == "talk"
    return run(task)


@pytest.mark.parametrize("names", [("role", "content"), ("from", "value")])
def test_chat_column_goes_through_the_template(tmp_path: Path, names: tuple[str, str]) -> None:
    tokenizer = _with_template(tmp_path / "kept", TEMPLATES["bos"])
    speakers = {"user": "human", "assistant": "gpt"} if names[0] == "from" else {}
    talks: list[Any] = [
        [{names[0]: speakers.get(turn["role"], turn["role"]), names[1]: turn["content"]} for turn in talk]
        for talk in TALKS
    ]
    result = _rows(tmp_path, tokenizer, [*talks, None, []], names)
    expected = [ChatTemplate.of(tokenizer).render(talk) for talk in TALKS]
    plain = tokenizer.load()
    assert [row.tolist() for row in result.rows()] == [
        plain.encode(text, add_special_tokens=False).ids for text in expected
    ]
    assert result.skipped().tolist() == [0, 0, 0, 1, 2]
    statistics = json.loads((result.folder / "statistics.json").read_bytes())
    assert statistics["control_tokens_in_text"]["count"] == 0


def test_control_tokens_that_people_wrote_are_counted(tmp_path: Path) -> None:
    tokenizer = _with_template(tmp_path / "kept", TEMPLATES["bos"])
    talk = [{"role": "user", "content": "what does <eos> do? <eos>"}, {"role": "assistant", "content": "it ends"}]
    result = _rows(tmp_path, tokenizer, [talk, talk, TALKS[0]], ("role", "content"))
    statistics = json.loads((result.folder / "statistics.json").read_bytes())["control_tokens_in_text"]
    assert (statistics["documents"], statistics["count"]) == (2, 4)


def test_default_template_is_used_where_there_is_none(tmp_path: Path) -> None:
    tokenizer = family(tmp_path / "kept", "own")
    result = _rows(tmp_path, tokenizer, TALKS[:1], ("role", "content"))
    assert tokenizer.load().decode(result.rows()[0].tolist()) == "user: Hi <b>&amp; you\nassistant:  Grüße 机器 🙂\n\n"


def test_refusal_names_the_sample(tmp_path: Path) -> None:
    tokenizer = _with_template(tmp_path / "kept", TEMPLATES["strict"])
    wrong = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    with pytest.raises(StudioError, match="roles must alternate") as caught:
        _rows(tmp_path, tokenizer, [TALKS[0], TALKS[2], TALKS[0], wrong], ("role", "content"))
    assert "sample 3" in caught.value.message


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
        "{{ cycler.__init__.__globals__.os.system('id') }}",
    ],
)
def test_hostile_templates_reach_nothing(template: str) -> None:
    with pytest.raises(RefusedError):
        ChatTemplate(template, {}).render(TALKS[0])


def test_the_day_is_a_part_of_the_recipe_where_the_template_asks_for_it(tmp_path: Path) -> None:
    asks = _with_template(tmp_path / "kept", "{{ strftime_now('%d %b %Y %H:%M') }}{{ messages[0].content }}")
    result = _rows(tmp_path, asks, TALKS[:1], ("role", "content"), chat_date="2024-02-29")
    assert asks.load().decode(result.rows()[0].tolist()) == "29 Feb 2024 00:00Hi <b>&amp; you"
    recipe = Recipe.from_fields({"tokenizer": "t", "chat": "talk"})
    day = date(2026, 1, 2)
    assert dated(recipe, asks, day).chat_date == "2026-01-02"
    assert dated(dataclasses.replace(recipe, chat_date="2024-02-29"), asks, day).chat_date == "2024-02-29"
    asks_not = _with_template(tmp_path / "kept", TEMPLATES["bos"])
    assert dated(dataclasses.replace(recipe, chat_date="2024-02-29"), asks_not, day) == recipe
    text = dataclasses.replace(recipe, chat=None)
    assert dated(text, asks, day) == text


def test_refused_conversations_are_skipped_by_choice(tmp_path: Path) -> None:
    tokenizer = _with_template(tmp_path / "kept", TEMPLATES["strict"])
    wrong = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    talks = [TALKS[0], None, wrong, TALKS[2], wrong, []]
    result = _rows(tmp_path, tokenizer, talks, ("role", "content"), refused="skip")
    assert [skip_code("refused")] * 2 == result.skipped()[[2, 4]].tolist()
    assert result.manifest["skipped"] == {"null": 1, "empty": 1, "refused": 2}
    assert result.manifest["num_documents"] == len(result.rows()) == 2
    assert result.manifest["cautions"][-1] == (
        "The chat template refused 2 conversations, skipped and counted; the first is sample 2 of the split 'train': "
        "roles must alternate."
    )


def test_a_template_of_its_own_for_tools_is_used_where_there_are_tools(tmp_path: Path) -> None:
    named: Any = [
        {"name": "default", "template": "plain"},
        {"name": "tool_use", "template": "{{ tools | length }} tools"},
    ]
    template = ChatTemplate.of(_with_template(tmp_path / "kept", named))
    tools = [{"name": "now"}]
    assert [template.render(TALKS[0], given) for given in (None, [], tools, json.dumps(tools))] == [
        "plain", "0 tools", "1 tools", "1 tools",
    ]  # fmt: skip


def test_the_library_keeps_the_day_of_a_request(tmp_path: Path) -> None:
    folder = tmp_path / "asks"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((corpus.TOKENIZERS / "own" / "tokenizer.json").read_bytes())
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": "{{ strftime_now('%Y-%m-%d') }}!"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    talks = tmp_path / "talks.jsonl"
    talks.write_text(json.dumps({"messages": TALKS[0]}) + "\n")
    recipe = {"tokenizer": str(folder), "chat": "auto", "preset": "per_document", "context_length": 40}
    library = Library.open(tmp_path / "home")
    dataset = library.import_files([talks])
    library.wait(dataset.id)
    before = date.today()
    made = [library.tokenize(dataset.id, recipe), library.tokenize(dataset.id, recipe | {"chat_date": "1999-12-31"})]
    for one in made:
        library.wait(one.id)
    first, second = (library.tokenization(one.id).recipe.chat_date for one in made)
    assert first in (before.isoformat(), date.today().isoformat())
    assert second == "1999-12-31"
    texts = ["".join(token.text for token in library.sequence(one.id, 0).tokens) for one in made]
    assert texts == [f"{first}!", "1999-12-31!"]
    if date.today() == before:
        with pytest.raises(StudioError, match="Already exists"):
            library.tokenize(dataset.id, recipe)


def test_template_that_cannot_be_read() -> None:
    with pytest.raises(StudioError) as caught:
        ChatTemplate("{% for", {})
    assert caught.value.code == "tokenizer_unsupported"
