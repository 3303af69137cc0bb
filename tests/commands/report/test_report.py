"""What a report says of a small blog, where every number can be counted by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi import cli
from enishi.commands.report.run import Report, report
from enishi.state import Request

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def report_on(site: Path, *overrides: str, public: bool = False, now: datetime = NOW) -> Report:
    return report(Request(site, now=now, overrides=overrides), public=public)


def post_of(values: Any, title: str) -> Any:
    return next(post for post in values["posts"] if post["title"] == title)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    posts = topic_posts(4)
    posts["draft.md"] = post_text("A draft", topic_text("tea", 9), "published: false\ntags: [tea]\n")
    posts["untagged.md"] = post_text("Untagged", topic_text("tea", 8), day=30)
    posts["linked.md"] = post_text("Linked", topic_text("bread", 7) + " See [tea](/2020/01/01/tea-0/).", day=40)
    posts["copy.md"] = post_text("Copy", topic_text("bread", 7), "tags: [Bread, once]\n", day=800)
    posts["undated.md"] = post_text("Undated", topic_text("radio", 7), "tags: [radio]\n", day=None)
    return write_blog(tmp_path_factory.mktemp("report") / "blog", posts)


@pytest.fixture(scope="module")
def values(site: Path) -> Any:
    return report_on(site).values


def test_the_summary_counts_what_there_is(values: Any) -> None:
    assert values["title"] == "A blog"
    assert values["url"] == "https://blog.test"
    assert values["summary"] == {
        "posts": 28,
        "drafts": 1,
        "undated": 1,
        "untagged": 2,
        "tags": 7,
        "topics": len(values["topics"]),
        "links": 1,
        "suggestions": values["missing"]["suggestions"],
        "first_year": 2020,
        "last_year": 2022,
    }


def test_posts_stand_by_path_with_what_is_known_of_them(values: Any) -> None:
    paths = [post["path"] for post in values["posts"]]
    assert paths == sorted(paths)
    copy = post_of(values, "Copy")
    assert (copy["date"], copy["year"], copy["url"]) == ("2022-03-11", 2022, "/2022/03/11/copy/")
    assert copy["tags"] == ["bread", "once"]  # as the blog writes them
    assert post_of(values, "A draft")["status"] == "unpublished"
    assert post_of(values, "Undated")["year"] is None
    assert all(0 <= post[axis] <= 1 for post in values["posts"] for axis in "xy")
    assert all(len(post["neighbors"]) <= 5 for post in values["posts"])


def test_spellings_and_copies_and_lonely_tags_are_found(values: Any) -> None:
    (variants,) = values["tags"]["variants"]
    assert (variants["kept"], variants["posts"]) == ("bread", 4)
    assert [(other["tag"], len(other["posts"])) for other in variants["others"]] == [("Bread", 1)]
    assert variants["command"] == "enishi tags rename Bread bread"
    assert [use["tag"] for use in values["tags"]["once"]] == ["once"]
    (pair,) = values["links"]["duplicates"]
    assert {values["posts"][row]["title"] for row in pair["posts"]} == {"Linked", "Copy"}


def test_the_next_steps_come_by_the_posts_they_help(values: Any) -> None:
    counts = [step["count"] for step in values["next"]]
    assert counts == sorted(counts, reverse=True)
    steps = {step["kind"]: step for step in values["next"]}
    assert (steps["variants"]["count"], steps["untagged"]["count"], steps["duplicates"]["count"]) == (1, 2, 2)
    assert all(str(step["count"]) in step["what"] and step["command"].startswith("enishi ") for step in values["next"])


def test_json_is_printed_and_a_page_written_where_it_is_wanted(site: Path, capsys: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert cli.main(["report", str(site), "--json", "--now", "2024-01-01", "--output", str(page)]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["posts"] == 28
    assert page.is_file()
    assert cli.main(["report", str(site), "--now", "2024-01-01"]) == 0
    assert str(site / ".enishi/report.html") in capsys.readouterr().out
    assert cli.main(["report", str(site), "--output", str(tmp_path / "post.md")]) == 2
