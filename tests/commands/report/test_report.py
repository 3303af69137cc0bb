"""What a report says of a small blog, where every number can be counted by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi import cli
from enishi.commands.report.run import Report, report
from enishi.console.report_page import render_report_page
from enishi.generators import detect_site
from enishi.state import Request
from enishi.text.printable import json_text

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
    front = "tags: [radio]\nauthor: [Jane <jane@blog.test>, {name: 佐藤}, joe@blog.test]\n"
    posts["undated.md"] = post_text("Undated", topic_text("radio", 7), front, day=None)
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
    assert (post_of(values, "Undated")["year"], post_of(values, "Undated")["author"]) == (None, "Jane, 佐藤")
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
    counts = [step["count"] for step in values["next"] if step["kind"] != "once"]
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


# -- what a blog may lack ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overrides", [(), ("tags.enabled=false",), ("related.limit=0",)])
@pytest.mark.parametrize(
    "posts",
    [
        {"only.md": post_text("Only", "a few words about nothing much")},
        {"only.md": post_text("Only", "", "published: false\n", day=None)},
        {f"{number}.md": post_text(f"Post {number}", topic_text("tea", number), day=None) for number in range(6)},
    ],
    ids=["one-post", "one-draft", "no-dates-no-tags"],
)
def test_a_blog_may_lack_nearly_everything(tmp_path: Path, posts: dict[str, str], overrides: tuple[str, ...]) -> None:
    root = write_blog(tmp_path / "blog", posts)
    values = report_on(root, *overrides).values
    assert len(values["posts"]) == len(posts)
    assert sum(values["trends"]["posts"]) + values["trends"]["undated"] == values["summary"]["posts"]
    public = report_on(root, *overrides, public=True).values
    assert public["summary"]["posts"] == values["summary"]["posts"]
    assert render_report_page(values)
    assert render_report_page(public)


def test_a_blog_whose_posts_are_all_left_out_has_an_empty_report(tmp_path: Path) -> None:
    root = write_blog(tmp_path / "blog", {"a.md": post_text("A", "words")}, 'exclude = ["source/_posts/**"]\n')
    values = report_on(root).values
    assert (values["posts"], values["next"], values["trends"]["years"]) == ([], [], [])


# -- the same bytes, whatever the cache knows --------------------------------------------------------------------------


def test_the_same_blog_gives_the_same_bytes(site: Path, tmp_path: Path) -> None:
    """Cold cache and warm, whatever the hash seed, wherever the blog lies and from wherever it is asked for."""
    printed = []
    for seed, place in (("0", tmp_path / "a"), ("1", tmp_path / "a"), ("2", tmp_path / "elsewhere/b")):
        if not place.exists():
            shutil.copytree(site, place, ignore=shutil.ignore_patterns(".enishi"))
        done = subprocess.run(
            [sys.executable, "-m", "enishi", "report", str(place), "--json", "--now", "2024-01-01"],
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=place if seed == "2" else tmp_path,
            check=True,
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1] == printed[2]
    assert printed[0].decode() == json_text(report_on(tmp_path / "a").values)  # by one process alone
    assert str(tmp_path).encode() not in printed[0]


def test_where_nothing_can_be_kept_the_report_is_worked_out(site: Path, tmp_path: Path, values: Any) -> None:
    root = tmp_path / "blog"
    shutil.copytree(site, root, ignore=shutil.ignore_patterns(".enishi"))
    (root / ".enishi").write_text("a file where the folder should be")
    made = report_on(root)
    assert made.values == values
    assert "a file is where a folder should be" in made.problem
    page = tmp_path / "page.html"
    assert cli.main(["report", str(root), "--now", "2024-01-01", "--output", str(page)]) == 0
    assert page.is_file()
    assert cli.main(["report", str(root), "--now", "2024-01-01"]) == 2


def test_no_build_removes_the_page_and_no_link_leads_it_elsewhere(tmp_path: Path, capsys: Any) -> None:
    root = write_blog(tmp_path / "blog", topic_posts(2))
    assert cli.main(["report", str(root), "--public"]) == 0
    page = root / ".enishi/report-public.html"
    (root / "source/_posts/tea-0.md").unlink()
    assert cli.main(["build", str(root)]) == 0
    assert page.is_file()
    post = root / "source/_posts/tea-1.md"
    before = post.read_bytes()
    page.unlink()
    page.symlink_to(post)
    assert cli.main(["report", str(root), "--public"]) == 2
    assert "symbolic link" in capsys.readouterr().err
    assert post.read_bytes() == before


def test_what_another_build_is_just_writing_is_worked_out_anew(
    site: Path, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last build is there, but its files are not those that the cache speaks of."""
    read = Path.read_bytes
    other = read(site / ".enishi/tags.json").replace(b"source/_posts/tea-0.md", b"source/_posts/tea-x.md")
    monkeypatch.setattr(Path, "read_bytes", lambda file: other if file.name == "tags.json" else read(file))
    assert report_on(site).values == values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_config.yml", "title: A blog\n"),
        ("hugo.toml", 'title = "A blog"\n'),
        ("pelicanconf.py", "SITENAME = 'A blog'\n"),
        ("mkdocs.yml", "site_name: A blog\n"),
    ],
)
def test_a_blog_is_called_as_its_settings_say(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text(post_text("A"))
    site, _ = detect_site(tmp_path, posts=("posts",))
    assert site.generator.title(site) == "A blog"
    (tmp_path / name).write_text("")
    assert site.generator.title(site) == ""


def test_posts_that_cannot_be_read_are_named_and_the_page_is_made(tmp_path: Path, capsys: Any) -> None:
    broken = '---\ntitle: "never closed\ntags: [a]\n---\n\nBread.\n'
    root = write_blog(tmp_path / "blog", {**topic_posts(1), "broken.md": broken})
    assert cli.main(["report", str(root)]) == 0
    shown = capsys.readouterr()
    assert "broken.md:2: error: " in shown.err
    assert (root / ".enishi/report.html").is_file()
