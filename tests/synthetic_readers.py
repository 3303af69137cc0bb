"""Readers of a blog whose posts are in hidden groups, as their server logs them, with robots and all."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from enishi.types import Document, Post, TextFields

BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
)
ROBOT = "Mozilla/5.0 (compatible; ExampleBot/2.1; +http://example.com/bot.html)"
START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Request:
    """One request."""

    address: str
    agent: str
    time: datetime
    path: str
    status: int = 200
    method: str = "GET"

    def line(self, prefix: str = "") -> str:
        stamp = self.time.strftime("%d/%b/%Y:%H:%M:%S +0000")
        request = f"{self.method} {self.path} HTTP/1.1"
        before, after = f"{prefix}{self.address} - - [{stamp}]", f'{self.status} 5120 "https://example.org/"'
        return f'{before} "{request}" {after} "{self.agent}"'


def posts(count: int) -> list[Document]:
    """So many posts without words, with addresses."""
    return [
        Document(Post(f"posts/essay-{n:03}.md", f"Essay {n}", url=f"/essays/essay-{n:03}/"), TextFields(), {}, {})
        for n in range(count)
    ]


def group_of(count: int, groups: int) -> np.ndarray:
    """The hidden group of every post: no run of neighbours, so that no order gives it away."""
    return np.random.default_rng(5).permutation(count) % groups


def popularity(count: int) -> np.ndarray:
    """How likely a post is to be read: falling with its rank, in an order that has nothing to do with the groups."""
    share = 1 / np.arange(1, count + 1) ** 0.8
    return np.random.default_rng(6).permutation(share / share.sum())


def readings(group: np.ndarray, visits: int, *, noise: float = 0.3, seed: int = 0) -> Iterator[list[int]]:
    """Posts of every visit: 2 to 6 of them, each of one group but for a share of noise, by popularity."""
    rng = np.random.default_rng(seed)
    share = popularity(len(group))
    for _ in range(visits):
        own = np.where(group == group[rng.choice(len(group), p=share)], share, 0)
        visit: list[int] = []
        for _ in range(int(rng.integers(2, 7))):
            weights = share if rng.random() < noise else own
            visit.append(int(rng.choice(len(group), p=weights / weights.sum())))
        yield visit


def requests_of(visits: Sequence[Sequence[int]], documents: Sequence[Document], seed: int = 0) -> list[Request]:
    """What a server sees of these visits and of the world beside: assets, reloads, errors, robots of four kinds."""
    rng = np.random.default_rng(seed)
    found: list[Request] = []
    urls = [document.post.url for document in documents]
    for number, visit in enumerate(visits):
        address, agent = f"203.0.{number // 250 % 250}.{number % 250}", BROWSERS[number % 3]
        now = START + timedelta(minutes=7 * number)
        for row in visit:
            path = urls[row] + ("?utm_source=feed" if rng.random() < 0.1 else "")
            found.append(Request(address, agent, now, path, 304 if rng.random() < 0.1 else 200))
            found.append(Request(address, agent, now + timedelta(seconds=1), "/css/main.css"))
            if rng.random() < 0.2:
                found.append(Request(address, agent, now + timedelta(seconds=5), path))
            now += timedelta(seconds=int(rng.integers(20, 200)))
        if number % 20 == 0:
            found.append(Request(address, agent, now, "/essays/gone/", 404))
            found.append(Request(address, agent, now, urls[0], 301))
            found.append(Request(address, agent, now, urls[1], method="HEAD"))
            found.append(Request(address, agent, now, "/comments", method="POST"))
    for number in range(len(visits) // 10):
        rows = rng.permutation(len(urls))[:9]
        now = START + timedelta(minutes=61 * number)
        steps = [timedelta(seconds=30 * step) for step in range(9)]
        called = [Request("198.51.100.1", ROBOT, now + step, urls[row]) for step, row in zip(steps, rows, strict=True)]
        asks = f"198.51.101.{number % 250}"
        disguised = [Request(asks, BROWSERS[0], now + s, urls[row]) for s, row in zip(steps, rows, strict=True)]
        hasty = [
            Request(f"198.51.102.{number % 250}", BROWSERS[1], now + timedelta(seconds=step), urls[row])
            for step, row in enumerate(rng.permutation(len(urls))[:40])
        ]
        found += [*called, Request(asks, BROWSERS[0], now, "/robots.txt"), *disguised, *hasty]
    thorough = [
        Request("198.51.103.1", BROWSERS[2], START + timedelta(seconds=60 * step), url) for step, url in enumerate(urls)
    ]
    return sorted([*found, *thorough], key=lambda request: request.time)


def write_log(file: Path, requests: Sequence[Request], prefix: str = "") -> None:
    """As Apache and nginx write it; packed if the name says so."""
    text = "".join(request.line(prefix) + "\n" for request in requests).encode()
    file.write_bytes(gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)
