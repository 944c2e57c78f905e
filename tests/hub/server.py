"""A Hub on loopback: two origins, `hub` and `storage`, served by one thread of the test process."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hub.faults import Cut, Faults, Hang, Latency, Status
from tests.hub.log import Exchange, Log
from tests.hub.messages import MAX_HEAD_BYTES, Request, Response, json_response, read_request
from tests.hub.repository import Repository
from tests.hub.routes import answer
from tests.hub.sending import Connection, Delivery, DroppedError, close
from tests.hub.site import TREE_PAGE, Site

HOST = "127.0.0.1"
# What the kernel holds for a client that does not read counts as sent: kept small, so that the counts mean something.
SEND_BUFFER_BYTES = 128 * 1024
START_SECONDS = 10
STOP_SECONDS = 10
# Variables of the outer environment that would change what a client does.
FOREIGN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_DEBUG", "HF_HUB_OFFLINE", "HF_HOME")


class HubServer:
    """The Hub for tests: `with HubServer(repo, ...) as hub`.

    Repositories may be added, changed and removed while it runs. `faults` takes what shall go wrong, `log` tells what
    was asked. An exception inside the server is raised again when the block ends.
    """

    def __init__(self, *repositories: Repository, tree_page: int = TREE_PAGE) -> None:
        """Prepare a server; `tree_page` is the number of rows on a page of a listing."""
        self.site = Site(tree_page=tree_page)
        self.faults = Faults()
        self.log = Log()
        self.problems: list[BaseException] = []
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        for repo in repositories:
            self.add(repo)

    @property
    def endpoint(self) -> str:
        """The address of the hub, for HF_ENDPOINT: no trailing slash."""
        return self.site.endpoint

    @property
    def storage_endpoint(self) -> str:
        """The address of the other origin, which holds the LFS files."""
        return self.site.storage_endpoint

    def add(self, repo: Repository) -> Repository:
        """Publish a repository and return it."""
        return self.site.add(repo)

    def remove(self, repo: Repository) -> None:
        """Take a repository away."""
        self.site.repositories.pop((repo.kind, repo.id), None)

    def bytes_sent(self, pattern: str = "GET storage") -> int:
        """Return the body bytes sent for requests whose "METHOD host path" the pattern finds; file content if none."""
        return self.log.bytes_sent(pattern)

    def environment(self, home: Path | None = None) -> dict[str, str]:
        """Return a whole environment for a subprocess whose clients shall talk to this Hub, caching below `home`."""
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
        return {**kept, **self.variables(home)}

    def variables(self, home: Path | None = None) -> dict[str, str]:
        """Return only the variables that point clients to this Hub."""
        settings = {
            "HF_ENDPOINT": self.endpoint,
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            # Uploads would take Xet's own protocol, which only the real service speaks.
            "HF_HUB_DISABLE_XET": "1",
        }
        return settings if home is None else {**settings, "HF_HOME": str(home)}

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread = threading.Thread(target=self._run, name="test-hub", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise RuntimeError("the test hub did not start")
        if self.problems:
            self._thread.join(STOP_SECONDS)
            raise self.problems[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: no thread, socket or connection is left; an exception inside the server is raised here."""
        assert self._thread is not None
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError("the test hub did not stop")
        if self.problems and error is None:
            raise self.problems[0]

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the test's own thread
            self.problems.append(error)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        servers = [
            await asyncio.start_server(partial(self._accept, host), HOST, 0, limit=MAX_HEAD_BYTES)
            for host in ("hub", "storage")
        ]
        addresses = []
        for server in servers:
            server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            addresses.append(f"http://{HOST}:{server.sockets[0].getsockname()[1]}")
        self.site.endpoint, self.site.storage_endpoint = addresses
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in servers:
            await server.wait_closed()

    def _accept(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._converse(host, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=0)
        connection = Connection(reader, writer)
        try:
            while (request := await read_request(reader, host)) is not None:
                await self._exchange(connection, request)
                if request.headers.get("connection", "").lower() == "close":
                    break
        except DroppedError:
            pass
        except Exception as error:  # noqa: BLE001 - it is raised again in the test's own thread
            self.problems.append(error)
        finally:
            await close(writer)

    async def _exchange(self, connection: Connection, request: Request) -> None:
        exchange = Exchange(
            request.method, request.host, request.path, request.query_text, request.headers, len(request.body)
        )
        self.log.begin(exchange)
        response = await self._early(connection, exchange)
        if response is None:
            response = self._answer(request)
        has_body = request.method != "HEAD" and response.status < 300 and bool(response.body)
        rules = self.faults.of_answer(exchange.target, has_body)
        exchange.faults += [type(rule.fault).__name__ for rule in rules]
        await Delivery(connection, exchange, rules).run(request, response)

    async def _early(self, connection: Connection, exchange: Exchange) -> Response | None:
        for rule in self.faults.before_answer(exchange.target):
            exchange.faults.append(type(rule.fault).__name__)
            match rule.fault:
                case Latency(seconds):
                    await asyncio.sleep(seconds)
                case Hang(seconds=seconds):
                    await connection.hang(seconds)
                case Cut(reset=reset):
                    await connection.drop(reset)
                case Status(status, headers, body):
                    return Response(status, headers, body)
        return None

    def _answer(self, request: Request) -> Response:
        try:
            return answer(self.site, request)
        except Exception as error:  # noqa: BLE001 - it is raised again in the test's own thread
            error.add_note(f"while answering {request.method} {request.host} {request.target}")
            self.problems.append(error)
            return json_response({"error": "Internal Error"}, 500)
