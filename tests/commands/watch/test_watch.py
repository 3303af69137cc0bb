"""The watch itself: what wakes it, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from test_live_blog import NOW, built, outputs
from watchdog.events import FileModifiedEvent

from blog import post_text, topic_posts, topic_text, write_blog
from enishi.commands.watch.loop import Built, Listener, Saved, Watch
from enishi.commands.watch.post_files import FileProblem
from enishi.commands.watch.saves import Saves
from enishi.console.watch import JsonListener, TerminalListener
from enishi.errors import Diagnostic
from enishi.pipeline import Posts, Run
from enishi.state import Request
from enishi.types import TagAnalysis
from enishi.writing.render import templates_folder
from places import DOCS, IMPORT_PATH

if TYPE_CHECKING:
    from enishi.pipeline import TagBlocks

SCHEMA = json.loads((templates_folder() / "schema" / "watch.schema.json").read_text("utf-8"))
PAGE = DOCS / "watch.md"
BUSY = 0.6
"""Seconds of quiet that end a save, where a machine that is busy may pause between the steps of one."""
QUIET = 1.0
"""Seconds after which nothing more is expected."""


class Told:
    """A listener that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.rounds: list[Built] = []
        self.posts: list[Saved] = []
        self.problems: list[FileProblem] = []
        self.failures: list[str] = []
        self.remarks: list[str] = []
        self.condition = threading.Condition()

    def _note(self, into: list[Any], what: Any) -> None:
        with self.condition:
            into.append(what)
            self.condition.notify_all()

    def built(self, built: Built) -> None:
        if built.half == "tags":
            self._note(self.rounds, built)

    def saved(self, saved: Saved) -> None:
        self._note(self.posts, saved)

    def file_problem(self, problem: FileProblem) -> None:
        self._note(self.problems, problem)

    def diagnosed(self, come: Sequence[Diagnostic], gone: Sequence[Diagnostic], is_first: bool) -> None:
        pass

    def failed(self, message: str) -> None:
        self._note(self.failures, message)

    def said(self, message: str) -> None:
        self._note(self.remarks, message)

    def wait(self, ask: Callable[[], Any], seconds: float = 60) -> None:
        with self.condition:
            assert self.condition.wait_for(ask, seconds), (self.rounds, self.failures)


class Running:
    """A watch in a thread."""

    def __init__(self, site: Path, told: Told, watched: Watch) -> None:
        self.site, self.told, self.watched = site, told, watched
        self.posts = site / "source/_posts"

    def after(self, act: Callable[[], object]) -> Built:
        """The one round that follows."""
        before = len(self.told.rounds)
        act()
        self.told.wait(lambda: len(self.told.rounds) > before)
        time.sleep(QUIET / 2)
        return self.told.rounds[-1]

    def is_equal_to_a_build(self) -> bool:
        return outputs(self.site / ".enishi") == built(self.site)


@contextmanager
def watching(site: Path, **options: Any) -> Iterator[Running]:
    told = Told()
    watched = Watch(Request(site, now=NOW), told, **options)
    thread = threading.Thread(target=watched.run, args=(watched.read_first(lambda *_: None),))
    thread.start()
    try:
        told.wait(lambda: told.rounds)
        yield Running(site, told, watched)
    finally:
        watched.stop()
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(3, ("tea", "trains", "bread")))


# -- ways of saving ----------------------------------------------------------------------------------------------------


def in_place(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")


def like_vim(file: Path, text: str) -> None:
    """`backup`, `writebackup` and the test whether a file can be made here: 4913."""
    folder = file.parent
    (folder / "4913").write_text("")
    (folder / "4913").unlink()
    backup = file.with_name(file.name + "~")
    file.rename(backup)
    file.write_text(text, "utf-8")
    backup.unlink()


def like_vs_code(file: Path, text: str) -> None:
    """With atomic saves: a new file is renamed over the old one."""
    new = file.with_name(file.name + ".vsctmp")
    new.write_text(text, "utf-8")
    new.replace(file)


def like_emacs(file: Path, text: str) -> None:
    """A lock that is a link to nowhere, an autosave, a backup, then the file."""
    lock = file.with_name(f".#{file.name}")
    lock.symlink_to("author@machine.1234")
    auto = file.with_name(f"#{file.name}#")
    auto.write_text(text, "utf-8")
    shutil.copy(file, file.with_name(file.name + "~"))
    file.write_text(text, "utf-8")
    auto.unlink()
    lock.unlink()
    file.with_name(file.name + "~").unlink()


def emptied_first(file: Path, text: str) -> None:
    """By pieces, as a slow network drive has it."""
    with file.open("wb") as stream:
        for start in range(0, len(text), 40):
            stream.write(text[start : start + 40].encode())
            stream.flush()
            time.sleep(0.01)


@pytest.mark.skipif(os.name == "nt", reason="names and links of POSIX")
@pytest.mark.parametrize("save", [in_place, like_vim, like_vs_code, like_emacs, emptied_first])
def test_whatever_way_an_editor_saves_it_is_one_round(site: Path, save: Callable[[Path, str], None]) -> None:
    with watching(site, debounce=BUSY) as running:
        post = running.posts / "tea-1.md"
        text = post.read_text("utf-8") + "\n" + topic_text("trains", 7)
        done = running.after(lambda: save(post, text))
        time.sleep(BUSY)
        assert (done.edited, done.gone) == (1, 0)
        assert len(running.told.rounds) == 2
        assert running.told.problems == []
        assert [(saved.document.post.path, saved.stage) for saved in running.told.posts] == [
            ("source/_posts/tea-1.md", "provisional"),
            ("source/_posts/tea-1.md", "final"),
        ]
        assert running.is_equal_to_a_build()


def test_a_checkout_of_500_files_is_one_round(tmp_path: Path) -> None:
    posts = {f"post-{n}.md": post_text(f"Post {n}", topic_text("tea", n % 7, 12), day=n) for n in range(500)}
    site = write_blog(tmp_path / "blog", posts)
    with watching(site, debounce=BUSY) as running:

        def check_out() -> None:
            for name, text in posts.items():
                (running.posts / name).unlink()
                (running.posts / name).write_text(text + "\nmore\n", "utf-8")

        assert running.after(check_out).edited == 500
        assert len(running.told.rounds) == 2
        assert running.told.posts == []  # too many to be shown


@pytest.mark.parametrize("poll", [False, True], ids=["told", "polling"])
def test_posts_and_folders_come_go_and_move(site: Path, tmp_path: Path, poll: bool) -> None:
    with watching(site, poll=poll, debounce=BUSY) as running:
        posts = running.posts
        new = post_text("New", topic_text("tea", 20), "tags: [tea]\n")
        assert running.after(lambda: (posts / "new.md").write_text(new)).posts == 10
        assert running.told.posts[-1].before is None
        running.after(lambda: (posts / "deep/er").mkdir(parents=True) or (posts / "deep/er/in.md").write_text(new))
        assert running.told.rounds[-1].posts == 11
        assert running.after(lambda: (posts / "deep").rename(posts / "deeper")).gone == 1
        running.after(lambda: (posts / "deeper/er/in.md").write_text(new + "\nmore\n"))
        assert running.told.posts[-1].document.post.path == "source/_posts/deeper/er/in.md"
        assert running.after(lambda: (posts / "deeper").rename(tmp_path / "elsewhere")).posts == 10
        assert running.after(lambda: (tmp_path / "elsewhere").rename(posts / "back")).posts == 11
        assert running.after(lambda: (posts / "new.md").unlink()).posts == 10
        assert running.after(lambda: shutil.rmtree(posts / "back")).posts == 9
        assert running.is_equal_to_a_build()
        assert running.told.failures == []


def test_the_folder_of_posts_goes_and_comes_back(site: Path, tmp_path: Path) -> None:
    with watching(site) as running:
        running.posts.rename(tmp_path / "away")
        running.told.wait(lambda: running.told.failures)
        assert "no posts found" in running.told.failures[0]
        (tmp_path / "away").rename(running.posts)
        running.told.wait(lambda: running.told.remarks)  # it is over, and nothing has changed
        assert len(running.told.rounds) == 1
        running.after(lambda: in_place(running.posts / "tea-1.md", post_text("T", topic_text("tea", 30))))
        assert running.is_equal_to_a_build()


@pytest.mark.parametrize("what", ["enishi.toml", "_config.yml", "template", "declined", "decisions", "ontology"])
def test_all_that_a_build_depends_on_wakes_it(site: Path, what: str) -> None:
    if what == "ontology":
        (site / "enishi.toml").write_text('[tags]\nbroader = "source/_data/broader.yml"\n')
        (site / "source/_data").mkdir()
        (site / "source/_data/broader.yml").write_text("tea: {broader: [bread]}\n")
    files = {
        "enishi.toml": ("enishi.toml", "related.limit = 2\n"),
        "_config.yml": ("_config.yml", "title: A blog\nurl: https://blog.test\npermalink: :title/\n"),
        "template": ("templates/enishi/related.html.j2", "<p>{{ title }}</p>\n"),
        "declined": (".enishi-declined.toml", 'declined = [{ post = "source/_posts/tea-0.md", tag = "bread" }]\n'),
        "decisions": (
            ".enishi-decisions.jsonl",
            '{"post": "source/_posts/tea-0.md", "tag": "bread", "verdict": "added", "confidence": 0.5}\n',
        ),
        "ontology": ("source/_data/broader.yml", "tea: {broader: [trains]}\n"),
    }
    name, text = files[what]

    def act() -> None:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)

    with watching(site) as running:
        running.after(act)
        assert running.is_equal_to_a_build()


def test_what_it_writes_itself_does_not_wake_it(site: Path) -> None:
    (site / "enishi.toml").write_text('data_file = "source/_data/related.json"\n')
    with watching(site) as running:
        running.after(lambda: in_place(running.posts / "tea-1.md", post_text("T", topic_text("bread", 30))))
        (site / "db.json").write_text("{}")  # Hexo's own
        (site / ".enishi/related.json").read_bytes()
        time.sleep(QUIET)
        assert len(running.told.rounds) == 2
        assert not running.watched._saves.are_waiting


def test_a_save_is_seen_whatever_form_the_system_has_for_a_name() -> None:
    """macOS may tell of `か` + U+3099 where settings say `が`."""
    saves = Saves()
    saves.deep = (unicodedata.normalize("NFC", "/blog/ながい"),)
    saves.dispatch(FileModifiedEvent(unicodedata.normalize("NFD", "/blog/ながい/a.md")))
    assert saves.wait(0, 0)
    saves.dispatch(FileModifiedEvent("/blog/other/a.md"))
    assert not saves.wait(0, 0)


def test_settings_that_do_not_fit_end_nothing(site: Path) -> None:
    with watching(site) as running:
        before = outputs(site / ".enishi")
        (site / "enishi.toml").write_text("related.limt = 2\n")
        running.told.wait(lambda: running.told.failures)
        assert "related.limt" in running.told.failures[0]
        assert outputs(site / ".enishi") == before
        running.after(lambda: (site / "enishi.toml").write_text("related.limit = 2\n"))
        assert len(running.told.failures) == 1
        assert running.is_equal_to_a_build()


def test_a_save_before_the_tags_are_done_comes_first(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, started, tried = Run.tag, threading.Event(), list[int]()

    def slow(run: Run, posts: Posts, blocks: TagBlocks) -> TagAnalysis:
        tried.append(1)
        if len(tried) == 2:
            started.set()
            for _ in range(600):
                time.sleep(0.05)
                run.progress("suggesting tags", 0, 0)
        return plain(run, posts, blocks)

    with watching(site) as running:
        monkeypatch.setattr(Run, "tag", slow)
        tried.append(1)
        del tried[1:]
        in_place(running.posts / "tea-1.md", post_text("T", topic_text("bread", 30)))
        assert started.wait(30)
        done = running.after(lambda: in_place(running.posts / "tea-2.md", post_text("U", topic_text("bread", 31))))
        assert done.edited == 2
        assert len(running.told.rounds) == 2
        shown = [saved.document.post.path for saved in running.told.posts if saved.stage == "final"]
        assert shown == ["source/_posts/tea-1.md", "source/_posts/tea-2.md"]
        assert running.is_equal_to_a_build()


@pytest.mark.slow
def test_memory_stays_flat(tmp_path: Path) -> None:
    """Of 300 saves: what the last 200 add to the process."""
    program = f"""
import sys
sys.path[:0] = {IMPORT_PATH.split(os.pathsep)!r}
from pathlib import Path
from blog import topic_posts, topic_text, write_blog
from test_live_blog import NOW, update
from enishi.state import Request
from enishi.commands.watch.live_blog import LiveBlog
def resident():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
site = write_blog(Path({os.fspath(tmp_path / "blog")!r}), topic_posts(2, ("tea", "trains", "bread")))
live = LiveBlog(Request(site, now=NOW))
update(live)
post = site / "source/_posts/tea-1.md"
text = post.read_text()
for number in range(300):
    post.write_text(text + topic_text("trains", number, 40) + f" word{{number}}")
    assert update(live)
    if number == 99:
        before = resident()
print(resident() - before)
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 3, f"{done.stdout} MiB more"


# -- as a command ------------------------------------------------------------------------------------------------------


@contextmanager
def command(site: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    words = [sys.executable, "-m", "enishi", "watch", os.fspath(site), "--now", "2024-01-01T00:00:00+00:00"]
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [*words, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait()
        reader.join(10)


def wait_until(ask: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="ended by a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_a_second(site: Path, number: signal.Signals) -> None:
    with command(site) as (process, lines):
        wait_until(lambda: any("Watching" in line for line in lines))
        assert (site / ".enishi/watch.json").exists()
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(20) == 0
        assert time.monotonic() - started < 3  # one second, where nothing else runs
        assert not (site / ".enishi/watch.json").exists()
    assert "\x1b" not in "".join(lines)
    assert "Traceback" not in "".join(lines)


@pytest.mark.skipif(os.name == "nt", reason="ended by a signal")
def test_json_lines_are_as_the_schema_says_and_the_files_those_of_a_build(site: Path) -> None:
    def events(lines: list[str]) -> list[dict[str, Any]]:
        return [json.loads(line) for line in list(lines)]

    def rounds(lines: list[str]) -> int:
        return sum(event["event"] == "built" and event["what"] == "tags" for event in events(lines))

    post = site / "source/_posts/tea-1.md"
    text = post.read_text("utf-8")
    with command(site, "--json-lines", "--set", "tags.min_confidence=0.01") as (process, lines):
        wait_until(lambda: rounds(lines) == 1)
        post.write_text(text + "\n" + topic_text("bread", 5, 200), "utf-8")
        wait_until(lambda: rounds(lines) == 2)
        post.write_text("---\ntitle: [\n---\n", "utf-8")
        wait_until(lambda: events(lines)[-1].get("state") == "held")
        post.write_text(text + "\ntags everywhere\n", "utf-8")
        wait_until(lambda: rounds(lines) == 3)
        (site / "source/_posts/tea-2.md").unlink()
        wait_until(lambda: rounds(lines) == 4)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    found = events(lines)
    validator = Draft202012Validator(SCHEMA)
    for event in found:
        validator.validate(event)
    assert {event["event"] for event in found} == {"built", "post", "diagnostic"}
    stages = [event["stage"] for event in found if event["event"] == "post"]
    assert stages[:2] == ["provisional", "final"]
    final = [event for event in found if event["event"] == "post" and event["stage"] == "final"]
    assert any(entry["new"] for entry in final[0]["related"])
    assert final[0]["new"] is False
    assert [event["state"] for event in found if event["event"] == "diagnostic"][:2] == ["held", "mended"]
    last = [event for event in found if event["event"] == "built"][-1]
    assert (last["posts"], last["gone"], last["first"]) == (8, 1, False)
    (site / "enishi.toml").write_text("[tags]\nmin_confidence = 0.01\n")
    assert outputs(site / ".enishi") == built(site)


def test_the_schema_is_one_and_the_examples_in_the_docs_fit_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    block = re.search(r"```json\n(\{\"event\".+?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block
    for line in block[1].splitlines():
        Draft202012Validator(SCHEMA).validate(json.loads(line))


# -- listeners ---------------------------------------------------------------------------------------------------------


def test_marks_show_what_is_new_and_what_is_gone(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    with watching(site) as running:
        post = running.posts / "tea-1.md"
        running.after(lambda: in_place(post, post_text('"A\\x1b[31mT"', topic_text("bread", 30), "tags: [tea]\n")))
        told = running.told
    listener: Listener = TerminalListener()
    for saved in told.posts:
        listener.saved(saved)
    text = capsys.readouterr().out
    assert re.search(r"(?m)^\+ 0\.\d\d Bread", text)
    assert re.search(r"(?m)^− 0\.\d\d Tea", text)
    assert text.count("(provisional)") == 1
    assert "\x1b" not in text
    quiet: Listener = TerminalListener(quiet=True)
    quiet.saved(told.posts[0])
    quiet.said("x")
    assert capsys.readouterr().out == ""
    quiet.failed("the disk is full")
    assert "the disk is full" in capsys.readouterr().err
    lines: Listener = JsonListener()
    lines.failed("the disk\nis full")
    (line,) = capsys.readouterr().out.splitlines()
    Draft202012Validator(SCHEMA).validate(json.loads(line))
