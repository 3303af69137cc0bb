"""docusaurus-plugin-enishi in the real Docusaurus: by the words of its page, in two languages, while it serves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from enishi.generators.docusaurus import Docusaurus
from enishi.reading.frontmatter import parse
from finished_sites import check_lists, lists_on
from npm_packages import PLUGINS, environment, free_port, install, link, needs_node, run, served
from recipes import recipe
from shared_data import CORPORA
from site_posts import Entry, our_posts, real_posts, write_yaml

pytestmark = needs_node("@docusaurus/core")

PAGE = PLUGINS / "docusaurus-plugin-enishi" / "README.md"
DOCUSAURUS = ["node", "node_modules/@docusaurus/core/bin/docusaurus.mjs"]
DATA = ".docusaurus/docusaurus-plugin-enishi/default"
WRITTEN = 1
"""Lines that an author writes: the page says so."""
QUICK = """module.exports = async function (source) {
  const { transform } = await import('esbuild');
  return (await transform(source, { loader: 'jsx', jsx: 'automatic' })).code;
};
"""
"""In place of Babel, as Docusaurus's documentation has it."""
SLUGS = [f"{entry.date:%Y/%m/%d}/{entry.slug}" for entry in our_posts()]


def site_with(folder: Path, entries: list[Entry], settings: str) -> Path:
    """A site with Docusaurus, its posts and our package."""
    files = {
        "package.json": '{"private": true, "dependencies": {"@docusaurus/core": "^3.9.0"}}',
        "docusaurus.config.js": settings,
        "quick.cjs": QUICK,
        "src/pages/index.md": "# Home\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    for entry in entries:
        write_yaml(folder / f"blog/{entry.date:%Y-%m-%d}-{entry.slug}.md", entry)
    link(folder, "@docusaurus", "@mdx-js", "react", "react-dom", "esbuild")
    install(folder, "docusaurus-plugin-enishi")
    return folder


def settings(*, base: str = "/", plugin: str = "'docusaurus-plugin-enishi'") -> str:
    """The page's own, with what makes Docusaurus quicker, and without what has nothing to do with the blog."""
    text = recipe(PAGE, "Install").files["docusaurus.config.js"]
    fast = (
        f"baseUrl: '{base}', onBrokenLinks: 'ignore', markdown: {{ hooks: {{ onBrokenMarkdownLinks: 'ignore' }} }}, "
        "future: { faster: { mdxCrossCompilerCache: true } }, "
        "webpack: { jsLoader: () => ({ loader: require.resolve('./quick.cjs') }) }"
    )
    blog = "{ blogSidebarCount: 0, onUntruncatedBlogPosts: 'ignore' }"
    text = text.replace("baseUrl: '/'", fast).replace("'docusaurus-plugin-enishi'", plugin)
    return text.replace("'classic'", f"['classic', {{ docs: false, sitemap: false, svgr: false, blog: {blog} }}]")


def told(site: Path) -> dict[str, dict[str, Any]]:
    """Of each post that has a page, what Enishi says of it."""
    posts: dict[str, dict[str, Any]] = json.loads((site / ".enishi/related.json").read_text("utf-8"))["posts"]
    return {path: post for path, post in posts.items() if "draft" not in path}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our posts with a draft, one that is unlisted and a page beside the blog; and real posts where there are some."""
    real = real_posts("efcl") if CORPORA.is_dir() else ()
    # Docusaurus refuses a link that is no address, and makes a page of each tag
    entries = our_posts() + [
        replace(entry, tags=entry.tags[:1], body=entry.body.replace("localhost:port", "localhost")) for entry in real
    ]
    site = site_with(tmp_path_factory.mktemp("docusaurus"), entries, settings(base="/site/"))
    # With a text of its own: in a blog as small as ours, a post with two twins is like no other post
    draft = replace(entries[0], slug="draft", body="Nothing is written yet.\n")
    write_yaml(site / "blog/2024-05-09-draft.md", draft, draft=True)
    write_yaml(site / "blog/2024-05-09-unlisted.md", replace(draft, slug="unlisted"), unlisted=True)
    (site / "src/pages/about.md").write_text(f"# About\n\n{entries[0].body}", "utf-8")
    build = " ".join([*DOCUSAURUS, "build", "--no-minify"])
    steps = recipe(PAGE, "Install")
    said = steps.run(site, {"pipx": "", "npm install": "", "npx docusaurus build": build}, environment())
    assert said.count("related posts are up to date") == 1
    return site


def test_the_words_of_the_page_show_each_list(ours: Path) -> None:
    public = ours / "build"
    pages = [post["url"] for post in told(ours).values() if post["related"]]
    assert set(pages) >= {f"/site/blog/{slug}" for slug in SLUGS}
    assert len(pages) >= len(SLUGS) + (60 if CORPORA.is_dir() else 0)
    check_lists(public, pages, base="/site/")
    plain = recipe(PAGE, "Install").files["docusaurus.config.js"].splitlines()
    assert len([line for line in plain if "enishi" in line]) == WRITTEN
    done = run(ours, ["enishi", "verify", "build"])
    assert done.returncode == 0, done.stdout


def test_titles_are_text_and_labels_of_the_page(ours: Path) -> None:
    (shown,) = lists_on(ours / "build/blog/2024/05/03/matcha/index.html")
    assert "関連記事" in shown.text
    assert "Cold tea <script>alert(1)</script>" in lists_on(ours / "build/blog/2024/05/04/shay/index.html")[0].text


def test_each_page_carries_its_own_list_only(ours: Path) -> None:
    listed = [post for post in told(ours).values() if post["related"]]
    texts = [file.read_text("utf-8") for file in (ours / "build/assets/js").glob("*.js")]
    chunks = [text for text in texts if "<nav class=" in text]
    assert len(chunks) == len(listed)
    assert all(text.count("<nav class=") == 1 for text in chunks)


def test_only_pages_of_posts_have_a_list_and_no_list_names_a_draft(ours: Path) -> None:
    listed = {related["path"] for post in told(ours).values() for related in post["related"]}
    assert not {path for path in listed if "draft" in path or "unlisted" in path}
    own = {ours / "build" / post["url"].removeprefix("/site/") / "index.html" for post in told(ours).values()}
    for page in (ours / "build").rglob("*.html"):
        assert page in own or lists_on(page) == [], page
    for feed in ("rss.xml", "atom.xml"):
        assert "enishi-related" not in (ours / "build/blog" / feed).read_text("utf-8")


def test_while_it_serves_an_edit_is_one_build(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", our_posts(), settings())

    def lists() -> str:
        return "".join(file.read_text("utf-8") for file in site.glob(f"{DATA}/*.json"))

    with served(site, [*DOCUSAURUS, "start", "--no-open", "--port", free_port()], tmp_path / "log") as server:
        server.wait(lambda _: "A checkpoint" in lists(), "the first lists")
        server.wait(lambda said: "compiled successfully" in said.output, "a server that watches the site")
        write_yaml(site / "blog/2024-05-06-checkpoint.md", replace(our_posts()[5], title="Copied back"))
        server.wait(lambda _: "Copied back" in lists(), "the new list")
        assert server.settled("related posts are up to date") == 2


def test_without_the_command_ci_fails(tmp_path: Path) -> None:
    plugin = "['docusaurus-plugin-enishi', { command: 'no-such-enishi' }]"
    site = site_with(tmp_path, our_posts()[:2], settings(plugin=plugin))
    in_ci = run(site, [*DOCUSAURUS, "build"], CI="true")
    assert in_ci.returncode != 0
    assert "Enishi was not found" in in_ci.stdout
    assert "strict: false" in in_ci.stdout


def test_without_the_command_the_site_goes_on_without_lists(tmp_path: Path) -> None:
    """A server says it, too, and long before it has bundled anything."""
    plugin = "['docusaurus-plugin-enishi', { command: 'no-such-enishi' }]"
    site = site_with(tmp_path / "site", our_posts()[:2], settings(plugin=plugin))
    with served(site, [*DOCUSAURUS, "start", "--no-open", "--port", free_port()], tmp_path / "log") as server:
        server.wait(lambda _: len(list(site.glob(f"{DATA}/*.json"))) >= 2, "the data of the pages")
        assert server.output.count("Enishi was not found") == 1
        assert "There are no lists" in server.output
    found = [json.loads(file.read_text("utf-8")) for file in site.glob(f"{DATA}/[0-9a-f]*.json")]
    assert found == [{"html": ""}, {"html": ""}]


TYPED = """import type { Config } from '@docusaurus/types';

const config: Config = {
  title: 'Blog',
  i18n: { defaultLocale: 'en', locales: ['en'] },
  presets: [['classic', { blog: {} }]],
};

export default config;
"""
TYPED_AFTER = TYPED.replace(
    "const config: Config = {", "const config: Config = {\n  plugins: ['docusaurus-plugin-enishi'],"
)
COMMON_JS = "module.exports = {\n  baseUrl: '/site/',\n  plugins: [\n    'other',\n  ],\n};\n"
COMMON_JS_AFTER = COMMON_JS.replace("plugins: [", "plugins: ['docusaurus-plugin-enishi',")


@pytest.mark.parametrize(
    ("name", "before", "after", "base"),
    [
        ("docusaurus.config.ts", TYPED, TYPED_AFTER, "/"),
        ("docusaurus.config.js", COMMON_JS, COMMON_JS_AFTER, "/site/"),
    ],
)
def test_init_writes_what_the_page_says(tmp_path: Path, name: str, before: str, after: str, base: str) -> None:
    (tmp_path / name).write_text(before, "utf-8")
    (tmp_path / "i18n/ja/docusaurus-plugin-content-blog").mkdir(parents=True)
    site, problems = Docusaurus().read_site(tmp_path)
    assert (problems, site.root_path, site.language) == ([], base, "")
    assert site.post_folders == ("blog", "i18n/ja/docusaurus-plugin-content-blog")
    found = site.generator.setup(site)
    assert [(edit.path, edit.text) for edit in found.edits] == [(name, after)]
    assert (found.installs, found.by_hand, found.public) == (("npm install docusaurus-plugin-enishi",), (), "build")
    (tmp_path / name).write_text(after, "utf-8")
    assert site.generator.setup(Docusaurus().read_site(tmp_path)[0]).edits == ()


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("blog/2024-05-06-logs.md", "/blog/2024/05/06/logs"),
        ("blog/2024-05-06-logs/index.mdx", "/blog/2024/05/06/logs"),
        ("blog/2024/05/06/logs.md", "/blog/2024/05/06/logs"),
        ("blog/notes/logs.md", "/blog/notes/logs"),
        ("blog/named.md", "/blog/own-name"),
    ],
)
def test_a_guessed_address_is_that_of_docusaurus(tmp_path: Path, path: str, address: str) -> None:
    (tmp_path / "docusaurus.config.js").write_text("export default {}", "utf-8")
    site, _ = Docusaurus().read_site(tmp_path)
    slug = "slug: /own-name\n" if "named" in path else ""
    post, _ = site.make_post(path, parse(f"---\ntitle: Logs\n{slug}---\n"), datetime(2024, 6, 1, tzinfo=UTC))
    assert post.url == address
