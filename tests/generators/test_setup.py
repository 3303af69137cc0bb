"""Edits of a site's own files that show its lists: all else stays as it was, and nothing is done twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from enishi.generators import setup
from places import PACKAGE, ROOT

MKDOCS = """\
site_name: A blog
plugins:
  - search
  - blog:
      blog_dir: .   # here
      post_url_format: "{slug}"

# Extensions
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "plugins:\n  - enishi\n"),
        ("a: 1", "a: 1\n\nplugins:\n  - enishi\n"),
        ("a: 1\r\n", "a: 1\r\n\r\nplugins:\r\n  - enishi\r\n"),
        ("plugins: [search]\n", "plugins: [search, enishi]\n"),
        ("plugins: [search, blog,]  # two\n", "plugins: [search, blog, enishi]  # two\n"),
        (
            "plugins:\n- search\n- blog # it\n\n# next\nb: 2\n",
            "plugins:\n- search\n- blog # it\n- enishi\n\n# next\nb: 2\n",
        ),
        ("plugins:\r\n- search\r\nb: 2\r\n", "plugins:\r\n- search\r\n- enishi\r\nb: 2\r\n"),
        ("plugins:\n  - search\n  # the end", "plugins:\n  - search\n  - enishi\n  # the end"),
        ("plugins:\n  - search", "plugins:\n  - search\n  - enishi\n"),
        ("plugins:\n  - enishi\n", "plugins:\n  - enishi\n"),
        ("plugins:\n  - enishi:\n      strict: true\n", "plugins:\n  - enishi:\n      strict: true\n"),
        ("plugins:\n  - a: {b: [c]}\nd: 1\n", "plugins:\n  - a: {b: [c]}\n  - enishi\nd: 1\n"),
        (MKDOCS, MKDOCS.replace('{slug}"\n', '{slug}"\n  - enishi\n')),
        ("plugins: search\n", None),
        ("plugins: []\n", None),
        ("plugins: [\n", None),
        ("- plugins\n", None),
    ],
)
def test_a_yaml_list_gets_an_item(before: str, after: str | None) -> None:
    assert setup.with_yaml_item(before, "plugins", "enishi") == after


def test_a_line_goes_below_the_one_that_is_meant() -> None:
    page = "<main>\n  {{ .Content }}\n</main>\n"
    line = '{{ partial "enishi.html" . }}'
    done = setup.with_line_after(page, r"\{\{-?\s*\.Content\s*-?\}\}", line)
    assert done == f"<main>\n  {{{{ .Content }}}}\n  {line}\n</main>\n"
    assert setup.with_line_after(done, r"\.Content", line) == done
    assert setup.with_line_after(page + page, r"\.Content", line) is None
    assert setup.with_line_after("<main>", r"\.Content", line) is None
    assert setup.with_line_after("x", "x", "y") == "x\ny\n"
    assert setup.with_line_after("<main>{{ .Content }}</main></body></html>", r"\.Content", line) is None  # minified


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import a from 'a';\n\nexport default {}\n", "import a from 'a';\nLINE\n\nexport default {}\n"),
        ("import {\n  a,\n} from 'a'\nimport 'b'\nx\n", "import {\n  a,\n} from 'a'\nimport 'b'\nLINE\nx\n"),
        ("// @ts-check\nexport default {}\n", "// @ts-check\nLINE\n\nexport default {}\n"),
        ("const a = require('a');\nmodule.exports = {}\n", None),
        ("module.exports = {}\n", None),
        ("LINE\n", "LINE\n"),
    ],
)
def test_a_module_gets_an_import(before: str, after: str | None) -> None:
    line = "import enishi from 'astro-enishi'"
    wanted = None if after is None else after.replace("LINE", line)
    assert setup.with_javascript_import(before.replace("LINE", line), line) == wanted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = defineConfig({\n  a: 1\n})", "x = defineConfig({\n  integrations: [enishi()],\n  a: 1\n})"),
        (
            "x = defineConfig({\n  integrations: [mdx()],\n})",
            "x = defineConfig({\n  integrations: [enishi(), mdx()],\n})",
        ),
        (
            "defineConfig({\n  integrations: [\n    a(),\n  ]})",
            "defineConfig({\n  integrations: [enishi(),\n    a(),\n  ]})",
        ),
        ("defineConfig({\n  integrations: []})", "defineConfig({\n  integrations: [enishi()]})"),
        ("defineConfig({ integrations })", None),
        ("export default {}", None),
        ("defineConfig({\n  integrations: [enishi()]})", "defineConfig({\n  integrations: [enishi()]})"),
    ],
)
def test_a_javascript_list_gets_an_item(before: str, after: str | None) -> None:
    assert setup.with_javascript_item(before, "integrations", "enishi()", r"defineConfig\(\{") == after


def test_what_git_ignores_is_added_once(tmp_path: Path) -> None:
    first = setup.ignore_in_git(tmp_path, "data/enishi.json")
    assert first is not None
    assert (first.path, first.text) == (".gitignore", "data/enishi.json\n")
    (tmp_path / ".gitignore").write_bytes(b"public/\r\n/data/enishi.json")
    assert setup.ignore_in_git(tmp_path, "data/enishi.json") is None
    second = setup.ignore_in_git(tmp_path, "data/enishi.json", "public", "resources/")
    assert second is not None
    assert second.text == "public/\r\n/data/enishi.json\r\nresources/\r\n"


def test_what_is_no_plain_text_of_the_site_is_not_edited(tmp_path: Path) -> None:
    site, other = tmp_path / "site", tmp_path / "other"
    site.mkdir()
    other.mkdir()
    (site / "latin1.yml").write_bytes("é: 1".encode("latin-1"))
    (site / "folder").mkdir()
    (site / "link").symlink_to(other)
    for name in ("latin1.yml", "folder", "link", "link/a.yml"):
        assert setup.edit(site, name, lambda text: text + "a: 1\n", "a reason") is None, name
    new = setup.edit(site, "new/a.yml", lambda text: text + "a: 1\n", "a reason")
    assert setup.edits(None, new, None) == (setup.FileEdit("new/a.yml", "a: 1\n", "a reason"),)


def test_the_package_manager_is_the_sites(tmp_path: Path) -> None:
    assert setup.package_command(tmp_path, "hexo-enishi") == "npm install hexo-enishi"
    (tmp_path / "pnpm-lock.yaml").touch()
    assert setup.package_command(tmp_path, "a", "b") == "pnpm add a b"


def test_a_clone_has_what_lies_in_its_repository(tmp_path: Path) -> None:
    blog = tmp_path / "repository" / "blog"
    blog.mkdir(parents=True)
    assert setup.is_in_repository(blog, "vendor/plugin")
    assert not setup.is_in_repository(blog, "../plugin")
    (tmp_path / "repository" / ".git").mkdir()
    assert setup.is_in_repository(blog, "../plugin")
    assert not setup.is_in_repository(blog, "../../plugin")


def test_the_pages_that_setups_name_are_there() -> None:
    sources = [file.read_text("utf-8") for file in (PACKAGE / "generators").glob("*.py")]
    pages = [page for text in sources for page in re.findall(r'page(?:: str =|=)\s*"([^"]+)"', text)]
    assert len(pages) > 10
    assert all((ROOT / page).is_file() for page in pages)
