"""astro-enishi in the real Astro: by the words of its page, with everything that makes addresses, while it serves."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from enishi.generators.astro import Astro
from enishi.text.labels import label_language, labels_for
from finished_sites import check_lists, lists_on
from npm_packages import PLUGINS, environment, install, link, needs_node, run, served
from recipes import recipe
from shared_data import needs_shared
from site_posts import Entry, our_posts, real_posts, write_yaml

pytestmark = needs_node("astro")

PAGE = PLUGINS / "astro-enishi" / "README.md"
BUILD = ["node", "node_modules/astro/astro.js", "build"]
WRITTEN = 4
"""Lines that an author writes: the page says so."""
COLLECTIONS = """import { defineCollection, z } from 'astro:content';
import { glob } from 'astro/loaders';

export const collections = {
  blog: defineCollection({
    loader: glob({ pattern: '**/*.{md,mdx}', base: './%s' }),
    schema: z.object({
      title: z.string(), date: z.coerce.date(), lang: z.string().optional(), draft: z.boolean().optional()
    })
  })
};
"""
CONFIG = """import { defineConfig } from 'astro/config';
import mdx from '@astrojs/mdx';
import enishi from 'astro-enishi';

export default defineConfig(%s);
"""
LAYOUT = """---
import Related from 'astro-enishi/Related.astro';
const { frontmatter, title, post } = Astro.props;
---
<html lang={Astro.currentLocale ?? 'en'}><head><meta charset="utf-8" />
<title>{title ?? frontmatter?.title}</title></head>
<body><main><slot /><Related post={post} /></main></body></html>
"""
BY_HAND = """---
import Layout from '../../layouts/Layout.astro';
const words = ['not', 'said'];
---
<Layout title="Tea by hand">
  <h1>Tea</h1>

    <p>Cold water draws sweetness from green tea leaves. {words.join(' ')}</p>
    <p>Green tea leaves turn brown in the pan, smell sweet.</p>
</Layout>
"""
POSTS = """---
import { getCollection, render } from 'astro:content';
import Layout from '../../../layouts/Layout.astro';
import { related } from 'astro-enishi/related';
export async function getStaticPaths() {
  return (await getCollection('blog')).map(post => {
    const [locale, ...rest] = post.id.split('/');
    return { params: { locale, id: rest.join('/') }, props: post };
  });
}
const post = Astro.props;
const { Content } = await render(post);
const posts = await getCollection('blog');
---
<Layout title={post.data.title} post={post}><Content />
<ul>{(await related(post, posts)).map(({ post, shared_tags }) => <li data-id={post.id}>{shared_tags.join()}</li>)}</ul>
</Layout>
"""
LIST = """---
import { getCollection } from 'astro:content';
import Related from 'astro-enishi/Related.astro';
const posts = await getCollection('blog', ({ data }) => !data.draft);
---
<html lang="en"><body>
{posts.map(post => <section><h2>{post.data.title}</h2><Related post={post} /></section>)}
</body></html>
"""

BLOG_SETTINGS = """// @ts-check
import mdx from '@astrojs/mdx';
import { defineConfig } from 'astro/config';

// https://astro.build/config
export default defineConfig({
\tsite: 'https://example.com',
\tbase: '/base/',
\tintegrations: [mdx()],
});
"""
BLOG_PAGE = """---
import { type CollectionEntry, getCollection, render } from 'astro:content';
import BlogPost from '../../layouts/BlogPost.astro';

export async function getStaticPaths() {
\tconst posts = await getCollection('blog');
\treturn posts.map((post) => ({
\t\tparams: { slug: post.id },
\t\tprops: post,
\t}));
}
type Props = CollectionEntry<'blog'>;

const post = Astro.props;
const { Content } = await render(post);
---

<BlogPost {...post.data}>
\t<Content />
</BlogPost>
"""
BLOG_LAYOUT = """---
const { title } = Astro.props;
---
<html lang="ja"><head><meta charset="utf-8" /><title>{title}</title></head>
<body><main><article><h1>{title}</h1><slot /></article></main></body></html>
"""


def new_site(folder: Path, files: dict[str, str], posts: str = "src/content/blog") -> Path:
    """A site with Astro and these files."""
    files = {
        "package.json": '{"type": "module", "dependencies": {"astro": "^5.16.0"}}',
        "src/content.config.ts": COLLECTIONS % posts,
        ".astro/settings.json": '{"checkUpdates": {"enabled": false}}',
    } | files
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    link(folder, "astro", "@astrojs")
    return folder


def build(site: Path, *more: str, expected: int = 0, **settings: str) -> str:
    done = run(site, [*BUILD, *more], **settings)
    assert done.returncode == expected, done.stdout
    return done.stdout


def verify(site: Path) -> dict[str, object]:
    """What `enishi verify` says of the finished site."""
    done = run(site, ["enishi", "verify", "--json"])
    said: dict[str, object] = json.loads(done.stdout)
    assert done.returncode == 0, said
    return said


def at(entry: Entry) -> str:
    return f"/blog/{entry.slug}/"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our posts, a draft, a standing page, and what the page says."""
    files = {"src/pages/about.md": "# About\n\nGreen tea leaves.\n", "src/pages/notes/by hand.astro": BY_HAND}
    site = new_site(tmp_path_factory.mktemp("ours"), {**files, "src/layouts/Layout.astro": LAYOUT})
    for entry in our_posts():
        write_yaml(site / f"src/content/blog/{entry.slug}.md", entry)
    draft = replace(our_posts()[0], slug="draft", title="Draft tea")
    write_yaml(site / "src/content/blog/draft.md", draft, draft=True)
    page = recipe(PAGE, "Install")
    lines = [line for text in page.files.values() for line in text.splitlines()]
    assert sum("enishi" in line or "<Related" in line for line in lines) == WRITTEN
    assert "Four lines are yours" in PAGE.read_text("utf-8")
    page.write(site)
    install(site, "astro-enishi")
    instead = {"pipx": "", "npm install": "", "npx astro build": " ".join(BUILD)}
    said = page.run(site, instead, environment(CI="true"))
    assert "related posts are up to date" in said
    assert "WARN" not in said
    return site


def test_four_lines_show_a_list_below_each_post(ours: Path) -> None:
    assert check_lists(ours / "dist", map(at, our_posts())) >= 16
    verify(ours)


def test_titles_are_text_and_labels_of_the_language_of_the_page(ours: Path) -> None:
    for entry in our_posts():
        (shown,) = lists_on(ours / "dist" / "blog" / entry.slug / "index.html")
        assert labels_for(label_language(entry.lang))["heading"] in shown.text
    said = "".join(shown.text for page in sorted(ours.glob("dist/**/*.html")) for shown in lists_on(page))
    assert [entry.title for entry in our_posts() if entry.title not in said] == []


def test_drafts_and_standing_pages_are_in_no_list(ours: Path) -> None:
    pages = "".join(file.read_text("utf-8") for file in (ours / "dist").rglob("*.html"))
    assert "Draft tea" not in pages
    assert "/about" not in pages
    assert lists_on(ours / "dist" / "about" / "index.html") == []


def test_pages_with_a_list_have_the_stylesheet_and_nothing_to_run(ours: Path) -> None:
    page = (ours / "dist" / "blog" / "wal" / "index.html").read_text("utf-8")
    assert ".enishi-related" in page
    assert "<script" not in page
    assert "<!--" not in page  # nor a mark
    assert ".enishi-related" not in (ours / "dist" / "about" / "index.html").read_text("utf-8")
    assert not list((ours / "dist").rglob("*.js"))


def test_without_the_command_there_is_a_warning_or_in_ci_no_site(ours: Path) -> None:
    config = recipe(PAGE, "Install").files["astro.config.mjs"]
    missing = config.replace("enishi()", "enishi({ command: 'no-such-enishi' })")
    (ours / "missing.mjs").write_text(missing, "utf-8")
    (ours / ".enishi").rename(ours / "kept")
    try:
        said = build(ours, "--config", "missing.mjs", "--outDir", "without")
        assert said.count("Enishi was not found (tried `no-such-enishi`)") == 1
        assert "There are no lists" in said
        assert lists_on(ours / "without" / "blog" / "wal" / "index.html") == []
        said = build(ours, "--config", "missing.mjs", "--outDir", "without", expected=1, CI="true")
        assert "Enishi was not found" in said
        assert "strict: false" in said
    finally:
        (ours / "kept").rename(ours / ".enishi")


def test_an_edit_while_it_serves_is_one_build_and_a_new_list(ours: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(ours, site, symlinks=True, ignore=shutil.ignore_patterns(".enishi", "dist", "without"))
    command = [*BUILD[:2], "dev", "--port", "0"]

    def page(slug: str) -> str:
        (address,) = re.findall(r"http://localhost:\d+", server.output)
        with urllib.request.urlopen(f"{address}/blog/{slug}/", timeout=60) as answer:
            return str(answer.read().decode())

    with served(site, command, tmp_path / "log") as server:
        server.wait(lambda now: "watching for file changes" in now.output, "a start")
        assert 'href="/blog/checkpoint/"' in page("wal")
        post = site / "src/content/blog/journal.md"
        post.write_text(post.read_text("utf-8").replace("Journal or log?", "Logbook"), "utf-8")
        server.wait(lambda _: time.sleep(0.3) or "Logbook</bdi>" in page("wal"), "a new list")
        assert server.settled("related posts are up to date") == 2
    posts = json.loads((site / ".enishi" / "related.json").read_text("utf-8"))["posts"]
    unlisted = {path for path, post in posts.items() if "status" in post}
    assert unlisted == {"src/content/blog/draft.md", "src/pages/about.md"}
    built = json.loads((ours / ".enishi" / "related.json").read_text("utf-8"))["posts"]
    assert {path: posts[path]["url"] for path in posts.keys() - unlisted} == {
        path: post["url"] for path, post in built.items() if "status" not in post
    }


@pytest.fixture(scope="module")
def corners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything at once: a collection elsewhere, MDX, pages as posts, locales, a base, addresses without a slash."""
    settings = """{
  base: '/diary',
  trailingSlash: 'never',
  build: { format: 'preserve' },
  i18n: { locales: ['en', 'ja', 'ar'], defaultLocale: 'en', routing: { prefixDefaultLocale: true } },
  integrations: [mdx(), enishi({ strict: true, stylesheet: false })]
}"""
    files = {
        "astro.config.mjs": CONFIG % settings,
        "src/layouts/Layout.astro": LAYOUT,
        "src/pages/[locale]/blog/[...id].astro": POSTS,
        "src/pages/all.astro": LIST,
        "src/pages/about.md": "# About\n\nGreen tea leaves.\n",
        "src/pages/notes/by hand.astro": BY_HAND,
        "src/pages/index.astro": "<p>Blog</p>",
        "src/pages/notes/index.astro": "<p>Notes</p>",
    }
    site = new_site(tmp_path_factory.mktemp("corners"), files, "writing")
    for number, entry in enumerate(our_posts()):
        ending = "mdx" if number % 2 else "md"
        if entry.slug == "fsync":
            write_yaml(site / "src/pages/notes/fsync.mdx", entry, layout="../../layouts/Layout.astro")
        else:
            write_yaml(site / f"writing/{entry.lang}/{entry.slug}.{ending}", replace(entry, lang="en"))
            text = (site / f"writing/{entry.lang}/{entry.slug}.{ending}").read_text("utf-8")
            (site / f"writing/{entry.lang}/{entry.slug}.{ending}").write_text(text.replace("lang: en\n", ""), "utf-8")
    install(site, "astro-enishi")
    build(site)
    return site


def test_addresses_are_those_of_the_finished_pages(corners: Path) -> None:
    pages = [f"/diary/{entry.lang}/blog/{entry.slug}" for entry in our_posts() if entry.slug != "fsync"]
    assert check_lists(corners / "dist", [*pages, "/diary/notes/fsync", "/diary/notes/by hand"], base="/diary/") >= 16
    posts = json.loads((corners / ".enishi" / "related.json").read_text("utf-8"))["posts"]
    assert posts["writing/ja/matcha.md"]["url"] == "/diary/ja/blog/matcha"
    assert posts["src/pages/notes/by hand.astro"]["url"] == "/diary/notes/by%20hand"
    assert posts["src/pages/notes/by hand.astro"]["title"] == "Tea by hand"


def test_lists_have_the_language_of_the_locale(corners: Path) -> None:
    for lang in ("ja", "ar"):
        (file,) = (corners / "dist" / lang / "blog").glob("*.html")
        (shown,) = lists_on(file)
        assert labels_for(lang)["heading"] in shown.text


def test_a_page_of_several_posts_is_the_page_of_none(corners: Path) -> None:
    shown = lists_on(corners / "dist" / "all.html")
    assert len(shown) == 7
    assert all("all" not in link for one in shown for link in one.links)


def test_own_markup_gets_the_entries_of_the_collection(corners: Path) -> None:
    page = (corners / "dist" / "en" / "blog" / "wal.html").read_text("utf-8")
    assert re.findall(r'<li data-id="([^"]+)">([^<]*)', page)[:1] == [("en/journal", "databases,files")]


PAGES_OF_A_BUILD = """
import { Build } from './node_modules/astro-enishi/lib/build.mjs';
const told = [];
const lists = { exists: true, results: { find: source => source !== 'x/c.md' }, keyOf: path => path,
  update: async posts => console.log(JSON.stringify(posts)), tell: text => told.push(text),
  html: source => `[${source}]` };
const build = new Build(lists);
const { writeFileSync, mkdirSync } = await import('node:fs');
const page = (name, ...posts) => writeFileSync(`dist/${name}.html`,
  posts.map(post => build.show({ routePattern: '/' }, { collection: 'x', filePath: post, data: {} })).join());
mkdirSync('dist/a', { recursive: true });
build.config = { base: '/', trailingSlash: 'ignore' };
page('amp-a', 'x/a.md'); page('a/index', 'x/a.md'); page('b & c', 'x/b.md', 'x/c.md'); page('c', 'x/c.md');
await build.finish('dist');
console.log(told.join());
for (const base of ['/', '/x', '/x/']) for (const trailingSlash of ['ignore', 'always', 'never']) {
  build.config = { base, trailingSlash };
  console.log(base, trailingSlash, ...['index.html', 'a/index.html', 'a/b c.html'].map(file => build.addressOf(file)));
}
"""
ADDRESSES = """
/ ignore / /a/ /a/b%20c.html
/ always / /a/ /a/b%20c.html
/ never / /a /a/b%20c
/x ignore /x/ /x/a/ /x/a/b%20c.html
/x always /x/ /x/a/ /x/a/b%20c.html
/x never /x /x/a /x/a/b%20c
/x/ ignore /x/ /x/a/ /x/a/b%20c.html
/x/ always /x/ /x/a/ /x/a/b%20c.html
/x/ never /x /x/a /x/a/b%20c
"""


def test_which_page_is_a_posts_own(tmp_path: Path) -> None:
    install(tmp_path, "astro-enishi")
    (tmp_path / "try.mjs").write_text(PAGES_OF_A_BUILD, "utf-8")
    posts, told, *addresses = run(tmp_path, ["node", "try.mjs"]).stdout.splitlines()
    assert {post["source"]: post["url"] for post in json.loads(posts)} == {"x/a.md": "/a/", "x/c.md": "/c.html"}
    assert "Enishi reads no folder with x/c.md, so there is no list" in told
    assert addresses == ADDRESSES.strip().splitlines()
    assert (tmp_path / "dist" / "b & c.html").read_text("utf-8") == "[x/b.md],[x/c.md]"


@needs_shared
def test_real_posts_in_the_blog_that_astro_begins_with(tmp_path: Path) -> None:
    """Set up by `enishi init`."""
    entries = real_posts("efcl")
    site = new_site(
        tmp_path,
        {
            "astro.config.mjs": BLOG_SETTINGS,
            "src/pages/blog/[...slug].astro": BLOG_PAGE,
            "src/layouts/BlogPost.astro": BLOG_LAYOUT,
        },
    )
    for entry in entries:
        write_yaml(site / f"src/content/blog/{entry.slug}.md", entry)
    done = run(site, ["enishi", "init", "--yes"])
    assert done.returncode == 0, done.stdout
    assert "npm install astro-enishi" in done.stdout
    install(site, "astro-enishi")
    build(site, CI="true")
    assert check_lists(site / "dist", [f"/base{at(entry)}" for entry in entries], base="/base/") >= 3 * len(entries)
    verify(site)
    found, _ = Astro().read_site(site)
    assert (found.generator.setup(found).edits, found.generator.setup(found).by_hand) == ((), ())
