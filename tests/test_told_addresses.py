"""Addresses that the generator told once: they stay for later builds, for as long as they can be right."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog import files_below, topic_posts, write_blog
from enishi.commands.check.untrusted import guarded_request
from enishi.commands.watch.live_blog import LiveBlog
from enishi.console.terminal import print_build
from enishi.pipeline import BuildReport, build
from enishi.reading.addresses import safe_link
from enishi.reading.told_addresses import ToldAddress, read_told
from enishi.state import ADDRESSES_NAME, Request
from enishi.text.plural import ago
from enishi.writing.render import partial_name
from repository import git, repository

NOW = datetime(2024, 1, 1, tzinfo=UTC)
FIRST = "source/_posts/tea-0.md"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(2), "related.min_score = -1")


def run(site: Path, manifest: str | None = None, **more: Any) -> BuildReport:
    return build(Request(site, now=NOW, manifest=manifest, **more))


def posts_of(site: Path) -> dict[str, Any]:
    return dict(json.loads((site / ".enishi/related.json").read_bytes())["posts"])


def addresses(site: Path) -> dict[str, str]:
    return {path: post["url"] for path, post in posts_of(site).items()}


def guesses(site: Path) -> set[str]:
    return {path for path, post in posts_of(site).items() if post.get("url_is") == "guess"}


def manifest_of(site: Path, *, without: str = "", **fields: Any) -> str:
    """What a generator would hand over: every post, below /told/."""
    names = sorted(path.name for path in (site / "source/_posts").iterdir())
    entries = [{"source": f"_posts/{name}", "url": f"/told/{name[:-3]}/", **fields} for name in names]
    return json.dumps([entry for entry in entries if without not in (entry["source"], entry["url"])])


def told(site: Path) -> Path:
    return site / ".enishi" / ADDRESSES_NAME


def test_without_a_generator_every_address_is_a_guess(site: Path) -> None:
    report = run(site)
    assert guesses(site) == set(posts_of(site))
    assert report.summary.guessed_addresses == len(posts_of(site))
    assert not told(site).exists()
    assert b'href="/2' in b"".join(files_below(site / ".enishi/partials").values())


def test_where_the_address_is_the_files_name_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "package.json").write_text('{"dependencies": {"zenn-cli": "0.5.2"}}')
    for name, text in topic_posts(2).items():
        (tmp_path / "articles" / name).write_text(text, "utf-8")
    assert run(tmp_path).summary.guessed_addresses == 0
    assert guesses(tmp_path) == set()
    assert all(addresses(tmp_path).values())


def test_a_later_build_keeps_the_addresses_and_nothing_else(site: Path) -> None:
    run(site, manifest_of(site, without=f"/told/{Path(FIRST).stem}/", title="The generator's", tags=["its own"]))
    assert posts_of(site)[FIRST]["status"] == "unpublished"
    report = run(site)
    posts = posts_of(site)
    assert all(url.startswith("/told/") for path, url in addresses(site).items() if path != FIRST)
    assert not any("status" in post or "its own" in str(post) or "The gen" in post["title"] for post in posts.values())
    assert guesses(site) == {FIRST}
    assert report.summary.guessed_addresses == 1
    assert report.told_at is not None
    assert run(site).told_at is not None, "also where nothing has changed"


def test_a_list_links_to_no_guess_once_addresses_were_told(site: Path) -> None:
    run(site, manifest_of(site, without=f"/told/{Path(FIRST).stem}/"))
    run(site)
    lists = {path: [one["path"] for one in post["related"]] for path, post in posts_of(site).items()}
    showing = next(path for path, listed in lists.items() if FIRST in listed)
    html = (site / ".enishi/partials" / partial_name(showing)).read_text("utf-8")
    assert html.count('class="enishi-entry"') == len(lists[showing])
    assert html.count("<a ") == html.count('href="/told/') == len(lists[showing]) - 1


def test_a_post_whose_guess_is_another_one_has_that(site: Path) -> None:
    """It was given another date, slug or place: the generator's address of it is another one, too."""
    manifest = manifest_of(site)
    run(site, manifest)
    file = site / FIRST
    file.write_text(file.read_text("utf-8").replace("date: 20", "date: 19"), "utf-8")
    (site / "source/_posts/new.md").write_text("---\ntitle: New\ndate: 2020-05-05\n---\ngreen tea\n", "utf-8")
    run(site)
    assert guesses(site) == {FIRST, "source/_posts/new.md"}
    assert addresses(site)[FIRST].startswith("/19")
    assert json.loads(told(site).read_bytes())["posts"][FIRST]["url"] == "/told/tea-0/", "no manifest, so it stays"


def test_the_cache_may_go_at_any_time(site: Path) -> None:
    run(site, manifest_of(site))
    run(site)
    before = (site / ".enishi/related.json").read_bytes()
    for file in (site / ".enishi").glob("cache.db*"):
        file.unlink()
    assert not run(site).is_unchanged
    assert (site / ".enishi/related.json").read_bytes() == before
    told(site).unlink()
    run(site)
    assert guesses(site) == set(posts_of(site))


def test_a_manifest_with_nothing_new_renews_the_age_and_brings_a_lost_file_back(site: Path) -> None:
    manifest = manifest_of(site)
    run(site, manifest)
    data = told(site).read_bytes()
    os.utime(told(site), (0, 0))
    assert run(site, manifest).is_unchanged
    assert told(site).stat().st_mtime > 0
    told(site).unlink()
    assert not run(site, manifest).is_unchanged
    assert told(site).read_bytes() == data
    assert b"told" in data
    assert str(site).encode() not in data


def test_a_watch_takes_them_as_a_build_does_and_sees_what_did_not_change(site: Path) -> None:
    run(site, manifest_of(site))
    live = LiveBlog(Request(site, now=NOW))
    live.read_changes()
    live.relate()
    live.tag()
    assert guesses(site) == set()
    file = site / FIRST
    file.write_text(file.read_text("utf-8") + "\nmore words about leaves\n", "utf-8")
    changes = live.read_changes()
    assert changes is not None
    assert changes.edited == (FIRST,), "the other posts are the same objects as before"


@pytest.mark.parametrize("how", ["tracked", "link", "check"])
def test_addresses_that_a_stranger_may_have_put_there_do_not_count(site: Path, tmp_path: Path, how: str) -> None:
    run(site)
    before = (site / ".enishi/related.json").read_bytes()
    evil = {FIRST: {"url": "https://evil.example/", "guess": addresses(site)[FIRST]}}
    data = json.dumps({"version": 1, "posts": evil}).encode()
    request = Request(site, now=NOW)
    if how == "link":
        (tmp_path / "elsewhere.json").write_bytes(data)
        told(site).symlink_to(tmp_path / "elsewhere.json")
    else:
        told(site).write_bytes(data)
    if how == "tracked":
        repository(site)
        git(site, "add", "-f", f".enishi/{ADDRESSES_NAME}")
    if how == "check":
        request, _ = guarded_request(request, None)
    build(request)
    assert (site / ".enishi/related.json").read_bytes() == before
    run(site, manifest_of(site))
    if how == "link":
        assert (tmp_path / "elsewhere.json").read_bytes() == data, "nothing is written through a link"
    if how == "tracked":
        assert told(site).read_bytes() == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2, "posts": {}}',
        b'{"version": 1, "posts": []}',
        b'{"version": 1, "posts": {"a": {"url": "/x/"}}}',
        b'{"version": 1, "posts": {"a": {"url": 1, "guess": "/a/"}}}',
        b'{"version": 1, "posts": {"a": {"url": "javascript:alert(1)", "guess": "/a/"}}}',
        b'{"version": 1, "posts": {"a": {"url": "//evil.example", "guess": "/a/"}}}',
        b"[" * 100_000,
    ],
)
def test_what_we_would_not_have_written_tells_nothing(data: bytes) -> None:
    assert read_told(data) == {}
    assert read_told(b'{"version": 1, "posts": {"a": {"url": "/x/", "guess": ""}}}') == {"a": ToldAddress("/x/", "")}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["version", "posts", "a", "url", "guess"]), inner),
)


@given(json_values | st.fixed_dictionaries({"version": st.just(1), "posts": json_values}))
def test_whatever_the_file_holds_an_address_is_one(value: object) -> None:
    for address in read_told(json.dumps(value).encode()).values():
        assert isinstance(address.guess, str)
        assert safe_link(address.url) == address.url


def test_the_summary_says_whose_the_addresses_are(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def summary(report: BuildReport) -> str:
        print_build(report, 0, verbose=False)
        return capsys.readouterr().out

    assert "addresses are guesses: only the generator knows them\n" in summary(run(site))
    with_data = summary(run(site, overrides=("data_file=source/_data/enishi.json",)))
    assert "addresses are guesses: templates find the page of each path themselves\n" in with_data
    assert re.search(r"source/_data/enishi\.json has \d+ kB, for the generator's templates\n", with_data)
    assert "address" not in summary(run(site, manifest_of(site)))
    two_hours_ago = datetime.now(UTC).timestamp() - 2 * 3600 - 5
    os.utime(told(site), (two_hours_ago, two_hours_ago))
    assert "addresses are those that the generator told 2 hours ago\n" in summary(run(site))
    run(site, manifest_of(site, without=f"/told/{Path(FIRST).stem}/"))
    assert "told just now; 1 address is a guess\n" in summary(run(site))
    entries = json.loads(manifest_of(site))
    del entries[0]["url"]
    assert "1 address is a guess, as the generator did not tell more\n" in summary(run(site, json.dumps(entries)))


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "just now"), (59, "just now"), (60, "1 minute ago"), (86_400 * 3, "3 days ago")]
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text
