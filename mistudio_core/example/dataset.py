"""The built-in sample: little stories as tables, and a tokenizer trained on them; needs no network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, tee
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mistudio_core.errors import StudioError
from mistudio_core.example.telling import THEMES, Story, stories
from mistudio_core.files import Home, read_if_sound, read_record, write_json

if TYPE_CHECKING:
    import pyarrow as pa

TRAIN, VALIDATION = "train", "validation"
VOCAB_SIZE: Final = 4096
POINTER: Final = "sample.json"
"""Which of the stored tokenizers is that of the sample."""
END_OF_TEXT: Final = "<|endoftext|>"
_TRAINING_STORIES: Final = 5000
_EDITION: Final = 1  # raised with every change of the stories, so that each library trains its tokenizer anew
_BATCH_STORIES: Final = 1000  # of which every tenth is for validation


def sample_schema() -> pa.Schema:
    """Return the columns: `text`, `theme` (a class label) and `words`, the number of words in `text`."""
    import pyarrow as pa

    features = {
        "text": {"dtype": "string", "_type": "Value"},
        "theme": {"names": [theme.name for theme in THEMES], "_type": "ClassLabel"},
        "words": {"dtype": "int32", "_type": "Value"},
    }
    fields = [("text", pa.string()), ("theme", pa.int64()), ("words", pa.int32())]
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def stories_twice() -> tuple[Iterator[Story], Iterator[Story]]:
    """Return the stories without end, and the first of them once more, on which the tokenizer is trained.

    Each is told once, whichever of the two is read first: telling takes longer than all that is done with them.
    """
    told = stories()
    first, training = tee(islice(told, _TRAINING_STORIES))
    return chain(first, told), training


def sample_tables(num_samples: int, told: Iterator[Story] | None = None) -> Iterator[tuple[str, pa.Table]]:
    """Yield the first `num_samples` stories as tables of one split each, nine tenths of them for training.

    A story's split and place depend on its number alone, so a larger sample begins like a smaller one. `told` may give
    the stories, from the first.
    """
    schema = sample_schema()
    told = told or stories()
    for first in range(0, num_samples, _BATCH_STORIES):
        batch = list(islice(told, min(_BATCH_STORIES, num_samples - first)))
        validation = batch[9::10]
        del batch[9::10]
        yield TRAIN, _table(batch, schema)
        yield VALIDATION, _table(validation, schema)


def sample_tokenizer(home: Home, told: Iterable[Story] | None = None) -> Path:
    """Return the folder of the sample tokenizer, which is trained first if this library does not have it.

    `told` may give the stories to train on; see `stories_twice`.

    It is a byte-level BPE of 4,096 ids over the default sample, with `<|endoftext|>` for both the
    beginning and the end of a text, as GPT-2 has it; it adds no special token by itself. The folder
    loads with `AutoTokenizer.from_pretrained`.
    """
    from mistudio_core.tokenization.tokenizer.contents import tokenizer_problems
    from mistudio_core.tokenization.tokenizer.storing import store_tokenizer

    pointer = home.tokenizers / POINTER
    known = read_if_sound(pointer, dict)
    if known is not None and known.get("edition") == _EDITION:
        folder = home.tokenizers / str(known.get("sha256"))
        if not tokenizer_problems(folder):
            return folder
    config = {"bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT, "unk_token": END_OF_TEXT}
    stored = store_tokenizer(
        home.tokenizers, _trained(told or islice(stories(), _TRAINING_STORIES)), config, name="sample", revision=None
    )
    write_json(pointer, {"edition": _EDITION, "sha256": stored.sha256}, durable=True)
    return stored.folder


def pointer_problem(home: Home) -> str | None:
    """Return in a sentence how the note of which tokenizer is the sample's is damaged, None where it is not."""
    path = home.tokenizers / POINTER
    try:
        known = read_record(path, lambda value: (value["edition"], value["sha256"]))
    except StudioError as error:
        return error.message
    if known is None or (known[0] in range(1, _EDITION + 1) and (home.tokenizers / str(known[1])).is_dir()):
        return None
    return f"{path} is damaged: it names no stored tokenizer."


def _trained(told: Iterable[Story]) -> str:
    """Train the tokenizer, which takes half a second, and return its JSON; the same every time."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((story.text for story in told), trainer)
    return tokenizer.to_str()


def _table(batch: Sequence[Story], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = [[story.text for story in batch], [story.theme for story in batch], [story.words for story in batch]]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
