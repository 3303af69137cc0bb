"""The server of a review answers our own page, and nobody else."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blog import topic_posts, write_blog
from enishi.cli import main
from review_client import Client, reviewed

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    posts = topic_posts(8, ("tea", "trains", "storage", "bread"))
    posts["tea-3.md"] = posts["tea-3.md"].replace("tags: [tea]", "tags: [trains]")
    with reviewed(write_blog(tmp_path_factory.mktemp("served"), posts, hexo=False)) as client:
        yield client


def test_the_page_is_served_under_its_token_with_its_headers(client: Client) -> None:
    answer = client.send("GET", f"/{client.token}/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert client.send("GET", f"/{client.token}/page.css").headers["content-type"] == "text/css; charset=utf-8"
    for path in ("", "page.css", "api/queue", "api/nothing", "../", "api/item/none"):
        answer = client.send("GET", f"/{client.token}/{path}")
        assert HEADERS.items() <= answer.headers.items(), path
        assert not {"server", "date", "set-cookie", "access-control-allow-origin"} & answer.headers.keys()


def test_both_names_of_this_machine_are_its_own(client: Client) -> None:
    for host in (f"127.0.0.1:{client.port}", f"localhost:{client.port}"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert client.send("GET", f"/{client.token}/api/queue", headers=headers).status == 200
        assert client.send("POST", f"/{client.token}/api/undo", b"{}", headers).status == 409


def test_without_the_token_there_is_nothing(client: Client) -> None:
    token = client.token
    swapped = token.swapcase()
    for path in (
        "/",
        "/api/queue",
        "//",
        f"/{token}",
        f"/{token[:-1]}/",
        f"/{token}x/",
        f"/{swapped}/",
        "/%00/",
        f"/{'a' * 43}/",
    ):
        answer = client.send("GET", path)
        assert (answer.status, answer.body) == (404, b""), path
        assert HEADERS.items() <= answer.headers.items()
    assert client.send("POST", f"/{swapped}/api/undo", b"{}").status == 404
    # as it may be written in other ways
    assert client.send("GET", f"/%{ord(token[0]):02x}{token[1:]}/").status == 404
    assert client.send("GET", f"/?{token}/").status == 404


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "null",
        "http://127.0.0.1",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.test",
        "",
    ],
)
def test_another_origin_is_refused(client: Client, origin: str) -> None:
    headers = {"Origin": origin.format(port=client.port)}
    for method, path in (("GET", "api/queue"), ("GET", ""), ("POST", "api/undo")):
        answer = client.send(method, f"/{client.token}/{path}", b"{}" if method == "POST" else None, headers)
        assert (answer.status, answer.body) == (403, b"")


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost",
        "[::1]:{port}",
        "127.0.0.1:{port}@evil.test",
        "LOCALHOST.:{port}",
    ],
)
def test_another_host_is_refused(client: Client, host: str) -> None:
    headers = {"Host": host.format(port=client.port)}
    for method, path in (("GET", "api/queue"), ("GET", ""), ("POST", "api/undo")):
        answer = client.send(method, f"/{client.token}/{path}", b"{}" if method == "POST" else None, headers)
        assert (answer.status, answer.body) == (403, b"")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "../../pyproject.toml",
            "..%2f..%2fpyproject.toml",
            "%2e%2e/%2e%2e/etc/passwd",
            "....//page.css",
            "//etc/passwd",
        ),
        *("page.css%00.js", "page.css/", "./page.css", "%70age.css", "PAGE.CSS", "review/review.js", "review.html.j2"),
        "api/item/../queue",
    ],
)
def test_only_what_is_listed_is_served(client: Client, path: str) -> None:
    answer = client.send("GET", f"/{client.token}/{path}")
    assert answer.status == 404
    assert b"passwd" not in answer.body


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        None,
        "application/json-p",
    ],
)
def test_what_a_form_can_send_is_refused(client: Client, kind: str | None) -> None:
    item = client.items("suggestion")[0]
    body = json.dumps({"id": item["id"], "action": "decline"}).encode()
    assert client.send("POST", f"/{client.token}/api/decide", body, {"Content-Type": kind}).status == 415
    assert client.items("suggestion")[0]["state"] == "open"


def test_a_request_that_writes_says_where_it_comes_from(client: Client) -> None:
    path = f"/{client.token}/api/undo"
    assert client.send("POST", path, b"{}", {"Origin": None}).status == 403
    assert client.send("POST", path, b"{}", {"Origin": None, "Sec-Fetch-Site": "same-site"}).status == 403
    assert client.send("POST", path, b"{}", {"Origin": None, "Sec-Fetch-Site": "same-origin"}).status == 409
    assert (
        client.send("POST", path, b"{}", {"Origin": "https://evil.test", "Sec-Fetch-Site": "same-origin"}).status == 403
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 30_000, 400),
        (b'{"a":' * 12_000, 400),
        (b'{"id": 1, "action": "add"}', 400),
        (b'{"id": "x", "action": "delete"}', 400),
        (b'{"id": "x", "action": ["add"]}', 400),
        (b'{"id": "x"}', 400),
        (b'{"id": "x", "action": "add"}', 404),
        (b'{"id": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_odd_bodies(client: Client, body: bytes, status: int) -> None:
    answer = client.send("POST", f"/{client.token}/api/decide", body)
    assert answer.status == status
    assert HEADERS.items() <= answer.headers.items()


def test_a_body_that_never_says_its_length_is_bounded(client: Client) -> None:
    chunks = b"".join(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    headers = {"Transfer-Encoding": "chunked", "Content-Length": None}
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    connection.putrequest("POST", f"/{client.token}/api/undo")
    for name, value in {"Origin": client.origin, "Content-Type": "application/json", **headers}.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(chunks)
    assert connection.getresponse().status == 413
    connection.close()


def test_methods_and_names_that_there_are_not(client: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "get"):
        assert client.send(method, f"/{client.token}/api/queue").status in (400, 405)
    assert client.send("GET", f"/{client.token}/api/decide").status == 405
    assert client.send("POST", f"/{client.token}/api/queue", b"{}").status == 405
    for name in ("none", "", "s" * 5_000, "%2e%2e"):
        assert client.send("GET", f"/{client.token}/api/item/{name}").status == 404
    for since in ("-1", "x", "9" * 400, "%D9%A3", ""):
        assert client.send("GET", f"/{client.token}/api/changes?since={since}").status == 400


def test_only_this_machine_is_listened_to(client: Client) -> None:
    listening = Path("/proc/net/tcp")
    if not listening.exists():
        pytest.skip("there is no /proc")
    ports = [line.split()[1] for line in listening.read_text().splitlines()[1:] if line.split()[3] == "0A"]
    assert [address for address in ports if int(address.partition(":")[2], 16) == client.port] == [
        f"0100007F:{client.port:04X}"
    ]


def test_without_its_extra_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["review", str(tmp_path)]) == 2
    assert 'pip install "enishi[review]"' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_where_there_is_nothing_to_decide_there_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = write_blog(tmp_path, topic_posts(3, ("tea",)), hexo=False)
    assert main(["review", str(site)]) == 0
    assert "Nothing to decide" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = write_blog(tmp_path, {**topic_posts(3, ("tea",)), "bare.md": "no front matter, no tag\n"}, hexo=False)
    assert main(["review", str(site), "--no-open", "--port", str(client.port)]) == 2
    assert f"--port {client.port}" in capsys.readouterr().err
