"""Builds that meet bad luck: killed, run twice at once, without a place to remember anything, among strange links."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import files_below, post_text, topic_posts, topic_text, write_blog
from enishi import pipeline
from enishi.errors import SettingsError
from enishi.pipeline import BuildReport, build
from enishi.state import Request
from enishi.tags.decisions import Decision, keep_decision
from enishi.writing.output import outputs_intact

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals, links or users")
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def run(site: Path, *overrides: str, out: Path | None = None, manifest: str | None = None) -> BuildReport:
    return build(Request(site, out=out, overrides=overrides, now=NOW, manifest=manifest))


def command(site: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "enishi", "build", os.fspath(site), "--now", "2024-01-01", "--quiet", *arguments]


def outputs(folder: Path) -> dict[str, bytes]:
    """What a build wrote, without what it remembers."""
    return {
        name: value
        for name, value in files_below(folder).items()
        if not name.startswith(("cache.db", "data/")) and name != ".gitignore"
    }


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(3))


# -- nothing to do -----------------------------------------------------------------------------------------------------

_HEAVY = {"numpy", "scipy", "sklearn", "scann", "jinja2", "threadpoolctl", "mistune", "watchdog"}
_COUNTING = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from enishi.pipeline import build
from enishi.state import Request
report = build(Request(Path(sys.argv[1]), now=datetime(2024, 1, 1, tzinfo=timezone.utc)))
print(report.is_unchanged, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_build_with_nothing_to_do_loads_no_heavy_library(site: Path) -> None:
    def modules() -> list[str]:
        done = subprocess.run([sys.executable, "-c", _COUNTING, site], capture_output=True, text=True, check=True)
        return done.stdout.split()

    first, again = modules(), modules()
    assert first[0] == "False"
    assert {"numpy", "jinja2"} < set(first)
    assert again[0] == "True"
    assert not _HEAVY & set(again)


def test_an_unchanged_build_says_what_the_last_one_said(site: Path) -> None:
    (site / "source/_posts/odd.md").write_text(post_text("Odd", "tea kettle", "enishi: {pin: [nowhere]}\n"))
    first = run(site)
    again = run(site)
    assert again.is_unchanged
    assert again.summary == first.summary
    assert "bad-enishi-block" in {told.code for told in again.diagnostics}
    assert again.diagnostics == first.diagnostics


def test_one_changed_post_touches_what_differs_only(site: Path) -> None:
    run(site)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (site / ".enishi").rglob("*.html")}
    post = site / "source/_posts/birds-1.md"
    post.write_text(post.read_text().replace("Birds 1", "Herons and others"))
    report = run(site)
    changed = {path for path, (content, _) in before.items() if path.read_bytes() != content}
    assert 0 < len(changed) < len(before) / 2
    assert {path for path, (_, moment) in before.items() if path.stat().st_mtime_ns != moment} == changed
    names = {path.relative_to(site / ".enishi").as_posix() for path in changed}
    assert names < set(report.written.written)
    assert set(report.written.written) - names <= {"related.json", "tags.json"}


@pytest.mark.parametrize("change", ["setting", "template", "config", "rename", "declined", "decided"])
def test_whatever_the_output_depends_on_makes_a_new_build(site: Path, change: str) -> None:
    run(site)
    if change == "setting":
        (site / "enishi.toml").write_text("related.limit = 2\n")
    elif change == "template":
        (site / "templates/enishi").mkdir(parents=True)
        (site / "templates/enishi/related.html.j2").write_text("<p>{{ title }}</p>\n")
    elif change == "config":
        with (site / "_config.yml").open("a") as file:
            file.write("permalink: :title/\n")
    elif change == "rename":
        (site / "source/_posts/tea-0.md").rename(site / "source/_posts/tea-9.md")
    elif change == "decided":
        keep_decision(site, Decision("source/_posts/tea-0.md", "tea", "added", 0.9))
    else:
        (site / ".enishi-declined.toml").write_text('"source/_posts/tea-0.md" = ["trains"]\n')
    assert not run(site).is_unchanged
    assert run(site).is_unchanged


def test_the_sites_own_template_is_used(site: Path) -> None:
    (site / "templates/enishi").mkdir(parents=True)
    (site / "templates/enishi/related.html.j2").write_text("<p>Mine: {{ title }} & {{ related | length }}</p>\n")
    run(site)
    partials = [path.read_text() for path in (site / ".enishi/partials").iterdir()]
    assert len(partials) == 18
    assert all(text.startswith("<p>Mine: ") for text in partials)


def test_a_data_file_that_went_with_its_setting_is_not_missed(site: Path) -> None:
    run(site, "data_file=source/_data/enishi.json")
    assert run(site, "data_file=source/_data/enishi.json").is_unchanged
    (site / "source/_data/enishi.json").unlink()
    assert run(site, "data_file=source/_data/enishi.json").written.written == ("source/_data/enishi.json",)
    run(site)
    assert not (site / "source/_data").exists()
    assert run(site).is_unchanged


def test_a_data_file_of_the_authors_own_is_left_alone(site: Path) -> None:
    data = site / "source/_data/enishi.json"
    data.parent.mkdir()
    data.write_text("mine")
    for _ in range(2):
        report = run(site, "data_file=source/_data/enishi.json")
        assert ("source/_data/enishi.json", "foreign-output") in {(told.path, told.code) for told in report.diagnostics}
        assert data.read_text() == "mine"


def test_two_output_folders_do_not_take_each_others_place(site: Path, tmp_path: Path) -> None:
    run(site)
    run(site, out=tmp_path / "out")
    assert run(site).is_unchanged
    assert run(site, out=tmp_path / "out").is_unchanged
    run(site, "related.limit=2", out=tmp_path / "short")
    assert run(site).written.written == run(site, out=tmp_path / "out").written.written == ()


def test_the_generators_own_list_of_posts_overrides_ours(site: Path) -> None:
    paths = [f"source/_posts/tea-{number}.md" for number in range(3)]
    entries = [{"source": path, "url": f"/somewhere/{number}/"} for number, path in enumerate(paths)]
    manifest = json.dumps({"version": 1, "posts": [*entries]})
    first = run(site, manifest=manifest)
    assert run(site, manifest=manifest).is_unchanged
    posts = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    assert [posts[path]["url"] for path in paths] == ["/somewhere/0/", "/somewhere/1/", "/somewhere/2/"]
    assert not run(site).is_unchanged
    assert first.summary.posts != {}


# -- ways out ----------------------------------------------------------------------------------------------------------


@posix_only
def test_a_state_folder_that_leads_out_of_the_site_is_not_followed(site: Path, tmp_path: Path) -> None:
    """A stranger's repository may hold such a link."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (site / ".enishi").symlink_to(elsewhere)
    for out in (None, tmp_path / "out"):
        with pytest.raises(SettingsError, match="is a link"):
            run(site, out=out)
    assert list(elsewhere.iterdir()) == []


@posix_only
@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal"])
def test_a_cache_that_leads_out_of_the_site_is_not_followed(site: Path, tmp_path: Path, name: str) -> None:
    (site / ".enishi").mkdir()
    (site / ".enishi" / name).symlink_to(tmp_path / "made by a link")
    run(site)
    assert not (tmp_path / "made by a link").exists()
    assert (site / ".enishi/related.json").is_file()


@posix_only
def test_a_site_that_cannot_be_written_is_built_elsewhere(site: Path, tmp_path: Path) -> None:
    ordinary: list[str] = []
    if os.geteuid() == 0:  # who may write anywhere, unless without this right
        if not shutil.which("setpriv"):
            pytest.skip("root may write anywhere, and there is no setpriv to run without that right")
        ordinary = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    folders = [site, *(path for path in site.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    before = files_below(site)
    done = subprocess.run([*ordinary, *command(site, "--out", os.fspath(tmp_path / "out"))], capture_output=True)
    refused = subprocess.run([*ordinary, *command(site)], capture_output=True, text=True)
    for folder in folders:
        folder.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "out/related.json").is_file()
    assert refused.returncode == 2
    assert "choose another with --out" in refused.stderr
    assert files_below(site) == before


# -- killed, and twice at once -----------------------------------------------------------------------------------------


@posix_only
def test_killed_at_any_moment_the_next_build_is_right(site: Path, tmp_path: Path) -> None:
    """Between an old state and a new one every file is of either, and the next build gives what a clean one gives."""
    run(site)
    old = files_below(site)
    for number in range(4):
        post = site / f"source/_posts/tea-{number}.md"
        post.write_text(post_text("Another tea", topic_text("birds", number + 50)))
    (site / "source/_posts/radio-1.md").unlink()
    clean = tmp_path / "clean"
    started = time.monotonic()
    subprocess.run(command(site, "--out", os.fspath(clean)), check=True)
    longest = time.monotonic() - started
    expected = outputs(clean)
    chance = random.Random(1)
    for _ in range(7):
        for name, content in old.items():
            if name.startswith(".enishi/"):
                (site / name).parent.mkdir(parents=True, exist_ok=True)
                (site / name).write_bytes(content)
        killed = subprocess.Popen(command(site))
        time.sleep(longest * chance.uniform(0.3, 1))
        killed.kill()
        killed.wait()
        for name, content in outputs(site / ".enishi").items():
            unfinished = name.startswith("manifest.") or name.endswith(".tmp~")
            assert unfinished or content in (expected.get(name), old.get(f".enishi/{name}"))
        report = run(site)
        assert not [told for told in report.diagnostics if told.code.endswith("-output")]
        assert outputs(site / ".enishi") == expected
        assert run(site).is_unchanged
        assert outputs_intact(site / ".enishi")


@posix_only
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_the_workers_of_a_killed_build_end(tmp_path: Path) -> None:
    long = {f"p{number}.md": post_text(f"P {number}", topic_text("tea", number, 40_000)) for number in range(12)}
    site = write_blog(tmp_path / "blog", long)
    code = (
        "import sys; from pathlib import Path; from enishi.pipeline import build; from enishi.state import Request; "
        "build(Request(Path(sys.argv[1]), processes=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, os.fspath(site)])

    def workers() -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if os.fspath(site).encode() in (entry / "cmdline").read_bytes() and int(entry.name) != parent.pid:
                    found.append(int(entry.name))
            except (OSError, ValueError):
                continue
        return found

    deadline = time.monotonic() + 30
    while len(workers()) < 2 and parent.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    seen = workers()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert len(seen) == 2, "the build was over before it could be killed"
    while workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers() == []


def test_two_builds_at_once_are_both_right(site: Path, tmp_path: Path) -> None:
    run(site, out=tmp_path / "clean")
    expected = outputs(tmp_path / "clean")
    both = [subprocess.Popen(command(site), stderr=subprocess.PIPE) for _ in range(2)]
    told = [one.communicate()[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert outputs(site / ".enishi") == expected
    assert run(site).is_unchanged


def test_of_two_builds_at_once_the_slower_does_not_deceive_the_next(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One writes the posts of before a save, another those of after it; then the first notes that its own are there."""
    run(site, out=tmp_path / "clean")
    post = site / "source/_posts/tea-0.md"
    before = post.read_bytes()
    remember = pipeline.Run.remember

    def slow(*values: Any) -> BuildReport:
        monkeypatch.setattr(pipeline.Run, "remember", remember)
        post.write_text(post_text("Saved meanwhile", topic_text("birds", 40), "tags: [saved]\n"))
        run(site)
        return remember(*values)

    monkeypatch.setattr(pipeline.Run, "remember", slow)
    run(site)
    assert b"Saved meanwhile" in (site / ".enishi/related.json").read_bytes()
    post.write_bytes(before)
    run(site)
    assert outputs(site / ".enishi") == outputs(tmp_path / "clean")
    assert run(site).is_unchanged
