"""Little blogs for the tests: files in a folder, or documents and vectors without any file."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from enishi.reading.tokens import count_terms, count_words
from enishi.types import Document, Post, TextFields

if TYPE_CHECKING:
    from enishi.types import Vectors

TOPICS: dict[str, str] = {
    "tea": "tea kettle leaves steep cup pot roast hojicha sencha water brew harvest garden whisk powder bitter",
    "trains": "train rail station platform timetable signal carriage express conductor track bridge tunnel engine",
    "storage": "disk snapshot volume replica backup restore cluster shard latency bucket checksum filesystem raid",
    "radio": "radio antenna receiver valve hum frequency transmitter shortwave solder coil capacitor tuning dial",
    "bread": "bread dough flour yeast oven crust knead sourdough proof starter bake loaf crumb rye hydration salt",
    "birds": "heron kestrel nest feather migration wetland binoculars song plumage egg chick roost marsh swallow owl",
}
COMMON = ("today", "again", "little", "morning", "people", "thing", "answer", "evening", "letter", "window", "question")
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


def topic_text(topic: str, number: int, words: int = 60) -> str:
    """Some sentences about a topic, others for every number."""
    chance = random.Random(f"{topic}/{number}")
    own = TOPICS[topic].split()
    chosen = [chance.choice(own if chance.random() < 0.6 else COMMON) for _ in range(words)]
    return " ".join(chosen).capitalize() + "."


def post_text(title: str, body: str = "", front: str = "", *, day: int | None = 0) -> str:
    """A post as it lies on the disk; `front` holds further lines of front matter."""
    date = "" if day is None else f"date: {(FIRST_DAY + timedelta(days=day)).date().isoformat()} 09:00:00\n"
    return f"---\ntitle: {title}\n{date}{front}---\n\n{body}\n"


def topic_posts(each: int = 4, topics: Sequence[str] = tuple(TOPICS)) -> dict[str, str]:
    """Posts by file name, some of each topic, a day apart."""
    return {
        f"{topic}-{number}.md": post_text(
            f"{topic.capitalize()} {number}",
            topic_text(topic, number),
            f"tags: [{topic}]\n",
            day=number * len(topics) + place,
        )
        for place, topic in enumerate(topics)
        for number in range(each)
    }


def write_blog(
    root: Path, posts: Mapping[str, str], settings: str = "", *, hexo: bool = True, config: str = ""
) -> Path:
    """Write a blog: posts by file name, `settings` as enishi.toml, `config` as more lines of Hexo's _config.yml."""
    folder = root / ("source/_posts" if hexo else "content")
    folder.mkdir(parents=True, exist_ok=True)
    if hexo:
        (root / "_config.yml").write_text(f"title: A blog\nurl: https://blog.test\n{config}", encoding="utf-8")
        (root / "package.json").write_text('{"hexo": {"version": "8.0.0"}, "dependencies": {"hexo": "8.0.0"}}')
    if settings:
        (root / "enishi.toml").write_text(settings, encoding="utf-8")
    for name, text in posts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("utf-8"))
    return root


def files_below(folder: Path) -> dict[str, bytes]:
    """The bytes of every file, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- without files ---------------------------------------------------------------------------------------------------


def document(path: str, text: str = "", *, title: str = "", day: int | None = None, **post: Any) -> Document:
    """A document; `day` counts from 2020-01-01.  Without a text, it shares no word with any other."""
    text = text or " ".join(f"{path}{number}" for number in range(12)).replace("/", "").replace(".", "")
    made = Post(
        path,
        title or path,
        url=f"/{path.removesuffix('.md')}/",
        date=None if day is None else FIRST_DAY + timedelta(days=day),
        slug=path.removesuffix(".md").rpartition("/")[2],
        **post,
    )
    words = count_words([(title, 3), (text, 1)])
    return Document(made, TextFields(title=made.title, prose=text), words, count_terms([title, text]))


def vectors_at(*degrees: float) -> Vectors:
    """Unit vectors in the plane, by their angle."""
    angles = np.radians(degrees)
    found: Vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return found


def random_vectors(count: int, dim: int = 16, seed: int = 0, clusters: int = 4) -> Vectors:
    """Unit vectors in a few clusters."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(clusters, dim))
    raw = centres[chance.integers(clusters, size=count)] + 0.7 * chance.normal(size=(count, dim))
    found: Vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return found
