"""Keys of the HTTP API: told once, kept as hashes that only the host can read, and refused when they are removed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from mistudio_core.cli.run import run
from mistudio_core.errors import StudioError
from mistudio_core.library import api_keys


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["api-key", *arguments]) == 0
    return capsys.readouterr().out


def test_a_key_is_told_once_and_kept_as_a_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path))
    key = _told(capsys).split()[-1]
    other = json.loads(_told(capsys, "--json"))
    assert api_keys.is_key(tmp_path, key)
    assert api_keys.is_key(tmp_path, other["key"])
    listed = json.loads(_told(capsys, "--list", "--json"))
    assert [entry["id"] for entry in listed] == [f"key_{text.split('_')[1]}" for text in (key, other["key"])]
    assert all(set(entry) == {"id", "created_at"} for entry in listed)
    secrets = [text.split("_", 2)[2].encode() for text in (key, other["key"])]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if any(secret in path.read_bytes() for secret in secrets)] == []
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "api_keys").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "api_keys").stat().st_mode) == 0o700
    assert json.loads(_told(capsys, "--remove", other["id"], "--json"))["id"] == other["id"]
    assert api_keys.is_key(tmp_path, key)
    assert not api_keys.is_key(tmp_path, other["key"])


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    made = api_keys.create(tmp_path)
    assert made.key is not None
    number = made.id.removeprefix("key_")
    stored = json.loads((tmp_path / "api_keys" / f"{made.id}.json").read_bytes())
    wrong = ["", "mistudio", made.key[:-1], made.key + "a", made.key.upper(), made.key + "\n", stored["sha256"]]
    wrong += [f"mistudio_{number}_{'A' * 43}", f"mistudio_00000000_{made.key[-43:]}", f"mistudio_../../x_{'A' * 43}"]
    assert [text for text in wrong if api_keys.is_key(tmp_path, text)] == []
    assert [text for text in (made.key,) if api_keys.is_key(tmp_path, text)] == [made.key]
    (tmp_path / "api_keys" / f"{made.id}.json").write_bytes(b"{")
    assert not api_keys.is_key(tmp_path, made.key)
    with pytest.raises(StudioError) as caught:
        api_keys.remove(tmp_path, "../catalog")
    assert caught.value.code == "not_found"
