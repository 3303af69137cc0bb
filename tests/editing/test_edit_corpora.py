"""A tag in and out of every post of four real blogs; the real Hexo says what it reads then."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from enishi.editing.change import Edit, Refusal, Style, TagChange
from enishi.editing.patch import unified_diff
from enishi.editing.plan import plan_edit
from made_up_sites import site_of
from shared_data import CORPORA, TESTS, needs_hexo, needs_shared, run_node

pytestmark = needs_shared

NEW = "Zürich #1: 縁"
"""No post has it, and it needs quotes in YAML."""
GENERATORS = {"18f": "eleventy", "efcl": "jekyll", "nhoizey": "eleventy", "yeshan333": "hexo"}
"""What each blog is made with; besides, Hexo would read all of them but the posts below."""
BLANK_AFTER_FENCE = {"nhoizey": 62}
"""Posts whose opening fence is `--- `, which is none to Hexo."""


@dataclass(frozen=True)
class Trial:
    """One post, the tag added to it, and taken out again."""

    path: str
    edit: Edit | Refusal
    removed: Edit | Refusal | None = None


def posts_of(blog: str) -> list[Path]:
    return sorted((CORPORA / blog / "source" / "_posts").rglob("*.m*d*"))


def trials(blog: str, hexo: bool, style: Style = "flow") -> tuple[Trial, ...]:
    return _trials(blog, hexo, style)


@cache
def _trials(blog: str, hexo: bool, style: Style) -> tuple[Trial, ...]:
    rules: dict[str, Any] = {"site": site_of("hexo" if hexo else GENERATORS[blog]), "style": style}
    found = []
    for file in posts_of(blog):
        path = file.relative_to(CORPORA / blog / "source" / "_posts").as_posix()
        edit = plan_edit(file.read_bytes(), TagChange.adding(NEW), **rules)
        if isinstance(edit, Refusal):
            found.append(Trial(path, edit))
            continue
        found.append(Trial(path, edit, plan_edit(edit.after, TagChange.removing(NEW), **rules)))
    return tuple(found)


def done(blog: str, hexo: bool, style: Style = "flow") -> list[tuple[Trial, Edit]]:
    return [(trial, trial.edit) for trial in trials(blog, hexo, style) if isinstance(trial.edit, Edit)]


WAYS = [(blog, hexo) for blog in GENERATORS for hexo in (True, False)]


@pytest.mark.parametrize(("blog", "hexo"), WAYS)
def test_every_post_takes_the_tag_but_for_those_that_hexo_does_not_read(blog: str, hexo: bool) -> None:
    refused = [trial.edit for trial in trials(blog, hexo) if isinstance(trial.edit, Refusal)]
    assert len(trials(blog, hexo)) == len(posts_of(blog)) > 0
    assert Counter(refusal.code for refusal in refused) == Counter(
        {"bad-front-matter": BLANK_AFTER_FENCE.get(blog, 0)} if hexo and blog in BLANK_AFTER_FENCE else {}
    )
    assert all(refusal.line == 1 and "no blank beside it" in refusal.message for refusal in refused)


@pytest.mark.parametrize(("blog", "hexo"), WAYS)
def test_the_difference_is_one_place(blog: str, hexo: bool) -> None:
    for trial, edit in done(blog, hexo):
        assert edit.tags_after == (*edit.tags_before, NEW), trial.path
        patch = unified_diff(trial.path, edit.before, edit.after).split(b"\n@@")
        assert len(patch) == 2, trial.path
        lines = patch[1].split(b"\n")
        gone, come = ([line[1:] for line in lines if line.startswith(mark)] for mark in (b"-", b"+"))
        assert (len(gone), len(come)) in ((0, 1), (1, 1)), trial.path
        # beside the tag, only the brackets, quotes and the comma of a list
        extra = len(edit.after) - len(edit.before) - len(NEW.encode())
        assert 0 < extra <= len("tags: ['']\n") + 4, trial.path
        assert all(line.strip().startswith((b"tags:", b"-")) for line in gone + come), trial.path


@pytest.mark.parametrize(("blog", "hexo"), WAYS)
def test_removing_it_gives_the_old_bytes_where_there_was_a_list(blog: str, hexo: bool) -> None:
    """Where there was a word, nothing, or no key, a list stays, which says the same."""
    for trial, edit in done(blog, hexo):
        assert isinstance(trial.removed, Edit), trial
        assert trial.removed.tags_after == edit.tags_before, trial.path
        if trial.removed.after != edit.before:
            patch = unified_diff("a", trial.removed.after, edit.before).split(b"\n@@")[1].split(b"\n")
            gone, come = ([line[1:].strip() for line in patch if line.startswith(mark)] for mark in (b"-", b"+"))
            was_list = any(line.startswith((b"tags: [", b"- ")) for line in come)
            assert not was_list, trial.path
            assert len(gone) == 1 or come == [b"-"], trial.path  # an item that waited for its tag


@pytest.mark.parametrize("blog", ["efcl", "yeshan333"])  # the two that have empty or missing tags
def test_a_site_that_writes_blocks_gets_them_and_loses_them(blog: str) -> None:
    for trial, edit in done(blog, True, "block"):
        assert isinstance(trial.removed, Edit), trial
        assert trial.removed.tags_after == edit.tags_before, trial.path


@pytest.mark.parametrize("blog", GENERATORS)
def test_a_tag_can_be_renamed_and_merged(blog: str) -> None:
    generator = GENERATORS[blog]
    hexo = generator == "hexo"
    for trial, edit in done(blog, hexo):
        if not edit.tags_before:
            continue
        old, last = edit.tags_before[0], edit.tags_before[-1]
        for new in {NEW, last} - {old}:
            changed = plan_edit(edit.before, TagChange.renaming(old, new), site_of("hexo" if hexo else generator))
            assert isinstance(changed, Edit), (trial.path, changed)
            rest = tuple(tag for tag in edit.tags_before if tag != old)
            assert changed.tags_after == (rest if new == last else (new, *rest)), trial.path


@needs_hexo
def test_hexo_itself_reads_the_old_tags_and_the_new_one() -> None:
    """One site a blog and a way: as it is, with the tag, and with the tag removed again."""
    sites: list[dict[str, Any]] = []
    for blog in GENERATORS:
        for version in ("before", "after", "removed"):
            files = {}
            for number, (trial, edit) in enumerate(done(blog, True)):
                assert isinstance(trial.removed, Edit)
                data = {"before": edit.before, "after": edit.after, "removed": trial.removed.after}[version]
                # names of our own, as Hexo passes over those that begin with `_` or hold a `%`
                files[f"source/_posts/{number}.md"] = {"base64": base64.b64encode(data).decode()}
            sites.append({"config": "", "files": files})
    answers = json.loads(run_node(TESTS / "hexo_sites.cjs", stdin=json.dumps(sites).encode()))
    for blog in GENERATORS:
        before, after, removed = answers[:3]
        del answers[:3]
        assert len(before) == len(done(blog, True)) > 0
        assert before.keys() == after.keys() == removed.keys()
        for path, post in before.items():
            assert sorted(after[path]["tags"]) == sorted([*post["tags"], NEW]), (blog, path)
            assert sorted(removed[path]["tags"]) == sorted(post["tags"]), (blog, path)
            for key in ("title", "published", "lang", "body"):
                assert after[path][key] == removed[path][key] == post[key], (blog, path)
            # as with tags, the order is the data base's
            assert sorted(after[path]["categories"]) == sorted(post["categories"]), (blog, path)


def test_a_broken_front_matter_is_left_or_edited_rightly() -> None:
    """73 front matters that authors committed and had to mend."""
    lines = (CORPORA / "broken_front_matter.jsonl").read_text(encoding="utf-8").splitlines()
    seen: Counter[str] = Counter()
    for line in lines:
        data = json.loads(line)["head"].encode()
        for hexo in (True, False):
            edit = plan_edit(data, TagChange.adding(NEW), site_of("hexo" if hexo else "generic"))
            if isinstance(edit, Refusal):
                assert edit.line > 0
                seen[edit.code] += 1
                continue
            assert edit.tags_after == (*edit.tags_before, NEW)
            removed = plan_edit(edit.after, TagChange.removing(NEW), site_of("hexo" if hexo else "generic"))
            assert isinstance(removed, Edit)
            assert removed.tags_after == edit.tags_before
            seen["edited"] += 1
    assert seen["bad-front-matter"] > 50  # broken for Hexo, for others, or for both
    assert seen["edited"] > 30  # twins of a key beside the tags, tabs that Hexo reads, odd dates
