"""The real MkDocs with Material's blog, set up by the words of docs/mkdocs.md."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from as_installed import as_installed
from enishi.generators.mkdocs import MkDocs
from finished_sites import check_lists, lists_on
from places import DOCS
from recipes import recipe
from shared_data import needs_shared
from site_posts import our_posts, real_posts, write_yaml

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("mkdocs", "material"))),
    reason="Material for MkDocs is not installed (pip install mkdocs-material)",
)

SETTINGS = "site_name: A journal\nsite_url: {url}\ntheme: {{name: material, font: false, language: {language}}}\n"
MKDOCS = f"{sys.executable} -m mkdocs"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**as_installed(tmp_path_factory.mktemp("installed")), "CI": ""}


def empty_site(folder: Path, url: str = "https://blog.test/", more: str = "", language: str = "en") -> Path:
    (folder / "docs" / "blog" / "posts").mkdir(parents=True)
    (folder / "docs" / "index.md").write_text("# Home\n\nWelcome.\n", "utf-8")
    (folder / "docs" / "tea.md").write_text("# How we drink tea\n\nGreen tea leaves smell sweet.\n", "utf-8")
    (folder / "mkdocs.yml").write_text(SETTINGS.format(url=url, language=language) + more, "utf-8")
    return folder


def build(site: Path, environment: Mapping[str, str], code: int = 0, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build"],
        cwd=site,
        env={**os.environ, **environment, **more},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def posts_of(site: Path) -> list[str]:
    """Addresses of the blog's posts."""
    public = site / "site"
    return [f"/{file.parent.relative_to(public).as_posix()}/" for file in public.glob("blog/2*/*/*/*/index.html")]


@pytest.fixture(scope="module")
def ours(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site below a path, by the words of the page, with a draft and standing pages."""
    site = empty_site(tmp_path_factory.mktemp("mkdocs") / "site", url="https://blog.test/notes/")
    for entry in our_posts():
        write_yaml(site / "docs/blog/posts" / f"{entry.slug}.md", entry)
    draft = replace(our_posts()[6], title="A secret draft", body="Who keeps a journal of files\n")
    write_yaml(site / "docs/blog/posts/secret.md", draft, draft=True)
    words = recipe(DOCS / "mkdocs.md", "Two steps")
    assert words.files == {"mkdocs.yml": "plugins: [search, blog, enishi]\n"}
    words.write(site)
    said = words.run(site, {"pip install": "", "mkdocs": f"{MKDOCS} build --strict"}, environment)
    assert "WARNING" not in said
    return site


def test_every_post_has_its_list_and_no_link_is_dead(ours: Path) -> None:
    pages = posts_of(ours)
    assert len(pages) == 8
    assert check_lists(ours / "site", [f"/notes{page}" for page in pages], base="/notes/") > 16
    holders = {file.parent for file in (ours / "site").rglob("*.html") if lists_on(file)}
    assert holders == {ours / "site" / page.strip("/") for page in pages}  # no index, archive or page


def test_verify_agrees(ours: Path) -> None:
    command = [sys.executable, "-m", "enishi", "verify", "site"]
    done = subprocess.run(command, cwd=ours, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_titles_are_text_and_labels_are_in_the_pages_language(ours: Path) -> None:
    text = "".join(one.text for page in (ours / "site").rglob("*.html") for one in lists_on(page))
    for title in ("<script>alert(1)</script>", "\"Roasting\" & 'smelling' tea", "{{ 7 * 7 }}", "شاي أخضر"):
        assert title in text
    assert "関連記事" in text
    assert "secret" not in text


def test_lists_are_in_neither_search_nor_contents(ours: Path) -> None:
    assert "nishi" not in (ours / "site/search/search_index.json").read_text("utf-8")
    pages = [ours / "site" / page.strip("/") / "index.html" for page in posts_of(ours)]
    assert pages
    for page in pages:
        assert 'href="#enishi-' not in page.read_text("utf-8")
        assert "/enishi.css" in page.read_text("utf-8")


def test_all_pages(environment: dict[str, str], tmp_path: Path) -> None:
    """Of which one is made by a hook, and has no file."""
    hook = """
from mkdocs.structure.files import File
def on_files(files, config):
    files.append(File.generated(config, "made.md", content="# Made\\n\\nGreen tea leaves, made by a hook.\\n"))
"""
    (tmp_path / "hook.py").write_text(hook, "utf-8")
    plugins = "plugins: [search, enishi: {all_pages: true, stylesheet: false}]\nhooks: [hook.py]\n"
    site = empty_site(tmp_path / "site", url='""', more=plugins.replace("hook.py", "../hook.py"))
    for entry in our_posts():
        write_yaml(site / "docs" / "more" / f"{entry.slug}.md", entry)
    build(site, environment)
    assert check_lists(site / "site", [f"/more/{entry.slug}/" for entry in our_posts()]) > 16
    assert check_lists(site / "site", ["/made/", "/tea/"])
    assert not (site / "site/enishi.css").exists()


@needs_shared
@pytest.mark.parametrize(("blog", "language"), [("18f", "en"), ("efcl", "ja")])
def test_real_posts(blog: str, language: str, environment: dict[str, str], tmp_path: Path) -> None:
    site = empty_site(tmp_path / "site", more="plugins: [blog, enishi]\n", language=language)
    for entry in real_posts(blog, 60):
        write_yaml(site / "docs/blog/posts" / f"{entry.slug}.md", entry)
    build(site, environment)
    pages = posts_of(site)
    assert len(pages) == 60
    assert check_lists(site / "site", pages) > 200
    guessed = [post["url"] for post in known(site, environment).values() if post.get("url_is") == "guess"]
    assert not guessed


def known(site: Path, environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What a plain build says of the posts."""
    command = [sys.executable, "-m", "enishi", "build", "--quiet"]
    subprocess.run(command, cwd=site, env={**os.environ, **environment}, check=True, timeout=120)
    posts: dict[str, dict[str, str]] = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    return posts


@pytest.fixture
def small(tmp_path: Path) -> Path:
    site = empty_site(tmp_path / "small", more="plugins: [blog, enishi]\n")
    for entry in our_posts()[:4]:
        write_yaml(site / "docs/blog/posts" / f"{entry.slug}.md", replace(entry, lang="en"))
    return site


def test_it_says_what_is_wrong_and_fails_in_ci(small: Path, environment: dict[str, str]) -> None:
    (small / "enishi.toml").write_text("[related]\nlimit = -1\n", "utf-8")
    said = build(small, environment)
    assert "related.limit" in said
    assert "There are no lists" in said
    assert not [file for file in (small / "site").rglob("*.html") if lists_on(file)]
    assert "related.limit" in build(small, environment, code=1, CI="true")


def test_serving_does_not_loop_and_shows_what_changed(small: Path, environment: dict[str, str]) -> None:
    draft = replace(our_posts()[0], title="A secret draft", body="Sweet green tea: tea leaves, cold water\n", lang="en")
    write_yaml(small / "docs/blog/posts/secret.md", draft, draft=True)
    log = small / "log.txt"
    with log.open("w", encoding="utf-8") as file:
        address = f"127.0.0.1:{free_port()}"
        command = [sys.executable, "-u", "-m", "mkdocs", "serve", "--livereload", "--dev-addr", address]
        given = {**os.environ, **environment}
        serving = subprocess.Popen(command, cwd=small, env=given, stdout=file, stderr=subprocess.STDOUT)
    try:
        until(log, "Serving on", 1)
        time.sleep(0.5)
        post = small / "docs/blog/posts/roasting.md"
        post.write_text(post.read_text("utf-8").replace("smelling", "newly smelling"), "utf-8")
        until(log, "Documentation built", 2)
        time.sleep(1.5)
        assert log.read_text("utf-8").count("Documentation built") == 2
        related = json.loads((small / ".enishi/related.json").read_bytes())["posts"]
        titles = {entry["title"] for post in related.values() for entry in post["related"]}
        assert [title for title in titles if "newly smelling" in title]
        assert "A secret draft" not in titles
        draft_page = next(post["url"] for post in related.values() if "secret" in post["title"])
        with urllib.request.urlopen(f"http://{address}{draft_page}", timeout=10) as answer:
            assert b"enishi-related" in answer.read()
    finally:
        serving.kill()
        serving.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(log: Path, text: str, times: int) -> str:
    end = time.monotonic() + 30
    while log.read_text("utf-8").count(text) < times:
        assert time.monotonic() < end, log.read_text("utf-8")
        time.sleep(0.1)
    return log.read_text("utf-8")


def test_the_page_names_every_option() -> None:
    from enishi.integrations.mkdocs import Options

    page = (DOCS / "mkdocs.md").read_text("utf-8")
    assert [name for name, _ in Options._schema if f"| `{name}` |" not in page] == []  # type: ignore[misc]
    assert yaml.safe_load(recipe(DOCS / "mkdocs.md", "Two steps").files["mkdocs.yml"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("site_name: x\n", "site_name: x\n\nplugins:\n  - search\n  - enishi: {all_pages: true}\n"),
        ("plugins: [search, blog]\n", "plugins: [search, blog, enishi]\n"),
        ("plugins:\n- search\n- blog: {a: 1}\n\nnav:\n", "plugins:\n- search\n- blog: {a: 1}\n- enishi\n\nnav:\n"),
        ("plugins: [search]\n", "plugins: [search, enishi: {all_pages: true}]\n"),
        ("plugins: {blog: {}}\n", None),
    ],
)
def test_setup_writes_one_word(before: str, after: str | None, tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text(before, "utf-8")
    site, _ = MkDocs().read_site(tmp_path)
    setup = MkDocs().setup(site)
    assert [edit.text for edit in setup.edits] == ([] if after is None else [after])
    assert bool(setup.by_hand) == (after is None)
