"""eleventy-plugin-enishi in the real Eleventy: by the words of its page, in the base blog's layout, while it serves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from enishi.generators.eleventy import Eleventy
from finished_sites import check_lists, lists_on
from npm_packages import PLUGINS, environment, install, link, needs_node, run, served
from recipes import recipe
from shared_data import needs_shared
from site_posts import Entry, our_posts, real_posts, write_yaml

pytestmark = needs_node("@11ty/eleventy")

PAGE = PLUGINS / "eleventy-plugin-enishi" / "README.md"
BUILD = ["node", "node_modules/@11ty/eleventy/cmd.cjs"]
WRITTEN = 2
"""Lines that an author writes: the page says so."""
LAYOUT = """<!doctype html>
<html lang="{{ lang }}">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><main><h1>{{ title }}</h1>
{{ content | safe }}
</main></body>
</html>
"""
FEED = """---
permalink: /feed.xml
eleventyExcludeFromCollections: true
---
<feed>{% for post in collections.posts %}
{{ post.content | renderTransforms(post.data.page, "https://example.com/") | escape }}{{ post.content | escape }}
{% endfor %}</feed>
"""
FRONT = """---
layout: page.njk
permalink: /
---
{% for post in collections.posts %}
<h2><a href="{{ post.url }}">{{ post.data.title }}</a></h2>{{ post.content | safe }}
{% endfor %}
"""
TAG_PAGES = """---
pagination: {data: collections, size: 1, alias: tag, filter: [all, posts]}
permalink: "/tags/{{ pagination.pageNumber }}/"
eleventyExcludeFromCollections: true
layout: page.njk
---
{{ tag }}
"""
BASE_BLOG = """import { HtmlBasePlugin } from "@11ty/eleventy";
import enishi from "eleventy-plugin-enishi";

export default async function (eleventyConfig) {
\televentyConfig.addPlugin(enishi, { inject: true });
\televentyConfig.addPlugin(HtmlBasePlugin);
\televentyConfig.addPreprocessor("drafts", "*", (data) => {
\t\tif (data.draft && process.env.ELEVENTY_RUN_MODE === "build") return false;
\t});
}

export const config = {
\tpathPrefix: "/blog/",
\tmarkdownTemplateEngine: "njk",
\tdir: { input: "content", includes: "../_includes", data: "../_data", output: "_site" },
};
"""
OWN_MARKUP = """module.exports = (eleventyConfig) => {
  eleventyConfig.addPlugin(require("eleventy-plugin-enishi"), { command: ["enishi"] });
  return { pathPrefix: "/blog/" };
};
"""
OWN_LAYOUT = """<!doctype html>
<title>{{ title }}</title>
{{ content | safe }}
{% enishi %}
{% for post in page.inputPath | enishi_related %}
<a class="own" href="{{ post.url | url }}">{{ post.title }}</a>
{% endfor %}
"""


def site_with(folder: Path, files: dict[str, str], posts: list[Entry], below: str = "posts") -> Path:
    """A site with Eleventy, its posts and these files, and without our plugin."""
    files = {"package.json": '{"type": "module", "devDependencies": {"@11ty/eleventy": "^3.1.0"}}'} | files
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    for entry in posts:
        write_yaml(folder / below / f"{entry.slug}.md", entry)
    directory = {"tags": "posts", "layout": "page.njk"}
    (folder / below / f"{Path(below).name}.json").write_text(json.dumps(directory), "utf-8")
    link(folder, "@11ty")
    return folder


def build(site: Path, **more: str) -> str:
    done = run(site, BUILD, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our posts in an empty folder, and what the page says; built twice, so that the second build finds `.enishi`."""
    files = {"_includes/page.njk": LAYOUT, "feed.njk": FEED, "front.njk": FRONT, "tags.njk": TAG_PAGES}
    site = site_with(tmp_path_factory.mktemp("eleventy"), files, our_posts())
    install(site, "eleventy-plugin-enishi")
    page = recipe(PAGE, "Set up")
    page.write(site)
    said = page.run(
        site, {"pipx": "", "npm install": "", "npx @11ty/eleventy": "CI= " + " ".join(BUILD)}, environment()
    )
    assert "related posts are up to date" in said
    shutil.rmtree(site / "_site")
    build(site)
    return site


def test_the_words_of_the_page_show_each_list(ours: Path) -> None:
    slugs = [entry.slug for entry in our_posts()]
    assert check_lists(ours / "_site", [f"/posts/{slug}/" for slug in slugs]) >= len(slugs)
    plain = [line for line in recipe(PAGE, "Set up").files["eleventy.config.js"].splitlines() if "enishi" in line]
    assert len(plain) == WRITTEN
    done = run(ours, ["enishi", "verify", "_site"])
    assert done.returncode == 0, done.stdout


def test_labels_are_in_the_language_of_the_page(ours: Path) -> None:
    (shown,) = lists_on(ours / "_site/posts/matcha/index.html")
    assert "関連記事" in shown.text
    assert "Cold tea <script>" in lists_on(ours / "_site/posts/shay/index.html")[0].text


def test_lists_are_on_pages_of_posts_only(ours: Path) -> None:
    for file in (*(ours / "_site").rglob("*.html"), ours / "_site/feed.xml"):
        if file.parent.parent.name != "posts":
            text = file.read_text("utf-8")
            assert "enishi-related" not in text, file
            assert "css/enishi.css" not in text, file
    assert "enishi" not in {file.name for file in (ours / "_site").iterdir()}
    assert len(list((ours / "_site/tags").iterdir())) == len({tag for entry in our_posts() for tag in entry.tags})
    page = (ours / "_site/posts/wal/index.html").read_text("utf-8")
    assert page.count('<link rel="stylesheet" href="/css/enishi.css">') == 1
    assert (ours / "_site/css/enishi.css").is_file()


@needs_shared
def test_real_posts_in_the_base_blog(tmp_path: Path) -> None:
    posts = list(real_posts("efcl"))
    others = {
        "eleventy.config.js": BASE_BLOG,
        "_includes/page.njk": LAYOUT,
        "content/about.md": "---\nlayout: page.njk\ntitle: About\n---\nAbout the author.\n",
        "content/blog/draft.md": f"---\ntitle: A draft\ndraft: true\n---\n{posts[0].body}",
        "content/blog/hidden.md": f"---\ntitle: Hidden\npermalink: false\n---\n{posts[0].body}",
    }
    site = site_with(tmp_path, others, posts, "content/blog")
    install(site, "eleventy-plugin-enishi")
    build(site)
    check_lists(site / "_site", [f"/blog/blog/{entry.slug}/" for entry in posts], base="/blog/")
    assert lists_on(site / "_site/about/index.html") == []
    told = json.loads((site / ".enishi/related.json").read_text("utf-8"))["posts"]
    listed = {related["path"] for post in told.values() for related in post["related"]}
    assert not listed & {"content/blog/draft.md", "content/blog/hidden.md", "content/about.md"}
    done = run(site, ["enishi", "verify", "_site"])
    assert done.returncode == 0, done.stdout


def test_own_markup_in_settings_that_are_common_js(tmp_path: Path) -> None:
    files = {"package.json": "{}", ".eleventy.js": OWN_MARKUP, "_includes/page.njk": OWN_LAYOUT}
    site = site_with(tmp_path, files, our_posts())
    install(site, "eleventy-plugin-enishi")
    write_yaml(site / "posts/draft.md", our_posts()[0], draft=True)
    build(site)
    check_lists(site / "_site", [f"/blog/posts/{entry.slug}/" for entry in our_posts()], base="/blog/")
    assert lists_on(site / "_site/posts/draft/index.html")
    assert not [file for file in (site / "_site").rglob("*.html") if "posts/draft/" in file.read_text("utf-8")]
    page = (site / "_site/posts/wal/index.html").read_text("utf-8")
    assert '<a class="own" href="/blog/posts/fsync/">fsync &amp; friends</a>' in page
    assert "css/enishi.css" not in page


def test_while_it_serves_an_edit_is_one_build(ours: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(ours, site, symlinks=True)
    with served(site, [*BUILD, "--serve", "--port", "0"], tmp_path / "log") as server:
        server.wait(lambda one: "Server at" in one.output, "the server")
        page = site / "_site/posts/wal/index.html"
        (entry,) = (one for one in our_posts() if one.slug == "fsync")
        # What is edited before the watcher has seen the whole folder goes unseen
        for edits in range(1, 20):
            write_yaml(site / "posts/fsync.md", replace(entry, title=f"Readers of the log {edits}"))
            if server.says("File changed", 5):
                break
        server.wait(lambda one: f"Readers of the log {edits}" in page.read_text("utf-8"), "the new list")
        assert server.settled("Watching") <= 1 + edits


def test_without_the_command_pages_have_no_lists_and_ci_fails(ours: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(ours, site, symlinks=True, ignore=shutil.ignore_patterns(".enishi", "_site"))
    settings = site / "eleventy.config.js"
    settings.write_text(settings.read_text("utf-8").replace("inject: true", 'inject: true, command: "no-such-enishi"'))
    said = build(site)
    assert said.count("Enishi was not found") == 1
    assert "pipx install enishi" in said
    assert lists_on(site / "_site/posts/wal/index.html") == []
    assert "<!--!enishi-->" not in (site / "_site/posts/wal/index.html").read_text("utf-8")
    in_ci = run(site, BUILD, CI="true")
    assert in_ci.returncode != 0
    assert "Enishi was not found" in in_ci.stdout
    assert "strict: false" in in_ci.stdout


MODULE = "export default async function(eleventyConfig) {\n\televentyConfig.addPlugin(x);\n}\n"
MODULE_AFTER = """import enishi from "eleventy-plugin-enishi";

export default async function(eleventyConfig) {
\televentyConfig.addPlugin(enishi, { inject: true });
\televentyConfig.addPlugin(x);
}
"""
COMMON_JS = 'const x = require("x");\n\nmodule.exports = (config) => {\n  return {dir: {output: "out"}};\n};\n'
COMMON_JS_AFTER = """const x = require("x");

module.exports = (config) => {
  config.addPlugin(require("eleventy-plugin-enishi"), { inject: true });
  return {dir: {output: "out"}};
};
"""


@pytest.mark.parametrize(
    ("name", "before", "after", "public"),
    [
        ("eleventy.config.js", MODULE, MODULE_AFTER, "_site"),
        (".eleventy.js", COMMON_JS, COMMON_JS_AFTER, "out"),
        ("eleventy.config.mjs", "", recipe(PAGE, "Set up").files["eleventy.config.js"], "_site"),
    ],
)
def test_init_writes_what_the_page_says(tmp_path: Path, name: str, before: str, after: str, public: str) -> None:
    """An author who has it is asked for nothing more."""
    root = site_with(tmp_path, {name: before} if before else {}, our_posts())
    site, _ = Eleventy().read_site(root)
    found = site.generator.setup(site)
    assert [(edit.path, edit.text) for edit in found.edits] == [(name, after)]
    assert (found.installs, found.public) == (("npm install eleventy-plugin-enishi",), public)
    assert found.by_hand == ()
    (root / name).write_text(after, "utf-8")
    assert site.generator.setup(Eleventy().read_site(root)[0]).edits == ()


def test_init_leaves_settings_of_another_form_to_their_author(tmp_path: Path) -> None:
    root = site_with(tmp_path, {"eleventy.config.js": "export default make();\n"}, our_posts())
    site, _ = Eleventy().read_site(root)
    found = site.generator.setup(site)
    assert found.edits == ()
    assert "eleventy.config.js" in found.by_hand[0]
