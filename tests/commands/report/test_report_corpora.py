"""Reports of real blogs: what they say agrees with what a build, an audit and the posts say."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from enishi import cli
from enishi.commands.report.run import report
from enishi.console.report_page import render_report_page
from enishi.state import Request
from shared_data import CORPORA, needs_shared

pytestmark = needs_shared
NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(
    scope="module", params=["yeshan333", *(pytest.param(name, marks=pytest.mark.slow) for name in ("efcl", "nhoizey"))]
)
def site(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / request.param
    shutil.copytree(CORPORA / request.param, folder)
    return folder


@pytest.fixture(scope="module")
def values(site: Path) -> Any:
    return report(Request(site, now=NOW)).values


def test_counts_add_up(values: Any) -> None:
    posts, trends, summary = values["posts"], values["trends"], values["summary"]
    published = [post for post in posts if post["status"] == "published"]
    assert summary["posts"] == len(published)
    assert sum(trends["posts"]) + trends["undated"] == len(published)
    assert trends["recent_posts"] + trends["earlier_posts"] == sum(trends["posts"])
    years = Counter(post["year"] for post in published)
    assert trends["posts"] == [years[year] for year in trends["years"]]
    for tag in trends["tags"]:
        of_tag = Counter(post["year"] for post in published if tag["tag"] in post["tags"])
        assert tag["counts"] == [of_tag[year] for year in trends["years"]]
    for topic, counted in zip(values["topics"], trends["topics"], strict=True):
        of_topic = Counter(post["year"] for post in published if post["topic"] == topic["id"])
        assert counted == {"id": topic["id"], "counts": [of_topic[year] for year in trends["years"]]}
    for change in (*trends["rising"], *trends["falling"]):
        of_posts = [p for p in published if p["topic"] == change.get("topic", "") or change.get("tag") in p["tags"]]
        recent = [post for post in of_posts if post["date"] > trends["since"]]
        assert abs(len(recent) - change["recent"]) <= 1  # of the day itself, the hour counts
        assert change["recent"] + change["earlier"] == len(of_posts)
    assert sum(level["suggestions"] for level in values["missing"]["levels"]) == summary["suggestions"]


def test_links_agree_with_the_lists_of_the_build(site: Path, values: Any) -> None:
    listed = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    paths = [post["path"] for post in values["posts"]]
    assert paths == sorted(listed)
    shows = [post["related"] for post in listed.values() if "status" not in post]
    times = Counter(entry["path"] for related in shows for entry in related)
    published = [post["path"] for post in values["posts"] if post["status"] == "published"]
    assert [paths[row] for row in values["links"]["never_shown"]] == [path for path in published if not times[path]]
    assert all(times[paths[one["post"]]] == one["times"] for one in values["links"]["most_shown"])
    assert set(values["links"]["unlinked"]) <= set(values["links"]["never_shown"])
    for post in values["posts"]:
        shown = [entry["path"] for entry in listed[post["path"]]["related"]]
        assert [paths[row] for row in post["neighbors"]] == shown[:5]


def test_tags_to_tidy_up_are_those_of_the_audit(site: Path, values: Any, capsys: Any) -> None:
    assert cli.main(["tags", "audit", "--site", str(site), "--json"]) == 0
    audit = json.loads(capsys.readouterr().out)
    tags, paths = values["tags"], [post["path"] for post in values["posts"]]
    assert audit["tags"] == values["summary"]["tags"]
    assert [one["kept"] for one in tags["variants"]] == [one["keep"]["tag"] for one in audit["twins"]]
    assert [one["tag"] for one in tags["once"]] == [one["tag"] for one in audit["once"]]
    for ours, theirs in zip(tags["once"], audit["once"], strict=True):
        assert [paths[row] for row in ours["named_by"]] == [post["path"] for post in theirs["named_by"]]


def test_the_page_is_small_and_the_public_one_names_no_file(site: Path, values: Any) -> None:
    assert len(render_report_page(values)) < 3_000_000
    public = report(Request(site, now=NOW), public=True).values
    text = json.dumps(public, ensure_ascii=False)
    assert not any(post["path"] in text for post in values["posts"])
    assert values["map"]["trustworthiness"] >= 0.85
    assert len(public["posts"]) == values["summary"]["posts"]
