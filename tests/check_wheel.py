"""Builds the wheel, installs it into an empty environment outside the checkout, and uses what was installed.

`python tests/check_wheel.py` needs the package index, and takes the minutes that an installation takes.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_START_S = 180
_PAGES = """
import json, sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
import mistudio_core

script = Path(mistudio_core.__file__).parent / "_app" / "app.py"
assert "site-packages" in str(script), script
app = AppTest.from_file(str(script), default_timeout=120)
assert not app.run().exception, app.exception
for page in sorted((script.parent / "pages").glob("*.py")):
    app.switch_page(f"pages/{page.name}")
    assert not app.run().exception, (page.name, app.exception)
    print(page.stem, *(title.value for title in app.title))
"""


def main() -> int:
    """Return 0 if the installed package does what the README says; raises where it does not."""
    with tempfile.TemporaryDirectory(prefix="mistudio-wheel-") as folder:
        work = Path(folder)
        _run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(work), str(ROOT)], cwd=work)
        (wheel,) = work.glob("mistudio_datasets-*.whl")
        venv.create(work / "venv", with_pip=True)
        bin_ = work / "venv" / "bin"
        _run([str(bin_ / "pip"), "install", "-q", str(wheel)], cwd=work)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MISTUDIO", "PYTHON"))}
        environment |= {"HOME": str(work / "user"), "XDG_DATA_HOME": str(work / "user" / "data")}
        (work / "user").mkdir()
        version = _run([str(bin_ / "mistudio"), "--version"], cwd=work, env=environment)
        same = _run([str(bin_ / "python"), "-m", "mistudio_core", "--version"], cwd=work, env=environment)
        assert version == same, (version, same)
        _run([str(bin_ / "mistudio"), "example", "--samples", "50", "--json"], cwd=work, env=environment)
        homes = list((work / "user").rglob("mistudio-datasets/catalog.duckdb"))
        assert len(homes) == 1, "the library is not in the platform's folder for data"
        print(_run([str(bin_ / "python"), "-c", _PAGES], cwd=work, env=environment))
        _serve(bin_ / "mistudio", work, environment)
    print(f"{wheel.name}: installed and used.")
    return 0


def _serve(program: Path, work: Path, environment: dict[str, str]) -> None:
    port = free_port()
    command = [str(program), "app", "--port", str(port), "--"]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1"]
    with open(work / "app.log", "wb") as log:
        server = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_healthy(server, port)
    except BaseException:
        print((work / "app.log").read_text(), file=sys.stderr)
        raise
    finally:
        os.killpg(server.pid, 15)
        server.wait(60)


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_healthy(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        assert server.poll() is None, "`mistudio app` ended at once"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=10) as answer:
                if answer.read() == b"ok":
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError("`mistudio app` does not answer")


def _run(command: list[str], *, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
