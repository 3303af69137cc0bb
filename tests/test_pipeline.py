"""A whole build, from files to files: what is written, what is left alone, and what is refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blog import TOPICS, files_below, post_text, topic_posts, write_blog
from enishi import state
from enishi.errors import SettingsError
from enishi.pipeline import BuildReport, build
from enishi.state import Request
from enishi.writing.render import partial_name

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def run(site: Path, now: datetime = NOW, **more: object) -> BuildReport:
    return build(Request(site, now=now, **more))  # type: ignore[arg-type]


def written(folder: Path) -> dict[str, bytes]:
    return {name: value for name, value in files_below(folder).items() if not name.startswith("cache.db")}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(2))


def partial(site: Path, name: str) -> Path:
    return site / ".enishi/partials" / partial_name(f"source/_posts/{name}")


def test_an_unchanged_build_writes_nothing(site: Path) -> None:
    assert not run(site).is_unchanged
    times = {path: path.stat().st_mtime_ns for path in (site / ".enishi").rglob("*.[hj]*")}
    again = run(site)
    assert again.is_unchanged
    assert again.written.written == ()
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_posts_are_read_while_a_manifest_is_waited_for(site: Path, tmp_path: Path) -> None:
    posts = [{"source": f"source/_posts/tea-{number}.md", "url": f"/tea/{number}/"} for number in range(2)]
    listed = json.dumps({"version": 1, "posts": posts})
    run(site, out=tmp_path / "given", cache=tmp_path, manifest=listed)

    def wait() -> str:
        with closing(sqlite3.connect(site / ".enishi/cache.db")) as cache:
            assert cache.execute("SELECT count(*) FROM records").fetchone() == (12,)
        return listed

    build(Request(site, now=NOW, out=tmp_path / "waited"), manifest=wait)
    assert files_below(tmp_path / "waited") == files_below(tmp_path / "given")


def test_a_deleted_post_takes_its_partial_with_it(site: Path) -> None:
    run(site)
    assert partial(site, "tea-0.md").is_file()
    (site / "source/_posts/tea-0.md").unlink()
    assert len(run(site).written.removed) == 1
    assert not partial(site, "tea-0.md").exists()
    assert b"tea-0" not in (site / ".enishi/related.json").read_bytes()


def test_an_edited_output_is_kept_and_named_in_every_build(site: Path) -> None:
    run(site)
    partial(site, "tea-0.md").write_text("mine")
    for _ in range(2):
        report = run(site)
        assert "edited-output" in {told.code for told in report.diagnostics}
        assert partial(site, "tea-0.md").read_text() == "mine"


def test_a_lost_or_damaged_cache_gives_the_same_bytes(site: Path) -> None:
    run(site)
    before = written(site / ".enishi")
    cache = site / ".enishi/cache.db"
    for damage in (b"", b"no database" * 99):
        cache.write_bytes(damage)
        run(site)
        assert written(site / ".enishi") == before


def test_a_data_file_holds_public_posts_and_goes_with_its_setting(site: Path) -> None:
    (site / "source/_posts/draft.md").write_text(post_text("Secret", "tea kettle leaves", "published: false\n"))
    summary = run(site, overrides=("data_file=source/_data/enishi.json",)).summary
    data = site / "source/_data/enishi.json"
    assert len(json.loads(data.read_bytes())["posts"]) == 12
    assert (summary.data_file, summary.data_file_bytes) == ("source/_data/enishi.json", data.stat().st_size)
    for secret in (b"Secret", b'"url"'):
        assert secret not in data.read_bytes()
    run(site, overrides=("data_file=source/_data/enishi.json", "full_data_file=true"))
    assert b'"url_is": "guess"' in data.read_bytes()
    run(site)
    assert not data.exists()


def test_time_publishes_a_post_even_where_no_file_changed(tmp_path: Path) -> None:
    posts = {**topic_posts(2), "soon.md": post_text("Soon", "tea kettle leaves steep cup", "tags: [tea]\n", day=2000)}
    site = write_blog(tmp_path / "blog", posts, config="future: false\n")
    assert run(site).summary.posts == {"future": 1, "published": 12}
    lists = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    assert not any(entry["title"] == "Soon" for post in lists.values() for entry in post["related"])
    assert run(site, datetime(2024, 1, 2, tzinfo=UTC)).is_unchanged
    later = run(site, datetime(2026, 1, 1, tzinfo=UTC))
    assert not later.is_unchanged
    assert later.summary.posts == {"published": 13}


@pytest.mark.parametrize("name", ["templates", "data_file", "tags.broader"])
@pytest.mark.parametrize("place", ["../out.json", "/out.json", "link/out.json"])
def test_a_setting_that_leads_out_of_the_site_is_refused(site: Path, name: str, place: str) -> None:
    (site / "link").symlink_to(site.parent)
    with pytest.raises(SettingsError, match="leads out of the site"):
        run(site, overrides=(f"{name}={place}",))
    assert not (site / ".enishi").exists()


def test_a_site_that_cannot_be_written_builds_elsewhere(site: Path, tmp_path: Path) -> None:
    (site / ".enishi").write_text("a file")
    run(site, out=tmp_path / "out")
    assert (tmp_path / "out/related.json").is_file()
    assert (site / ".enishi").read_text() == "a file"


@pytest.mark.parametrize("count", [1, 2, 5, 20])
@pytest.mark.parametrize("body", ["", "the same few words in each"])
def test_small_blogs_of_equal_posts(tmp_path: Path, count: int, body: str) -> None:
    site = write_blog(tmp_path / "blog", {f"p{number}.md": post_text("", body) for number in range(count)})
    assert run(site).summary.posts == {"published": count}


def test_how_often_confidences_were_right_is_kept_with_the_build(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(8))
    build(Request(site))
    with state.open_cache(site) as cache:
        sums = state.calibration_in(cache.arrays())
    assert sums is not None
    pairs, right, confidence = sums.T
    posts, tags = 8 * len(TOPICS), len(TOPICS)
    assert pairs.sum() == posts * tags
    assert right.sum() == posts
    for tenth in range(10):
        assert 0.1 * tenth * pairs[tenth] <= confidence[tenth] <= 0.1 * (tenth + 1) * pairs[tenth]
    assert right[9] >= 0.9 * pairs[9] > 0
    assert state.calibration_in({}) is None
    assert state.calibration_in({"calibration": sums[:5]}) is None
    build(Request(site, overrides=("tags.enabled=false",)))
    with state.open_cache(site) as cache:
        assert state.calibration_in(cache.arrays()) is None
