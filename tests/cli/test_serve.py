"""`mfps serve` as it is installed: over HTTP as a browser speaks it, and in a browser."""

import http.client
import json
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from mfps.cli.main import ENDED_BY
from mfps.images.image import read_image, write_image
from mfps.priors.landmarks.detector import is_at_hand
from mfps.serve.server import announcement
from PIL import Image

from ..processes import Started, started
from .conftest import MFPS, inside, run_command

pytest.importorskip("gradio", reason="gradio is not installed: pip install 'mfps[web]'")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SHOWN = 300_000
"""Milliseconds after which something on the page is missing."""


class Server(NamedTuple):
    """The page, running."""

    process: Started
    port: int
    folder: Path
    """Where it runs; its home and its temporary files are in `home` and `tmp` there."""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def upload(self, name: str, content: bytes) -> tuple[int, bytes]:
        head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        body = head + content + b"\r\n--x--\r\n"
        return self.ask("POST", "/gradio_api/upload", body, **{"Content-Type": "multipart/form-data; boundary=x"})

    def drop(self, name: str, content: bytes, visit: str) -> list[str]:
        """The lines that the page shows after a file was dropped, as HTML."""
        status, answer = self.upload(name, content)
        assert status == 200, answer
        config = json.loads(self.ask("GET", "/config")[1])
        arrived = next(each for each in config["dependencies"] if "upload" in [target[1] for target in each["targets"]])
        given = {"path": json.loads(answer)[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        data: list[Any] = [given, "trained", "all", 1, "coarse", 1, "png"]
        joined = {"data": data, "fn_index": arrived["id"], "session_hash": visit}
        status, answer = self.ask(
            "POST", "/gradio_api/queue/join", json.dumps(joined).encode(), **{"Content-Type": "application/json"}
        )
        assert status == 200, answer
        told = self.ask("GET", f"/gradio_api/queue/data?session_hash={visit}")[1].decode()
        events = [json.loads(line.removeprefix("data: ")) for line in told.splitlines() if line.startswith("data: ")]
        assert [each["success"] for each in events if each["msg"] == "process_completed"] == [True]
        return told

    def kept(self) -> list[Path]:
        """The files of visits."""
        found = [Path(folder, name) for folder, _, names in os.walk(self.folder / "tmp") for name in names]
        return [path for path in found if "/visit-" in str(path)]


@pytest.fixture(scope="module")
def shown(trained_world: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The runs that are shown: a training, a search and an evaluation."""
    judged = tmp_path_factory.mktemp("evaluation") / "judged"
    with inside(trained_world):
        assert (
            run_command(f"evaluate trained --data faces --list faces/val.txt --device cpu --out {judged}").status == 0
        )
    return f"{trained_world}/trained {trained_world}/searched {judged}"


@pytest.fixture(scope="module")
def server(shown: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page. In the end SIGTERM ends it, and nothing of it is left, although a browser has it open."""
    folder = tmp_path_factory.mktemp("serve")
    options = f"{shown} --port 0 --max-mb 2 --max-megapixels 1 --device cpu"
    for name in ("home", "tmp", "here"):
        (folder / name).mkdir(parents=True)
    environment = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    with started(MFPS, "serve", *options.split(), folder=folder / "here", **environment) as process:
        process.wait_for(lambda: "end       with" in process.out)
        address = next(line.split()[1] for line in process.out.splitlines() if line.startswith("page "))
        server = Server(process, int(address.rstrip("/").rpartition(":")[2]), folder)
        with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as open_page:
            open_page.request("GET", "/gradio_api/heartbeat/open")
            open_page.getresponse().fp.readline()
            yield server
            process.process.send_signal(signal.SIGTERM)
            ended = process.end()
    assert ended.status == 128 + signal.SIGTERM
    assert ended.err == f"mfps: {ENDED_BY[128 + signal.SIGTERM]}\n"
    assert [path for name in ("home", "tmp", "here") for path in (folder / name).rglob("*")] == []


def encoded(picture: Image.Image, folder: Path, **options: Any) -> bytes:
    picture.save(folder / "encoded", **options)
    return (folder / "encoded").read_bytes()


def test_whatever_is_dropped_is_answered_in_a_line_and_the_next_one_is_restored(server: Server, tmp_path: Path) -> None:
    plain = Image.new("RGB", (120, 90), "grey")
    for name, content, says in (
        ("a.jpg", b"no picture", "not an image of a known format"),
        ("a.gif", encoded(plain, tmp_path, format="GIF"), "GIF"),
        ("a.zip", b"PK\3\4", "not an image of a known format"),
        ("a.png", encoded(Image.new("L", (1100, 1000)), tmp_path, format="PNG"), "more than the 1,000,000"),
        ("a <b>.png", encoded(plain, tmp_path, format="PNG"), "stays as it is"),
    ):
        told = server.drop(name, content, "visitor")
        assert says in told
        assert "Traceback" not in told
    assert "Download a b" in told or "Download a <b>" in told
    assert {path.suffix for path in server.kept()} == {".png", ".jpg"}
    assert server.process.err == ""


def test_an_upload_beyond_the_limit_is_refused_while_it_arrives(server: Server) -> None:
    kept = server.kept()
    assert server.upload("a.png", b"x" * (2 * 2**20 + 1))[0] == 413
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        head = "POST /gradio_api/upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        connection.sendall(f"{head}Content-Length: {2 * 10**9}\r\n\r\n--x".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert server.kept() == kept
    assert server.ask("GET", "/")[0] == 200


def test_nothing_is_served_but_the_page_and_what_was_dropped(server: Server, trained_world: Path) -> None:
    told = server.drop("a.png", (trained_world / "faces/images/0000.png").read_bytes(), "asking")
    (result,) = (path for path in server.kept() if path.parent.name == "result" and path.name == "a.png")
    assert str(result) in told
    assert server.ask("GET", f"/gradio_api/file={result}") == (200, result.read_bytes())
    for path in (trained_world / "trained/weights.safetensors", "/etc/passwd", f"{result.parents[4]}/../x", Path.cwd()):
        assert server.ask("GET", f"/gradio_api/file={path}")[0] == 403
    assert server.ask("GET", "/gradio_api/openapi.json")[0] == 404


def test_a_visit_that_ends_leaves_nothing(server: Server, tmp_path: Path) -> None:
    """The next photograph takes the place of the one before; with the page everything goes."""
    picture = encoded(Image.new("RGB", (120, 90), "grey"), tmp_path, format="PNG")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as page:
        page.request("GET", "/gradio_api/heartbeat/leaving")
        page.getresponse().fp.readline()
        before = {path.parts for path in server.kept()}
        for name in ("first.png", "second.png"):
            server.drop(name, picture, "leaving")
            found = [path for path in server.kept() if path.parts not in before]
            assert {path.name for path in found} == {name, "faces.jpg", "before.jpg", "after.jpg"}
    server.process.wait_for(lambda: not [path for path in server.kept() if path.parts not in before])


def chromium() -> str | None:
    """A browser on this machine: Debian's, or playwright's own."""
    from playwright.sync_api import sync_playwright

    named = next(filter(None, map(shutil.which, BROWSERS)), None)
    if named is None:
        with sync_playwright() as playwright:
            own = playwright.chromium.executable_path
        named = own if Path(own).is_file() else None
    return named


@pytest.fixture
def page(server: Server) -> Iterator[Any]:
    """The page in a browser. Nothing that it asks for leaves this machine, and nothing fails in it."""
    if find_spec("playwright") is None or (program := chromium()) is None:
        pytest.skip("no browser: install playwright and Debian's chromium, or run `playwright install chromium`")
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.set_default_timeout(SHOWN)
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("pageerror", lambda error: failed.append(str(error)))
        opened.goto(f"http://127.0.0.1:{server.port}/")
        yield opened
        browser.close()
    own = (f"http://127.0.0.1:{server.port}/", "data:", "blob:")
    assert asked
    assert [url for url in asked if not url.startswith(own)] == []
    assert failed == []


@pytest.fixture
def three_faces(annotated: Callable[[str], Path], tmp_path: Path) -> Path:
    """A photograph of three people."""
    people = [read_image(file) for file in sorted(annotated("london").glob("*.jpg"))[:3]]
    small = [np.asarray(Image.fromarray(person).resize((220, 220))) for person in people]
    write_image(tmp_path / "three.png", np.hstack(small))
    return tmp_path / "three.png"


@pytest.mark.slow
@pytest.mark.faces
def test_in_a_browser_a_photograph_is_dropped_compared_and_downloaded(
    page: Any, three_faces: Path, trained_world: Path, tmp_path: Path
) -> None:
    if not is_at_hand():
        pytest.skip("nothing finds faces: pip install 'mfps[faces]'")
    page.set_input_files("#mfps-drop input[type=file]", three_faces)
    page.wait_for_selector("#mfps-slider img")
    told = page.inner_text("#mfps-told")
    assert "660 \u00d7 220 pixels: 3 faces found. 3 faces restored at 16 px" in told
    page.wait_for_selector("#mfps-faces img")
    with page.expect_download() as download:
        page.click("#mfps-download")
    assert download.value.suggested_filename == "three.png"
    with inside(trained_world):
        done = run_command(
            ["restore", "trained", str(three_faces), "--device", "cpu", "--out", str(tmp_path / "same.png")]
        )
    assert done.status == 0, done.err
    assert Path(download.value.path()).read_bytes() == (tmp_path / "same.png").read_bytes()
    (tmp_path / "bad.jpg").write_text("no picture")
    page.click("#mfps-drop button[aria-label=Clear]")
    page.set_input_files("#mfps-drop input[type=file]", tmp_path / "bad.jpg")
    page.wait_for_selector(".mfps-error")
    assert page.inner_text(".mfps-error").startswith("bad.jpg: the file is not an image")
    page.get_by_role("tab", name="Runs").click()
    for run, shows in (
        ("searched", "#mfps-drawing svg"),
        ("judged", "#mfps-tables table"),
        ("trained", ".js-plotly-plot"),
    ):
        page.get_by_label("Run", exact=True).click()
        page.get_by_role("option", name=run).click()
        page.wait_for_selector(shows)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "192.168.1.5", "faces.example"])
def test_it_says_who_reaches_the_page_and_what_does_not_restore(host: str) -> None:
    local = host in ("127.0.0.1", "localhost", "::1")
    for silent in ("", "searched: holds a supernet"):
        said = announcement(host, 7860, silent)
        assert [line.split()[0] for line in said] == ["note"] * (bool(silent) + (not local)) + ["page", "end"]
        assert any("everybody who reaches this machine" in line for line in said) != local
        shown = f"[{host}]" if ":" in host else host
        assert f"page      http://{shown}:7860/" in said


def test_a_port_that_is_taken_is_told(server: Server, shown: str, tmp_path: Path) -> None:
    ended = run_command(f"serve {shown.split()[0]} --port {server.port} --device cpu")
    assert (ended.status, ended.out) == (1, "")
    assert f"--port {server.port}: is taken by another program; give another one" in ended.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("nowhere", "RUNS nowhere: neither a run folder nor a weights file"),
        ("trained --host 192.0.2.1", "--host 192.0.2.1: is no address of this machine"),
        ("trained --host no.such.name.invalid", "--host no.such.name.invalid: is no address of this machine"),
        ("trained --port 70000", "--port"),
        ("trained --max-mb 0", "--max-mb"),
        ("trained --max-megapixels 101", "--max-megapixels"),
        ("trained --device cuda:97", "--device"),
    ],
)
def test_bad_options_are_told_in_a_line(trained_world: Path, options: str, says: str) -> None:
    with inside(trained_world):
        ended = run_command(f"serve {options}")
    assert ended.status == 1
    assert says in ended.err


def test_without_gradio_it_says_what_to_install(trained_world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfps.serve.server.find_spec", lambda _: None)
    with inside(trained_world):
        ended = run_command("serve trained")
    assert (ended.status, ended.err) == (1, "mfps: the page needs gradio: run `pip install 'mfps[web]'`\n")
