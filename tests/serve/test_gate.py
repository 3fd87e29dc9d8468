"""What can be reached of the server: asked as a web server asks, with a stand-in for what is behind."""

import asyncio
import json

import pytest
from mfps.serve.gate import FILE, MAX_WORDS_BYTES, MOST_KEPT, SPARE_BYTES, Gate
from mfps.serve.visits import Visits

LIMIT = 2**20


class Behind:
    """Answers everything, and keeps what it was sent."""

    def __init__(self):
        self.bodies = []

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"yes"})


@pytest.fixture
def ask(tmp_path):
    """`ask(method, path, *chunks)`: the status, the headers and the text of the answer."""
    (tmp_path / "kept").mkdir()
    behind = Behind()

    def answer(method, path, *chunks, length=None):
        sent, parts = [], list(chunks) or [b""]

        async def receive():
            body = parts.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(parts)}

        async def send(message):
            sent.append(message)

        headers = [] if length is None else [(b"content-length", length)]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        asyncio.run(Gate(behind, Visits(tmp_path / "kept"), LIMIT)(scope, receive, send))
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(each.get("body", b"") for each in sent).decode()

    answer.behind = behind
    return answer


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/theme.css", "/assets/index-abc.js", "/static/img/logo.svg", "/gradio_api/info",
     "/gradio_api/queue/data", "/gradio_api/heartbeat/abc123", "/gradio_api/upload_progress"],
)  # fmt: skip
def test_the_page_is_open_and_asks_no_other_server(ask, path):
    status, headers, text = ask("GET", path)
    assert (status, text) == (200, "yes")
    assert ask("HEAD", path)[0] == 200
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "http" not in policy


CLOSED = [
    *("GET proxy=http://a.b/c", "GET deep_link", "GET openapi.json", "GET runs", "GET vibe-code", "GET upload"),
    *("GET custom_component/1/client/component/x.js", "POST process_recording", "POST vibe-edit", "POST run/predict"),
    *("POST call/x", "POST component_server", "POST heartbeat/a", "PUT upload"),
]
"""Below /gradio_api."""


@pytest.mark.parametrize(
    "asked",
    [each.replace(" ", " /gradio_api/", 1) for each in CLOSED]
    + ["GET /monitoring", "GET /docs", "PUT /", "DELETE /config", "POST /login"],
)
def test_everything_else_is_closed(ask, asked):
    assert ask(*asked.split())[0] == 404
    assert not ask.behind.bodies


def test_only_files_of_the_folder_are_served(ask, tmp_path):
    (tmp_path / "kept/a.png").write_text("a")
    (tmp_path / "kept/link").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("s")
    assert ask("GET", f"{FILE}{tmp_path}/kept/a.png")[0] == 200
    asked = [
        f"{tmp_path}/secret",
        f"{tmp_path}/kept/../secret",
        f"{tmp_path}/kept/link",
        f"{tmp_path}/kept%2F..%2Fsecret",
    ]
    for path in (*asked, "/etc/passwd", "http://a.b/c", "pyproject.toml", "\0", "a" * 5000):
        assert ask("GET", f"{FILE}{path}")[0] == 403, path


@pytest.mark.parametrize("length", [b"2000000000", str(LIMIT + SPARE_BYTES + 1).encode(), b"-1", b"many"])
def test_an_upload_of_two_gigabytes_is_refused_before_it_arrives(ask, length):
    status, _, text = ask("POST", "/gradio_api/upload", length=length)
    assert (status, text) == (413, "more than 1 MB, the largest file that is taken")
    assert not ask.behind.bodies


@pytest.mark.parametrize("length", [None, b"10"])
def test_an_upload_is_refused_while_it_arrives_whatever_it_says(ask, length):
    chunks = [b"x" * 2**16] * (2 * LIMIT // 2**16)
    assert ask("POST", "/gradio_api/upload", *chunks, length=length)[0] == 413
    assert ask("POST", "/gradio_api/upload", *chunks[:15], length=length)[0] == 200


def test_no_upload_is_taken_while_too_much_is_kept(ask, tmp_path):
    with (tmp_path / "kept/large").open("wb") as file:
        file.truncate(MOST_KEPT * LIMIT + 1)
    assert ask("POST", "/gradio_api/upload", b"x")[0] == 503


def test_a_request_names_only_files_that_were_dropped(ask, tmp_path):
    def joined(path):
        return json.dumps({"data": [{"path": path, "url": "http://127.0.0.1/x"}, 1], "fn_index": 0}).encode()

    body = joined(f"{tmp_path}/kept/0/a.png")
    assert ask("POST", "/gradio_api/queue/join", body[:10], body[10:])[0] == 200
    assert ask.behind.bodies == [body]
    for path in ("/etc/passwd", "http://169.254.169.254/secret", f"{tmp_path}/kept/../x"):
        assert ask("POST", "/gradio_api/queue/join", joined(path))[0] == 403
    for damaged in (b"{", b"[" * 100_000, b"\xff"):
        assert ask("POST", "/gradio_api/queue/join", damaged)[0] == 403
    assert ask("POST", "/gradio_api/queue/join", b"x" * MAX_WORDS_BYTES, b"x")[0] == 413
    assert len(ask.behind.bodies) == 1


def test_nothing_but_http_is_spoken(tmp_path):
    behind = Behind()
    asyncio.run(Gate(behind, Visits(tmp_path), LIMIT)({"type": "websocket", "path": "/"}, None, None))
    assert not behind.bodies
