"""The preview of a saved post, compared with what then comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from blog import TOPICS, topic_posts, topic_text, write_blog
from enishi.commands.watch.live_blog import LiveBlog
from enishi.state import Request
from enishi.types import Related

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("blog")
    return write_blog(root, topic_posts(8), "[encoder]\ntag_weight = 0.05\n")


def preview(site: Path, name: str, text: str) -> tuple[tuple[Related, ...], tuple[Related, ...]]:
    """Save a post of a live blog: the preview of its list, and what comes."""
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
        ((path, seen),) = live.preview(changes.edited).items()
        relations, _ = live.relate()
        return seen, relations.related.lists.get(path, ())
    finally:
        if before is None:
            post.unlink()
        else:
            post.write_text(before, "utf-8")


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_preview_of_an_edit_is_about_what_comes(site: Path, topic: str) -> None:
    seen, came = preview(site, f"{topic}-2.md", "\n\n" + topic_text("bread", 60, 20))
    scores = {entry.path: entry.score for entry in came}
    both = [entry for entry in seen if entry.path in scores]
    assert len(both) >= min(len(came), len(seen)) - 2
    assert np.abs([entry.score - scores[entry.path] for entry in both]).max() < 0.15
    assert all(entry.path != f"source/_posts/{topic}-2.md" for entry in seen)
    assert seen[0].shared_terms or seen[0].shared_tags


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_new_post_is_near_those_of_its_topic(site: Path, topic: str) -> None:
    seen, _ = preview(site, "fresh.md", f"---\ntitle: Fresh\ndate: 2021-01-01\n---\n\n{topic_text(topic, 99, 80)}\n")
    assert {entry.path.split("/")[-1].split("-")[0] for entry in seen[:3]} == {topic}


def test_a_post_without_words_has_an_empty_preview(site: Path) -> None:
    seen, _ = preview(site, "fresh.md", "---\nlayout: post\n---\n")
    assert seen == ()
