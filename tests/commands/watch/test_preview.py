"""The preview of a saved post, compared with what then comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from blog import TOPICS, topic_posts, topic_text, write_blog
from enishi.commands.watch.live_blog import HalfRound, LiveBlog
from enishi.commands.watch.preview import Preview
from enishi.state import Request

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("blog")
    return write_blog(root, topic_posts(8), "[tags]\nmin_confidence = 0.2\n[encoder]\ntag_weight = 0.05\n")


def preview(site: Path, name: str, text: str) -> tuple[Preview, HalfRound]:
    """Save a post of a live blog: its preview, and what comes."""
    live = LiveBlog(Request(site, now=NOW))
    live.read_changes()
    live.relate()
    live.tag()
    live.prepare_preview()
    post = site / "source/_posts" / name
    before = post.read_text("utf-8") if post.exists() else None
    try:
        post.write_text(text if before is None else before + text, "utf-8")
        changes = live.read_changes()
        assert changes is not None
        (seen,) = live.preview(changes.edited).values()
        live.relate()
        return seen, live.tag()
    finally:
        if before is None:
            post.unlink()
        else:
            post.write_text(before, "utf-8")


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_preview_of_an_edit_is_about_what_comes(site: Path, topic: str) -> None:
    seen, done = preview(site, f"{topic}-2.md", "\n\n" + topic_text("bread", 60, 20))
    path = f"source/_posts/{topic}-2.md"
    came = done.relations.related.lists[path]
    scores = {entry.path: entry.score for entry in came}
    both = [entry for entry in seen.related if entry.path in scores]
    assert len(both) >= min(len(came), len(seen.related)) - 2
    assert np.abs([entry.score - scores[entry.path] for entry in both]).max() < 0.15
    assert all(entry.path != path for entry in seen.related)
    assert seen.related[0].shared_terms or seen.related[0].shared_tags


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_new_post_gets_its_tag(site: Path, topic: str) -> None:
    text = f"---\ntitle: Fresh\ndate: 2021-01-01\n---\n\n{topic_text(topic, 99, 80)}\n"
    seen, done = preview(site, "fresh.md", text)
    assert seen.suggestions
    (first, *_) = seen.suggestions
    came = {found.tag: found.confidence for found in done.tags.analysis.suggestions["source/_posts/fresh.md"]}
    assert first.tag == topic
    assert abs(first.confidence - came[topic]) < 0.15
    assert all(near.path.startswith(f"source/_posts/{topic}-") for near in first.evidence.neighbors)
    assert first.evidence.neighbors
    assert {entry.path.split("/")[-1].split("-")[0] for entry in seen.related[:3]} == {topic}


def test_tags_that_the_post_has_are_not_suggested(site: Path) -> None:
    seen, _ = preview(site, "tea-2.md", "\nmore tea\n")
    assert seen.suggestions is not None
    assert "tea" not in [found.tag for found in seen.suggestions]


def test_a_post_without_words_has_an_empty_preview(site: Path) -> None:
    seen, _ = preview(site, "fresh.md", "---\nlayout: post\n---\n")
    assert (seen.related, seen.suggestions) in [((), ()), ((), None)]
