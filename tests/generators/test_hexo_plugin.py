"""hexo-enishi in the real Hexo, `hexo generate` and what else comes to an end."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from dom import Element, dom
from enishi.writing.render import templates_folder
from hexo_site import MODULES, REAL, STUB, HexoSite, link_packages, make_site, needs_site
from npm_packages import PACKAGES, PLUGINS, tarball, unpacked

pytestmark = needs_site


@pytest.fixture(params=[8, 7], ids=["hexo8", "hexo7"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> HexoSite:
    """Three posts: a and b have a tag in common, c stands alone."""
    made = make_site(tmp_path / "site", request.param)
    return with_posts(made)


@pytest.fixture
def site8(tmp_path: Path) -> HexoSite:
    return with_posts(make_site(tmp_path / "site"))


def with_posts(site: HexoSite) -> HexoSite:
    site.post("a", "First", tags=["x", "y"])
    site.post("b", "Second", tags=["x"])
    site.post("c", "Third", tags=["z"])
    return site


def show_related(site: HexoSite) -> None:
    """Let the theme print what the helper gives it."""
    fields = "r.post.title, r.url, r.score, r.kind, r.shared_tags, typeof r.post.permalink"
    script = (
        f'<script type="application/json"><%- JSON.stringify(enishi_related(page).map(r => [{fields}])) %></script>'
    )
    site.write("themes/plain/layout/post.ejs", f"<main><%- page.content %></main>{script}<%- enishi_partial(page) %>")


def related_of(page: str) -> Any:
    match = re.search(r'<script type="application/json">(.*?)</script>', page)
    assert match, page
    return json.loads(match[1])


def list_on(page: str) -> Element:
    """The list of related posts on a page."""
    match = re.search(r'<nav class="enishi-related".*?</nav>', page, re.DOTALL)
    assert match, page
    return dom(match[0]).one("nav")


# -- in the theme ----------------------------------------------------------------------------------------------------


def test_helpers_give_a_theme_posts_and_html(site: HexoSite) -> None:
    show_related(site)
    done = site.hexo("generate")
    assert done.code == 0, done.output
    assert done.warnings == []
    page = site.page("2024/02/03/a")
    assert related_of(page) == [["Second", "/2024/02/03/b/", 0.5, "similar", ["x"], "string"]]
    assert '<nav class="enishi-related"><li><a href="/2024/02/03/b/">Second</a>' in page
    assert related_of(site.page("2024/02/03/c")) == []


def test_nothing_is_made_again_when_nothing_changed(site: HexoSite) -> None:
    site.plugin(inject=True)
    assert len(site.hexo("generate").generated) == 5  # three posts, the front page, the stylesheet
    again = site.hexo("generate", "--debug")
    assert again.generated == []
    assert "Rendering post" not in again.output


def test_an_old_post_lists_a_new_one_without_clean(site: HexoSite) -> None:
    site.plugin(inject=True)
    site.hexo("generate")
    site.post("d", "Fourth", tags=["z"])
    done = site.hexo("generate")
    assert "2024/02/03/c/index.html" in done.generated
    assert "2024/02/03/a/index.html" not in done.generated
    assert "Fourth" in site.page("2024/02/03/c")
    assert "Third" in site.page("2024/02/03/d")


def test_a_post_that_was_removed_is_listed_no_more(site8: HexoSite) -> None:
    show_related(site8)
    site8.hexo("generate")
    (site8.root / "source/_posts/b.md").unlink()
    assert site8.hexo("generate").code == 0
    assert related_of(site8.page("2024/02/03/a")) == []


# -- without an edit of the theme ------------------------------------------------------------------------------------


def test_inject_puts_the_list_below_the_post_and_nowhere_else(site: HexoSite) -> None:
    site.plugin(inject=True)
    site.write("source/about/index.md", "---\ntitle: About\n---\nNo post.\n")
    assert site.hexo("generate").code == 0
    page = site.page("2024/02/03/a")
    assert page.count("enishi-related") == 1
    assert page.index("About First.") < page.index("enishi-related") < page.index("</main>")
    assert "enishi-related" not in site.page("")
    assert "enishi-related" not in site.page("about")
    assert "enishi-related" not in (site.root / "db.json").read_text("utf-8")


def test_the_list_is_no_chapter_of_the_post(site: HexoSite) -> None:
    """Themes make a table of contents of the headings that they find in the content."""
    site.plugin(inject=True, command=REAL)
    site.config["enishi"]["related"] = {"min_score": -1}
    site.configure()
    site.post("a", "First", text="## A chapter\n\nIts text.\n")
    site.write("themes/plain/layout/post.ejs", "<%- toc(page.content) %><main><%- page.content %></main>")
    site.hexo("generate")
    page = site.page("2024/02/03/a")
    assert page[: page.index("<main>")].count("toc-item") == 1
    assert re.search(r'<div role="heading" aria-level="2" class="enishi-heading" id="[^"]+">Related posts</div>', page)


def test_a_list_of_the_theme_is_named(site8: HexoSite) -> None:
    site8.plugin(inject=True)
    site8.write("themes/plain/_config.yml", "related_post: {enable: true}\n")
    assert "`related_post: {enable: false}` in its settings" in site8.hexo("generate").output
    site8.configure(theme_config={"related_post": {"enable": False}})
    assert "of its own" not in site8.hexo("generate").output


def test_without_inject_no_page_changes(site8: HexoSite) -> None:
    site8.hexo("generate")
    assert "enishi" not in site8.page("2024/02/03/a")
    assert not (site8.root / "public/css/enishi.css").exists()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"inject": True}, True), ({"stylesheet": True}, True), ({"inject": True, "stylesheet": False}, False)],
)
def test_stylesheet(site8: HexoSite, settings: dict[str, Any], expected: bool) -> None:
    site8.plugin(**settings)
    site8.configure(root="/blog/")
    site8.hexo("generate")
    assert ('<link rel="stylesheet" href="/blog/css/enishi.css">' in site8.page("2024/02/03/a")) is expected
    assert (site8.root / "public/css/enishi.css").exists() is expected


def test_the_packages_stylesheet_is_the_one_of_the_templates() -> None:
    assert filecmp.cmp(unpacked("hexo-enishi") / "shared/enishi.css", templates_folder() / "enishi.css", shallow=False)


# -- what Hexo says of its posts -------------------------------------------------------------------------------------


def test_hexos_own_list_is_handed_over(site: HexoSite) -> None:
    site.configure(root="/blog/", timezone="Asia/Tokyo", future=False)
    site.post("a", "First", date="2024-02-03 00:00:00", tags=["x"], categories=[["Tools", "Web"], "News"], lang="ja")
    site.post("b", "Second", published=False)
    site.post("c", "Third", date="2999-01-01")
    site.post("sub/記事 1", "“Quotes” & <b>", permalink="odd/ü/")
    site.write("source/_drafts/d.md", "---\ntitle: Draft\n---\nNot yet.\n")
    site.hexo("generate")
    (posts,) = site.manifests
    assert posts == [
        {
            "source": "source/_posts/a.md",
            # Hexo makes the address in the time zone of the process, here UTC, and shows the date in the site's.
            "url": "/blog/2024/02/02/a/",
            "title": "First",
            "date": "2024-02-03T00:00:00+09:00",
            "tags": ["x"],
            "categories": [["News"], ["Tools", "Web"]],
            "published": True,
            "lang": "ja",
        },
        {
            "source": "source/_posts/sub/記事 1.md",
            "url": "/blog/odd/%C3%BC/",
            "title": "“Quotes” & <b>",
            "date": "2024-02-03T12:00:00+09:00",
            "tags": [],
            "categories": [],
            "published": True,
        },
    ]


def test_the_day_of_the_checkout_is_no_date(site8: HexoSite) -> None:
    site8.write("source/_posts/undated.md", "---\ntitle: Undated\n---\nWhen?\n")
    site8.hexo("generate")
    undated = next(post for post in site8.manifests[0] if post["title"] == "Undated")
    assert "date" not in undated


def test_reading_a_date_does_not_move_an_address(site8: HexoSite) -> None:
    """Hexo's date helper shifts the very date that it is given, and addresses are made from it."""
    site8.configure(timezone="Asia/Tokyo")
    site8.post("a", "First", date="2024-02-03 00:00:00")
    site8.hexo("generate")
    assert (site8.root / "public/2024/02/02/a/index.html").exists()


def test_addresses_are_whole_where_the_site_has_relative_links(site8: HexoSite) -> None:
    site8.configure(relative_link=True)
    show_related(site8)
    site8.hexo("generate")
    assert site8.manifests[0][0]["url"].startswith("/2024/")
    assert related_of(site8.page("2024/02/03/a"))[0][1] == "../b/"


def test_the_source_folder_may_have_another_name(site8: HexoSite) -> None:
    """Keys begin with it, in related.json as in Hexo."""
    (site8.root / "source").rename(site8.root / "content")
    site8.configure(source_dir="content")
    site8.plugin(command=REAL, inject=True)
    site8.config["enishi"]["related"] = {"min_score": -1}
    site8.configure()
    assert site8.hexo("generate").code == 0
    assert "enishi-related" in site8.page("2024/02/03/a")


# -- when it goes wrong ----------------------------------------------------------------------------------------------


def test_a_missing_command_is_one_warning(site: HexoSite) -> None:
    site.plugin(command=["no-such-enishi"], inject=True)
    done = site.hexo("generate")
    assert done.code == 0
    assert len(done.warnings) == 1
    assert "`no-such-enishi`" in done.warnings[0]
    assert "enishi-related" not in site.page("2024/02/03/a")


def test_a_failing_command_is_one_warning_and_the_last_lists_stay(site: HexoSite) -> None:
    site.plugin(inject=True)
    site.hexo("generate")
    site.stub(exit=2)
    site.post("d", "Fourth", tags=["z"])
    done = site.hexo("generate")
    assert done.code == 0
    assert len(done.warnings) == 1
    assert "failed with exit code 2" in done.output
    assert "the stub fails, as it was told to" in done.output
    assert "Second" in site.page("2024/02/03/a")
    assert "enishi-related" not in site.page("2024/02/03/d")


AS_POSTS_ARE_READ = """
const { existsSync } = require('fs');
hexo.extend.filter.register('before_generate', async () => {
  for (let tries = 0; !existsSync('%s'); tries++) {
    if (tries > 1000) throw new Error('Enishi was not started while Hexo read posts');
    await new Promise(fulfil => setTimeout(fulfil, 20));
  }
  %s
}, 0);
"""


def test_enishi_begins_while_hexo_reads_posts(site: HexoSite) -> None:
    begun, log = site.root / "begun", site.root / "log"
    site.plugin(inject=True)
    site.stub(begun=os.fspath(begun), log=os.fspath(log))
    site.write("scripts/begun.js", AS_POSTS_ARE_READ % (begun, ""))
    done = site.hexo("generate")
    assert done.code == 0, done.output
    assert "enishi-related" in site.page("2024/02/03/a")
    assert len(log.read_text("utf-8").splitlines()) == 1


def test_a_hexo_that_fails_waits_for_nothing(site: HexoSite) -> None:
    begun = site.root / "begun"
    site.stub(begun=os.fspath(begun))
    site.write("scripts/begun.js", AS_POSTS_ARE_READ % (begun, "throw new Error('no pages today');"))
    assert "no pages today" in site.hexo("generate").output


def test_strict_stops_the_build(site: HexoSite) -> None:
    site.plugin(strict=True)
    site.stub(exit=2)
    done = site.hexo("generate")
    assert done.code == 2
    assert "the stub fails, as it was told to" in done.output
    assert not (site.root / "public/2024").exists()


@pytest.mark.parametrize("command", [["no-such-enishi"], STUB])
def test_in_ci_a_build_without_lists_fails_and_says_why(site8: HexoSite, command: list[str]) -> None:
    site8.plugin(command=command)
    site8.stub(exit=2)
    site8.environment["CI"] = "true"
    done = site8.hexo("generate")
    assert done.code == 2
    assert "As CI is set, this ends the build" in done.output
    assert not (site8.root / "public/2024").exists()
    site8.plugin(strict=False)
    assert site8.hexo("generate").code == 0


@pytest.mark.parametrize("text", ["{", '{"version": 99, "posts": {}}', "[]"])
def test_a_result_that_cannot_be_read_is_a_warning(site8: HexoSite, text: str) -> None:
    site8.write(".enishi/related.json", text)
    site8.stub(exit=3)
    done = site8.hexo("generate")
    assert done.code == 0
    assert len(done.warnings) == 2


def test_a_command_that_does_nothing_is_a_warning(site8: HexoSite) -> None:
    site8.plugin(command=["node", "--eval", "0", "--"])
    done = site8.hexo("generate")
    assert done.code == 0
    assert "without a result" in done.warnings[0]


def test_a_name_of_a_fragment_cannot_lead_elsewhere(site8: HexoSite) -> None:
    site8.plugin(inject=True)
    site8.hexo("generate")
    file = site8.root / ".enishi/related.json"
    result = json.loads(file.read_text("utf-8"))
    for post in result["posts"].values():
        post["partial"] = "../../_config.yml"
    file.write_text(json.dumps(result), "utf-8")
    site8.stub(exit=1)
    site8.hexo("generate")
    assert "https://example.com" not in site8.page("2024/02/03/a")


def test_wrong_settings_are_named(site8: HexoSite) -> None:
    site8.plugin(injct=True, strict="yes", command=7)
    done = site8.hexo("generate")
    assert "`enishi.hexo.injct`" in done.output
    assert "`enishi.hexo.strict` has to be true or false" in done.output
    assert "`enishi.hexo.command` has to be" in done.output


def test_only_what_makes_pages_runs_it(site8: HexoSite) -> None:
    assert site8.hexo("list", "post").code == 0
    assert site8.manifests == []
    site8.hexo("gen")
    assert len(site8.manifests) == 1


# -- how the command is found ----------------------------------------------------------------------------------------


def commands_on_path(folder: Path, names: dict[str, str]) -> str:
    """A PATH with node and these shell scripts, and nothing else."""
    folder.mkdir()
    for name, script in {"node": f'exec "{shutil.which("node")}" "$@"', **names}.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return os.fspath(folder)


@pytest.mark.skipif(os.name == "nt", reason="shell scripts")
@pytest.mark.parametrize(
    "names",
    [
        {"enishi": 'exec "{python}" "{stub}" "$@"', "python3": "exit 9"},
        {"python3": 'shift 2; exec "{python}" "{stub}" "$@"'},
        {
            "python3": 'echo "/usr/bin/python3: No module named enishi" >&2; exit 1',
            "python": 'shift 2; exec "{python}" "{stub}" "$@"',
        },
    ],
    ids=["enishi", "python3", "python"],
)
def test_the_usual_commands_are_tried_in_turn(tmp_path: Path, site8: HexoSite, names: dict[str, str]) -> None:
    del site8.config["enishi"]["hexo"]["command"]
    site8.plugin(inject=True)
    scripts = {name: script.format(python=STUB[0], stub=STUB[1]) for name, script in names.items()}
    site8.environment["PATH"] = commands_on_path(tmp_path / "bin", scripts)
    done = site8.hexo("generate")
    assert done.warnings == []
    assert "Second" in site8.page("2024/02/03/a")


def test_without_python_it_says_how_to_get_enishi(tmp_path: Path, site8: HexoSite) -> None:
    del site8.config["enishi"]["hexo"]["command"]
    site8.configure()
    site8.environment["PATH"] = commands_on_path(tmp_path / "bin", {})
    done = site8.hexo("generate")
    assert len(done.warnings) == 1
    assert "pipx install enishi" in done.warnings[0]


def test_a_command_may_be_text_and_a_path_from_the_site(site8: HexoSite) -> None:
    site8.write("tools/enishi", f'#!/bin/sh\nexec "{STUB[0]}" "{STUB[1]}" "$@"\n').chmod(0o755)
    site8.plugin(command="tools/enishi", inject=True)
    assert site8.hexo("generate").warnings == []
    assert "Second" in site8.page("2024/02/03/a")


@pytest.mark.skipif(os.name == "nt", reason="shell scripts")
def test_without_an_installation_uvx_is_told_and_run(tmp_path: Path, site8: HexoSite) -> None:
    del site8.config["enishi"]["hexo"]["command"]
    site8.plugin(inject=True)
    script = f'echo "$1" > "{tmp_path}/asked"; shift; exec "{STUB[0]}" "{STUB[1]}" "$@"'
    site8.environment["PATH"] = commands_on_path(tmp_path / "bin", {"uvx": script})
    done = site8.hexo("generate")
    version = json.loads((PLUGINS / "hexo-enishi/package.json").read_text("utf-8"))["version"]
    assert (tmp_path / "asked").read_text() == f"enishi@{version}\n"
    assert f"Enishi is not installed here; `uvx enishi@{version}` is run instead" in done.output
    assert done.warnings == []
    assert "Second" in site8.page("2024/02/03/a")


@pytest.mark.skipif(os.name == "nt", reason="shell scripts")
def test_if_uvx_fails_it_says_how_to_get_enishi(tmp_path: Path, site8: HexoSite) -> None:
    del site8.config["enishi"]["hexo"]["command"]
    site8.configure()
    site8.environment["PATH"] = commands_on_path(tmp_path / "bin", {"uvx": "echo no network >&2; exit 1"})
    done = site8.hexo("generate")
    assert len(done.warnings) == 1
    assert "no network" in done.output
    assert "pipx install enishi" in done.output


# -- the template that Hexo shares with Jinja -------------------------------------------------------------------------


def test_the_jinja_template_is_a_partial_of_a_hexo_theme(site: HexoSite) -> None:
    shutil.copy(templates_folder() / "related.html.j2", site.root / "themes/plain/layout/related.j2")
    site.write(
        "themes/plain/layout/post.ejs",
        "<main><%- page.content %></main><%- partial('related', {related: enishi_related(page), heading: 'Next'}) %>",
    )
    site.post("b", "<Second> & 次", tags=["x"], lang="ja")
    assert site.hexo("generate").code == 0
    related = list_on(site.page("2024/02/03/a"))
    link = related.one("a")
    assert (link.text, link.attributes["href"], link.attributes["hreflang"]) == (
        "<Second> & 次",
        "/2024/02/03/b/",
        "ja",
    )
    assert "日本語" in related.text
    assert "Shared tags: x" in related.text


# -- with the real Enishi ---------------------------------------------------------------------------------------------

TEXTS = {
    "wal": (
        "SQLite and its write-ahead log",
        "The write-ahead log of SQLite lets readers go on while a writer writes.",
    ),
    "checkpoint": ("When SQLite checkpoints", "SQLite copies the write-ahead log back at a checkpoint; readers wait."),
    "hojicha": ("Roasting tea", "Green tea leaves turn brown in the frying pan and smell of caramel."),
    "sencha": ("Cold tea", "Cold water draws sweetness from green tea leaves; leave the leaves for a night."),
}


def test_from_the_beginning_with_the_default_packages(tmp_path: Path) -> None:
    """README's three lines, on a blog as `hexo init` makes it, theme and all."""
    site = HexoSite(tmp_path / "blog")
    starter = MODULES / "hexo-cli" / "assets"
    shutil.copytree(starter, site.root)
    packages = [
        path.name for path in MODULES.glob("hexo-*") if re.match(r"hexo-(generator|renderer|theme|server)", path.name)
    ]
    package: dict[str, Any] = {
        "private": True,
        "hexo": {"version": ""},
        "dependencies": dict.fromkeys(["hexo", *packages], "*"),
    }
    site.write("package.json", json.dumps(package))
    link_packages(site.root, ["hexo", *packages])
    for name, (title, text) in TEXTS.items():
        site.post(name, title, text=text)
    before = site.hexo("generate")
    assert before.code == 0, before.output

    package["dependencies"]["hexo-enishi"] = "file:elsewhere"  # what `npm install PLUGIN` does
    site.write("package.json", json.dumps(package))
    link_packages(site.root, ["hexo-enishi"])
    with (site.root / "_config.yml").open("a", encoding="utf-8") as config:
        config.write(f"\nenishi: {{hexo: {{inject: true, command: {json.dumps(REAL)}}}}}\n")
    after = site.hexo("generate")
    assert after.code == 0, after.output
    assert after.warnings == []
    assert list_on(site.page("2024/02/03/wal")).all("a")[0].text == "When SQLite checkpoints"
    assert 'href="/css/enishi.css"' in site.page("2024/02/03/wal")
    assert site.hexo("generate").generated == []


def test_links_of_the_real_lists_lead_to_pages_in_any_time_zone(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", command=REAL, root="/blog/", timezone="Asia/Tokyo")
    site.plugin(inject=True)
    for name, (title, text) in TEXTS.items():
        site.post(name, title, date="2024-02-03 00:30:00", text=text)
    for zone, day in (("UTC", "2024/02/02"), ("Asia/Tokyo", "2024/02/03")):
        site.environment["TZ"] = zone
        site.hexo("clean")
        assert site.hexo("generate").code == 0
        related = list_on(site.page(f"{day}/wal"))
        links = [str(link.attributes["href"]) for link in related.all("a")]
        assert links[0] == f"/blog/{day}/checkpoint/"
        assert {time.attributes["datetime"] for time in related.all("time")} == {"2024-02-03"}
        assert all((site.root / "public" / link.removeprefix("/blog/") / "index.html").exists() for link in links)


def test_drafts_are_seen_by_their_author_only(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", command=REAL)
    site.plugin(inject=True)
    for name, (title, text) in TEXTS.items():
        site.post(name, title, text=text)
    draft = site.post(
        "draft", "A log of SQLite's log", text=TEXTS["wal"][1] + " At the next checkpoint readers see it."
    )
    (site.root / "source/_drafts").mkdir()
    draft.rename(site.root / "source/_drafts/draft.md")
    site.hexo("generate", "--draft")
    assert "enishi-related" in site.page("2024/02/03/draft")
    assert "SQLite's log" not in site.page("2024/02/03/wal")
    assert "SQLite&#39;s log" not in site.page("2024/02/03/wal")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_whole_and_holds_no_more(name: str) -> None:
    with tarfile.open(tarball(name)) as archive:
        names = {Path(member.name).relative_to("package") for member in archive}
    listed = json.loads((PLUGINS / name / "package.json").read_text("utf-8"))
    ours = {path.name for path in (PLUGINS / "npm-shared").iterdir()} - {"copy.js"}
    assert "dependencies" not in listed
    assert {path.name for path in names if path.parts[0] == "shared"} == ours | {"enishi.css"}
    kept = {Path(file).parts[0] for file in listed["files"]} | {"LICENSE", "README.md", "package.json"}
    assert {path.parts[0] for path in names} == kept
