"""The real datasets and transformers read from the test Hub, and the real huggingface_hub writes to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, create_repo, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.hub import damaged, formats, models, repositories
from tests.hub.access import OWNER_TOKEN, READ_TOKEN, STRANGER_TOKEN
from tests.hub.repository import Repository
from tests.hub.rows import PACKINGS, rows, sentences
from tests.hub.server import HubServer

READ = """
import json, sys
import datasets
datasets.disable_progress_bars()
told = {}
# Without a revision datasets would also look for `datasets-server.127.0.0.1`, which may keep a name server busy.
for repo, sha in json.load(sys.stdin).items():
    try:
        splits = datasets.load_dataset(repo, revision=sha, streaming=True, token=False)
        told[repo] = {name: [row.get("text") for row in split] for name, split in splits.items()}
    except BaseException as error:
        told[repo] = type(error).__name__
json.dump(told, sys.stdout)
"""

TOKENIZE = """
import json, sys
from transformers import AutoTokenizer
told = {}
for repo, token in json.load(sys.stdin):
    try:
        tokenizer = AutoTokenizer.from_pretrained(repo, token=token or False, trust_remote_code=False)
        ids = tokenizer("The miller counts seven lanterns.")["input_ids"]
        told[repo + token] = [len(tokenizer), tokenizer.model_max_length, tokenizer.convert_ids_to_tokens(ids)]
    except Exception as error:
        told[repo + token] = type(error).__name__
json.dump(told, sys.stdout)
"""


def run(hub: HubServer, home: Path, program: str, asked: Any) -> Any:
    """Run a program of a client in a fresh process and return the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(asked),
        env=hub.environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_datasets_reads_every_format(hub: HubServer, tmp_path: Path) -> None:
    packed = [formats.of_format("jsonl", packing) for packing in PACKINGS if packing]
    repos = [hub.add(repo) for repo in [*packed, *(formats.of_format(ending) for ending in formats.ENCODERS)]]
    told = run(hub, tmp_path, READ, {repo.id: repo.sha for repo in repos})
    expected = {"train": [row["text"] for row in rows(60, seed=1)], "test": [row["text"] for row in rows(10, seed=2)]}
    assert told == {repo.id: expected for repo in repos}


def test_datasets_reads_every_shape_and_fails_as_it_should(hub: HubServer, tmp_path: Path) -> None:
    readable: list[tuple[Repository, dict[str, list[str | None]]]] = [
        (repositories.two_configs(), {"train": sentences(100, 0) + sentences(100, 1) + sentences(100, 2)}),
        (repositories.moved(), {"train": sentences(12)}),
        (repositories.many_files(), {"train": sentences(10)}),
        (formats.quoted_csv(), {"train": [None if text == "NaN" else text for text in formats.AWKWARD_TEXTS]}),
        (formats.csv_by_card(), {"train": sentences(12)}),
        (formats.arrow_with_footer(), {"train": sentences(60, 1)}),
        (formats.hostile_unicode(), {"train": [*formats.HOSTILE_TEXTS]}),
        (formats.string_types(), {"train": sentences(40, 7)}),
        (formats.empty_split(), {"train": sentences(20), "test": []}),
        (formats.integers_only(), {"train": [None] * 40}),
        (formats.class_label(), {"train": sentences(30, 4)}),
        (formats.class_label_by_card(), {"train": sentences(30, 4)}),
    ]
    broken = {
        repositories.several_configs: "ValueError",
        repositories.gated: "DatasetNotFoundError",
        repositories.private: "DatasetNotFoundError",
        damaged.script_only: "RuntimeError",
        damaged.no_data: "EmptyDatasetError",
        damaged.no_match: "DataFilesNotFoundError",
        damaged.corrupt_footer: "OSError",
        damaged.corrupt_page: "OSError",
        damaged.truncated: "ArrowInvalid",
        damaged.not_parquet: "ArrowInvalid",
        damaged.malformed_json: "ArrowInvalid",
        damaged.empty_json: "StopIteration",
        damaged.not_utf8: "UnicodeDecodeError",
        damaged.mixed_columns: "CastError",
        damaged.mixed_types: "TypeError",
        damaged.malformed_card: "ParserError",
    }
    failing = {hub.add(make()): error for make, error in broken.items()}
    repos = [*(hub.add(repo) for repo, _ in readable), *failing]
    told = run(hub, tmp_path, READ, {repo.id: repo.sha for repo in repos})
    for repo, splits in readable:
        assert {name: told[repo.id][name] for name in splits} == splits
    assert {repo.id: told[repo.id] for repo in failing} == {repo.id: error for repo, error in failing.items()}
    assert "a loading script was run" not in str(told)


def test_transformers_loads_tokenizers(hub: HubServer, tmp_path: Path) -> None:
    for make in (models.bpe, models.with_start, models.wordpiece):
        hub.add(make())
    for make in (models.gated_bpe, models.without_tokenizer, models.remote_code):
        hub.add(make())
    asked = [
        ("acme/tiny-gpt", ""),
        ("acme/tiny-start", ""),
        ("acme/tiny-bert", ""),
        ("acme/gated-gpt", ""),
        ("acme/gated-gpt", STRANGER_TOKEN),
        ("acme/gated-gpt", READ_TOKEN),
        ("acme/weights-only", ""),
        ("acme/remote-code", ""),
    ]
    told = run(hub, tmp_path, TOKENIZE, asked)
    length, limit, tokens = told["acme/tiny-gpt"]
    assert (length, limit) == (models.VOCABULARY, models.CONTEXT)
    assert "".join(tokens).replace("Ġ", " ") == "The miller counts seven lanterns."
    assert told["acme/tiny-start"] == [length + 1, limit, [models.START, *tokens]]
    assert told["acme/tiny-bert"][2][:2] == ["[CLS]", "the"]
    assert told["acme/gated-gpt"] == told["acme/gated-gpt" + STRANGER_TOKEN] == "OSError"
    assert told["acme/gated-gpt" + READ_TOKEN] == told["acme/tiny-gpt"]
    assert told["acme/weights-only"] == told["acme/remote-code"] == "ValueError"


# huggingface_hub 2.4 itself uploads to storage in a way that its HTTP library calls outdated.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_push_arrives_whole(hub: HubServer, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "data").mkdir(parents=True)
    content = {"README.md": "---\nlicense: mit\n---\n# Mine\n", "data/train.parquet": "PAR1" * 100, "empty.txt": ""}
    for name, text in content.items():
        (folder / name).write_text(text)
    api = HfApi(token=OWNER_TOKEN)
    url = create_repo("researcher/pushed", repo_type="dataset", private=True, token=OWNER_TOKEN)
    assert url.repo_id == "researcher/pushed"
    done = api.upload_folder(repo_id=url.repo_id, repo_type="dataset", folder_path=folder, commit_message="All of it")
    info = api.dataset_info(url.repo_id, files_metadata=True)
    assert (info.sha, info.private) == (done.oid, True)
    assert {file.rfilename: file.lfs is not None for file in info.siblings or ()} == {
        ".gitattributes": False,
        "README.md": False,
        "data/train.parquet": True,
        "empty.txt": False,
    }
    path = hf_hub_download(
        url.repo_id, "data/train.parquet", repo_type="dataset", cache_dir=tmp_path, token=OWNER_TOKEN
    )
    assert Path(path).read_text() == content["data/train.parquet"]
    [put] = hub.log.find("PUT storage")
    assert (put.bytes_received, put.token) == (400, None)
    again = api.upload_folder(repo_id=url.repo_id, repo_type="dataset", folder_path=folder)
    assert again.oid == done.oid
    api.create_branch(url.repo_id, repo_type="dataset", branch="draft")
    api.upload_file(
        path_or_fileobj=b"more", path_in_repo="more.txt", repo_id=url.repo_id, repo_type="dataset", revision="draft"
    )
    api.delete_file("empty.txt", url.repo_id, repo_type="dataset", revision="draft")
    assert api.file_exists(url.repo_id, "empty.txt", repo_type="dataset")
    assert sorted(api.list_repo_files(url.repo_id, repo_type="dataset", revision="draft"))[-1] == "more.txt"


def test_only_the_owner_may_push(hub: HubServer) -> None:
    create_repo("researcher/mine", repo_type="dataset", token=OWNER_TOKEN)
    with pytest.raises(HfHubHTTPError, match="already created"):
        create_repo("researcher/mine", repo_type="dataset", token=OWNER_TOKEN)
    create_repo("researcher/mine", repo_type="dataset", token=OWNER_TOKEN, exist_ok=True)
    for token in (READ_TOKEN, STRANGER_TOKEN):
        with pytest.raises(HfHubHTTPError) as caught:
            create_repo("researcher/other", repo_type="dataset", token=token)
        assert caught.value.response.status_code == 403
        api = HfApi(token=token)
        with pytest.raises(HfHubHTTPError) as caught:
            api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="researcher/mine", repo_type="dataset")
        assert caught.value.response.status_code == 403
    HfApi(token=OWNER_TOKEN).delete_repo("researcher/mine", repo_type="dataset")
    with pytest.raises(RepositoryNotFoundError):
        HfApi(token=OWNER_TOKEN).dataset_info("researcher/mine")
