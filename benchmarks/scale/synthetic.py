"""A blog of any number of posts, recombined from the paragraphs of real ones: same arguments, same bytes.

    python -m benchmarks.scale.synthetic --posts 10000 --out FOLDER BLOG...

Each post takes most of its paragraphs from posts that share a tag with one another, so topics stay topics and no two
posts are near-duplicates.  What it cannot imitate: the vocabulary of a blog grows with every post, that of a
recombined one ends at what its sources hold.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from benchmarks.building import post_files

FIRST_DAY = datetime(2005, 1, 3, 9, 30)
LAST_DAY = datetime(2024, 12, 20)
LONGEST = 80
"""Blocks a post has at most: a few sources are collections of notes."""
FENCE = re.compile(r"^\s{0,3}(```+|~~~+)")
FRONT_MATTER = re.compile(r"\A\ufeff?(?:-{3,}[ \t]*\r?\n)?(.*?)^-{3,}[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE)
TEMPLATE = ("{%", "{{", "<!--")


@dataclass
class Source:
    """What a real post lends."""

    title: str
    tags: list[str]
    blocks: list[str]


@dataclass
class Topic:
    """The posts of one blog that share a tag, as one heap of paragraphs."""

    tag: str
    sources: list[Source] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    """Title and address of the posts made of it so far: what later ones link to."""


def write_blog(blogs: Sequence[Path], count: int, out: Path, seed: int = 0) -> None:
    """Write `count` posts and a `_config.yml` into the folder `out`, which must be new or empty."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise SystemExit(f"{out} is not empty")
    chance = random.Random(f"{seed} {count}")
    topics = [topic for blog in blogs for topic in read_topics(blog)]
    if not topics:
        raise SystemExit("none of the folders holds posts with paragraphs")
    weights = [len(topic.sources) for topic in topics]
    (out / "_config.yml").write_text(
        "title: A recombined blog\nurl: https://example.org\npermalink: :year/:month/:day/:title/\n", encoding="utf-8"
    )
    step = (LAST_DAY - FIRST_DAY) / max(1, count)
    for number in range(count):
        topic, other = chance.choices(topics, weights, k=2)
        day = FIRST_DAY + timedelta(seconds=round((step * number).total_seconds()))
        slug = f"post-{number:06d}"
        title = f"{chance.choice(topic.sources).title} {number}"
        target = out / "source" / "_posts" / f"{day:%Y}" / f"{slug}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(make_post(chance, topic, other, title, day), encoding="utf-8", newline="\n")
        topic.written.append((title, f"/{day:%Y/%m/%d}/{slug}/"))


def make_post(chance: random.Random, topic: Topic, other: Topic, title: str, day: datetime) -> str:
    """The text of one post: four in five blocks from its topic, one from another, some links to earlier posts."""
    length = min(LONGEST, max(2, len(chance.choice(topic.sources).blocks)))
    blocks = [chance.choice((topic if chance.random() < 0.8 else other).blocks) for _ in range(length)]
    for linked_title, address in chance.sample(
        topic.written[-200:], min(len(topic.written), chance.choice((0, 0, 1, 2)))
    ):
        label = re.sub(r"[\[\]`<>*_\\]", "", linked_title)
        blocks.insert(chance.randrange(len(blocks) + 1), f"[{label}]({address})")
    tags = {topic.tag, *chance.choice(topic.sources).tags[:2]}
    front_matter = [f"title: {quoted(title)}", f"date: {day:%Y-%m-%d %H:%M:%S}", "tags:"]
    front_matter += [f"  - {quoted(tag)}" for tag in sorted(tags)]
    return "---\n" + "\n".join(front_matter) + "\n---\n\n" + "\n\n".join(blocks) + "\n"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def read_topics(blog: Path) -> list[Topic]:
    """The topics of one blog: its tags with at least three posts, and the rest as one."""
    by_tag: dict[str, Topic] = {}
    sources = [source for path in post_files(blog) if (source := read_source(path))]
    uses: defaultdict[str, int] = defaultdict(int)
    for source in sources:
        for tag in source.tags:
            uses[tag] += 1
    for source in sources:
        frequent = [tag for tag in source.tags if uses[tag] >= 3] or ["notes"]
        for tag in frequent:
            topic = by_tag.setdefault(tag, Topic(tag))
            topic.sources.append(source)
            topic.blocks += source.blocks
    return [by_tag[tag] for tag in sorted(by_tag)]


def read_source(path: Path) -> Source | None:
    """Title, tags and blocks of a post; None where it has no blocks.  Front matter that YAML refuses is passed over."""
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    settings: object = None
    if found := FRONT_MATTER.match(text):
        try:
            settings = yaml.safe_load(found[1])
        except (yaml.YAMLError, ValueError):
            return None
        text = text[found.end() :]
    settings = settings if isinstance(settings, dict) else {}
    blocks = [block for block in split_blocks(text) if not any(mark in block for mark in TEMPLATE)]
    if not blocks:
        return None
    title = str(settings.get("title") or path.stem)
    return Source(clean(title), [clean(tag) for tag in tag_names(settings)], blocks)


def tag_names(settings: dict[object, object]) -> list[str]:
    tags = settings.get("tags") or settings.get("tag") or []
    if isinstance(tags, str):
        tags = re.split(r"[,\s]+", tags)
    return [str(tag) for tag in tags if str(tag).strip()] if isinstance(tags, list) else []


def clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def split_blocks(text: str) -> Iterator[str]:
    """Paragraphs, headings, lists: what blank lines part; a fenced code block is one, blank lines and all.

    Those with template syntax are dropped by the caller: an opening tag whose closing one is in another block
    would swallow the rest of its new post.
    """
    block: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if fence:
            block.append(line)
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if mark:
            fence = mark[1]
        if line.strip():
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
    if block and not fence:
        yield "\n".join(block)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.synthetic", description=__doc__)
    parser.add_argument("blogs", type=Path, nargs="+", metavar="BLOG", help="folders with markdown posts")
    parser.add_argument("--posts", type=int, required=True, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_blog(options.blogs, options.posts, options.out, options.seed)


if __name__ == "__main__":
    main()
