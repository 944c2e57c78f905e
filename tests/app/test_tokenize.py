"""The tokenization form without a browser: tokenizer, text, presets, options, estimate, preview, start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.example.dataset import sample_tokenizer
from mistudio_core.library.presets import presets
from mistudio_core.library.recipe_form import FIELDS, Recipe, idle_field, offered
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from mistudio_core.ui.tokenize.recipe_fields import key
from tests.support.app_driver import open_app, press, submit, words
from tests.support.staged import StagedLibrary, staged, stories

LIMIT = 96
CHAT = pa.array([[{"role": "user", "content": "Hello"}], []])


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def keep_sample_tokenizer(library: StagedLibrary) -> None:
    sample_tokenizer(library.home)


def keep_limited_tokenizer(library: StagedLibrary) -> str:
    """Keep a tokenizer whose model takes `LIMIT` tokens; return its name."""
    folder = sample_tokenizer(library.home)
    config = json.loads((folder / "tokenizer_config.json").read_bytes()) | {"model_max_length": LIMIT}
    text = (folder / "tokenizer.json").read_text()
    return store_tokenizer(library.home.tokenizers, text, config, name="some/limited", revision=None).name


def open_form(dataset_id: str) -> AppTest:
    return open_app("dataset", id=dataset_id, tab="Tokenizations")


def choose(app: AppTest, dataset_id: str, tokenizer: str) -> AppTest:
    app.selectbox(key=key(dataset_id, "tokenizer")).select(tokenizer).run()
    return app


def a_form(library: StagedLibrary, **columns: pa.Array) -> tuple[str, AppTest]:
    """Open the form of a dataset of stories with the sample's tokenizer chosen and loaded."""
    keep_sample_tokenizer(library)
    dataset_id = library.ready("stories", {"train": stories(300) if not columns else pa.table(columns)})
    library.open()
    return dataset_id, choose(open_form(dataset_id), dataset_id, "sample")


def test_loading_a_tokenizer_shows_what_is_in_it(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    opened = library.open()
    app = choose(open_form(dataset_id), dataset_id, "sample")
    assert "Press Load" in words(app)
    assert app.button(key=key(dataset_id, "estimate_now")).disabled
    press(app, key(dataset_id, "load"))
    job_id = app.session_state[key(dataset_id, "load_job")]["job_id"]
    assert opened.wait(job_id, timeout=300).status == "succeeded"
    shown = words(app.run())
    for text in ("**4,096** ids", "model limit not stated", "chat template: **no**", "endoftext", "BOS/EOS"):
        assert text in shown, text
    assert not app.button(key=key(dataset_id, "estimate_now")).disabled


def test_a_tokenizer_that_cannot_be_loaded_is_told_and_stays_chosen(
    library: StagedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    dataset_id = library.ready("stories", {"train": stories(3)})
    opened = library.open()
    app = choose(open_form(dataset_id), dataset_id, "openai-community/gpt2")
    press(app, key(dataset_id, "load"))
    opened.wait(app.session_state[key(dataset_id, "load_job")]["job_id"], timeout=300)
    app.run()
    assert "Hub" in app.error[0].value
    assert app.selectbox(key=key(dataset_id, "tokenizer")).value == "openai-community/gpt2"
    choose(app, dataset_id, "google/gemma-2-2b")
    assert not app.error, "the error was about another one"


def test_the_context_length_comes_from_the_model_and_beyond_it_warns(library: StagedLibrary) -> None:
    name = keep_limited_tokenizer(library)
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open()
    app = choose(open_form(dataset_id), dataset_id, name)
    length = app.number_input(key=key(dataset_id, "context_length"))
    assert length.value == LIMIT
    assert not app.warning
    length.set_value(LIMIT + 1).run()
    assert f"{LIMIT} tokens that the model" in app.warning[0].value


def test_the_context_length_offers_the_limit_of_the_model_and_no_size_beyond_it(library: StagedLibrary) -> None:
    name = keep_limited_tokenizer(library)
    dataset_id, app = a_form(library)
    sizes = app.pills(key=key(dataset_id, "context_length_size"))
    assert "1,024" in sizes.options
    sizes.set_value(512).run()
    assert app.number_input(key=key(dataset_id, "context_length")).value == 512
    choose(app, dataset_id, name)
    assert app.pills(key=key(dataset_id, "context_length_size")).options == [f"{LIMIT} (model limit)"]


def test_the_form_shows_tokens_and_packing_as_they_will_be(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    shown = words(app).replace("\\", "")
    assert "BOS/EOS <|endoftext|>" in shown
    assert "joined, cut at 1,024, remainder dropped" in shown
    assert "set by Continuous" in shown
    assert "changed" not in shown
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    labels = [option for box in app.selectbox for option in box.options]
    assert not [label for label in labels if "By the preset" in label]
    assert "Preset: Never" in labels
    app.selectbox(key=key(dataset_id, "remainder")).select("keep").run()
    assert ":blue[changed]" in words(app)


def test_a_typed_context_length_stays_when_the_tokenizer_changes(library: StagedLibrary) -> None:
    name = keep_limited_tokenizer(library)
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open()
    app = open_form(dataset_id)
    app.number_input(key=key(dataset_id, "context_length")).set_value(55).run()
    choose(app, dataset_id, name)
    assert app.number_input(key=key(dataset_id, "context_length")).value == 55


def test_only_the_options_of_the_preset_are_shown_and_a_refusal_keeps_them(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    labels = {item.label for item in (*app.selectbox, *app.number_input)}
    assert "Last sequence" in labels
    assert not {"Stride", "Padding", "Documents in a batch"} & labels
    press(app, key(dataset_id, "preset_per_document"))
    app.number_input(key=key(dataset_id, "stride")).set_value(2000).run()
    press(app, key(dataset_id, "start"))
    assert "stride is 2,000" in app.error[0].value.replace("\\", "")
    assert app.number_input(key=key(dataset_id, "stride")).value == 2000
    assert "Advanced options (1 changed)" in {button.label for button in app.button}
    press(app, key(dataset_id, "preset_saelens"))
    assert "Advanced options" in {button.label for button in app.button}, "a stride means nothing there"
    assert "Documents in a batch" in {item.label for item in app.number_input}


@pytest.mark.parametrize("preset", [one.name for one in presets()])
def test_every_choice_that_the_form_offers_is_one_that_a_recipe_takes(preset: str) -> None:
    beside: dict[str, dict[str, object]] = {
        "per_document": {"padding": "longest"}, "continuous": {"remainder": "pad"},
    }  # fmt: skip
    given = {"tokenizer": "sample", "columns": ["text"], "shuffle_seed": 1, "preset": preset, **beside.get(preset, {})}
    values = Recipe.from_fields(given).values()
    for name, field in FIELDS.items():
        if field.is_advanced and idle_field(values, name) is None:
            for value in offered(values, name):
                assert getattr(Recipe.from_fields({**given, name: value}), name) == value


def test_what_was_typed_is_kept_while_another_preset_is_chosen(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    app.selectbox(key=key(dataset_id, "bos")).select("row").run()
    app.selectbox(key=key(dataset_id, "remainder")).select("keep").run()
    press(app, key(dataset_id, "preset_transformer_lens"))
    assert not app.error, "what does nothing is left out"
    assert "At each sequence (does nothing here)" in app.selectbox(key=key(dataset_id, "bos")).options
    press(app, key(dataset_id, "preset_sparsify"))
    assert key(dataset_id, "bos") not in {item.key for item in app.selectbox}
    press(app, key(dataset_id, "preset_continuous"))
    assert app.selectbox(key=key(dataset_id, "bos")).value == "row"
    assert app.selectbox(key=key(dataset_id, "remainder")).value == "keep"
    assert "Advanced options (2 changed)" in {button.label for button in app.button}


def test_a_template_is_shown_filled_in_and_a_missing_column_is_named(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library, question=pa.array(["Why?"]), answer=pa.array(["Because <b>."]))
    app.radio(key=key(dataset_id, "text_from")).set_value("template").run()
    app.text_area(key=key(dataset_id, "template")).set_value("Q: {question}\nA: {answer}").run()
    assert "Q: Why?\nA: Because <b>." in [item.value for item in app.text]
    app.text_area(key=key(dataset_id, "template")).set_value("{question} {reply}").run()
    assert "reply" in app.error[0].value
    assert app.text_area(key=key(dataset_id, "template")).value == "{question} {reply}"


def test_conversations_are_offered_where_a_column_holds_them(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library, text=pa.array(["a", "b"]), turns=CHAT)
    app.radio(key=key(dataset_id, "text_from")).set_value("chat").run()
    assert app.selectbox(key=key(dataset_id, "chat")).options == ["turns"]
    assert "This tokenizer has no chat template" in words(app)
    assert "user: Hello" in [item.value for item in app.text]
    app.toggle(key=key(dataset_id, "preview")).set_value(True).run()
    assert "of 12 characters" in words(app)
    app.number_input(key=f"{dataset_id}:preview_index_0").set_value(1).run()
    assert "skips this sample" in words(app)


def test_a_refused_conversation_is_said_and_can_be_skipped(library: StagedLibrary) -> None:
    folder = sample_tokenizer(library.home)
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ strftime_now('%Y') }}"
    )
    config = json.loads((folder / "tokenizer_config.json").read_bytes()) | {"chat_template": template}
    text = (folder / "tokenizer.json").read_text()
    store_tokenizer(library.home.tokenizers, text, config, name="some/strict", revision=None)
    talks = pa.array([[{"role": role, "content": "Hello"}] for role in ("user", "system")])
    dataset_id = library.ready("talks", {"train": pa.table({"turns": talks})})
    library.open()
    app = choose(open_form(dataset_id), dataset_id, "some/strict")
    assert "such as that of sample 1 (no system)" in words(app).replace("\\", "")
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    app.selectbox(key=key(dataset_id, "refused")).select("skip").run()
    app.date_input(key=key(dataset_id, "chat_date")).set_value(date(2001, 2, 3)).run()
    assert "no system" not in words(app)
    assert "2001" in [item.value for item in app.text]
    assert "Refused conversations **50.0 %**" in words(app)


def test_filters_show_what_they_would_leave_out_before_the_start(library: StagedLibrary) -> None:
    texts = ["tiny", "the river and the mountain and the sea " * 3, None, "... ,,, --- !!!"] * 50
    dataset_id, app = a_form(library, text=pa.array(texts))
    assert "left out" not in words(app), "filters are off unless chosen"
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    app.number_input(key=key(dataset_id, "min_chars")).set_value(6).run()
    assert "Missing texts **25.0 %** · Fewest characters **25.0 %**" in words(app)
    app.number_input(key=key(dataset_id, "max_junk_ratio")).set_value(0.5).run()
    app.toggle(key=key(dataset_id, "drop_duplicates")).set_value(True).run()
    shown = words(app)
    assert "Drop exact duplicates **49.0 %**" in shown, "two texts are left, each fifty times"
    assert "Largest share of junk **0.5 %**" in shown


def test_what_may_not_be_meant_is_said_and_what_cannot_be_is_refused_before_the_start(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    press(app, key(dataset_id, "preset_per_document"))
    assert "several lengths" in app.warning[0].value
    press(app, key(dataset_id, "preset_saelens"))
    assert not app.warning
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    app.selectbox(key=key(dataset_id, "begin_batch_token")).select("sep").run()
    assert "is sep" in app.error[0].value
    assert key(dataset_id, "bos") not in {item.key for item in app.selectbox}, "said by the other field"
    app.selectbox(key=key(dataset_id, "begin_batch_token")).select("eos").run()
    app.toggle(key=key(dataset_id, "concatenate")).set_value(False).run()
    assert not app.error
    assert "Between documents" not in {item.label for item in app.selectbox}


def test_the_estimate_has_all_presets_and_says_when_the_form_has_changed(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    app.number_input(key=key(dataset_id, "context_length")).set_value(16).run()
    press(app, key(dataset_id, "estimate_now"))
    table = app.dataframe[0].value
    assert list(table["Preset"]) == ["● Continuous", "SAELens", "TransformerLens", "sparsify", "Per document"]
    assert {"Sequences", "Tokens", "Time", "Size", "Dropped", "Padding", "Sequences spanning documents"} <= set(
        table.columns
    )
    assert "Estimated from part" in words(app)
    assert "estimate again" not in words(app)
    press(app, key(dataset_id, "preset_sparsify"))
    assert "estimate again" not in words(app), "another preset is in the table already"
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    app.number_input(key=key(dataset_id, "batch_rows")).set_value(100).run()
    assert "estimate again" in words(app)
    press(app, key(dataset_id, "preset_continuous"))
    assert "estimate again" not in words(app), "this preset does not take it"
    app.number_input(key=key(dataset_id, "context_length")).set_value(32).run()
    assert "estimate again" in words(app)


def test_the_preview_shows_bytes_and_special_tokens_and_reads_no_mark(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    app.toggle(key=key(dataset_id, "preview")).set_value(True).run()
    assert "of 15 characters" in words(app)
    app.radio(key=f"{dataset_id}:preview_of").set_value("My own text").run()
    app.text_area(key=f"{dataset_id}:preview_text").set_value("<b>**東**</b> :material/home:<|endoftext|>").run()
    app.toggle(key=f"{dataset_id}:preview_table").set_value(True).run()
    shown = words(app)
    assert "\ufffd" not in shown
    assert "xE6" in shown
    assert ":material/home:" not in shown
    assert "<b>" not in shown.replace("\\<", "")
    table = app.dataframe[0].value
    assert list(table["Position"]) == list(range(len(table)))
    assert "part of a character" in set(table["Kind"])
    assert table["Characters"].iloc[-1] == "added", "the recipe puts a token after the document"
    assert table["Kind"].iloc[-1] == "special"


def test_a_start_with_options_makes_the_rows_that_were_asked_for(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    press(app, f"{key(dataset_id, 'advanced')}:fold")
    app.number_input(key=key(dataset_id, "context_length")).set_value(16).run()
    app.number_input(key=key(dataset_id, "token_budget")).set_value(320).run()
    app.selectbox(key=key(dataset_id, "separator")).set_value("none").run()
    press(app, key(dataset_id, "start"))
    (tokenization,) = library.library.tokenizations(dataset_id)
    assert library.library.wait(tokenization.id, timeout=300).status == "succeeded"
    made = library.library.tokenization(tokenization.id)
    assert (made.num_tokens, made.num_sequences, made.recipe.separator) == (320, 20, "none")
    shown = words(app.run())
    assert "16 tokens per sequence" in shown
    assert "Ready" in shown


def test_rows_are_handed_over_as_code_and_as_a_copy(library: StagedLibrary) -> None:
    dataset_id, app = a_form(library)
    opened = library.library
    tokenization = opened.tokenize(dataset_id, {"tokenizer": "sample", "context_length": 16})
    assert opened.wait(tokenization.id, timeout=300).status == "succeeded"
    press(app.run(), f"{tokenization.id}:use:fold")
    assert "LanguageModelSAERunnerConfig" in app.code[0].value
    app.radio(key=f"{tokenization.id}:use_for").set_value("PyTorch").run()
    assert "DataLoader" in app.code[0].value
    press(app, f"{tokenization.id}:export:fold")
    press(app, f"{tokenization.id}:export_parquet")
    assert opened.wait(opened.jobs(tokenization.id)[0].id, timeout=300).status == "succeeded"
    (made,) = opened.exports(tokenization.id)
    assert made["path"] in [item.value for item in app.run().code]
    submit(app, "Push")
    assert "No repository given" in app.error[0].value
