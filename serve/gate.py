"""What of the web server can be reached: the page, its queue, uploads of a bounded size, and files of one folder.

gradio has more: it fetches addresses for others, edits its own program and serves folders beside the one for uploads.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .visits import Visits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

OPEN = {
    "GET": re.compile(
        r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)/?|/(assets|static|svelte)/.+"
        r"|/gradio_api/((info|app_id|startup-events|queue/data|upload_progress)/?|heartbeat/\w+)"
    ),
    "POST": re.compile(r"/gradio_api/(queue/join|upload|cancel|reset)/?"),
}
"""The paths that can be asked for, besides files."""

FILE = "/gradio_api/file="

SPARE_BYTES = 2**16
"""What a browser sends around a file."""

MAX_WORDS_BYTES = 2**20
"""Of a request that holds no file."""

MOST_KEPT = 40
"""Uploads of the largest size that fit into what may be kept at the same time, results included."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""A browser that follows it, as all do, asks no other server for anything."""


class TooMuch(Exception):  # noqa: N818 - nothing went wrong here
    """More arrives than is taken."""


class Gate:
    """A server that lets through what the page needs.

    Args:
        app: what answers.
        visits: their folder is the one whose files are served.
        max_bytes: of an upload.
    """

    def __init__(self, app: App, visits: Visits, max_bytes: int) -> None:
        self._app = app
        self._visits = visits
        self._max_bytes = max_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if path.startswith(FILE) and method in ("GET", "HEAD"):
            if not self._is_ours(unquote(path.removeprefix(FILE))):
                await _refuse(send, 403, "only results of this page are served")
                return
        elif not (known := OPEN.get("GET" if method == "HEAD" else method)) or not known.fullmatch(path):
            await _refuse(send, 404, "not found")
            return
        if method == "POST":
            await self._post(scope, receive, send)
        else:
            await self._app(scope, receive, _with_policy(send))

    async def _post(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        is_upload = scope["path"].rstrip("/").endswith("/upload")
        limit = self._max_bytes + SPARE_BYTES if is_upload else MAX_WORDS_BYTES
        said = dict(scope["headers"]).get(b"content-length", b"0")
        too_large = f"more than {self._max_bytes // 2**20} MB, the largest file that is taken"
        if not said.isdigit() or int(said) > limit:
            await _refuse(send, 413, too_large)
            return
        if is_upload:
            self._visits.sweep()
            if self._visits.bytes_kept() > MOST_KEPT * self._max_bytes:
                await _refuse(send, 503, "too many photographs are here; try again later")
                return
            await self._bounded(scope, receive, send, limit, too_large)
            return
        try:
            body = await _whole(receive, limit)
        except TooMuch:
            await _refuse(send, 413, too_large)
            return
        if not self._names_our_files(body):
            await _refuse(send, 403, "only files that were dropped on the page are read")
            return
        await self._app(scope, _again(body, receive), _with_policy(send))

    async def _bounded(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, limit: int, too_large: str
    ) -> None:
        """Let an upload through as far as it is not too large, whatever length it was said to have."""
        taken, answered = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooMuch
            return message

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await _with_policy(send)(message)

        try:
            await self._app(scope, counted, sent)
        except TooMuch:
            if not answered:
                await _refuse(send, 413, too_large)

    def _is_ours(self, path: str) -> bool:
        try:
            return Path(path).resolve().is_relative_to(self._visits.folder.resolve())
        except (OSError, ValueError):  # a path that no file can have
            return False

    def _names_our_files(self, body: bytes) -> bool:
        """Whether all files that a request names lie in our folder; gradio would also fetch addresses."""
        try:
            waiting = [json.loads(body or b"{}")]
        except (ValueError, RecursionError):
            return False
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                path = value.get("path")
                if isinstance(path, str) and not self._is_ours(path):
                    return False
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
        return True


async def _whole(receive: Receive, limit: int) -> bytes:
    parts, more = bytearray(), True
    while more:
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > limit:
            raise TooMuch
        more = message.get("more_body", False)
    return bytes(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A request's body that was read already."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def _with_policy(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [
                (b"content-security-policy", POLICY.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"referrer-policy", b"no-referrer"),
            ]
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sent


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
