"""Real Jekyll sites: the gem as it is built and installed, by the words of its page, and the include without it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from enishi.generators import detect_site
from enishi.generators.setup import Setup
from enishi.text.labels import LABEL_NAMES, label_language, labels_for, own_name, written_date
from finished_sites import check_lists, lists_on, target
from places import ROOT
from recipes import recipe
from shared_data import needs_shared
from site_posts import Entry, our_posts, real_posts, write_yaml

pytestmark = pytest.mark.skipif(
    not (shutil.which("jekyll") and shutil.which("gem")), reason="Jekyll is not installed (Debian's package jekyll)"
)

GEM = ROOT / "plugin" / "jekyll-enishi"
PAGE = GEM / "README.md"
INCLUDE = ROOT / "templates" / "jekyll" / "enishi.html"
FEED = "---\n---\n{% for post in site.posts %}{{ post.content | escape }}{{ post.excerpt | escape }}{% endfor %}\n"
LAYOUT = "---\nlayout: default\n---\n<article>{{ content }}</article>\n"


def run(folder: Path, *command: str, expected: int = 0, **environment: str) -> str:
    """What a command prints, run without CI unless it is asked for."""
    path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "CI": "", "PATH": path, "LANG": "C.UTF-8", **environment}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def gems(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The gem, built, and installed from that file into a folder of its own: what Ruby has to know to find it."""
    folder = tmp_path_factory.mktemp("gem")
    shutil.copytree(GEM, folder / "plugin" / GEM.name, ignore=shutil.ignore_patterns("assets", "LICENSE", "*.gem"))
    (folder / "templates").mkdir()
    for shared in ("templates/enishi.css", "LICENSE"):
        shutil.copy(ROOT / shared, folder / shared)
    run(folder / "plugin" / GEM.name, "gem", "build", "jekyll-enishi.gemspec")
    (file,) = (folder / "plugin" / GEM.name).glob("*.gem")
    home = folder / "gems"
    search = os.pathsep.join((os.fspath(home), run(folder, "gem", "env", "gempath").strip()))
    environment = {"GEM_HOME": os.fspath(home), "GEM_PATH": search}
    # What Jekyll needs is there, but Debian's eventmachine calls itself a version before its own
    run(folder, "gem", "install", "--local", "--no-document", "--ignore-dependencies", os.fspath(file), **environment)
    return environment


def blank_site(folder: Path, entries: tuple[Entry, ...] | list[Entry], language: str = "") -> Path:
    """What `jekyll new --blank` makes, with posts and a layout for them."""
    run(folder, "jekyll", "new", "site", "--blank")
    site = folder / "site"
    for entry in entries:
        write_yaml(site / "_posts" / f"{entry.date:%Y-%m-%d}-{entry.slug}.md", entry, layout="post")
    (site / "_layouts" / "post.html").write_text(LAYOUT, "utf-8")
    (site / "feed.xml").write_text(FEED, "utf-8")
    with (site / "_config.yml").open("a", encoding="utf-8") as file:
        file.write(f"lang: {language}\n" if language else "")
    return site


def at(entry: Entry, base: str = "/") -> str:
    return f"{base}{entry.date:%Y/%m/%d}/{entry.slug}.html"


def text_of(public: Path, entry: Entry) -> str:
    return (public / f"{entry.date:%Y/%m/%d}" / f"{entry.slug}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, gems: Mapping[str, str]) -> Path:
    """A blog below /blog/ made by the words of the page, with what must be in no list."""
    site = blank_site(tmp_path_factory.mktemp("ours"), our_posts())
    config = (site / "_config.yml").read_text("utf-8")
    (site / "_config.yml").write_text(re.sub(r"(?m)^baseurl:.*$", "baseurl: /blog", config), "utf-8")
    shared = "layout: post\ntags: [tea, kitchen]"
    text = "Green tea leaves turn brown in the pan, smell sweet. Cold water draws sweetness from tea leaves."
    (site / "_posts" / "2099-01-01-future.md").write_text(f"---\ntitle: Future tea\n{shared}\n---\n{text}\n", "utf-8")
    (site / "_posts" / "2024-05-20-hidden.md").write_text(
        f"---\ntitle: Hidden tea\npublished: false\n{shared}\n---\n{text}\n", "utf-8"
    )
    (site / "_drafts").mkdir(exist_ok=True)
    (site / "_drafts" / "draft.md").write_text(f"---\ntitle: Draft tea\n{shared}\n---\n{text}\n", "utf-8")
    (site / "about.md").write_text(f"---\ntitle: About tea\n{shared}\n---\n{text}\n", "utf-8")
    (site / "enishi.toml").write_text("related.limit = 4\n", "utf-8")
    install = recipe(PAGE, "Install")
    assert [line for text in install.files.values() for line in text.splitlines()] == ["plugins: [jekyll-enishi]"]
    install.write(site)
    path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    said = install.run(site, {"pipx install": "", "gem install": ""}, {**gems, "PATH": path, "CI": "true"})
    assert "related posts are up to date" in said
    return site


def test_the_gem_is_whole(gems: Mapping[str, str]) -> None:
    listed = run(ROOT, "gem", "contents", "jekyll-enishi", **gems)
    for name in ("LICENSE", "README.md", "assets/enishi.css", "lib/jekyll-enishi.rb", "lib/jekyll/enishi/plugin.rb"):
        assert f"/{name}\n" in listed


def test_one_line_shows_a_list_below_each_post(ours: Path) -> None:
    pages = [at(entry, "/blog/") for entry in our_posts()]
    assert check_lists(ours / "_site", pages, base="/blog/") >= 16


def test_lists_speak_the_language_of_their_page(ours: Path) -> None:
    for entry in our_posts():
        (shown,) = lists_on(ours / "_site" / f"{entry.date:%Y/%m/%d}" / f"{entry.slug}.html")
        assert labels_for(label_language(entry.lang))["heading"] in shown.text


def test_titles_are_text_and_no_template(ours: Path) -> None:
    text = "".join(shown.text for file in (ours / "_site").rglob("2024/**/*.html") for shown in lists_on(file))
    for entry in our_posts():
        assert entry.title in text


def test_what_is_not_published_is_in_no_list(ours: Path) -> None:
    pages = "".join(file.read_text("utf-8") for file in (ours / "_site").rglob("2024/**/*.html"))
    for title in ("Future tea", "Hidden tea", "Draft tea", "About tea"):
        assert title not in pages
    assert lists_on(ours / "_site" / "about.html") == []


def test_verify_agrees(ours: Path) -> None:
    run(ours, "enishi", "verify", "_site")


def test_feeds_and_excerpts_have_no_list(ours: Path) -> None:
    feed = (ours / "_site" / "feed.xml").read_text("utf-8")
    assert "fsync promises" in feed
    assert "enishi" not in feed


def test_the_site_holds_our_stylesheet_and_no_settings(ours: Path) -> None:
    link = '<link rel="stylesheet" href="/blog/assets/enishi.css">'
    assert text_of(ours / "_site", our_posts()[0]).count(link) == 1
    assert target(ours / "_site", "/blog/", "/blog/assets/enishi.css", "/blog/") is not None
    assert link not in (ours / "_site" / "about.html").read_text("utf-8")
    names = {file.name for file in (ours / "_site").rglob("*")}
    assert not names & {"enishi.toml", ".enishi", "related.json"}


def test_an_incremental_build_takes_up_changed_lists(ours: Path, tmp_path: Path, gems: Mapping[str, str]) -> None:
    site = shutil.copytree(ours, tmp_path / "site")
    run(site, "jekyll", "build", "--incremental", **gems)
    newer = Entry("oolong", "Oolong", our_posts()[-1].date, ("tea", "kitchen"), our_posts()[0].body, "en")
    write_yaml(site / "_posts" / f"{newer.date:%Y-%m-%d}-oolong.md", newer, layout="post")
    run(site, "jekyll", "build", "--incremental", **gems)
    assert at(newer, "/blog/") in lists_on(site / "_site" / at(our_posts()[0])[1:])[0].links


def test_a_layout_may_say_where(ours: Path, tmp_path: Path, gems: Mapping[str, str]) -> None:
    site = shutil.copytree(ours, tmp_path / "site")
    own = "".join(re.findall(r"```liquid\n(\{% for .*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    other = "{% for post in site.related_posts limit: 0 %}{% endfor %}"
    (site / "_layouts" / "post.html").write_text(f"{LAYOUT}{{% enishi %}}<footer>{own}</footer>{other}\n", "utf-8")
    said = run(site, "jekyll", "build", **gems)
    assert said.count("_layouts/post.html shows `site.related_posts`, a list of its own") == 1
    page = text_of(site / "_site", our_posts()[0])
    assert page.count("<nav") == 1
    assert page.index("</article>") < page.index("<nav") < page.index("<footer")
    (shown,) = lists_on(site / "_site" / at(our_posts()[0])[1:])
    footer = re.search(r"<footer>(.*)</footer>", page, re.DOTALL)
    assert footer
    assert re.findall(r'href="([^"]+)"', footer[1]) == shown.links


def test_without_the_command_there_is_a_warning_or_in_ci_no_site(
    ours: Path, tmp_path: Path, gems: Mapping[str, str]
) -> None:
    site = shutil.copytree(ours, tmp_path / "site", ignore=shutil.ignore_patterns(".enishi", "_site"))
    with (site / "_config.yml").open("a", encoding="utf-8") as file:
        file.write("enishi: {command: [no-such-enishi]}\n")
    said = run(site, "jekyll", "build", **gems)
    assert "Enishi was not found (tried `no-such-enishi`)" in said
    assert "There are no lists" in said
    assert lists_on(site / "_site" / at(our_posts()[0])[1:]) == []
    assert "Enishi was not found" in run(site, "jekyll", "build", expected=1, **gems, CI="true")
    with (site / "_config.yml").open("a", encoding="utf-8") as file:
        file.write("enishi: {command: [enishi, --no-such-option]}\n")
    said = run(site, "jekyll", "build", expected=1, **gems, CI="true")
    assert "No such option" in said


def test_a_save_while_it_serves_is_one_build(ours: Path, tmp_path: Path, gems: Mapping[str, str]) -> None:
    site = shutil.copytree(ours, tmp_path / "site", ignore=shutil.ignore_patterns(".enishi", "_site"))
    path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
    log = tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["jekyll", "build", "--watch"],  # what `jekyll serve` does, but for the server
            cwd=site,
            env={**os.environ, **gems, "PATH": path, "CI": "", "LANG": "C.UTF-8"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(lambda: "Auto-regeneration: enabled" in log.read_text("utf-8", "replace"))
        time.sleep(0.5)  # its listener is started after it says so
        post = site / "_posts" / "2024-05-01-cold-tea.md"
        post.write_text(post.read_text("utf-8").replace("Cold tea", "Iced tea", 1), "utf-8")
        other = site / "_site" / at(our_posts()[1])[1:]
        _wait(lambda: "Iced tea" in other.read_text("utf-8"))
        time.sleep(2)
    finally:
        server.kill()
        server.wait()
    said = log.read_text("utf-8", "replace")
    assert said.count("Regenerating:") == 1, said


def _wait(condition: object) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if condition():  # type: ignore[operator]
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("not so for 30 seconds")


@needs_shared
def test_real_posts_as_init_sets_the_site_up(tmp_path: Path, gems: Mapping[str, str]) -> None:
    entries = real_posts("efcl")
    site = blank_site(tmp_path, entries, "ja")
    setup = setup_of(site)
    assert (setup.installs, setup.run, setup.public) == (("gem install jekyll-enishi",), ("jekyll build",), "_site")
    assert [edit.path for edit in setup.edits] == ["_config.yml"]
    write_setup(site, setup)
    again = setup_of(site)
    assert (again.installs, again.edits, again.by_hand) == ((), (), ())
    run(site, "jekyll", "build", **gems)
    assert check_lists(site / "_site", [at(entry) for entry in entries]) >= 3 * len(entries)
    run(site, "enishi", "verify", "_site")


# -- without the gem -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, ours: Path) -> Path:
    """The same blog in Jekyll's safe mode, without plugins, set up by `enishi init`."""
    site = tmp_path_factory.mktemp("plain") / "site"
    shutil.copytree(ours, site, ignore=shutil.ignore_patterns(".enishi", "_site"))
    config = (site / "_config.yml").read_text("utf-8")
    (site / "_config.yml").write_text(config.replace("plugins: [jekyll-enishi]\n", "safe: true\n"), "utf-8")
    setup = setup_of(site)
    write_setup(site, setup)
    assert setup.by_hand == ()
    assert setup_of(site).edits == ()
    with (site / "enishi.toml").open("a", encoding="utf-8") as file:
        file.writelines(f'{name} = "{value}"\n' for name, value in setup.settings.items())
    for command in setup.run:
        run(site, *command.split())
    return site


def setup_of(site: Path) -> Setup:
    found, _ = detect_site(site)
    return found.generator.setup(found)


def write_setup(site: Path, setup: Setup) -> None:
    for edit in setup.edits:
        (site / edit.path).parent.mkdir(parents=True, exist_ok=True)
        (site / edit.path).write_text(edit.text, "utf-8")


def test_the_include_shows_the_same_lists(plain: Path, ours: Path) -> None:
    check_lists(plain / "_site", [at(entry, "/blog/") for entry in our_posts()], base="/blog/")
    assert not (plain / "_site" / "enishi.toml").exists()
    for entry in our_posts():
        (shown,) = lists_on(plain / "_site" / at(entry)[1:])
        (finished,) = lists_on(ours / "_site" / at(entry)[1:])
        assert shown.text.split() == finished.text.split()
        assert (shown.links, shown.tags) == (finished.links, finished.tags)
        assert 'href="/blog/assets/enishi.css"' in text_of(plain / "_site", entry)


def test_the_page_says_what_init_writes_without_the_gem(plain: Path) -> None:
    for name, text in recipe(PAGE, "Without the gem").files.items():
        words = "exclude:\n  - enishi.toml" if name == "_config.yml" else text.strip()
        assert words in (plain / name).read_text("utf-8")
    (line,) = re.findall(r"```liquid\n(.*)\n```", PAGE.read_text("utf-8").partition("## Without the gem")[2])
    assert line in (plain / "_layouts" / "post.html").read_text("utf-8")


# -- what init does, and what is guessed without a generator ----------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('gem "jekyll"\n', 'gem "jekyll"\ngem "jekyll-enishi", group: :jekyll_plugins\n'),
        (
            'gem "jekyll"\ngroup :jekyll_plugins do\n  gem "jekyll-feed"\nend\n',
            'gem "jekyll"\ngroup :jekyll_plugins do\n  gem "jekyll-enishi"\n  gem "jekyll-feed"\nend\n',
        ),
    ],
)
def test_init_adds_to_a_gemfile(before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("title: T\n", "utf-8")
    (tmp_path / "Gemfile").write_text(before, "utf-8")
    write_yaml(tmp_path / "_posts" / "2024-05-06-a.md", our_posts()[0])
    setup = setup_of(tmp_path)
    assert [(edit.path, edit.text) for edit in setup.edits] == [("Gemfile", after)]
    assert (setup.installs, setup.run) == ((), ("bundle install", "bundle exec jekyll build"))
    write_setup(tmp_path, setup)
    assert setup_of(tmp_path).edits == ()


def test_guesses_follow_jekyll(tmp_path: Path, gems: Mapping[str, str]) -> None:
    site = blank_site(tmp_path, ())
    names = ["a--b", "a b", "a_b", "A.b", "-a-", "日本語 の 記事", "Ünï", "e\u0301tude", "it's", "a&b", "x+y=z"]
    names += ["100%", "a,b", "a…b"]
    (site / "_posts").mkdir(exist_ok=True)
    for name in names:
        (site / "_posts" / f"2024-05-06-{name}.md").write_text(
            f"---\ntitle: T\ncategories: [Web Dev, my_cat, C++]\n---\nWords about {name}\n", "utf-8"
        )
    (site / "_posts" / "README.md").write_text("---\ntitle: no post\n---\n", "utf-8")
    (site / "News" / "of the day" / "_posts" / "more").mkdir(parents=True)
    for folder in (site / "News" / "of the day" / "_posts", site / "News" / "of the day" / "_posts" / "more"):
        (folder / "2024-05-07-c.md").write_text("---\ntitle: C\ncategories: x\n---\nWords\n", "utf-8")
    with (site / "_config.yml").open("a", encoding="utf-8") as file:
        file.write("plugins: [jekyll-enishi]\n")
    run(site, "jekyll", "build", **gems)
    told = json.loads((site / ".enishi" / "addresses.json").read_text("utf-8"))["posts"]
    assert {path: unquote(one["url"]) for path, one in told.items()} == {
        path: unquote(one["guess"]) for path, one in told.items()
    }
    assert len(told) == len(names) + 2
    assert "_posts/README.md" not in json.loads((site / ".enishi" / "related.json").read_text("utf-8"))["posts"]


_AS_RUBY = {"%Y": "2024", "%m": "05", "%d": "06", "%-m": "5", "%-d": "6"}


def test_the_include_has_our_labels() -> None:
    rows = INCLUDE.read_text("utf-8").partition("enishi_rows -%}\n")[2].partition("{%-")[0]
    for row in rows.replace("\n", "").split(";")[:-1]:
        code, name, *words = row.split("|")
        expected = labels_for(code)
        assert name == own_name(code)
        assert words[:-1] == [expected[label] for label in LABEL_NAMES[:-1]]
        date = written_date("2024-05-06", expected["date"])
        assert re.sub("%-?[Ymd]", lambda part: _AS_RUBY[part[0]], words[-1]) == date
    codes = re.findall(r"(?m)^([a-z-]+)\|", rows)
    assert codes[0] == "en"
    assert all(label_language(code) == code for code in codes)
