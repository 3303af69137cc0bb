"""The commands about tags and topics: what they show, what they write, and what they leave alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from blog import files_below, topic_posts, write_blog
from enishi import cli
from enishi.commands.tags import last_build, write
from enishi.errors import OutputError
from enishi.files import NotReplacedError, replace_file
from enishi.pipeline import build
from enishi.state import Request
from enishi.tags.decisions import DECISIONS_NAME, read_decisions

LACKS_TEA, LACKS_BREAD = "content/tea-3.md", "content/bread-5.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built blog in which two posts lack the tag of their topic."""
    posts = topic_posts(8, ("tea", "trains", "storage", "bread"))
    posts["tea-3.md"] = posts["tea-3.md"].replace("tags: [tea]\n", "")
    posts["bread-5.md"] = posts["bread-5.md"].replace("tags: [bread]\n", "tags: []  # later\n")
    site = write_blog(tmp_path_factory.mktemp("built") / "blog", posts, hexo=False)
    build(Request(site))
    return site


@pytest.fixture
def blog(built: Path, tmp_path: Path) -> Path:
    site = tmp_path / "blog"
    for name, data in files_below(built).items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(data)
    return site


class Told:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(blog: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command about the blog, without a terminal."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: str) -> Told:
        capfdbinary.readouterr()
        code = cli.main([*arguments, "--site", str(blog)])
        told = capfdbinary.readouterr()
        return Told(code, told.out.decode(), told.err.decode())

    return command


def posts_of(site: Path) -> dict[str, bytes]:
    return {name: data for name, data in files_below(site).items() if name.startswith("content/")}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return text

    monkeypatch.setattr("sys.stdin", Terminal())


# -- suggest and topics ----------------------------------------------------------------------------------------------


def test_suggestions_by_post_with_their_evidence_in_words(run: Any) -> None:
    told = run("tags", "suggest")
    assert told.code == 0, told.err
    for words in (
        "Tea 3",
        LACKS_TEA,
        "0.9",
        "add",
        "#tea",
        "nearest posts with it",
        "7 of the 7 other posts of its topic",
    ):
        assert words in told.out
    assert "terms that speak for it" in told.out
    one = run("tags", "suggest", "bread-5").out
    assert "#bread" in one
    assert "#tea" not in one
    assert "… and 1 more post" in run("tags", "suggest", "--limit", "1").out
    assert "no missing tags" in run("tags", "suggest", "--min-confidence", "1").out


def test_suggestions_by_tag(run: Any) -> None:
    told = run("tags", "suggest", "--by-tag")
    assert told.out.index("#bread") < told.out.index("Bread 5") < told.out.index("#tea") < told.out.index("Tea 3")


def test_suggestions_as_json(run: Any) -> None:
    values = json.loads(run("tags", "suggest", "--json").out)
    assert [post["path"] for post in values["posts"]] == [LACKS_BREAD, LACKS_TEA]
    found = values["posts"][1]["suggestions"][0]
    assert (found["tag"], found["level"], found["evidence"]["topic"]["with_tag"]) == ("tea", "add", 7)
    tags = json.loads(run("tags", "suggest", "--json", "--by-tag").out)["tags"]
    assert {tag["tag"]: [post["path"] for post in tag["posts"]] for tag in tags} == {
        "bread": [LACKS_BREAD],
        "tea": [LACKS_TEA],
    }


@pytest.mark.parametrize(("confidence", "word"), [(0.8, "add"), (0.7999, "maybe"), (0.5, "maybe"), (0.4999, "unsure")])
def test_levels(confidence: float, word: str) -> None:
    assert last_build.level(confidence) == word


def test_topics_and_what_their_posts_lack(run: Any) -> None:
    told = run("topics")
    assert told.code == 0, told.err
    for words in ("Topic", "#tea 7", "7 of 8 posts about", LACKS_TEA):
        assert words in told.out
    values = json.loads(run("topics", "--json").out)["topics"]
    assert len(values) == 4
    assert [LACKS_TEA] in [found["posts"] for topic in values for found in topic["missing"]]


@pytest.mark.parametrize("arguments", [["topics"], ["tags", "suggest"], ["tags", "apply"]])
def test_without_a_build_there_is_nothing_to_say(run: Any, blog: Path, arguments: list[str]) -> None:
    for text in ("", "[]", '{"version": 1, "posts": {"a": 1}, "topics": []}', '{"version": 9}'):
        (blog / ".enishi" / "tags.json").write_text(text)
        told = run(*arguments)
        assert told.code == 2
        assert "enishi build" in told.err
        assert "Traceback" not in told.err


def test_declining_and_writing_a_named_tag_need_no_build(run: Any, blog: Path) -> None:
    (blog / ".enishi" / "tags.json").unlink()
    (blog / ".enishi" / "related.json").unlink()
    name = Path(LACKS_TEA).stem
    assert run("tags", "decline", name, "TEA").code == 0
    assert 'tag = "tea"' in (blog / ".enishi-declined.toml").read_text()
    assert run("tags", "apply", name, "--tag", "TEA", "--yes").code == 0
    assert "tea" in (blog / LACKS_TEA).read_text().partition("\n---\n")[0].partition("tags:")[2]
    assert run("tags", "apply", name, "--tag", "nothing", "--yes").code == 2


@pytest.mark.parametrize("arguments", [["topics"], ["tags", "suggest"], ["tags", "apply"]])
def test_where_suggestions_are_switched_off_that_is_said(run: Any, blog: Path, arguments: list[str]) -> None:
    build(Request(blog, overrides=("tags.enabled=false",)))  # by whom, the settings do not say
    told = run(*arguments)
    assert told.code == 2
    assert "tags.enabled" in told.err
    assert "enishi build" in told.err


# -- decline ---------------------------------------------------------------------------------------------------------


def test_what_is_declined_is_gone_at_once_and_after_the_next_build(run: Any, blog: Path) -> None:
    told = run("tags", "decline", "tea-3", "Tea")
    assert told.code == 0
    assert "the next build leaves it out" in told.err
    assert "already" in run("tags", "decline", "tea-3", "tea").err
    assert "#tea" not in run("tags", "suggest").out.replace("#tea 7", "")
    assert LACKS_TEA not in run("topics").out
    before = posts_of(blog)
    run("tags", "apply", "tea-3", "--yes")
    assert posts_of(blog) == before
    assert json.loads(run("tags", "declined", "--json").out) == {"declined": [{"post": LACKS_TEA, "tag": "tea"}]}
    build(Request(blog))
    assert LACKS_TEA not in run("tags", "suggest").out


def test_a_decline_can_be_taken_back_also_of_a_post_that_is_gone(run: Any, blog: Path) -> None:
    run("tags", "decline", "tea-3", "tea")
    assert "no longer declined" in run("tags", "undecline", "tea-3", "tea").err
    assert "was not declined" in run("tags", "undecline", "tea-3", "tea").err
    assert "#tea" in run("tags", "suggest").out
    run("tags", "decline", "tea-3", "tea")
    (blog / LACKS_TEA).unlink()
    build(Request(blog))
    assert "no longer declined" in run("tags", "undecline", LACKS_TEA, "tea").err
    assert "nothing was declined" in run("tags", "declined").out


def test_what_a_check_advises_can_be_taken_back_without_a_build(run: Any, blog: Path) -> None:
    shutil.rmtree(blog / ".enishi")
    run("tags", "decline", LACKS_TEA, "tea")
    assert "no longer declined" in run("tags", "undecline", "tea-3", "tea").err
    assert "nothing was declined" in run("tags", "declined").out


def test_a_tag_that_no_post_carries_gets_the_nearest_name(run: Any, blog: Path) -> None:
    told = run("tags", "decline", "tea-3", "storge")
    assert told.code == 2
    assert "did you mean storage?" in told.err
    assert not (blog / ".enishi-declined.toml").exists()
    assert run("tags", "decline", "te-3", "tea").code == 2
    assert run("tags", "apply", "--tag", "storge").code == 2


def test_declines_of_the_settings_are_listed_too(run: Any, blog: Path) -> None:
    (blog / "enishi.toml").write_text(f'[tags.declined]\n"{LACKS_TEA}" = ["tea"]\n')
    assert LACKS_TEA in run("tags", "declined").out


# -- decisions -------------------------------------------------------------------------------------------------------


def decisions(site: Path) -> list[tuple[str, str, str]]:
    found, problems = read_decisions(site)
    assert problems == []
    return [(one.post, one.tag, one.verdict) for one in found]


def test_what_is_written_and_what_is_declined_is_kept_with_what_was_shown(run: Any, blog: Path) -> None:
    shown = json.loads((blog / ".enishi" / "tags.json").read_text())["posts"][LACKS_TEA]["suggestions"][0]
    run("tags", "apply", "tea-3", "--dry-run")
    assert decisions(blog) == []
    run("tags", "apply", "tea-3", "--yes")
    run("tags", "decline", "bread-5", "BREAD")
    assert decisions(blog) == [(LACKS_BREAD, "bread", "declined"), (LACKS_TEA, "tea", "added")]
    line = json.loads((blog / DECISIONS_NAME).read_text("utf-8").splitlines()[1])
    assert (line["confidence"], line["evidence"]) == (shown["confidence"], shown["evidence"])
    run("tags", "undecline", "bread-5", "bread")
    assert decisions(blog) == [(LACKS_TEA, "tea", "added")]


def test_a_tag_that_was_named_is_a_decision_if_it_was_suggested(run: Any, blog: Path) -> None:
    run("tags", "apply", "tea-3", "--tag", "trains", "--yes")
    run("tags", "decline", "tea-4", "storage")
    assert decisions(blog) == []
    run("tags", "apply", "tea-3", "--tag", "Tea", "--yes")
    assert decisions(blog) == [(LACKS_TEA, "tea", "added")]


def test_all_that_is_written_unseen_is_no_decision(run: Any, blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = posts_of(blog)
    assert "changed 2 posts" in run("tags", "apply", "--yes").err
    assert decisions(blog) == []
    for name, data in before.items():
        (blog / name).write_bytes(data)
    answer(monkeypatch, "y\n")
    assert "changed 2 posts" in run("tags", "apply").err
    assert decisions(blog) == [(LACKS_BREAD, "bread", "added"), (LACKS_TEA, "tea", "added")]


def test_posts_are_written_though_no_decision_can_be_kept(run: Any, blog: Path) -> None:
    (blog / DECISIONS_NAME).mkdir()
    told = run("tags", "apply", "tea-3", "bread-5", "--yes")
    assert "changed 2 posts" in told.err
    assert f"{DECISIONS_NAME}: warning" in told.err


def test_a_decision_of_a_post_that_moved_is_taken_back(run: Any, blog: Path) -> None:
    run("tags", "decline", "tea-3", "tea")
    (blog / LACKS_TEA).rename(blog / "content" / "moved.md")
    run("tags", "undecline", "content/moved.md", "tea")
    assert decisions(blog) == []


# -- apply -----------------------------------------------------------------------------------------------------------


def test_apply_changes_the_tags_line_and_nothing_else(run: Any, blog: Path) -> None:
    before = posts_of(blog)
    told = run("tags", "apply", "--yes")
    assert told.code == 0, told.err
    assert "changed 2 posts" in told.err
    after = posts_of(blog)
    assert changed(before, after) == {LACKS_TEA, LACKS_BREAD}
    assert after[LACKS_BREAD] == before[LACKS_BREAD].replace(b"tags: []  # later", b"tags: [bread]  # later")
    assert sorted(set(after[LACKS_TEA].splitlines()) - set(before[LACKS_TEA].splitlines())) == [b"tags: [tea]"]
    assert "nothing to write" in run("tags", "apply", "--yes").err


def test_nothing_is_written_without_a_yes(run: Any, blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_below(blog)
    told = run("tags", "apply")
    assert told.code == 2
    assert "--yes" in told.err
    assert "+tags: [tea]" in told.out
    assert run("tags", "apply", "--dry-run").code == 0
    answer(monkeypatch, "n\n")
    assert "nothing was written" in run("tags", "apply").err
    answer(monkeypatch, "")
    assert run("tags", "apply").code == 0
    assert posts_of(blog) == {name: data for name, data in before.items() if name.startswith("content/")}
    answer(monkeypatch, "y\n")
    run("tags", "apply")
    assert b"tags: [tea]" in (blog / LACKS_TEA).read_bytes()


def test_apply_only_what_was_chosen(run: Any, blog: Path) -> None:
    before = posts_of(blog)
    told = run("tags", "apply", "--min-confidence", "1", "--yes")
    assert "2 suggestions less sure left out" in told.err
    run("tags", "apply", "--tag", "Bread", "--yes")
    assert changed(before, posts_of(blog)) == {LACKS_BREAD}
    run("tags", "apply", "tea-3", "--yes")
    assert changed(before, posts_of(blog)) == {LACKS_BREAD, LACKS_TEA}


def test_what_cannot_be_edited_is_named_by_path_and_line_and_the_rest_is_done(run: Any, blog: Path) -> None:
    broken = (blog / LACKS_TEA).read_bytes().replace(b"title: Tea 3", b'title: "Tea 3')
    (blog / LACKS_TEA).write_bytes(broken)
    told = run("tags", "apply", "--yes")
    assert told.code == 0
    assert f"{LACKS_TEA}:" in told.err
    assert "mend the front matter" in told.err
    assert (blog / LACKS_TEA).read_bytes() == broken
    assert b"tags: [bread]" in (blog / LACKS_BREAD).read_bytes()


def test_a_tag_added_meanwhile_and_a_post_that_is_gone(run: Any, blog: Path) -> None:
    (blog / LACKS_TEA).unlink()
    text = (blog / LACKS_BREAD).read_bytes().replace(b"tags: []", b"tags: [Bread]")
    (blog / LACKS_BREAD).write_bytes(text)
    told = run("tags", "apply", "--yes")
    assert "no longer there" in told.err
    assert "nothing to write" in told.err
    assert (blog / LACKS_BREAD).read_bytes() == text


def test_the_patch_on_standard_output_is_one_that_git_applies(run: Any, blog: Path) -> None:
    patch = run("tags", "apply", "--dry-run").out
    subprocess.run(["git", "apply"], cwd=blog, input=patch.encode(), check=True, timeout=60)
    assert b"tags: [tea]" in (blog / LACKS_TEA).read_bytes()


# -- rename and merge ------------------------------------------------------------------------------------------------


def test_rename_everywhere_and_back_again(run: Any, blog: Path) -> None:
    before = posts_of(blog)
    told = run("tags", "rename", "tea", "Green tea", "--yes")
    assert told.code == 0, told.err
    after = posts_of(blog)
    assert changed(before, after) == {f"content/tea-{n}.md" for n in range(8) if n != 3}
    assert after["content/tea-0.md"] == before["content/tea-0.md"].replace(b"tags: [tea]", b"tags: [Green tea]")
    assert '[tags.aliases]\ntea = "Green tea"' in told.err
    command = told.err.partition("to take it back: enishi ")[2].partition("\n")[0].split()
    assert command[:2] == ["tags", "undo"]
    assert "-tags: [Green tea]" in run("tags", "undo", command[2], "--dry-run").out
    assert run("tags", "undo", command[2], "--yes").code == 0
    assert posts_of(blog) == before
    assert "nothing to write" in run("tags", "undo", command[2], "--yes").err


def test_a_renaming_that_was_killed_is_taken_back_file_by_file(run: Any, blog: Path) -> None:
    """As a kill leaves it: some posts renamed, others not, half a file beside them; and one was edited since."""
    before = posts_of(blog)
    assert run("tags", "rename", "tea", "Tee", "--yes").code == 0
    for number in (5, 6, 7):
        (blog / "content" / f"tea-{number}.md").write_bytes(before[f"content/tea-{number}.md"])
    (blog / "content" / ".enishi-3f0c.tmp~").write_bytes(b"half")
    edited = blog / "content" / "tea-1.md"
    edited.write_bytes(edited.read_bytes().replace(b"[Tee]", b"[Tee, more]"))
    gone = blog / "content" / "tea-2.md"
    gone.unlink()
    told = run("tags", "undo", str(blog / ".enishi" / "undo-tea.patch"), "--yes")
    assert told.code == 0, told.err
    assert "content/tea-1.md: warning: its tags are no longer as they were written" in told.err
    assert "content/tea-2.md: warning: there is no such post any more" in told.err
    assert changed(before, posts_of(blog)) == {"content/tea-1.md", "content/tea-2.md"}
    assert not (blog / "content" / ".enishi-3f0c.tmp~").exists()


@pytest.mark.parametrize("text", ["", "mine", "diff --git a/x b/x\n"])
def test_what_is_no_undo_patch_is_named(run: Any, blog: Path, text: str) -> None:
    (blog / "mine.patch").write_text(text)
    assert "is no undo patch" in run("tags", "undo", str(blog / "mine.patch"), "--yes").err
    assert "cannot be read" in run("tags", "undo", str(blog / "none.patch"), "--yes").err


def test_merge_makes_several_tags_one(run: Any, blog: Path) -> None:
    post = blog / "content" / "tea-0.md"
    post.write_bytes(post.read_bytes().replace(b"[tea]", b"[tea, trains, storage]"))
    told = run("tags", "merge", "tea", "trains", "bread", "--yes")
    assert told.code == 0, told.err
    assert b"tags: [bread, storage]" in post.read_bytes()
    assert not any(b"tags: [t" in data for data in posts_of(blog).values())
    assert (blog / ".enishi" / "undo-tea+trains.patch").exists()
    assert 'tea = "bread"\ntrains = "bread"' in told.err


def test_a_dry_run_writes_nothing_at_all(run: Any, blog: Path) -> None:
    before = posts_of(blog)
    told = run("tags", "rename", "tea", "Tea", "--dry-run")
    assert "+tags: [Tea]" in told.out
    assert "aliases" not in told.err  # a mere spelling is known as the same tag
    assert posts_of(blog) == before
    assert not list((blog / ".enishi").glob("undo*"))


def test_no_undo_patch_is_ever_overwritten(run: Any, blog: Path) -> None:
    mine = blog / "mine.patch"
    mine.write_text("mine")
    before = posts_of(blog)
    told = run("tags", "rename", "tea", "Tee", "--yes", "--undo", str(mine))
    assert told.code == 2
    assert mine.read_text() == "mine"
    assert posts_of(blog) == before
    run("tags", "rename", "tea", "Tee", "--yes")
    run("tags", "rename", "Tee", "tea", "--yes")
    run("tags", "rename", "tea", "Tee", "--yes")
    names = {file.name for file in (blog / ".enishi").glob("undo*")}
    assert names == {"undo-tea.patch", "undo-Tee.patch", "undo-tea-2.patch"}


def test_a_post_that_was_refused_is_passed_over_when_undoing(
    run: Any, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = posts_of(blog)

    def refusing(file: Path, new: bytes, *, expected: bytes | None = None) -> None:
        if file.name == "tea-1.md":
            raise NotReplacedError(f"{file}: changed meanwhile")
        replace_file(file, new, expected=expected)

    monkeypatch.setattr(write, "replace_file", refusing)
    told = run("tags", "rename", "tea", "Tee", "--yes")
    assert "content/tea-1.md: warning: changed meanwhile" in told.err
    assert str(blog) not in told.err.partition("to take it back")[0]
    assert run("tags", "undo", str(blog / ".enishi" / "undo-tea.patch"), "--yes").code == 0
    assert posts_of(blog) == before


def test_a_full_disk_stops_and_says_so(run: Any, blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = posts_of(blog)

    def full(file: Path, new: bytes, *, expected: bytes | None = None) -> None:
        raise OutputError(f"{file}: no space left")

    monkeypatch.setattr(write, "replace_file", full)
    told = run("tags", "rename", "tea", "Tee", "--yes")
    assert told.code == 2
    assert "no space left" in told.err
    assert posts_of(blog) == before
    assert not list((blog / ".enishi").glob("undo*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rename", "Tea", "tee"], "did you mean tea?"),
        (["rename", "xyzzy", "tee"], "no post of the blog carries the tag"),
        (["rename", "tea", "tea"], "one of the old ones"),
        (["rename", "tea", "a\nb"], "control characters"),
    ],
)
def test_wrong_names_end_with_2(run: Any, blog: Path, arguments: list[str], words: str) -> None:
    before = posts_of(blog)
    told = run("tags", *arguments, "--yes")
    assert told.code == 2
    assert words in told.err
    assert posts_of(blog) == before


def test_a_post_that_cannot_be_read_but_seems_to_hold_the_name_is_named(run: Any, blog: Path) -> None:
    post = blog / "content" / "tea-0.md"
    post.write_bytes(post.read_bytes().replace(b"title: Tea 0", b'title: "Tea 0'))
    told = run("tags", "rename", "tea", "Tee", "--dry-run")
    assert "content/tea-0.md:" in told.err
    assert "mend the front matter" in told.err
