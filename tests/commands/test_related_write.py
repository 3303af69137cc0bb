"""`enishi related --write`: lists in the posts' sources, only when asked, and out again."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import cmarkgfm
import frontmatter
import pytest

from dom import dom
from enishi.cli import main
from places import DOCS
from recipes import recipe
from shared_data import CORPORA, needs_shared
from site_posts import our_posts, write_yaml

HOME = "https://zenn.dev/aki"


@pytest.fixture
def zenn(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text('{"dependencies": {"zenn-cli": "*"}}', "utf-8")
    for entry in our_posts():
        write_yaml(tmp_path / "articles" / f"{entry.slug}.md", entry, topics=list(entry.tags), published=True)
    (tmp_path / "articles" / "draft.md").write_text(
        "---\ntitle: A draft about tea\ntopics: [tea, kitchen]\npublished: false\n---\n" + our_posts()[0].body, "utf-8"
    )
    return tmp_path


def run(site: Path, *arguments: str, expected: int = 0) -> None:
    assert main(["related", "--site", str(site), *arguments]) == expected


def texts(site: Path) -> Mapping[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(site.rglob("*.md"))}


def related(site: Path) -> bytes:
    assert main(["build", str(site), "--quiet"]) == 0
    return (site / ".enishi" / "related.json").read_bytes()


def test_in_and_out_and_lists_do_not_move(zenn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, lists = texts(zenn), related(zenn)
    run(zenn, "--write", "--home", HOME, "--dry-run")
    assert "+- [" in capsys.readouterr().out
    assert texts(zenn) == before
    run(zenn, "--write", "--home", HOME, "--yes")
    written = texts(zenn)
    assert all(written[name].startswith(data) and written[name] != data for name, data in before.items())
    assert related(zenn) == lists
    capsys.readouterr()
    run(zenn, "--write", "--home", HOME, "--yes")
    assert "nothing to write" in capsys.readouterr().err
    assert texts(zenn) == written
    run(zenn, "--remove", "--yes")
    assert texts(zenn) == before


def test_each_title_is_text_and_each_link_right(zenn: Path) -> None:
    lists = json.loads(related(zenn))["posts"]
    run(zenn, "--write", "--home", HOME, "--yes")
    for path, post in lists.items():
        body = frontmatter.loads((zenn / path).read_text("utf-8")).content
        section = body.partition("<!-- enishi:related -->")[2].rpartition("<!--")[0]
        page = dom(cmarkgfm.github_flavored_markdown_to_html(section))
        assert "{{" not in section
        assert not page.all("script")
        links = [(link.attributes["href"], link.text) for link in page.all("a")]
        assert links == [(f"{HOME}{entry['url']}", entry["title"]) for entry in post["related"]]
        heading = {"ja": "関連記事", "ar": "مقالات ذات صلة"}.get(post.get("lang"), "Related posts")
        assert page.one("h2").text == heading


def test_one_post_only(zenn: Path) -> None:
    before = texts(zenn)
    run(zenn, "wal", "--write", "--home", HOME, "--yes")
    changed = [name for name, data in texts(zenn).items() if data != before[name]]
    assert changed == ["wal.md"]
    run(zenn, "cold-tea", "--remove", "--yes")
    assert texts(zenn)["wal.md"] != before["wal.md"]
    run(zenn, "wal", "--remove", "--yes")
    assert texts(zenn) == before


def test_a_section_goes_with_its_list(zenn: Path) -> None:
    before = texts(zenn)
    run(zenn, "--write", "--home", HOME, "--yes")
    file = zenn / "articles" / "wal.md"
    own = "---\nenishi: {related: false}\n"
    file.write_text(file.read_text("utf-8").replace("---\n", own, 1), "utf-8", newline="")
    run(zenn, "--write", "--home", HOME, "--yes")
    assert file.read_bytes() == before["wal.md"].replace(b"---\n", own.encode(), 1)


def test_the_words_of_the_page(zenn: Path) -> None:
    path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    command = "enishi related --write --home https://zenn.dev/YOUR-NAME"
    said = recipe(DOCS / "zenn.md").run(zenn, {"pipx": "", command: f"{command} --yes"}, {"PATH": path})
    assert "changed 9 posts" in said
    assert recipe(DOCS / "zenn.md").files == {}  # a user writes no line
    assert "](https://zenn.dev/YOUR-NAME/articles/fsync)" in (zenn / "articles" / "wal.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--write", "--yes"), "--home https://zenn.dev/YOUR-NAME"),
        (("--write", "--yes", "--home", "zenn.dev/aki"), "write a whole address"),
        (("--write", "--yes", "--home", "javascript:alert(1)//"), "write a whole address"),
        (("--write", "--home", HOME), "no terminal to ask at"),
        (("--write", "--remove"), "name one of the two"),
        ((), "name a post"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], said: str, zenn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = texts(zenn)
    run(zenn, *arguments, expected=2)
    assert said in capsys.readouterr().err
    assert texts(zenn) == before


def test_guessed_addresses_are_not_written_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "_config.yml").write_text("baseurl: /blog\n", "utf-8")
    for entry in our_posts():
        write_yaml(tmp_path / "_posts" / f"{entry.date:%Y-%m-%d}-{entry.slug}.md", entry)
    before = texts(tmp_path)
    run(tmp_path, "--write", "--yes", expected=2)
    assert "would be guesses" in capsys.readouterr().err
    assert texts(tmp_path) == before
    run(tmp_path, "--write", "--yes", "--guesses")
    assert b"](/blog/2024/05/08/fsync.html)" in texts(tmp_path)["2024-05-05-wal.md"]
    told = [{"source": f"_posts/{name}", "url": f"/told/{name[11:-3]}_(1)/"} for name in before]
    (tmp_path / "manifest.json").write_text(json.dumps(told), "utf-8")
    assert main(["build", str(tmp_path), "--quiet", "--manifest", str(tmp_path / "manifest.json")]) == 0
    run(tmp_path, "--write", "--yes")
    assert b"](/told/fsync_%281%29/)" in texts(tmp_path)["2024-05-05-wal.md"]
    told = [entry | {"url": f"https://blog.example{entry['url']}?a=1&lt=2"} for entry in told]
    (tmp_path / "manifest.json").write_text(json.dumps(told), "utf-8")
    assert main(["build", str(tmp_path), "--quiet", "--manifest", str(tmp_path / "manifest.json")]) == 0
    run(tmp_path, "--write", "--yes", "--home", "https://elsewhere.example")
    link = b"](https://blog.example/told/fsync_%281%29/?a=1&amp;lt=2)"
    assert link in texts(tmp_path)["2024-05-05-wal.md"]


@needs_shared
def test_a_real_blog(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").touch()
    files = sorted((CORPORA / "efcl" / "source" / "_posts").rglob("*.md"))[-60:]
    (tmp_path / "_posts").mkdir()
    for file in files:
        shutil.copy(file, tmp_path / "_posts")
    before, lists = texts(tmp_path), related(tmp_path)
    run(tmp_path, "--write", "--guesses", "--yes")
    written = texts(tmp_path)
    assert sum(written[name] != data for name, data in before.items()) >= 50
    assert related(tmp_path) == lists
    run(tmp_path, "--write", "--guesses", "--yes")
    assert texts(tmp_path) == written
    run(tmp_path, "--remove", "--yes")
    assert texts(tmp_path) == before
