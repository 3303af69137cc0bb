"""A blog that stays in memory writes the bytes of a build, whatever was done to its posts."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from blog import TOPICS, files_below, post_text, topic_posts, topic_text, write_blog
from enishi.commands.watch.live_blog import LiveBlog
from enishi.errors import OutputError
from enishi.memo import Memo, each
from enishi.pipeline import build
from enishi.state import Request

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SETTINGS = (
    "",
    "related.limit = 2\n",
    "[tags]\nmin_confidence = 0.05\n",
    "[related]\nlinked = 'hide'\nmin_score = 0.1\n",
)
BROKEN = ("---\ntitle: [never\n---\n\ntext\n", "---\ntitle: Open\ntags: [tea]\n", "", "---\ntags: {a: [}\n---\nx\n")


def outputs(folder: Path) -> dict[str, bytes]:
    found = files_below(folder)
    return {name: found[name] for name in found if name.startswith("partials/") or name.endswith(".json")}


def built(site: Path) -> dict[str, bytes]:
    """What a build writes that has never seen these posts."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(site, Path(folder, "again"), ignore=shutil.ignore_patterns(".enishi")))
        build(Request(copy, now=NOW))
        return outputs(copy / ".enishi")


def update(live: LiveBlog) -> bool:
    if live.read_changes() is None:
        return False
    live.relate()
    live.tag()
    live.prepare_preview()
    return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


TEXTS = st.builds(topic_text, st.sampled_from(sorted(TOPICS)), st.integers(0, 30), st.sampled_from([5, 40, 80]))
TAGS = st.lists(st.sampled_from([*TOPICS, "Tea", "new", "c++"]), max_size=3, unique=True)


class EditScript(RuleBasedStateMachine):
    """An author at work."""

    names = Bundle("names")

    @initialize(target=names)
    def start(self) -> str:
        self.folder = Path(tempfile.mkdtemp())
        self.site = write_blog(self.folder / "blog", topic_posts(3, ("tea", "trains", "bread")))
        self.posts = self.site / "source/_posts"
        self.clock = Clock()
        self.live = LiveBlog(Request(self.site, now=NOW), clock=self.clock)
        self.good: dict[str, str] = {}
        return "tea-0.md"

    def put(self, name: str, text: str) -> None:
        file = self.posts / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")

    @rule(target=names, number=st.integers(0, 9), folder=st.sampled_from(["", "sub/"]), text=TEXTS, tags=TAGS)
    def create(self, number: int, folder: str, text: str, tags: list[str]) -> str:
        name = f"{folder}made-{number}.md"
        day = None if number == 3 else number * 400  # some lie in the future
        link = "\n\n[see](/2020/01/01/tea-1/)" if number % 4 == 1 else ""
        draft = "published: false\n" if number == 7 else ""
        self.put(name, post_text(f"Made {number}", text + link, f"tags: {tags}\n{draft}", day=day))
        return name

    @rule(name=names, text=TEXTS)
    def edit(self, name: str, text: str) -> None:
        file = self.posts / name
        if file.exists():
            file.write_text(file.read_text("utf-8") + f"\n{text}\n", "utf-8")

    @rule(name=names, tags=TAGS)
    def retag(self, name: str, tags: list[str]) -> None:
        file = self.posts / name
        if file.exists():
            lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("tags:")]
            self.put(name, "\n".join([*lines[:1], f"tags: {tags}", *lines[1:]]) + "\n")

    @rule(target=names, name=consumes(names), number=st.integers(0, 9))
    def rename(self, name: str, number: int) -> str:
        other = f"moved-{number}.md"
        if (self.posts / name).exists():
            (self.posts / name).rename(self.posts / other)
        return other

    @rule(name=names)
    def delete(self, name: str) -> None:
        (self.posts / name).unlink(missing_ok=True)

    @rule(name=names, text=st.sampled_from(BROKEN))
    def break_(self, name: str, text: str) -> None:
        file = self.posts / name
        if file.exists():
            self.good[name] = file.read_text("utf-8")
            file.write_text(text, "utf-8")

    @rule(name=names)
    def mend(self, name: str) -> None:
        if name in self.good and (self.posts / name).exists():
            self.put(name, self.good.pop(name))

    @rule(seconds=st.sampled_from([1, 31]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(text=st.sampled_from(SETTINGS))
    def change_settings(self, text: str) -> None:
        (self.site / "enishi.toml").write_text(text, "utf-8")

    @rule(tag=st.sampled_from(sorted(TOPICS)))
    def decline(self, tag: str) -> None:
        entry = f'declined = [\n  {{ post = "source/_posts/tea-0.md", tag = "{tag}" }},\n]\n'
        (self.site / ".enishi-declined.toml").write_text(entry, "utf-8")

    @rule()
    def save(self) -> None:
        """The watch sees what was done, and may preview it."""
        changes = self.live.read_changes()
        if changes is not None:
            for related in self.live.preview(changes.edited).values():
                assert len({entry.path for entry in related}) == len(related)
            self.live.relate()
            self.live.tag()
            self.live.prepare_preview()

    @invariant()
    def posts_are_whole(self) -> None:
        if hasattr(self, "site"):
            assert (self.site / "_config.yml").exists()

    def teardown(self) -> None:
        if not hasattr(self, "site"):
            return
        update(self.live)
        if self.live.seconds_left() == inf:  # nothing is held
            assert outputs(self.site / ".enishi") == built(self.site)
        self.clock.now += 31  # idle
        update(self.live)
        assert self.live.seconds_left() == inf
        assert outputs(self.site / ".enishi") == built(self.site)
        assert not update(self.live)
        assert build(Request(self.site, now=NOW)).is_unchanged
        shutil.rmtree(self.folder)


TestEditScripts = EditScript.TestCase
TestEditScripts.settings = settings(
    max_examples=25,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(3))


# -- posts that break while they are typed -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", BROKEN)
def test_a_post_that_breaks_keeps_its_last_good_state(site: Path, text: str) -> None:
    clock = Clock()
    live = LiveBlog(Request(site, now=NOW), clock=clock)
    update(live)
    good = outputs(site / ".enishi")
    post = site / "source/_posts/tea-0.md"
    before = post.read_text("utf-8")
    post.write_text(text, "utf-8")
    assert not update(live)
    (problem,) = live.file_problems()
    assert (problem.kind, problem.diagnostic.path) == ("held", "source/_posts/tea-0.md")
    assert outputs(site / ".enishi") == good
    clock.now += 20
    post.write_text(text + " ", "utf-8")  # still being typed
    assert not update(live)
    clock.now += 20
    assert not update(live)
    assert live.file_problems() == []
    post.write_text(before, "utf-8")
    update(live)
    assert [problem.kind for problem in live.file_problems()] == ["mended"]
    assert outputs(site / ".enishi") == good
    assert live.seconds_left() == inf


def test_a_post_that_stays_broken_is_taken_as_a_build_takes_it(site: Path) -> None:
    clock = Clock()
    live = LiveBlog(Request(site, now=NOW), clock=clock)
    update(live)
    post = site / "source/_posts/tea-0.md"
    before = post.read_text("utf-8")
    post.write_text(BROKEN[0], "utf-8")
    assert not update(live)
    assert live.seconds_left() == 30
    clock.now += 31
    assert update(live)
    assert [problem.kind for problem in live.file_problems()] == ["held", "taken"]
    assert outputs(site / ".enishi") == built(site)
    post.write_text(BROKEN[0] + "more", "utf-8")
    assert update(live)
    assert live.file_problems() == []
    post.write_text(before, "utf-8")
    assert update(live)
    assert [problem.kind for problem in live.file_problems()] == ["mended"]
    assert outputs(site / ".enishi") == built(site)


def test_an_error_that_the_post_had_before_holds_nothing(site: Path) -> None:
    post = site / "source/_posts/tea-0.md"
    post.write_text(BROKEN[0], "utf-8")
    live = LiveBlog(Request(site, now=NOW))
    update(live)
    post.write_text(BROKEN[0] + "\nkettle tea steep leaves\n", "utf-8")
    assert update(live)
    assert live.file_problems() == []
    assert outputs(site / ".enishi") == built(site)


def test_a_preview_between_two_halves_is_of_what_was_related_last(site: Path) -> None:
    """A new post that is gone before its tags are done leaves an encoder of other dimensions."""
    live = LiveBlog(Request(site, now=NOW))
    update(live)
    new, old = site / "source/_posts/new.md", site / "source/_posts/tea-0.md"
    new.write_text(post_text("New", topic_text("tea", 20)), "utf-8")
    assert live.read_changes()
    live.relate()
    new.unlink()
    old.write_text(old.read_text("utf-8") + "\nkettle\n", "utf-8")
    changes = live.read_changes()
    assert changes is not None
    ((path, related),) = live.preview(changes.edited).items()
    assert path == "source/_posts/tea-0.md"
    assert related
    live.relate()
    live.tag()
    assert outputs(site / ".enishi") == built(site)


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_second_write_within_the_clocks_tick_is_seen(site: Path) -> None:
    import os

    live = LiveBlog(Request(site, now=NOW))
    post = site / "source/_posts/tea-1.md"
    update(live)
    status = post.stat()
    text = post.read_text("utf-8")
    post.write_text(text[:-5] + text[-5:].swapcase(), "utf-8")
    os.utime(post, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert update(live)


def test_after_a_failure_everything_is_written_at_the_next_try(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from enishi.pipeline import Run

    live = LiveBlog(Request(site, now=NOW))
    update(live)
    post = site / "source/_posts/tea-1.md"
    post.write_text(post.read_text("utf-8") + "\ntrain rail station\n", "utf-8")
    plain = Run.write

    def full(*_: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr(Run, "write", full)
    assert live.read_changes()
    with pytest.raises(OutputError):
        live.relate()
    monkeypatch.setattr(Run, "write", plain)
    assert update(live)
    assert outputs(site / ".enishi") == built(site)


def test_a_post_comes_out_of_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from enishi import pipeline
    from enishi.commands.watch import live_blog

    posts = topic_posts(3, ("tea", "bread"))
    posts["soon.md"] = post_text("Soon", topic_text("tea", 9), "tags: [tea]\n", day=10)
    site = write_blog(tmp_path / "blog", posts, config="future: false\n")

    class Moving(datetime):
        moment = datetime(2020, 1, 10, tzinfo=UTC)

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return cls.moment

    monkeypatch.setattr(live_blog, "datetime", Moving)
    monkeypatch.setattr(pipeline, "datetime", Moving)
    live = LiveBlog(Request(site))
    update(live)
    left = live.seconds_left()
    assert 86_400 < left < 3 * 86_400
    assert b'"status": "future"' in outputs(site / ".enishi")["related.json"]
    assert not update(live)
    Moving.moment = datetime(2020, 1, 12, tzinfo=UTC)
    assert update(live)
    assert b'"status": "future"' not in outputs(site / ".enishi")["related.json"]
    assert live.seconds_left() > 1e9


# -- the memo ----------------------------------------------------------------------------------------------------------


def test_each_works_once_for_each_object_and_forgets_the_rest() -> None:
    memo, worked = Memo(), list[int]()

    def work(item: list[int]) -> int:
        worked.append(item[0])
        return item[0] + 1

    one, two, three = [1], [2], [3]
    assert each(memo, "x", [one, two], work) == [2, 3]
    assert each(memo, "x", [two, three], work) == [3, 4]
    assert worked == [1, 2, 3]
    assert each(memo, "x", [one, two], work) == [2, 3]
    assert worked == [1, 2, 3, 1]
    assert each(memo, "x", [one, two], work, "other rules") == [2, 3]
    assert worked == [1, 2, 3, 1, 1, 2]
