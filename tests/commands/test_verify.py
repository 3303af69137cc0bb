"""`enishi verify`: what is wrong with a finished site is found, and a healthy one is never called broken."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi import cli
from enishi.commands.ask import NoBuildError, written_posts
from enishi.commands.verify.pages import FinishedSite, links_on, read_page, title_key, without_tags
from enishi.commands.verify.run import DEAD_LINK, NAMES_DRAFT, NO_LINKS, NO_LIST, TWO_LISTS, Verified, verify
from enishi.errors import SettingsError
from enishi.pipeline import build
from enishi.state import Request, open_cache, were_lists_seen

NOW = datetime(2024, 1, 1, tzinfo=UTC)
PAGE = """<!doctype html><html><head><title>{title} | A blog</title>
<link rel=stylesheet href="{base}style.css"></head>
<body><a href="{base}">Home</a><main><h1>{title}</h1><p>See <a href="/gone/">this</a></p>{list}</main></body></html>
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    posts = topic_posts(3, ("tea", "trains", "radio"))
    posts["quotes.md"] = post_text('"\'Tea\' leaves & pots -- a \\"story\\""', topic_text("tea", 9), day=9)
    posts["secret.md"] = post_text("A secret kettle", "tea kettle leaves steep cup pot", "published: false\n")
    site = write_blog(tmp_path_factory.mktemp("built") / "blog", posts)
    build(Request(site, now=NOW))
    return site


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "blog"))


Change = Callable[[str, Mapping[str, Any], str], tuple[str, str]]


def finish(
    site: Path,
    *,
    base: str = "/",
    change: Change = lambda _path, post, fragment: (post["url"], fragment),
    page: str = PAGE,
) -> Path:
    """The finished site: `change` says at which address a post is, and what its list is."""
    public, posts = site / "public", written_posts(site / ".enishi")
    (public / "style.css").parent.mkdir(parents=True, exist_ok=True)
    (public / "style.css").touch()
    files = {"": page.format(title="A blog", list="", base=base)}
    for path, post in posts.items():
        if "status" not in post:
            url, fragment = change(path, post, (site / ".enishi" / "partials" / post["partial"]).read_text("utf-8"))
            fragment = fragment.replace('href="/', f'href="{base}')
            files[url.strip("/") + "/"] = page.format(title=post["title"], list=fragment, base=base)
    for name, text in files.items():
        file = public / name / "index.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return public


def look(site: Path) -> Verified:
    return verify(Request(site), site / "public")


def codes(found: Verified) -> set[str]:
    return {problem.code for problem in found.problems}


def guess_addresses(site: Path) -> None:
    """The last build as it is where no generator has told addresses."""
    file = site / ".enishi" / "related.json"
    value = json.loads(file.read_text("utf-8"))
    for path, post in value["posts"].items():
        post |= {"url": f"/guessed/{path}/", "url_is": "guess"}
    file.write_text(json.dumps(value), encoding="utf-8")


# -- healthy sites -----------------------------------------------------------------------------------------------------


def test_a_healthy_site_has_nothing_wrong(site: Path) -> None:
    finish(site)
    found = look(site)
    assert found.is_right
    assert (found.posts, found.pages, found.lists) == (10, 10, 10)
    assert found.links > 10
    assert found.base == "/"
    with open_cache(site) as cache:
        assert were_lists_seen(cache)


def test_the_path_of_the_site_is_seen_in_its_pages(site: Path) -> None:
    finish(site, base="/my/blog/")
    found = look(site)
    assert found.base == "/my/blog/"
    assert (found.is_right, found.lists) == (True, 10)


def test_a_link_without_the_path_of_the_site_is_dead(site: Path) -> None:
    public = finish(site, base="/blog/")
    page = next(public.rglob("tea-0/index.html"))
    text = page.read_text("utf-8")
    page.write_text(text.replace('class="enishi-link" href="/blog/', 'class="enishi-link" href="/'), "utf-8")
    found = look(site)
    assert found.base == "/blog/"
    assert codes(found) == {DEAD_LINK}
    assert {problem.page for problem in found.problems} == {page.relative_to(public).as_posix()}


def test_pages_are_found_by_their_titles_where_addresses_are_guesses(site: Path) -> None:
    """Whatever a generator makes of quotes and dashes; a tag's page of the same name is not taken for a post's."""

    def elsewhere(path: str, _: Mapping[str, Any], fragment: str) -> tuple[str, str]:
        link = lambda found: f'href="/p/{found[1].removesuffix(".md")}/"'  # noqa: E731
        return f"p/{Path(path).stem}", re.sub(r'href="/guessed/source/_posts/([^"]+)/"', link, fragment)

    addresses = {post["url"]: path for path, post in written_posts(site / ".enishi").items()}
    guess_addresses(site)
    for partial in (site / ".enishi" / "partials").iterdir():
        text = partial.read_text("utf-8")
        for url, path in addresses.items():
            text = text.replace(f'href="{url}"', f'href="/guessed/{path}/"')
        partial.write_text(text, "utf-8")
    public = finish(site, change=elsewhere, page=PAGE.replace("{title}</h1>", "{title} <a>¶</a></h1>"))
    quotes = public / "p/quotes/index.html"
    quotes.write_text(quotes.read_text("utf-8").replace("--", "–").replace("'Tea'", "‘Tea’"), "utf-8")
    (public / "tags/tea").mkdir(parents=True)
    (public / "tags/tea/index.html").write_text("<title>Tea 0</title><h1>Tea 0</h1>", "utf-8")
    found = look(site)
    assert found.is_right, found.problems
    assert (found.pages, found.lists, found.not_found) == (10, 10, ())


def test_two_pages_that_may_be_the_post_are_not_judged(site: Path) -> None:
    guess_addresses(site)
    public = finish(site, change=lambda path, _post, _fragment: (f"a/{Path(path).stem}", ""))
    shutil.copytree(public / "a/tea-0", public / "b/tea-0")
    found = look(site)
    assert found.not_found == ("source/_posts/tea-0.md",)
    assert "source/_posts/tea-0.md" not in {problem.post for problem in found.problems}


def test_posts_that_share_a_page_are_not_judged(site: Path) -> None:
    """As posts without a title do where addresses are made of titles."""

    def collide(path: str, post: Mapping[str, Any], fragment: str) -> tuple[str, str]:
        return ("same" if "/tea-" in path else post["url"]), fragment.replace("/tea-0/", "/same/")

    file = site / ".enishi" / "related.json"
    file.write_text(re.sub(r"/2020/01/\d\d/tea-\d/", "/same/", file.read_text("utf-8")), "utf-8")
    for partial in (site / ".enishi" / "partials").iterdir():
        partial.write_text(re.sub(r"/2020/01/\d\d/tea-\d/", "/same/", partial.read_text("utf-8")), "utf-8")
    finish(site, change=collide)
    found = look(site)
    assert found.is_right, found.problems
    assert [Path(path).stem for path in found.not_found] == ["tea-0", "tea-1", "tea-2"]


def test_a_list_in_other_markup_counts(site: Path) -> None:
    def own(_path: str, post: Mapping[str, Any], _: str) -> tuple[str, str]:
        links = "".join(f"<p><a href='{entry['url']}'>x</a> <a href='/tags/x/'>x</a></p>" for entry in post["related"])
        return post["url"], links

    finish(site, change=own)
    found = look(site)
    assert found.is_own_markup
    assert (found.is_right, found.lists) == (True, 10)


def test_links_to_older_and_newer_posts_are_no_list(site: Path) -> None:
    """Even where they happen to be related."""

    def neighbours(path: str, post: Mapping[str, Any], _: str) -> tuple[str, str]:
        links = "".join(f"<a href='{entry['url']}'>x</a>" for entry in post["related"][:2])
        return post["url"], links if Path(path).stem in ("tea-0", "radio-1") else "<a href='/2020/01/01/tea-0/'>x</a>"

    finish(site, change=neighbours)
    found = look(site)
    assert (found.lists, found.is_own_markup, codes(found)) == (0, False, {NO_LIST})


@pytest.mark.parametrize(
    "minify",
    [
        lambda text: re.sub(r'(class|href)="([^"\s]+)"', r"\1=\2", text).replace("</li>", ""),
        lambda text: text.replace("<nav", "<NAV").replace("</nav", "</NAV"),
        lambda text: f"<script>const x = {json.dumps(text)}</script><!-- {text} -->{text}",
        lambda text: f'<div class="box enishi-related">{text}</div>',
    ],
)
def test_a_list_is_one_list_however_it_is_written(site: Path, minify: Callable[[str], str]) -> None:
    finish(site, change=lambda _path, post, fragment: (post["url"], minify(fragment)))
    found = look(site)
    assert (found.is_right, found.lists) == (True, 10)


def test_a_page_that_only_leads_on_is_no_post(site: Path) -> None:
    """An old address of a post, say; and a link to such a page is alive."""
    public = finish(site)
    (public / "old").mkdir()
    (public / "old/index.html").write_text(
        '<title>Tea 0</title><meta http-equiv="refresh" content="0; url=/">', "utf-8"
    )
    page = next(public.rglob("tea-1/index.html"))
    page.write_text(re.sub(r'(enishi-link" href=)"[^"]+"', r'\1"/old"', page.read_text("utf-8"), count=1), "utf-8")
    assert look(site).is_right


@pytest.mark.parametrize(
    ("files", "page", "link", "wanted"),
    [
        (["a.html"], "index.html", "/a", "a.html"),
        (["a.html"], "index.html", "a.html?x#y", "a.html"),
        (["a/index.html"], "b/c.html", "../a/", "a/index.html"),
        (["a/index.html"], "b/index.html", "https://blog.test/a", "a/index.html"),
        (["a/index.html"], "b/index.html", "https://other.test/b", ""),
        (["茶/é.html"], "index.html", "/%E8%8C%B6/e%CC%81.html", "茶/é.html"),
        (["a%20b.html"], "index.html", "/a%20b.html", "a%20b.html"),
        (["index.html"], "a/b.html", "/", "index.html"),
        (["a.html"], "index.html", "/b", None),
        (["a.html"], "index.html", "http://[", None),
    ],
)
def test_where_links_lead(files: list[str], page: str, link: str, wanted: str | None) -> None:
    site = FinishedSite(Path(), frozenset(files), {}, frozenset({"blog.test"}))
    assert site.target(read_page(page, ""), link) == wanted


@pytest.mark.parametrize(
    "part",
    [
        "<!--",
        "<script>",
        "<h1>",
        "<title>",
        "<a ",
        "<meta ",
        "enishi-related ",
        "<nav class=enishi-related>",
        "class='",
    ],
)
def test_a_page_of_things_that_do_not_end_is_read_in_one_pass(part: str) -> None:
    page = read_page("a.html", f"<title>A</title>{part * 50_000}")
    assert page.titles <= {"a"}
    assert links_on(part * 50_000) == []


# -- broken sites ------------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_named(site: Path) -> None:
    def broken(path: str, post: Mapping[str, Any], fragment: str) -> tuple[str, str]:
        changes = {
            "tea-0": "",
            "tea-1": fragment * 2,
            "tea-2": fragment.replace('href="/', 'href="/nowhere/', 1),
            "radio-0": re.sub(r'href="[^"]+"', 'href="/2020/01/01/secret/"', fragment, count=1),
            "radio-1": re.sub(r"</?a\b[^>]*>", "", fragment),
            "radio-2": re.sub(r'href="[^"]+"', 'href="#"', fragment, count=1),
            "trains-1": re.sub(r'href="[^"]+"', 'href="http://["', fragment, count=1),
        }
        return post["url"], changes.get(Path(path).stem, fragment)

    public = finish(site, change=broken)
    found = look(site)
    assert {(problem.code, Path(problem.post).stem) for problem in found.problems} == {
        (NO_LIST, "tea-0"),
        (TWO_LISTS, "tea-1"),
        (DEAD_LINK, "tea-2"),
        (NAMES_DRAFT, "radio-0"),
        (NO_LINKS, "radio-1"),
        (DEAD_LINK, "radio-2"),
        (DEAD_LINK, "trains-1"),
    }
    assert found.lists == 9
    shutil.rmtree(next(public.rglob("trains-0")))
    assert "source/_posts/trains-0.md" in look(site).not_found


def test_a_draft_that_has_a_page_is_known_by_its_title(site: Path) -> None:
    public = finish(site, change=lambda _p, post, list_: (post["url"], re.sub('href="/[^"]+', 'href="/x/', list_)))
    (public / "x").mkdir()
    (public / "x/index.html").write_text("<h1>A secret kettle</h1>", "utf-8")
    assert codes(look(site)) == {NAMES_DRAFT}


def test_a_list_of_the_theme_is_named(site: Path) -> None:
    finish(site, page=PAGE.replace("</main>", '</main><div class="box relatedPosts">x</div>'))
    found = look(site)
    assert found.is_right
    assert found.of_theme == ("relatedPosts", 10)


def test_without_any_list_it_says_how_they_come(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from enishi.generators.hexo import Hexo

    monkeypatch.setattr(Hexo, "shown_by", "npm install hexo-enishi")
    finish(site, change=lambda _path, post, _fragment: (post["url"], ""))
    assert cli.main(["verify", "--site", str(site), str(site / "public")]) == 1
    assert "npm install hexo-enishi" in capsys.readouterr().out
    with open_cache(site) as cache:
        assert not were_lists_seen(cache)


def test_a_build_says_how_lists_are_shown_until_they_were_seen(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from enishi.generators.hexo import Hexo

    monkeypatch.setattr(Hexo, "shown_by", "npm install hexo-enishi")
    finish(site)

    def last_line() -> str:
        assert cli.main(["build", str(site)]) == 0
        return capsys.readouterr().out.strip().splitlines()[-1]

    assert "npm install hexo-enishi" in last_line()
    (site / "package.json").write_text('{"dependencies": {"hexo": "8", "hexo-enishi": "1"}}')
    with (site / "_config.yml").open("a") as settings:
        settings.write("\nenishi: {hexo: {inject: true}}\n")
    assert last_line() == "the site is set up to show the lists: npx hexo generate && enishi verify"
    look(site)
    assert "show the lists" not in last_line()


def test_what_cannot_be_looked_at_is_an_error(site: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no page"):
        verify(Request(site), tmp_path / "nothing")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/index.html").write_text("<h1>Another site</h1>", "utf-8")
    with pytest.raises(SettingsError, match="none of its 1 pages"):
        verify(Request(site), tmp_path / "other")
    with pytest.raises(NoBuildError):
        verify(Request(site, out=tmp_path / "out"), site)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_says_it_in_words_and_as_json(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finish(site)
    assert cli.main(["verify", "--site", str(site)]) == 0, "Hexo's own folder"
    assert "nothing is wrong" in capsys.readouterr().out
    finish(site, change=lambda _path, post, text: (post["url"], text.replace('href="/', 'href="/\x1b[31m/', 1)))
    assert cli.main(["verify", "--site", str(site)]) == 1
    said = capsys.readouterr().out
    assert "10 links to pages that are not there" in said
    assert "\x1b" not in said
    assert cli.main(["verify", "--site", str(site), "--json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert (value["version"], value["is_right"], value["lists"], len(value["problems"])) == (1, False, 10, 10)
    assert value["problems"][0].keys() == {"code", "page", "post", "link"}


def test_titles_are_compared_without_what_generators_change() -> None:
    assert title_key(without_tags("Don't <b>panic</b> &amp; run…")) == title_key("DON’T panic & run...")
    assert title_key("抹茶、") == "抹茶"
    assert title_key("¡!") == ""
