"""What a folder's own generator says: which one it is, where its posts are, and its settings."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enishi.errors import SettingsError, SiteNotFoundError
from enishi.generators import detect_site, generator_named
from enishi.generators.base import Site
from enishi.generators.hexo import HexoSite


def make(root: Path, **files: str) -> Path:
    """Files by name; `__` stands for a slash, and every folder of posts gets one."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def detect(root: Path, files: dict[str, str], **options: Any) -> Site:
    make(root, **files)
    return detect_site(root, **options)[0]


HEXO = '{"hexo": {"version": ""}}'
RECOGNISED: list[tuple[str, dict[str, str], str, tuple[str, ...]]] = [
    (
        "hexo by package.json",
        {"package.json": HEXO, "_config.yml": "", "source/_posts/a.md": ""},
        "hexo",
        ("source/_posts",),
    ),
    (
        "hexo by dependency",
        {"package.json": '{"dependencies": {"hexo": "^8"}}', "source/_posts/a.md": "", "source/_drafts/b.md": ""},
        *("hexo", ("source/_posts", "source/_drafts")),
    ),
    ("hexo by its folders", {"_config.yml": "", "source/_posts/a.md": ""}, "hexo", ("source/_posts",)),
    ("jekyll", {"_config.yml": "", "_posts/2024-01-02-a.md": ""}, "jekyll", ("_posts",)),
    (
        "jekyll by Gemfile",
        {"Gemfile": 'gem "jekyll"', "_posts/a.md": "", "_drafts/b.md": ""},
        "jekyll",
        ("_posts", "_drafts"),
    ),
    ("hugo", {"hugo.toml": "", "content/posts/a.md": ""}, "hugo", ("content",)),
    ("hugo, old", {"config.toml": "", "content/posts/a.md": ""}, "hugo", ("content",)),
    ("hugo, folder", {"config/_default/hugo.yaml": "", "content/a.md": ""}, "hugo", ("content",)),
    ("eleventy", {"eleventy.config.js": "", "src/posts/a.md": "", "README.md": ""}, "eleventy", ("src/posts",)),
    (
        "eleventy by dependency",
        {"package.json": '{"devDependencies": {"@11ty/eleventy": "3"}}', "posts/a.md": ""},
        "eleventy",
        ("posts",),
    ),
    ("pelican", {"pelicanconf.py": "PATH = 'content'\n", "content/a.md": ""}, "pelican", ("content",)),
    ("mkdocs", {"mkdocs.yml": "", "docs/a.md": ""}, "mkdocs", ("docs",)),
    (
        "material",
        {"mkdocs.yml": "plugins: [search, blog]", "docs/blog/posts/a.md": "", "docs/b.md": ""},
        "mkdocs",
        ("docs/blog/posts",),
    ),
    ("zenn", {"package.json": '{"dependencies": {"zenn-cli": "1"}}', "articles/a.md": ""}, "zenn", ("articles",)),
    ("a folder of posts", {"posts/a.md": ""}, "generic", ("posts",)),
    ("drafts beside posts", {"_posts/a.md": "", "_drafts/b.md": ""}, "generic", ("_posts", "_drafts")),
    ("a folder", {"a.md": "", "README.md": ""}, "generic", (".",)),
]


@pytest.mark.parametrize(("files", "generator", "folders"), [c[1:] for c in RECOGNISED], ids=[c[0] for c in RECOGNISED])
def test_generators_are_recognised(
    tmp_path: Path, files: dict[str, str], generator: str, folders: tuple[str, ...]
) -> None:
    site = detect(tmp_path, files)
    assert (site.generator.name, site.post_folders) == (generator, folders)


def test_what_is_asked_for_counts(tmp_path: Path) -> None:
    files = {"package.json": HEXO, "_config.yml": "", "source/_posts/a.md": "", "notes/b.md": ""}
    assert detect(tmp_path, files, generator="generic").generator.name == "generic"
    assert detect(tmp_path, files, posts=("notes", "./source\\_posts")).post_folders == ("notes", "source/_posts")
    for folder in ("../x", "/tmp", "C:\\x", "a/../../b"):
        with pytest.raises(SettingsError, match="inside the site"):
            detect_site(tmp_path, posts=(folder,))
    with pytest.raises(SettingsError, match="not one of"):
        detect_site(tmp_path, generator="wordpress")


def test_nothing_found_names_where_it_looked(tmp_path: Path) -> None:
    make(tmp_path, **{"README.md": "", "node_modules/x.md": ""})
    with pytest.raises(SiteNotFoundError) as error:
        detect_site(tmp_path)
    message = str(error.value)
    assert "source/_posts/" in message
    assert "read as a folder of posts" in message
    with pytest.raises(SiteNotFoundError, match="not a folder"):
        detect_site(tmp_path / "nowhere")
    make(tmp_path, **{"_config.yml": "", "package.json": HEXO})
    with pytest.raises(SiteNotFoundError, match=r"because of _config\.yml"):
        detect_site(tmp_path)


HEXO_SETTINGS = """\
title: A Blog
url: https://example.org/blog
permalink: :year/:title/
permalink_defaults: {lang: en}
new_post_name: :year-:title.md
source_dir: src
future: false
timezone: Asia/Tokyo
skip_render:
- README.md
- _posts/x/**
ignore: '**/tmp'
default_category: none
tag_map: {C#: csharp, 2024: this}
category_map: {Web: web}
alias: {old/: new/}
language: [ja, en]
filename_case: 1
post_asset_folder: true
use_slug_as_post_title: true
pretty_urls: {trailing_index: false, trailing_html: false}
"""


def test_settings_of_hexo(tmp_path: Path) -> None:
    site, problems = detect_site(
        make(tmp_path, **{"package.json": HEXO, "_config.yml": HEXO_SETTINGS, "src/_posts/a.md": ""})
    )
    assert problems == []
    assert site == HexoSite(
        root=tmp_path,
        generator=generator_named("hexo"),
        post_folders=("src/_posts",),
        url="https://example.org/blog",
        root_path="/blog/",
        permalink=":year/:title/",
        permalink_defaults={"lang": "en"},
        new_post_name=":year-:title.md",
        source_dir="src",
        suffixes=(".md",),
        future=False,
        timezone=ZoneInfo("Asia/Tokyo"),
        skip_render=("README.md", "_posts/x/**"),
        ignore=("**/tmp",),
        default_category="none",
        tag_map={"C#": "csharp", "2024": "this"},
        category_map={"Web": "web"},
        alias={"old/": "new/"},
        language="ja",
        languages=("ja", "en"),
        filename_case=1,
        post_asset_folder=True,
        use_slug_as_title=True,
        pretty_index=False,
        pretty_html=False,
        settings_file="_config.yml",
    )


def test_hexo_without_settings(tmp_path: Path) -> None:
    site = detect(tmp_path, {"package.json": HEXO, "source/_posts/a.md": ""})
    assert (site.permalink, site.new_post_name, site.default_category) == (
        ":year/:month/:day/:title/",
        ":title.md",
        "uncategorized",
    )
    assert (site.root_path, site.future, site.timezone, site.language) == ("/", True, UTC, "")


def test_root_of_hexo(tmp_path: Path) -> None:
    files = {"package.json": HEXO, "source/_posts/a.md": ""}
    for config, root in [
        *(("root: /x/", "/x/"), ("root: x", "/x/"), ("url: https://a.b/y/", "/y/"), ("url: https://a.b\nroot: /", "/")),
        *(("url: 'http://['", "/"), ("url:", "/")),
    ]:
        assert detect(tmp_path, {**files, "_config.yml": config}).root_path == root, config


def test_wrong_settings_are_named_and_passed_over(tmp_path: Path) -> None:
    config = (
        "url: [x]\ntimezone: Nowhere/At All\nfuture: maybe\nsource_dir: ../up\ntag_map: [a]\n"
        "alias: {a: [b]}\nskip_render: [1, a]\nfilename_case: high\n"
    )
    site, problems = detect_site(
        make(tmp_path, **{"package.json": HEXO, "_config.yml": config, "source/_posts/a.md": ""})
    )
    assert sorted((p.line, p.code) for p in problems) == [(line, "bad-site-setting") for line in range(1, 8)]
    assert all(p.path == "_config.yml" for p in problems)
    assert (site.url, site.timezone, site.future, site.source_dir) == ("http://example.com", UTC, True, "source")
    assert (site.tag_map, site.alias, site.skip_render, site.filename_case) == ({}, {}, ("a",), 0)


@pytest.mark.parametrize(("text", "line"), [("a: b: c\n", 1), ("title: x\nurl: 'y\n", 2), ("- a\n", 1), ("\x07", 1)])
def test_settings_that_cannot_be_read(tmp_path: Path, text: str, line: int) -> None:
    site, problems = detect_site(
        make(tmp_path, **{"package.json": HEXO, "_config.yml": text, "source/_posts/a.md": ""})
    )
    assert [(p.line, p.code) for p in problems] == [(line, "bad-site-settings")]
    assert site.permalink == ":year/:month/:day/:title/"


def test_settings_of_others(tmp_path: Path) -> None:
    jekyll = detect(
        tmp_path / "jekyll",
        {
            "_config.yml": "baseurl: /b\nsource: s\ntimezone: Asia/Tokyo\nfuture: true\nexclude: [x]\nlang: de\n",
            "s/_posts/a.md": "",
        },
    )
    assert (jekyll.root_path, jekyll.post_folders, jekyll.future, jekyll.exclude) == (
        "/b/",
        ("s/_posts",),
        True,
        ("x",),
    )
    assert (str(jekyll.timezone), jekyll.language) == ("Asia/Tokyo", "de")
    hugo = detect(
        tmp_path / "hugo",
        {
            "hugo.toml": "baseURL = 'https://a.b/h/'\nbuildFuture = true\ndefaultContentLanguage = 'fr'\n"
            "[permalinks]\nposts = '/:year/:slug/'\n[languages.en]\n[languages.fr]\n",
            "content/a.md": "",
        },
    )
    assert (hugo.root_path, hugo.future, hugo.language, hugo.languages) == ("/h/", True, "fr", ("en", "fr"))
    assert hugo.permalinks == {"posts": "/:year/:slug/"}
    pelican = detect(
        tmp_path / "pelican",
        {
            "pelicanconf.py": "import os\nSITEURL = 'https://a.b/p'\nPATH = 'c'\nARTICLE_PATHS = ['blog']\n"
            "TIMEZONE = 'Asia/Tokyo'\n"
            "DEFAULT_LANG = 'en'\nARTICLE_URL = '{slug}/'\nX = os.environ['SECRET']\nWITH_FUTURE_DATES = False\n",
            "c/blog/a.md": "",
        },
    )
    assert (pelican.root_path, pelican.post_folders, pelican.permalink) == ("/p/", ("c/blog",), "{slug}/")
    assert (str(pelican.timezone), pelican.language, pelican.future) == ("Asia/Tokyo", "en", False)
    mkdocs = detect(
        tmp_path / "mkdocs",
        {
            "mkdocs.yml": "site_url: https://a.b/m/\ndocs_dir: d\ntheme: {language: ja}\n"
            "plugins:\n- blog: {blog_dir: .}\n",
            "d/posts/a.md": "",
        },
    )
    assert (mkdocs.root_path, mkdocs.post_folders, mkdocs.language, mkdocs.permalink) == (
        "/m/",
        ("d/posts",),
        "ja",
        "/",
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["_config.yml", "mkdocs.yml", "hugo.toml", "config.json", "pelicanconf.py", "package.json"]),
    st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)),
)
def test_any_settings_file(tmp_path: Path, name: str, data: bytes) -> None:
    for folder in ("source/_posts", "docs", "content", "posts"):
        make(tmp_path / name, **{f"{folder}/a.md": ""})
    (tmp_path / name / name).write_bytes(data)
    site, _ = detect_site(tmp_path / name)
    assert site.post_folders


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["url", "root", "permalink", "timezone", "source_dir", "future", "language", "tag_map", "pretty_urls"]
        ),
        st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=5), max_size=2),
    )
)
def test_any_setting_of_hexo(tmp_path: Path, values: dict[str, Any]) -> None:
    import json

    make(tmp_path, **{"package.json": HEXO, "_config.yml": json.dumps(values), "source/_posts/a.md": ""})
    try:
        site, _ = detect_site(tmp_path)
    except SiteNotFoundError:
        return
    assert site.root_path.startswith("/")
    assert site.root_path.endswith("/")
