"""Faults of the disk, the files and the clock, each met by a whole build; docs/reliability.md names them all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import enishi.cache
from blog import files_below, post_text, topic_posts, topic_text, write_blog
from enishi import pipeline
from enishi.cache import SCHEMA_VERSION
from enishi.errors import OutputError
from enishi.generators.base import Site
from enishi.pipeline import BuildReport, build
from enishi.reading import documents
from enishi.reading.find import SourceFile, find_files
from enishi.state import Request
from enishi.writing.output import outputs_intact
from enishi.writing.render import partial_name

NOW = datetime(2024, 1, 1, tzinfo=UTC)
POSTS = "source/_posts"
posix_only = pytest.mark.skipif(os.name == "nt", reason="needs POSIX files")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def run(site: Path, **more: object) -> BuildReport:
    return build(Request(site, **{"now": NOW, **more}))  # type: ignore[arg-type]


def command(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "enishi", "build", os.fspath(site), "--now", "2024-01-01", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )


def outputs(folder: Path) -> dict[str, bytes]:
    """What a build wrote for others."""
    return {
        name: value
        for name, value in files_below(folder).items()
        if name.startswith("partials/") or name in ("related.json", "tags.json", "manifest.json")
    }


def clean(site: Path, tmp_path: Path, **more: object) -> dict[str, bytes]:
    """What a build of the same posts writes that has never seen a cache."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        kinds = {name: os.lstat(Path(folder, name)).st_mode for name in names}
        return {name for name, mode in kinds.items() if name == ".enishi" or stat.S_ISFIFO(mode)}

    again = Path(shutil.copytree(site, tmp_path / "again", ignore=left_out, symlinks=True))
    run(again, **more)
    found = outputs(again / ".enishi")
    shutil.rmtree(again)
    return found


def codes(report: BuildReport) -> list[tuple[str, str]]:
    return [(told.path.removeprefix(f"{POSTS}/"), told.code) for told in report.diagnostics]


def built_paths(site: Path) -> list[str]:
    return [
        path.removeprefix(f"{POSTS}/") for path in json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    ]


def change(site: Path, number: int = 0) -> None:
    """Alters posts, so that every kind of file has to be written anew."""
    for name in ("birds-0.md", "tea-0.md", "radio-1.md"):
        (site / POSTS / name).write_text(post_text(f"New {number}", topic_text("bread", number + 70), "tags: [new]\n"))
    (site / POSTS / "birds-1.md").unlink(missing_ok=True)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(2))


# -- the disk ----------------------------------------------------------------------------------------------------------


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount a file system: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount a small disk, and only on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", os.fspath(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", os.fspath(disk)], check=True)


def refusal(site: Path) -> str:
    """Why a build was refused; empty if it was not."""
    try:
        run(site)
    except OutputError as error:
        return str(error)
    return ""


def fill(disk: Path, free: int) -> Path:
    """A file that leaves so many bytes."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    with filler.open("wb", buffering=0) as file:
        status = os.statvfs(disk)
        left = status.f_bavail * status.f_frsize - free
        while left > 0:
            with contextlib.suppress(OSError):
                left -= file.write(bytes(min(left, 4096)))
                continue
            break
    return filler


def test_a_full_disk_is_named_and_the_old_output_is_intact(small_disk: Path, tmp_path: Path) -> None:
    """With any room left: from none at all, over just enough for the cache, to enough for all."""
    site = write_blog(small_disk / "blog", topic_posts(2))
    run(site)
    ends = []
    for number, free in enumerate((0, 4096, 8192, 16384, 32768, 49152, 65536, 131072, 400_000)):
        before = outputs(site / ".enishi")
        change(site, number)
        filler = fill(small_disk, free)
        ends.append(refusal(site))
        assert outputs(site / ".enishi") == (before if ends[-1] else clean(site, tmp_path))
        assert (site / ".enishi/cache.db").exists(), "nothing is wrong with the cache of a full disk"
        filler.unlink()
    assert all("the disk is full" in end for end in ends if end)
    assert sum(map(bool, ends)) >= 3
    assert ends[-1] == ""
    change(site, 99)
    assert not codes(run(site))
    assert outputs(site / ".enishi") == clean(site, tmp_path)
    assert not list((site / ".enishi").rglob("*~"))


def test_a_disk_that_is_full_from_the_beginning(small_disk: Path) -> None:
    site = write_blog(small_disk / "blog", topic_posts(2))
    filler = fill(small_disk, 0)
    done = command(site)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the disk is full" in done.stderr
    assert outputs(site / ".enishi") == {}
    assert done.stderr.count("\n") == 1, "one line, and no trace"
    filler.unlink()
    assert command(site, "--quiet").returncode == 0
    assert outputs_intact(site / ".enishi")


def test_a_read_only_disk_is_named_and_can_be_built_from(small_disk: Path, tmp_path: Path) -> None:
    site = write_blog(small_disk / "blog", topic_posts(2))
    run(site)
    before = files_below(site / ".enishi")
    change(site)
    mount("-o", "remount,ro", os.fspath(small_disk))
    done = command(site)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the file system is read-only" in done.stderr
    assert "--out" in done.stderr
    assert files_below(site / ".enishi") == before
    elsewhere = command(site, "--out", os.fspath(tmp_path / "out"), "--quiet")
    assert (elsewhere.returncode, elsewhere.stderr) == (0, "")
    mount("-o", "remount,rw", os.fspath(small_disk))
    assert outputs(tmp_path / "out") == clean(site, tmp_path)


@pytest.mark.skipif(not shutil.which("chattr"), reason="needs chattr")
def test_a_folder_that_takes_nothing_new_is_named(site: Path) -> None:
    """As root, who may write into any folder but one that is marked so."""
    run(site)
    change(site)
    before = outputs(site / ".enishi")
    if subprocess.run(["chattr", "+i", os.fspath(site / ".enishi")], capture_output=True).returncode:
        pytest.skip("this file system, or this user, cannot mark a folder as immutable")
    try:
        done = command(site)
    finally:
        subprocess.run(["chattr", "-i", os.fspath(site / ".enishi")], check=True)
    assert done.returncode == 2
    assert "permission denied" in done.stderr
    assert outputs(site / ".enishi") == before
    assert outputs_intact(site / ".enishi")


# -- the cache ---------------------------------------------------------------------------------------------------------


def newer(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE novelties (name TEXT)")
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda file: os.truncate(file, file.stat().st_size // 2),
    "garbage": lambda file: file.write_bytes(bytes(range(256)) * 200),
    "newer": newer,
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_spoilt_cache_changes_nothing_that_is_written(
    site: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    run(site)
    damage(site / ".enishi/cache.db")
    for _ in range(2):
        change(site)
        assert codes(run(site)) == []
        assert outputs(site / ".enishi") == clean(site, tmp_path)


LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA locking_mode=EXCLUSIVE")
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_cache_that_another_process_holds_is_not_waited_for_long(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert enishi.cache._BUSY_SECONDS <= 5
    monkeypatch.setattr(enishi.cache, "_BUSY_SECONDS", 0.1)
    run(site)
    change(site)
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, os.fspath(site / ".enishi/cache.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        assert codes(run(site)) == []
        assert other.poll() is None
        other.communicate()
    assert outputs(site / ".enishi") == clean(site, tmp_path)
    run(site)
    assert run(site).is_unchanged


# -- the clock ---------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the future is asked of the clock at every build; nothing else is, nor when a file was written."""
    (site / "_config.yml").write_text("title: A blog\nurl: https://blog.test\nfuture: false\n")
    late, early = NOW + timedelta(days=3000), datetime(2020, 1, 8, tzinfo=UTC)
    run(site, now=late)
    for path in site.rglob("*"):
        os.utime(path, (late.timestamp(), late.timestamp()))
    clock = iter(range(2**62, 0, -1_000_000_007))
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    assert run(site, now=early).summary.posts["future"] > 0
    assert outputs(site / ".enishi") == clean(site, tmp_path, now=early)
    change(site)
    os.utime(site / POSTS / "tea-0.md", (0, 0))
    run(site, now=early)
    assert outputs(site / ".enishi") == clean(site, tmp_path, now=early)
    run(site, now=late)
    assert outputs(site / ".enishi") == clean(site, tmp_path, now=late)


# -- names -------------------------------------------------------------------------------------------------------------


def test_names_that_differ_in_case_only(site: Path) -> None:
    for number, name in enumerate(("A.md", "a.md")):
        (site / POSTS / name).write_text(post_text(f"Post {name}", topic_text("tea", number), "tags: [tea]\n"))
    if len({path.name for path in (site / POSTS).glob("[aA].md")}) < 2:
        pytest.skip("this file system does not tell capitals apart")
    assert codes(run(site)) == []
    assert {"A.md", "a.md"} < set(built_paths(site))
    partials = [path.name.casefold() for path in (site / ".enishi/partials").iterdir()]
    assert len(set(partials)) == len(built_paths(site)), "their fragments lie side by side even where case is not told"


@pytest.mark.parametrize("first", ["NFC", "NFD"])
def test_one_name_in_two_encodings(site: Path, first: str) -> None:
    """A repository that came over a Mac may hold both; the composed one is the post, whichever was there first."""
    forms = ("NFC", "NFD") if first == "NFC" else ("NFD", "NFC")
    for form in forms:
        name = unicodedata.normalize(form, "é/ガ.md")  # type: ignore[arg-type]
        (site / POSTS / name).parent.mkdir(exist_ok=True)
        (site / POSTS / name).write_text(post_text(form, topic_text("tea", 9), "tags: [tea]\n"))
    if len(list((site / POSTS).glob("*/*.md"))) < 2:
        pytest.skip("this file system knows one of the encodings only")
    report = run(site)
    assert codes(report) == [("é/ガ.md", "same-name")]
    post = json.loads((site / ".enishi/related.json").read_bytes())["posts"][f"{POSTS}/é/ガ.md"]
    assert post["title"] == "NFC"
    (site / POSTS / "é/ガ.md").unlink()
    assert codes(run(site)) == []
    assert json.loads((site / ".enishi/related.json").read_bytes())["posts"][f"{POSTS}/é/ガ.md"]["title"] == "NFD"


ODD_NAMES = (
    "a" * 252 + ".md",
    "あ" * 84 + ".md",
    "new\nline.md",
    "quo\"te's.md",
    "🍵 emoji 👨‍👩‍👧.md",
    "back\\slash.md",
    " blank .md",
    "<script>&amp;.md",
    "%2e%2e.md",
    "-rf.md",
    "red\x1b[31m.md",
    "turned\u202e.md",
    "con.md",
)


@posix_only
def test_names_of_any_kind(site: Path) -> None:
    for number, name in enumerate(ODD_NAMES):
        (site / POSTS / name).write_text(post_text("", topic_text("tea", number), "tags: [tea]\n"))
    done = command(site, "--verbose", "--show", "99")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(ODD_NAMES) < set(built_paths(site))
    assert "\x1b" not in done.stdout
    for name in ODD_NAMES:
        fragment = (site / ".enishi/partials" / partial_name(f"{POSTS}/{name}")).read_text()
        assert "<li>" in fragment or "<li " in fragment
        assert "<script>" not in fragment
    assert run(site).is_unchanged


@linux_only
def test_names_that_are_not_utf8_are_named_and_passed_over(site: Path) -> None:
    folder = os.fsencode(site / POSTS)
    names = [b"bad\xff.md", b"\xed\xa0\x80.md", b"\xe3\x81.md"]
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_text(post_text("Bad"))
    Path(os.fsdecode(folder + b"/f\xff")).mkdir()
    Path(os.fsdecode(folder + b"/f\xff/a.md")).write_text(post_text("Bad"))
    done = command(site)
    assert done.returncode == 0
    assert done.stderr.count("[name-not-utf8]") == 4
    assert len(built_paths(site)) == 12


# -- what is no file ---------------------------------------------------------------------------------------------------


@posix_only
def test_links_in_circles_and_out_of_the_site(site: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text(post_text("Secret", topic_text("tea", 1)))
    for name, target in {
        "round.md": "round.md",
        "to": "fro",
        "fro": "to",
        "here": ".",
        "up": "..",
        "out.md": tmp_path / "secret.md",
        "out": tmp_path,
        "gone.md": "nowhere.md",
    }.items():
        (site / POSTS / name).symlink_to(target)
    done = command(site)
    assert done.returncode == 0
    assert done.stderr.count("[link-outside-site]") == 2
    assert len(built_paths(site)) == 12
    assert not any(b"Secret" in content for content in outputs(site / ".enishi").values())


@posix_only
def test_pipes_sockets_and_devices_are_neither_read_nor_waited_for(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(site / POSTS / "pipe.md")
    (site / POSTS / "linked.md").symlink_to("pipe.md")
    monkeypatch.chdir(site / POSTS)  # the name of a socket may be short only
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket.md")
        with contextlib.suppress(OSError):
            os.mknod("zero.md", 0o20666, os.makedev(1, 5))
        done = command(site, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(built_paths(site)) == 12


# -- what changes meanwhile --------------------------------------------------------------------------------------------


def between_listing_and_reading(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    def listed(site: Site, exclude: Sequence[str], most: int) -> tuple[list[SourceFile], list[object]]:
        found = find_files(site, exclude, most)
        happens()
        return found  # type: ignore[return-value]

    monkeypatch.setattr(pipeline, "find_files", listed)


def test_a_post_deleted_between_listing_and_reading(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(site)
    between_listing_and_reading(monkeypatch, (site / POSTS / "tea-0.md").unlink)
    assert codes(run(site)) == []
    monkeypatch.undo()
    assert "tea-0.md" not in built_paths(site)
    assert outputs(site / ".enishi") == clean(site, tmp_path)


def test_all_posts_deleted_between_listing_and_reading(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    between_listing_and_reading(monkeypatch, lambda: shutil.rmtree(site / POSTS))
    assert codes(run(site)) == []
    assert built_paths(site) == []


@posix_only
def test_a_post_that_becomes_a_pipe_between_listing_and_reading(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace() -> None:
        (site / POSTS / "tea-0.md").unlink()
        os.mkfifo(site / POSTS / "tea-0.md")
        (site / POSTS / "tea-1.md").unlink()
        (site / POSTS / "tea-1.md").mkdir()

    between_listing_and_reading(monkeypatch, replace)
    signal.alarm(60)  # ends the process rather than hanging for ever
    try:
        assert codes(run(site)) == []
    finally:
        signal.alarm(0)
    assert len(built_paths(site)) == 10


def test_a_template_that_vanishes_while_it_is_read(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = site / "templates/enishi/related.html.j2"
    template.parent.mkdir(parents=True)
    template.write_text("<p>mine</p>")
    reads = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == template:
            template.unlink()
        return reads(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert codes(run(site)) == []
    assert b"mine" not in b"".join(outputs(site / ".enishi").values())


def killed_worker(job: tuple[bytes, bool]) -> bytes:
    """Stands in for the reading of one file, by a process that runs out of memory at the third."""
    if b"Bread 1" in job[0] and os.getpid() != MAIN:
        os.kill(os.getpid(), signal.SIGKILL)
    return READ(job)


MAIN, READ = os.getpid(), documents._read_and_pack


@linux_only
def test_a_worker_that_is_killed_is_done_without(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel does where memory is short."""
    monkeypatch.setattr(documents, "_WORTH_SHARING", 1)
    monkeypatch.setattr(documents, "_AT_A_TIME", 1)
    monkeypatch.setattr(documents, "_read_and_pack", killed_worker)
    assert codes(run(site, processes=2)) == []
    monkeypatch.undo()
    assert outputs(site / ".enishi") == clean(site, tmp_path)


@linux_only
def test_a_machine_without_room_for_workers_reads_alone(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may have no shared memory, or as many processes as it may have."""

    def refuse() -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(documents, "_WORTH_SHARING", 1)
    monkeypatch.setattr(os, "fork", refuse)
    assert codes(run(site, processes=2)) == []
    monkeypatch.undo()
    assert outputs(site / ".enishi") == clean(site, tmp_path)


@linux_only
def test_an_interrupt_while_several_processes_read(tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group of processes; one of them answers."""
    long = {f"p{number}.md": post_text(f"P {number}", topic_text("tea", number, 40_000)) for number in range(16)}
    site = write_blog(tmp_path / "blog", long)
    code = (
        "import sys; from enishi import cli; cli.options.processes = lambda: 3; "
        "sys.exit(cli.main(['build', sys.argv[1], '--quiet']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, os.fspath(site)], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as started:
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
        deadline = time.monotonic() + 30
        while len(children.read_text().split()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        workers = children.read_text().split()
        assert len(workers) == 3
        time.sleep(0.3)  # in the moment of a fork an interrupt is lost: Python runs hooks that cannot fail
        os.killpg(started.pid, signal.SIGINT)
        _, told = started.communicate(timeout=60)
    assert started.returncode == 130
    assert told == "enishi: interrupted; what was written before is whole\n"
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert outputs(site / ".enishi") == {}


# -- content -----------------------------------------------------------------------------------------------------------


def test_content_that_is_not_utf8_is_named_and_read_as_far_as_it_goes(site: Path) -> None:
    (site / POSTS / "latin.md").write_bytes(
        b"---\ntitle: Caf\xe9\ntags: [tea]\n---\n\n" + topic_text("tea", 7).encode()
    )
    (site / POSTS / "noise.md").write_bytes(bytes(range(256)) * 50)
    (site / POSTS / "nulls.md").write_bytes(b"\0" * 5000)
    report = run(site)
    assert {("latin.md", "not-utf8"), ("noise.md", "not-utf8")} <= set(codes(report))
    assert len(built_paths(site)) == 15
    posts = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
    assert posts[f"{POSTS}/latin.md"]["title"] == "Caf\ufffd"
    assert posts[f"{POSTS}/latin.md"]["related"]


def test_a_site_of_no_posts_says_so_and_no_more(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", {"a.md": post_text("A", "tea")}, settings='exclude = ["a.md"]\n')
    for _ in range(2):
        done = command(site)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("no posts: ")
        assert len(done.stdout.splitlines()) == 2
    assert built_paths(site) == []


def test_a_site_of_one_post_has_nothing_to_boast_of(tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", {"a.md": post_text("A", topic_text("tea", 1))})
    done = command(site)
    assert (done.returncode, done.stderr) == (0, "")
    assert "none has related posts" in done.stdout


def test_two_identical_posts(tmp_path: Path) -> None:
    """A near-duplicate is no news to who reads the post, unless the settings say otherwise."""
    text = post_text("Same", topic_text("tea", 1), "tags: [tea]\n")
    site = write_blog(tmp_path / "blog", {"a.md": text, "b.md": text})
    for overrides, lists in (((), [[], []]), (("related.duplicates=keep",), [[f"{POSTS}/b.md"], [f"{POSTS}/a.md"]])):
        assert codes(run(site, overrides=overrides)) == []
        posts = json.loads((site / ".enishi/related.json").read_bytes())["posts"]
        assert [[entry["path"] for entry in post["related"]] for post in posts.values()] == lists


def test_three_thousand_identical_posts(tmp_path: Path) -> None:
    text = post_text("Same", "tea kettle leaves and a cup", "tags: [tea]\n")
    site = write_blog(tmp_path / "blog", {f"p{number}.md": text for number in range(3000)})
    report = run(site)
    assert (report.summary.posts, codes(report)) == ({"published": 3000}, [])
    assert len(built_paths(site)) == 3000


@pytest.mark.parametrize("body", ["", "<div><img src='a.png'></div>", "🍵🍵🍵", "---\n***\n", "```\n```\n", "。、！？"])
def test_posts_without_words(tmp_path: Path, body: str) -> None:
    site = write_blog(tmp_path / "blog", {f"p{number}.md": f"---\n---\n{body}\n" for number in range(6)})
    report = run(site)
    assert codes(report) == []
    assert len(built_paths(site)) == 6
