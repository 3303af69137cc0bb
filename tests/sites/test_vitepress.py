"""vitepress-plugin-enishi in the real VitePress: by the words of its page, in a project's `docs`, while it serves."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from enishi.generators.vitepress import VitePress
from finished_sites import check_lists, lists_on
from npm_packages import PLUGINS, environment, free_port, install, link, needs_node, run, served
from recipes import recipe
from shared_data import needs_shared
from site_posts import Entry, our_posts, real_posts, write_yaml

pytestmark = needs_node("vitepress")

PAGE = PLUGINS / "vitepress-plugin-enishi" / "README.md"
VITEPRESS = ["node", "node_modules/vitepress/bin/vitepress.js"]
WRITTEN = 2
"""Lines that an author writes: the page says so."""
PROJECT = """import { defineConfig } from 'vitepress'
import enishi from 'vitepress-plugin-enishi'

export default defineConfig({
  base: '/blog/',
  cleanUrls: true,
  lang: 'ja',
  srcDir: 'src',
  ignoreDeadLinks: true,
  rewrites: { 'posts/:name': 'notes/:name' },
  vite: { plugins: [enishi()] }
})
"""


def posts() -> list[Entry]:
    """Ours; VitePress itself cannot build a page whose title has a `</script>`."""
    return [replace(entry, title=entry.title.replace("</script>", "<b>")) for entry in our_posts()]


def site_with(folder: Path, entries: list[Entry], below: str = "posts", **files: str) -> Path:
    """A site with VitePress, its posts and our package, which its settings do not yet name."""
    files = {"package.json": '{"type": "module", "devDependencies": {"vitepress": "^1.6.4"}}'} | files
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    for entry in entries:
        write_yaml(folder / below / f"{entry.slug}.md", entry)
    link(folder, "vitepress", "vue")
    install(folder, "vitepress-plugin-enishi")
    return folder


def page_of(path: str, port: str) -> str:
    """The module that a development server makes of a page."""
    with urllib.request.urlopen(f"http://localhost:{port}/{path}?import", timeout=30) as answer:
        return str(answer.read().decode("utf-8"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our posts and three pages that are none, and what the page says."""
    text = posts()[0].body
    pages = {
        "index.md": "---\nlayout: home\n---\n",
        "about.md": f"# About\n\n{text}",
        "posts/index.md": f"# Posts\n\n{text}",
        "posts/plan.md": f"---\ntitle: A plan\ndate: 2024-05-09\ndraft: true\n---\n{text}",
    }
    site = site_with(tmp_path_factory.mktemp("vitepress"), posts(), **pages)
    build = " ".join([*VITEPRESS, "build", "--base", "/blog/"])
    page = recipe(PAGE, "Install")
    page.write(site)
    said = page.run(site, {"pipx": "", "npm install": "", "npx vitepress build": build}, environment())
    assert said.count("related posts are up to date") == 1  # for the browser and for the HTML
    return site


def test_the_words_of_the_page_show_each_list(ours: Path) -> None:
    public = ours / ".vitepress/dist"
    pages = [f"/blog/posts/{entry.slug}.html" for entry in posts()]
    assert check_lists(public, pages, base="/blog/") >= len(pages)
    (config,) = recipe(PAGE, "Install").files.values()
    assert len([line for line in config.splitlines() if "enishi" in line]) == WRITTEN
    done = run(ours, ["enishi", "verify", ".vitepress/dist"])
    assert done.returncode == 0, done.stdout


def test_titles_are_text_and_labels_of_the_page(ours: Path) -> None:
    (shown,) = lists_on(ours / ".vitepress/dist/posts/matcha.html")
    assert "関連記事" in shown.text
    assert "Cold tea <script>alert(1)<b>" in lists_on(ours / ".vitepress/dist/posts/shay.html")[0].text


def test_each_page_carries_its_own_list_only(ours: Path) -> None:
    chunks = [
        file
        for file in (ours / ".vitepress/dist/assets").rglob("*.js")
        if "enishi-related" in file.read_text("utf-8") and not file.name.endswith(".lean.js")
    ]
    assert sorted(file.name.split(".md.")[0] for file in chunks) == sorted(
        f"posts_{name}" for name in [*(entry.slug for entry in posts()), "plan"]
    )
    assert all(file.read_text("utf-8").count("<nav class=") == 1 for file in chunks)


def test_pages_and_drafts_are_in_no_list_and_pages_have_none(ours: Path) -> None:
    public = ours / ".vitepress/dist"
    for page in ("index", "about", "posts/index"):
        assert lists_on(public / f"{page}.html") == []
    told = json.loads((ours / ".enishi/related.json").read_text("utf-8"))["posts"]
    listed = {related["path"] for post in told.values() for related in post["related"]}
    assert listed == {f"posts/{entry.slug}.md" for entry in posts()}


def test_the_heading_is_outside_of_the_outline(ours: Path) -> None:
    """VitePress lists what has an id."""
    page = (ours / ".vitepress/dist/posts/wal.html").read_text("utf-8")
    heading = re.search(r'aria-labelledby="([^"]+)">\s*<h2 class="enishi-heading"><span id="([^"]+)">', page)
    assert heading
    assert heading[1] == heading[2]


@needs_shared
def test_real_posts_in_a_project(tmp_path: Path) -> None:
    """In `docs` of a project, with a source folder, other addresses, and without endings."""
    entries = list(real_posts("efcl"))
    site = site_with(tmp_path, entries, "docs/src/posts", **{"docs/.vitepress/config.mts": PROJECT})
    done = run(site, [*VITEPRESS, "build", "docs"])
    assert done.returncode == 0, done.stdout
    public = site / "docs/.vitepress/dist"
    check_lists(public, [f"/blog/notes/{entry.slug}" for entry in entries], base="/blog/")
    done = run(site, ["enishi", "verify", "docs/.vitepress/dist"])
    assert done.returncode == 0, done.stdout
    assert not (site / "docs/.enishi").exists()


def test_while_it_serves_an_edit_is_one_build(ours: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(ours, site, symlinks=True, ignore=shutil.ignore_patterns("dist", "cache"))
    port = free_port()

    with served(site, [*VITEPRESS, "dev", "--port", port], tmp_path / "log") as server:
        server.wait(lambda one: f":{port}/" in one.output, "the server")
        assert "enishi-related" in page_of("posts/wal.md", port)
        write_yaml(site / "posts/fsync.md", replace(posts()[7], title="Readers of the log"))
        server.wait(lambda _: "Readers of the log" in page_of("posts/wal.md", port), "the new list")
        assert server.settled("related posts are up to date") == 2
        write_yaml(site / "posts/new.md", replace(posts()[4], slug="new", title="A post more"))
        server.wait(lambda _: "A post more" in page_of("posts/wal.md", port), "a list with the new post")


def test_without_the_command_pages_have_no_lists_and_ci_fails(tmp_path: Path) -> None:
    site = site_with(tmp_path, posts()[:2])
    recipe(PAGE, "Install").write(site)
    settings = site / ".vitepress/config.mjs"
    settings.write_text(settings.read_text("utf-8").replace("enishi()", "enishi({ command: 'no-such-enishi' })"))
    in_ci = run(site, [*VITEPRESS, "build"], CI="true")
    assert in_ci.returncode != 0
    assert "Enishi was not found" in in_ci.stdout
    assert "strict: false" in in_ci.stdout
    port = free_port()
    with served(site, [*VITEPRESS, "dev", "--port", port], tmp_path / "log") as server:
        server.wait(lambda one: f":{port}/" in one.output, "the server")
        assert "Cold tea" in page_of("posts/cold-tea.md", port)
        assert "enishi-related" not in page_of("posts/cold-tea.md", port)
        assert server.output.count("Enishi was not found") == 1
        assert "There are no lists" in server.output


CONFIG = """import { defineConfig } from 'vitepress'

export default defineConfig({
  title: 'Blog'
})
"""
CONFIG_AFTER = """import { defineConfig } from 'vitepress'
import enishi from 'vitepress-plugin-enishi'

export default defineConfig({
  vite: { plugins: [enishi()] },
  title: 'Blog'
})
"""
WITH_VITE = "export default {\n  vite: {\n    plugins: [other()]\n  }\n}\n"
WITH_VITE_AFTER = """import enishi from 'vitepress-plugin-enishi'

export default {
  vite: {
    plugins: [enishi(), other()]
  }
}
"""


@pytest.mark.parametrize(
    ("name", "before", "after", "public"),
    [
        (".vitepress/config.mts", CONFIG, CONFIG_AFTER, ".vitepress/dist"),
        ("docs/.vitepress/config.js", WITH_VITE, WITH_VITE_AFTER, "docs/.vitepress/dist"),
    ],
)
def test_init_writes_what_the_page_says(tmp_path: Path, name: str, before: str, after: str, public: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(before, "utf-8")
    generator = VitePress()
    assert generator.recognises(tmp_path)
    site, _ = generator.read_site(tmp_path)
    found = generator.setup(site)
    assert [(edit.path, edit.text) for edit in found.edits] == [(name, after)]
    assert (found.installs, found.by_hand, found.public) == (("npm install vitepress-plugin-enishi",), (), public)
    (tmp_path / name).write_text(after, "utf-8")
    assert generator.setup(generator.read_site(tmp_path)[0]).edits == ()


def test_settings_that_are_written_out_count(tmp_path: Path) -> None:
    for name in ("website/src/blog", "website/src/fr/blog", "website/src/guide", "website/.vitepress"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitepress": "^1"}}', "utf-8")
    (tmp_path / "website/.vitepress/config.ts").write_text(PROJECT, "utf-8")
    site, problems = VitePress().read_site(tmp_path)
    assert problems == []
    assert site.post_folders == ("website/src/blog", "website/src/fr/blog")
    assert (site.root_path, site.permalink, site.language) == ("/blog/", "", "ja")
