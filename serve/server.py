"""`mfps serve`: the page is shown until a signal ends it, and then nothing of it is left."""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from rich.console import Console

from ..engine.device import choose_device
from ..engine.terminal import say
from ..errors import MfpsError
from ..files.temporary_folder import temporary_folder
from .config import ServeConfig
from .gate import Gate
from .networks import open_given
from .restoring import Restoring
from .visits import Visits

LOCAL = ("127.0.0.1", "localhost", "::1")
"""Addresses at which only this machine reaches the page."""

CLOSING_S = 1
"""How long answers that are on their way may take when the page is closed."""


def serve(config: ServeConfig, console: Console) -> None:
    """Show the page until a signal ends it.

    Args:
        config: what it shows, and where.
        console: where its address is printed.

    Raises:
        MfpsError: gradio is missing, a run cannot be used, or the address or port cannot be had.
    """
    if find_spec("gradio") is None:
        raise MfpsError("the page needs gradio: run `pip install 'mfps[web]'`")
    choose_device(config.device)
    restoring = Restoring(config)
    given = open_given(config.runs, restoring.check)
    signals: list[int] = []
    with _listening(config.host, config.port) as listening, temporary_folder("serve") as folder, _kept_in(folder):
        # gradio settles where it keeps files when it is imported.
        import fastapi
        import gradio
        import uvicorn

        from .page import page, style, theme

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                # uvicorn would raise the signal again while its tasks still end, and the folder would stay.
                signals.append(sig)
                restoring.stop()
                self.should_exit = True

        visits, max_bytes = Visits(folder), config.max_mb * 2**20
        app = gradio.mount_gradio_app(
            fastapi.FastAPI(openapi_url=None),
            page(given, restoring, visits),
            "/",
            run_history=False,
            footer_links=[],
            show_error=False,
            max_file_size=max_bytes,
            ssr_mode=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
            theme=theme(),
            css=style(),
        )
        settings = uvicorn.Config(
            Gate(app, visits, max_bytes),
            log_level="critical",
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=CLOSING_S,
        )
        for line in announcement(config.host, listening.getsockname()[1], given.silent):
            say(console, line)
        try:
            Server(settings).run(sockets=[listening])
        finally:
            restoring.stop()
            restoring.wait()
    for signum in signals[:1]:
        signal.raise_signal(signum)


def announcement(host: str, port: int, silent: str) -> list[str]:
    """The lines that say where the page is, and what is worth knowing.

    Args:
        host: the address that was asked for.
        port: of the page.
        silent: why a run does not restore; empty if all do.
    """
    lines = [f"note      does not restore: {silent}"] if silent else []
    if host not in LOCAL:
        lines.append("note      everybody who reaches this machine can use the page; there is no password")
    shown = f"[{host}]" if ":" in host else host
    return [*lines, f"page      http://{shown}:{port}/", "end       with Ctrl-C"]


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket at an address and port.

    Raises:
        MfpsError: they cannot be had.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
    except OSError as error:
        raise MfpsError(f"`host` {host}: is no address of this machine ({error.strerror}); leave it out") from None
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen()
        except PermissionError:
            raise MfpsError(f"`port` {port}: is kept for the system; give one from 1024 on") from None
        except OSError as error:
            if error.errno == 98 or "in use" in str(error):
                raise MfpsError(f"`port` {port}: is taken by another program; give another one, or 0 for any") from None
            raise MfpsError(f"`host` {host}: is no address of this machine ({error.strerror}); leave it out") from None
        yield listening


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Let everything that gradio and the libraries behind it keep in the block be kept in a folder."""
    names = ("GRADIO_TEMP_DIR", "TMPDIR", "MPLCONFIGDIR")
    before, place = {name: os.environ.get(name) for name in names}, tempfile.tempdir
    os.environ.update(dict.fromkeys(names, str(folder)))
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = place
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
