"""Memory does not follow the size of the data: two gigabytes of text with ever new words, made while they are read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GIGABYTES = 2
PROGRAM = """
import sys, threading
from pathlib import Path
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from mistudio_core.raw import RowGroup
from itertools import islice
from mistudio_core.files import Home
from mistudio_core.example.dataset import sample_tokenizer
from mistudio_core.example.telling import stories
from mistudio_core.tokenization.tokenizer.stored import open_tokenizer
from tests.support.tokenized import run, task_of

ROWS, GROUP_BYTES = 1000, 4 << 20
folder, size = Path(sys.argv[1]), int(float(sys.argv[2]) * 1e9)
home = Home(folder / "home")
home.prepare()
words = " ".join(story.text for story in islice(stories(), 1500))
SLICES, SLICE = 8, GROUP_BYTES // ROWS // 8
texts = [pa.array([words[place * 97 + part * SLICE :][:SLICE] for place in range(ROWS)]) for part in range(SLICES)]

class Stream:
    '''A split whose samples are made when they are read, each with words that no other has.'''
    schema = pa.schema([("text", pa.string())])
    def __init__(self):
        group = self.made(0).nbytes
        self.num_samples = size // group * ROWS
        self.row_groups = [RowGroup(Path(), 0, first, ROWS, group) for first in range(0, self.num_samples, ROWS)]
    def made(self, first):
        dice = np.random.default_rng(first)
        new = [pa.array(dice.integers(10**7, 10**8, ROWS)).cast(pa.string()) for _ in range(SLICES)]
        pieces = [piece for pair in zip(texts, new) for piece in pair]
        return pa.table({"text": pc.binary_join_element_wise(*pieces, " ")}, self.schema)
    def batches(self, first, last, columns):
        for start in range(first // ROWS * ROWS, last, ROWS):
            table, skipped = self.made(start), max(0, first - start)
            yield table.slice(skipped, last - start - skipped)
    def read(self, first, last, columns):
        return pa.concat_tables(list(self.batches(first, last, columns)))

def anonymous():
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous:")) * 1024

peak, stop = [0], threading.Event()
def watch():
    while not stop.wait(0.1):
        peak[0] = max(peak[0], anonymous())
threading.Thread(target=watch, daemon=True).start()
task = task_of(folder / "out", {"train": Stream()}, open_tokenizer(sample_tokenizer(home)))
result = run(task, 2)
stop.set()
print(peak[0], result.manifest["engine"], result.manifest["num_tokens"], len(result.manifest["plan"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_of_much_text(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(GIGABYTES)],
        capture_output=True, text=True, timeout=550, env=os.environ | {"MALLOC_ARENA_MAX": "4"},  # as workers have it
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    peak, engine, tokens, shards = done.stdout.split()
    assert engine == "fast"
    assert int(tokens) > GIGABYTES * 100e6
    assert int(shards) >= GIGABYTES * 10
    assert int(peak) <= 400e6, f"{int(peak) / 1e6:.0f} MB"
