"""A review of a blog, served by a thread of this process and spoken to over HTTP as the page does."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enishi.commands.review.server import Review
from enishi.commands.review.session import open_session
from enishi.state import Request


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def values(self) -> Any:
        return json.loads(self.body)


class Client:
    """Speaks to a review; a header given as None is left out, and a path may be anything."""

    def __init__(self, address: str) -> None:
        self.origin, _, token = address.rstrip("/").rpartition("/")
        self.token = token
        self.port = int(self.origin.rpartition(":")[2])

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        usual: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}"}
        if method == "POST":
            usual |= {"Origin": self.origin, "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in (usual | dict(headers or {})).items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, name: str) -> Any:
        answer = self.send("GET", f"/{self.token}/{name}")
        assert answer.status == 200, (name, answer)
        return answer.values

    def post(self, name: str, **values: Any) -> Answer:
        return self.send("POST", f"/{self.token}/api/{name}", json.dumps(values).encode())

    def decide(self, name: str, action: str, **values: str) -> Any:
        answer = self.post("decide", id=name, action=action, **values)
        assert answer.status == 200, answer
        return answer.values

    def items(self, kind: str = "") -> list[dict[str, Any]]:
        return [item for item in self.get("api/queue")["items"] if kind in ("", item["kind"])]


@contextmanager
def reviewed(site: Path, **request: Any) -> Iterator[Client]:
    """A review of the blog as it is now, ended with the block."""
    page = Review(open_session(Request(site, **request), 0.5), lambda language, title: f"{language} {title}".encode())
    thread = threading.Thread(target=page.run, daemon=True)
    thread.start()
    try:
        wait_for(page.port)
        yield Client(page.address)
        assert not page.bugs, page.bugs
    finally:
        page.stop()
        thread.join()


def wait_for(port: int) -> None:
    """Until the server listens."""
    for _ in range(600):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError
