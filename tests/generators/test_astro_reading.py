"""What is read of an Astro site without running it: folders of posts, pages that are scripts, and what `init` adds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from enishi.editing.change import Edit, Refusal, TagChange
from enishi.editing.plan import plan_edit
from enishi.generators.astro import Astro
from enishi.reading.find import find_files
from enishi.reading.source import read_source
from enishi.types import Post
from places import ROOT

PLUGIN_PAGE = ROOT / "plugin" / "astro-enishi" / "README.md"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PAGE = """---
import Layout from '../../layouts/Layout.astro';
const shown = { pubDate: '2024-05-06' };
---
<Layout title="Tea &amp; water" {...shown}>
    <p>Cold water {shown.pubDate} draws sweetness.</p>

    <p>Not code.</p>
</Layout>
"""


def site_of(root: Path, **files: str) -> Path:
    for name, text in {"astro.config.mjs": "", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def read(root: Path, path: str, text: str) -> tuple[Post, str]:
    site, _ = Astro().read_site(root)
    front = read_source(text.encode(), Astro.dialect)
    return site.make_post(path, front, NOW)[0], front.body


@pytest.mark.parametrize(
    ("loader", "folders"),
    [
        ("glob({ pattern: '**/*.{md,mdx}', base: './writing' })", ["writing"]),
        ('glob({\n base: "src/data/posts/",\n pattern: "**/*.md" })', ["src/data/posts"]),
        ("glob({ pattern: 'notes/**/*.md' }), glob({ pattern: ['*.md'], base: `./b` })", ["notes", "b"]),
        ("glob({ pattern: '*.md', base: './src/content/blog' })", []),
        ("glob({ pattern: '*.md', base: '../elsewhere' }), glob({ pattern: '*.md', base: `${here}/x` })", []),
        ("glob({ pattern: '*.md', base: '/etc' }), file('x.json')", []),
    ],
)
def test_folders_of_collections(tmp_path: Path, loader: str, folders: list[str]) -> None:
    site_of(tmp_path, **{"src/content.config.ts": f"export const a = defineCollection({{ loader: {loader} }});"})
    site, problems = Astro().read_site(tmp_path)
    assert site.post_folders == ("src/content", *folders, "src/pages")
    assert problems == []


def test_what_is_a_post(tmp_path: Path) -> None:
    posts = ["src/content/blog/a.md", "src/content/blog/deep/b.mdx", "src/pages/about.md", "src/pages/notes/c.astro"]
    others = ["src/content/blog/_d.md", "src/content/blog/e.astro", "src/pages/index.astro", "src/pages/blog.astro"]
    others += [
        "src/pages/blog/[id].astro",
        "src/pages/[lang]/x.astro",
        "src/pages/notes/index.md",
        "src/layouts/f.astro",
    ]
    site_of(tmp_path, **dict.fromkeys([*posts, *others, "README.md"], "x"))
    site, _ = Astro().read_site(tmp_path)
    assert [file.path for file in find_files(site)[0]] == sorted(posts)


def test_settings_that_are_written_plainly_are_read(tmp_path: Path) -> None:
    text = "defineConfig({\n  site: 'https://example.com/',\n  base: '/blog',\n  i18n: { defaultLocale: 'ja' }\n});"
    site, _ = Astro().read_site(site_of(tmp_path, **{"astro.config.mjs": text}))
    assert (site.url, site.root_path, site.language) == ("https://example.com", "/blog/", "ja")
    assert read(tmp_path, "src/content/blog/a.md", "---\ntitle: A\n---\n")[0].url == "/blog/blog/a/"
    assert read(tmp_path, "src/pages/notes/a.mdx", "---\ntitle: A\n---\n")[0].url == "/blog/notes/a/"


def test_a_page_that_is_a_script_has_a_title_a_date_and_its_text(tmp_path: Path) -> None:
    post, body = read(site_of(tmp_path), "src/pages/notes/tea.astro", PAGE)
    assert (post.title, post.date) == ("Tea & water", datetime(2024, 5, 6, tzinfo=UTC))
    assert "const" not in body
    assert "pubDate" not in body
    assert "\n<p>Not code.</p>\n" in body
    heading = PAGE.replace('title="Tea &amp; water" ', "").replace("<p>Cold", "<h1>Tea</h1><p>Cold")
    assert read(tmp_path, "src/pages/notes/tea.astro", heading)[0].title == "Tea"


@pytest.mark.parametrize("line", ["type: post", "export: yes", "import: [a]", "if: x", "interface: y", "const: z"])
def test_front_matter_is_no_script(tmp_path: Path, line: str) -> None:
    post, body = read(site_of(tmp_path), "src/content/blog/a.md", f"---\n{line}\ntitle: A\ntags: [b]\n---\nbody\n")
    assert (post.title, post.tags, body) == ("A", ("b",), "body\n")


def test_no_tag_is_written_into_a_script(tmp_path: Path) -> None:
    site, _ = Astro().read_site(site_of(tmp_path))
    assert isinstance(plan_edit(PAGE.encode(), TagChange.adding("b"), site), Refusal)
    assert isinstance(plan_edit(b"---\ntitle: A\n---\n", TagChange.adding("b"), site), Edit)


@pytest.mark.parametrize("part", ["<h1 ", "<h1>", "title='", "{", "---\n", "const a\n", "glob(", "base:'"])
def test_what_is_written_to_be_slow_is_not(tmp_path: Path, part: str) -> None:
    text = "---\nimport a\n---\n" + part * (1_000_000 // len(part))
    site_of(tmp_path, **{"src/content.config.ts": text[:1_000_000], "astro.config.mjs": text[:1_000_000]})
    read(tmp_path, "src/pages/a/b.astro", text)


def test_init_adds_what_is_not_there(tmp_path: Path) -> None:
    settings = "import { defineConfig } from 'astro/config';\n\nexport default defineConfig({\n  outDir: './out'\n});\n"
    page = "---\nimport A from 'a';\nconst { Content } = await render(entry);\n---\n<A>\n  <Content />\n</A>\n"
    site_of(tmp_path, **{"astro.config.mjs": settings, "src/pages/[id].astro": page, "pnpm-lock.yaml": ""})
    site, _ = Astro().read_site(tmp_path)
    found = Astro().setup(site)
    edits = {edit.path: edit.text for edit in found.edits}
    added = settings.replace("';\n\n", "';\nimport enishi from 'astro-enishi';\n\n")
    assert edits["astro.config.mjs"] == added.replace("({\n", "({\n  integrations: [enishi()],\n")
    added = page.replace("'a';\n", "'a';\nimport Related from 'astro-enishi/Related.astro';\n")
    listed = added.replace("<Content />\n", "<Content />\n  <Related post={entry} />\n")
    assert edits["src/pages/[id].astro"] == listed
    assert (found.installs, found.public, found.by_hand) == (("pnpm add astro-enishi",), "out", ())


def test_init_says_nothing_where_all_is_there(tmp_path: Path) -> None:
    settings = "import enishi from 'astro-enishi';\nexport default { integrations: [enishi({ strict: true })] };\n"
    page = "---\nimport Related from 'astro-enishi/Related.astro';\n---\n<Related post={post} />\n"
    package = '{"dependencies": {"astro": "5", "astro-enishi": "1"}}'
    site_of(tmp_path, **{"astro.config.mjs": settings, "src/layouts/A.astro": page, "package.json": package})
    found = Astro().setup(Astro().read_site(tmp_path)[0])
    assert (found.edits, found.installs, found.by_hand) == ((), (), ())


def test_init_makes_settings_where_there_are_none(tmp_path: Path) -> None:
    page = PLUGIN_PAGE.read_text("utf-8")
    (tmp_path / "package.json").write_text('{"dependencies": {"astro": "5"}}', "utf-8")
    site, _ = Astro().read_site(tmp_path)
    (edit,) = Astro().setup(site).edits
    assert edit.path == "astro.config.mjs"
    assert f'```js title="astro.config.mjs"\n{edit.text}```' in page


def test_init_leaves_what_it_does_not_know_to_the_author(tmp_path: Path) -> None:
    page = "---\nconst { Content } = await render(entry);\n---\n<A><Content /></A>\n"
    site_of(tmp_path, **{"astro.config.mjs": "export default make();\n", "src/pages/[id].astro": page})
    site, _ = Astro().read_site(tmp_path)
    found = Astro().setup(site)
    assert found.edits == ()
    assert len(found.by_hand) == 2
    same = page.replace("<A><Content /></A>", "<Content />")
    site_of(tmp_path, **{"src/pages/[id].astro": same, "src/pages/legal/[id].astro": same})
    assert [edit.path for edit in Astro().setup(site).edits] == ["astro.config.mjs"]
    assert len(Astro().setup(site).by_hand) == 1
