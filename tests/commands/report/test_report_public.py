"""A report that is to be published says nothing that only drafts say, and nothing that is for the author alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi.commands.report.run import report
from enishi.console.report_page import render_report_page
from enishi.state import Request

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SECRETS = ("zqsecret", "zqfolder", "source/_posts", "zqdeclined")
"""All that a published report must not hold: words that only posts stand for that are not published, and paths."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published posts beside drafts that say the same and more, future posts, pins, an alias and a declined tag."""
    posts = topic_posts(5)
    for number in range(6):  # enough for a topic, a label and a tag of their own
        body = topic_text("tea", 20 + number) + " Zqsecret plan, zqsecret launch, zqsecret price."
        posts[f"zqfolder/draft-{number}.md"] = post_text(
            f"Zqsecret {number}", body, "published: false\ntags: [zqsecret-tag, tea]\n", day=number
        )
        posts[f"zqfolder/future-{number}.md"] = post_text(
            f"Zqsecret launch {number}", body, "tags: [zqsecret-launch, zqsecret-tag, tea]\n", day=4000 + number
        )
    posts["pinning.md"] = post_text(
        "Pinning",
        topic_text("tea", 40) + " See [it](/2020/01/01/zqfolder/draft-0/).",
        "tags: [tea]\nenishi: {pin: [zqfolder/draft-0], exclude: [zqfolder/draft-1]}\nnote: zqsecret\n",
        day=9,
    )
    posts["untitled.md"] = post_text('""', topic_text("bread", 40), "tags: [bread]\nauthor: Jane\n", day=12)
    settings = (
        '[tags]\nnever = ["zqsecret-never"]\nretired = ["zqsecret-old"]\n\n[tags.aliases]\nzqsecret-alias = "tea"\n'
    )
    root = write_blog(tmp_path_factory.mktemp("zqsecret") / "blog", posts, settings, config="future: false\n")
    declined = 'declined = [\n  {post = "source/_posts/tea-0.md", tag = "zqdeclined"},\n]\n'
    (root / ".enishi-declined.toml").write_text(declined, encoding="utf-8")
    return root


def texts(value: Any) -> Iterator[str]:
    """Every key and every text in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def test_the_full_report_knows_the_secrets(site: Path) -> None:
    """So that the next test can fail."""
    values = report(Request(site, now=NOW)).values
    found = " ".join(texts(values)).casefold()
    assert all(secret in found for secret in ("zqsecret", "zqfolder", "source/_posts"))
    assert any("zqsecret" in term.casefold() for topic in values["topics"] for term in topic["label"])


def test_a_published_report_holds_no_secret(site: Path) -> None:
    values = report(Request(site, now=NOW), public=True).values
    assert len(values["posts"]) == 32
    for text in texts(json.loads(json.dumps(values))):
        assert not any(secret in text.casefold() for secret in SECRETS), text
    page = render_report_page(values).decode().casefold()
    assert not any(secret in page for secret in SECRETS)
    assert not values.keys() & {"tags", "links", "missing", "next"}
    assert not values["summary"].keys() & {"drafts", "untagged", "suggestions"}
    assert not {key for post in values["posts"] for key in post} & {"path", "status"}
    assert values["topics"]
    assert not {key for topic in values["topics"] for key in topic} & {"missing"}


def test_posts_are_numbered_anew(site: Path) -> None:
    values = report(Request(site, now=NOW), public=True).values
    count = len(values["posts"])
    assert {row for post in values["posts"] for row in post["neighbors"]} <= set(range(count))
    assert {row for topic in values["topics"] for row in topic["posts"]} <= set(range(count))
    assert [topic["id"] for topic in values["topics"]] == list(range(len(values["topics"])))
    of_posts = {row: post["topic"] for row, post in enumerate(values["posts"]) if post["topic"] is not None}
    assert of_posts == {row: topic["id"] for topic in values["topics"] for row in topic["posts"]}


def test_the_untitled_is_not_called_by_its_path(site: Path) -> None:
    values = report(Request(site, now=NOW), public=True).values
    (post,) = (post for post in values["posts"] if post["author"] == "Jane")
    assert "untitled.md" not in post["title"]
