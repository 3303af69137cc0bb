"""Posts for a site of any generator: our own few, whose titles are out to break pages, and real ones.

`Entry` knows no generator: a test writes it in the front matter of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import frontmatter
import yaml

from shared_data import CORPORA

_TEMPLATE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#|\{%|\{\{|%\}|\}\}", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z!][^>\n]*>|<|^import .*$|^export .*$|^::+.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One post."""

    slug: str
    """Of plain letters, digits and `-`."""
    title: str
    date: datetime
    tags: tuple[str, ...]
    body: str
    """Markdown without HTML and without anybody's template syntax."""
    lang: str = ""


def our_posts() -> list[Entry]:
    """Eight posts about two things; each has posts that it is like."""
    tea, logs = ("tea", "kitchen"), ("databases", "files")
    rows = [
        (
            "cold-tea",
            "Cold tea <script>alert(1)</script>",
            tea,
            "en",
            "Cold water draws sweetness from tea leaves",
        ),
        (
            "roasting",
            "\"Roasting\" & 'smelling' tea",
            tea,
            "en",
            "Green tea leaves turn brown in the pan, smell sweet",
        ),
        ("matcha", "抹茶を点てる", tea, "ja", "抹茶の粉に湯を注ぎ、茶筅で泡立てる。green tea leaves は石臼で挽く"),
        ("shay", "شاي أخضر", tea, "ar", "Green tea leaves with mint, sweetness and cold water"),
        (
            "wal",
            "The write-ahead log {{ 7 * 7 }}",
            logs,
            "en",
            "The write-ahead log lets readers go on and write",
        ),
        ("checkpoint", "A checkpoint's end", logs, "en", "A checkpoint copies the write-ahead log back, readers wait"),
        ("journal", "Journal or log?", logs, "en", "A rollback journal is older than the write-ahead log of readers"),
        ("fsync", "fsync & friends", logs, "en", "What fsync promises the write-ahead log, and what disks do"),
    ]
    return [
        Entry(slug, title, datetime(2024, 5, day, 8), tags, f"{text}.\n\n## More\n\n{text}.\n" * 3, lang)
        for day, (slug, title, tags, lang, text) in enumerate(rows, 1)
    ]


@cache
def real_posts(blog: str, count: int = 60) -> tuple[Entry, ...]:
    """Posts of a shared corpus, spread over its years, as its author wrote them but for HTML and template syntax."""
    files = sorted(file for file in (CORPORA / blog).rglob("*.md") if "_posts" in file.parts)
    found: list[Entry] = []
    for file in files[:: max(1, len(files) // (count + 20))]:
        try:
            post = frontmatter.loads(file.read_text("utf-8"))
            date = datetime.fromisoformat(str(post.get("date") or file.name)[:10])
        except (ValueError, yaml.YAMLError):
            continue
        body = _TAG.sub("", _TEMPLATE.sub("", post.content)).replace("{", "(").replace("}", ")")
        slug = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or f"post-{len(found)}"
        given = post.get("tags") or []
        tags = tuple(str(tag).replace(",", " ") for tag in (given if isinstance(given, list) else [given]))
        lang = str(post.get("lang") or {"efcl": "ja", "yeshan333": "zh-CN"}.get(blog, "en"))
        found.append(Entry(f"{slug}-{len(found)}", str(post.get("title") or slug), date, tags, body, lang))
    assert len(found) >= count
    return tuple(found[:count])


def write_yaml(file: Path, entry: Entry, **more: object) -> None:
    """Write a post as most generators have it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    post = frontmatter.Post(
        entry.body, None, title=entry.title, date=entry.date, tags=list(entry.tags), lang=entry.lang, **more
    )
    file.write_text(frontmatter.dumps(post) + "\n", encoding="utf-8")
