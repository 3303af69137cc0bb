"""The check of a pull request: what is found, where, how loudly, and what a stranger cannot make it do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from blog import files_below, post_text, topic_posts, topic_text, write_blog
from enishi.cli import main
from enishi.cli.options import program
from enishi.commands.check.baseline import BASELINE_NAME
from enishi.commands.check.run import CheckRequest, check
from enishi.config import CheckCode
from enishi.errors import EnishiError, SettingsError
from enishi.findings import CODES, CheckReport, Finding, fingerprint
from enishi.pipeline import build
from enishi.state import Request
from enishi.tags.declined import DECLINED_NAME, with_apart, with_untagged
from repository import ENVIRONMENT, branch, commit, git, repository

POSTS = "source/_posts/"


@pytest.fixture(autouse=True)
def _no_settings_of_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("GIT_", "GITHUB_", "CI_")):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def blog(
    root: Path,
    settings: str = "",
    *,
    config: str = "",
    extra: dict[str, str] | None = None,
    is_repository: bool = True,
) -> Path:
    """Posts on six topics, each with the tag of its topic and `notes`, in main, and a branch for more."""
    posts = {name: text.replace("]\n", ", notes]\n", 1) for name, text in topic_posts(8).items()}
    write_blog(root, posts | (extra or {}), settings, config=config)
    (root / ".gitignore").write_text(".enishi\n")
    if is_repository:
        repository(root)
        branch(root)
    return root


def add(site: Path, name: str, front: str, body: str = "", title: str = "A post") -> str:
    """Write a post into the branch; its path."""
    file = site / POSTS / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(post_text(title, body or topic_text("tea", 99), front, day=400), "utf-8")
    return POSTS + name


def run(site: Path, *overrides: str, **asked: Any) -> CheckReport:
    return check(CheckRequest(Request(site, overrides=overrides), **asked))


def codes(report: CheckReport) -> list[tuple[str, str]]:
    return [(finding.path.removeprefix(POSTS), finding.code) for finding in report.findings]


def only(report: CheckReport) -> Finding:
    assert len(report.findings) == 1, report.findings
    return report.findings[0]


# -- kinds of findings -----------------------------------------------------------------------------------------------


def test_the_settings_know_every_kind() -> None:
    assert set(get_args(CheckCode)) == set(CODES)


def test_a_branch_without_changes_is_clean(tmp_path: Path) -> None:
    site = blog(tmp_path)
    report = run(site)
    assert (report.findings, report.checked, report.posts) == ((), (), 48)
    assert report.base == git(site, "rev-parse", "main")
    assert report.notes == (f"No post is new or changed since {report.base[:12]}: --all checks all posts.",)


def test_a_missing_tag_says_why_and_what_to_do(tmp_path: Path) -> None:
    site = blog(tmp_path)
    path = add(site, "new post.md", "tags: [notes]\n")
    commit(site)
    found = only(run(site))
    assert (found.path, found.code, found.tag, found.title) == (path, "missing-tag", "tea", "A post")
    assert (found.line, found.column, found.line_text) == (4, 1, "tags: [notes]")
    assert found.confidence is not None
    assert found.message == f"`tea` is probably missing ({found.confidence:.2f})"
    assert found.level == ("warning" if found.confidence >= 0.8 else "note")
    assert found.evidence[0].startswith("5 of the 5 nearest posts carry it: “Tea ")
    assert found.evidence[-1] == "though the text never names it"
    assert "enishi tags apply 'source/_posts/new post.md' --tag tea" in found.advice[0]
    assert "enishi tags decline 'source/_posts/new post.md' tea" in found.advice[1]
    assert [(one.tag, one.is_sure) for one in found.tags] == [("tea", found.confidence >= 0.8)]
    edit = only(run(site, "check.warn_from=0.3")).edit
    assert edit is not None
    assert (edit.line, edit.before, edit.after) == (4, ("tags: [notes]",), ("tags: [notes, tea]",))


def test_levels_follow_the_confidence(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [notes]\n")
    confidence = only(run(site)).confidence
    assert confidence is not None
    assert only(run(site, f"check.warn_from={confidence}")).level == "warning"
    assert only(run(site, f"check.warn_from={confidence + 0.001}")).level == "note"
    assert not run(site, f"check.note_from={confidence + 0.001}", "check.warn_from=0.1").findings
    more = only(run(site, min_confidence=0.0))
    assert len(more.tags) == 5
    assert (more.tag, more.tags[0].tag) == ("tea", "tea")
    assert [one.confidence for one in more.tags] == sorted((one.confidence for one in more.tags), reverse=True)


def test_a_declined_tag_does_not_return(tmp_path: Path) -> None:
    site = blog(tmp_path)
    path = add(site, "new.md", "tags: [notes]\n")
    assert only(run(site)).tag == "tea"
    assert main(["tags", "decline", path, "tea", "--site", str(site)]) == 0
    assert not run(site).findings


def test_an_accepted_tag_is_written_without_a_build(tmp_path: Path) -> None:
    site = blog(tmp_path)
    path = add(site, "new.md", "tags: [notes]\n")
    assert main(["tags", "apply", path, "--tag", "TEA", "--yes", "--site", str(site)]) == 0
    assert "tags: [notes, tea]" in (site / path).read_text()
    assert not run(site).findings


def test_no_tags(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "")
    found = only(run(site, "check.warn_from=0.5"))
    assert (found.line, found.column, found.code, found.level) == (1, 1, "no-tags", "warning")
    notes, tea = found.tags
    assert found.message == (
        f"the post has no tags; `notes` ({notes.confidence:.2f}) and `tea` ({tea.confidence:.2f}) probably fit"
    )
    assert found.evidence[0].startswith("`notes`: ")
    assert found.evidence[1].startswith("`tea`: 5 of the 5 nearest posts carry it")
    assert found.evidence[2] == "48 of the 49 posts of the blog have tags"
    assert "enishi tags apply source/_posts/new.md --tag notes --tag tea" in found.advice[0]
    assert found.edit is not None
    assert "tags: [notes, tea]" in found.edit.after
    between = (notes.confidence + tea.confidence) / 2
    found = only(run(site, f"check.warn_from={between}"))
    assert found.message.endswith(
        f"`notes` ({notes.confidence:.2f}) probably fits, perhaps `tea` ({tea.confidence:.2f}) too"
    )
    assert found.edit is not None
    assert "tags: [notes]" in found.edit.after
    assert only(run(site, 'check.levels={"missing-tag" = "off"}')).message == "the post has no tags"
    assert only(run(site, 'check.levels={"no-tags" = "off"}')).code == "missing-tag"


def test_one_edit_settles_all_that_is_wrong_with_the_tags_of_a_post(tmp_path: Path) -> None:
    site = blog(tmp_path)
    path = add(site, "new.md", "tags: [Notes, BREAD]\n")
    report = run(site, "check.warn_from=0.3")
    assert codes(report) == [("new.md", "missing-tag"), ("new.md", "tag-spelling"), ("new.md", "tag-spelling")]
    assert [found.edit is not None for found in report.findings] == [True, False, False]
    edit = report.findings[0].edit
    assert edit is not None
    assert edit.after == ("tags: [notes, bread, tea]",)
    assert report.patches == {path: edit.patch}


def test_a_failing_missing_tag_fails_for_a_post_without_tags_too(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "")
    assert run(site, "check.warn_from=0.3", 'check.fail_on=["missing-tag"]').failing == ("no-tags",)
    assert run(site, "check.warn_from=0.99", 'check.fail_on=["missing-tag"]').failing == ()


def test_a_blog_without_tags_is_not_told_of_it(tmp_path: Path) -> None:
    write_blog(tmp_path, {name: post_text(name, topic_text("tea", 1)) for name in ("a.md", "b.md")})
    repository(tmp_path)
    assert not [code for _, code in codes(run(tmp_path, everything=True)) if code == "no-tags"]


def test_spellings(tmp_path: Path) -> None:
    site = blog(tmp_path, '[tags.aliases]\nRails = "trains"\n')
    add(site, "twin.md", "tags: [Tea, notes]\n", topic_text("tea", 50))
    add(site, "alias.md", "tags:\n  - notes\n  - rails\n", topic_text("trains", 50))
    add(site, "both.md", "tags: [tea, TEA, notes]\n", topic_text("tea", 51))
    report = run(site)
    assert codes(report) == [(f"{name}.md", "tag-spelling") for name in ("alias", "both", "twin")]
    alias, both, twin = report.findings
    assert alias.message == "`rails` is called `trains` on this blog"
    assert twin.message == "`Tea` is usually written `tea` on this blog"
    assert twin.evidence == ("`tea` is on 9 posts, `Tea` on 1",)
    assert alias.edit is not None
    assert alias.edit.after == ("  - trains",)
    assert both.edit is not None
    assert both.edit.after == ("tags: [tea, notes]",)


def test_what_a_review_was_told_to_keep_is_kept(tmp_path: Path) -> None:
    site = blog(tmp_path)
    bare = add(site, "new.md", "")
    add(site, "twin.md", "tags: [Tea, notes]\n", topic_text("tea", 50))
    assert codes(run(site)) == [("new.md", "no-tags"), ("twin.md", "tag-spelling")]
    (site / DECLINED_NAME).write_text(with_apart(with_untagged("", bare), ["Tea", "tea"]), "utf-8")
    assert codes(run(site, 'check.levels={"missing-tag" = "off"}')) == []


def test_broader_tags_where_the_blog_has_them(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [tea, bread, notes]\n")
    assert not run(site).findings
    found = only(run(site, 'tags.broader={tea = "bread"}'))
    assert (found.code, found.tag) == ("implied-tag", "bread")
    assert found.message == "`bread` goes without saying, because the post has `tea`"
    assert found.edit is not None
    assert found.edit.after == ("tags: [tea, notes]",)


def test_retired_tags_must_not_come_back_but_may_stay(tmp_path: Path) -> None:
    site = blog(tmp_path, '[tags]\nretired = ["radio"]\n')
    add(site, "new.md", "tags: [tea, Radio, notes]\n")
    old = site / POSTS / "radio-0.md"
    old.write_text(old.read_text() + "A word more.\n")
    found = only(run(site))
    assert (found.path, found.code, found.tag) == (f"{POSTS}new.md", "retired-tag", "Radio")


def test_tags_equal_to_the_category_or_the_series(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "category.md", "tags: [bread, notes]\ncategories: Bread\n", topic_text("bread", 98))
    add(site, "series.md", "tags: [birds, notes]\nseries: birds\n", topic_text("birds", 98))
    report = run(site)
    assert codes(report) == [("category.md", "tag-is-category"), ("series.md", "tag-is-category")]
    assert [found.tag for found in report.findings] == ["bread", "birds"]
    assert report.findings[1].message == "`birds` is the post's series already"


def test_a_blog_that_tags_with_its_categories_is_not_told_of_it(tmp_path: Path) -> None:
    posts = {name: text.replace("tags: [tea]", "tags: [tea]\ncategories: tea") for name, text in topic_posts(8).items()}
    site = blog(tmp_path, extra=posts)
    add(site, "new.md", "tags: [tea, bread, notes]\ncategories: bread\n")
    assert not run(site).findings


def test_near_duplicates_are_told_at_the_newer_post(tmp_path: Path) -> None:
    site = blog(tmp_path)
    text = (site / POSTS / "tea-1.md").read_text().partition("\n---\n")[2]
    first = add(site, "copy.md", "tags: [tea, notes]\n", text + "\nAnd kettle.", title="Tea 1")
    found = only(run(site))
    assert (found.code, found.path, found.subject) == ("near-duplicate", first, f"{POSTS}tea-1.md")
    assert found.message == "the post says nearly the same as “Tea 1”"
    every = run(site, everything=True)
    assert [one.path for one in every.findings if one.code == "near-duplicate"] == [first]


def test_bad_front_matter_keeps_its_line(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [tea, notes]\ntitle: twice\n")
    add(site, "broken.md", "tags: [tea\n")
    report = run(site)
    found = {one.path.removeprefix(POSTS): one for one in report.findings if one.code == "bad-front-matter"}
    assert set(found) == {"new.md", "broken.md"}
    assert found["new.md"].line == 5
    assert found["broken.md"].level == "error"
    assert found["new.md"].advice == ("line 5: Delete one of the two",)
    assert report.failing == ()


def test_a_huge_post_is_not_read(tmp_path: Path) -> None:
    site = blog(tmp_path, "[check]\nmax_file_bytes = 5000\n")
    path = add(site, "huge.md", "tags: [tea, notes]\n", "x " * 3000)
    report = run(site)
    assert codes(report) == [("huge.md", "bad-front-matter")]
    assert (report.checked, report.posts, report.findings[0].line) == ((path,), 48, 1)
    commit(site)
    assert not run(site, base="HEAD").findings


# -- which posts, and where ------------------------------------------------------------------------------------------


def test_drafts_and_posts_of_the_future_are_checked(tmp_path: Path) -> None:
    site = blog(tmp_path, config="future: false\n")
    add(site, "future.md", "tags: [notes, Tea]\n")
    (site / "source" / "_drafts").mkdir()
    add(site, "../_drafts/draft.md", "tags: [notes, Tea]\n", topic_text("tea", 98))
    report = check(CheckRequest(Request(site, now=datetime(2020, 6, 1, tzinfo=UTC))))
    assert [found.path for found in report.findings] == ["source/_drafts/draft.md", f"{POSTS}future.md"]


def test_files_and_folders_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = blog(tmp_path)
    for name in ("one.md", "sub/two.md", "sub/three.md"):
        add(site, name, "tags: [notes]\n", topic_text("tea", len(name)))
    assert run(site, files=(f"{POSTS}one.md",)).checked == (f"{POSTS}one.md",)
    assert run(site, files=(str(site / POSTS / "sub"),)).checked == (f"{POSTS}sub/three.md", f"{POSTS}sub/two.md")
    monkeypatch.chdir(site / POSTS / "sub")
    report = run(site, files=("two.md", "../one.md", "../../../_config.yml"))
    assert report.checked == (f"{POSTS}one.md", f"{POSTS}sub/two.md")
    assert report.notes == ("1 of the files named is no post of this site and was passed over.",)
    with pytest.raises(SettingsError, match="empty name"):  # of a variable that is not set, say: not the whole folder
        run(site, files=("",))
    with pytest.raises(SettingsError, match=r"there is no file gone\.md"):
        run(site, files=("gone.md",))


def test_without_git_files_or_all_are_asked_for(tmp_path: Path) -> None:
    write_blog(tmp_path, topic_posts(4))
    with pytest.raises(EnishiError, match="name the posts to check, or use --all"):
        run(tmp_path)
    assert run(tmp_path, everything=True).posts == 24
    assert run(tmp_path, files=(f"{POSTS}tea-1.md",)).checked == (f"{POSTS}tea-1.md",)


def test_without_a_repository_the_advice_names_the_site_as_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = blog(tmp_path / "my blog", is_repository=False)
    path = add(site, "new.md", "tags: [notes]\n")
    monkeypatch.chdir(tmp_path)
    asked = CheckRequest(Request(Path("my blog")), files=(path,))
    assert only(check(asked)).advice[1].endswith(f"run: enishi tags decline {path} tea --site 'my blog'")
    monkeypatch.chdir(site)
    assert only(run(Path(), files=(path,))).advice[1].endswith(f"run: enishi tags decline {path} tea")
    assert str(tmp_path) not in only(run(site, files=(path,))).advice[1]


def test_a_finding_stands_on_an_added_line(tmp_path: Path) -> None:
    site = blog(tmp_path, extra={"old.md": post_text("Old tea", topic_text("tea", 70), "tags: [notes]\n")})
    old = site / POSTS / "old.md"
    lines = old.read_text().split("\n")
    old.write_text("\n".join([*lines[:7], "A line more about the kettle.", *lines[7:]]))
    found = only(run(site))
    assert (found.line, found.column, found.line_text) == (8, 1, "A line more about the kettle.")
    assert found.edit is not None
    assert found.edit.line == 4
    old.write_text(old.read_text().replace("tags: [notes]", "tags: [notes, birds]"))
    assert only(run(site)).line == 4
    assert only(run(site, files=(str(old),))).line == 4


def test_a_site_in_a_subfolder(tmp_path: Path) -> None:
    site = blog(tmp_path / "blog", is_repository=False)
    repository(tmp_path)
    branch(tmp_path)
    add(site, "new.md", "tags: [notes]\n")
    report = run(site, "check.warn_from=0.3")
    found = only(report)
    assert (report.prefix, report.in_repository(found.path)) == ("blog", f"blog/{POSTS}new.md")
    for advice, command in zip(found.advice, ("apply", "decline"), strict=True):
        assert f"run at the top of the repository: enishi tags {command} " in advice
        assert advice.endswith(" --site blog")
    assert found.edit is not None
    apply_patch(tmp_path, found.edit.patch)
    assert "tags: [notes, tea]" in (site / POSTS / "new.md").read_text()


def apply_patch(top: Path, patch: str) -> None:
    done = subprocess.run(["git", "apply", "-"], cwd=top, input=patch.encode("utf-8", "surrogateescape"))
    assert done.returncode == 0


def test_all_edits_of_a_post_come_as_one_patch(tmp_path: Path) -> None:
    site = blog(tmp_path, '[tags]\nretired = ["radio"]\n')
    path = add(site, "new.md", "tags: [NOTES, radio]\n")
    other = add(site, "fine.md", "tags: [tea, notes]\n", topic_text("tea", 98))
    report = run(site, "check.warn_from=0.5")
    assert [found.code for found in report.findings] == ["missing-tag", "retired-tag", "tag-spelling"]
    assert list(report.patches) == [path]
    assert other in report.checked
    apply_patch(site, report.patches[path])
    assert "tags: [notes, tea]" in (site / path).read_text()
    assert not run(site).findings


def test_a_partial_clone_says_what_it_does_not_know(tmp_path: Path) -> None:
    origin = blog(tmp_path / "origin")
    git(origin, "config", "uploadpack.allowFilter", "true")
    old = origin / POSTS / "radio-0.md"
    old.write_text(old.read_text() + "A word more.\n")
    commit(origin)
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--branch=pull-request", f"file://{origin}", "partial")
    (note,) = run(tmp_path / "partial", base="origin/main").notes
    assert "(--filter=blob:none), so it is not known which lines are new" in note
    git(tmp_path / "partial", *note[note.index("git diff") :].split()[1:])
    assert run(tmp_path / "partial", base="origin/main").notes == ()


# -- what is not said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["off", "note", "warning", "error"])
def test_every_kind_has_a_level(tmp_path: Path, level: str) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [Tea, notes]\n")
    found = run(site, f'check.levels={{"tag-spelling" = "{level}"}}').findings
    assert [one.level for one in found if one.code == "tag-spelling"] == ([] if level == "off" else [level])


def test_an_unsure_tag_is_never_more_than_a_note(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [notes]\n")
    levels = 'check.levels={"missing-tag" = "error"}'
    assert only(run(site, levels, "check.warn_from=0.5")).level == "error"
    assert only(run(site, levels, "check.warn_from=0.95")).level == "note"
    assert not run(site, 'check.levels={"missing-tag" = "off"}').findings


def test_a_post_turns_kinds_off_for_itself(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [notes, Tea]\nenishi: {ignore: [tag-spelling]}\n")
    add(site, "one.md", "tags: [notes]\nenishi: {ignore: missing-tag}\n", topic_text("tea", 98))
    report = run(site)
    assert (codes(report), report.suppressed) == ([], 2)


def test_a_kind_that_there_is_none_of_is_named(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [tea, notes]\nenishi: {ignore: [missing-tags]}\n")
    assert codes(run(site)) == [("new.md", "bad-front-matter")]


def test_the_baseline(tmp_path: Path) -> None:
    site = blog(tmp_path, extra={"old.md": post_text("Old", topic_text("tea", 70), "tags: [notes]\n")})
    first = run(site, everything=True)
    assert len(first.findings) == 1
    accepted = run(site, everything=True, write_baseline=True)
    assert (accepted.findings, accepted.suppressed, accepted.failing) == ((), 1, ())
    text = (site / BASELINE_NAME).read_text()
    assert json.loads(text)["findings"] == [
        {
            "path": f"{POSTS}old.md",
            "code": "missing-tag",
            "about": "tea",
            "fingerprint": fingerprint("missing-tag", f"{POSTS}old.md", "tea"),
        }
    ]
    clean = run(site, everything=True)
    assert (clean.findings, clean.suppressed) == ((), 1)
    new = add(site, "new.md", "tags: [Tea, notes]\n", topic_text("tea", 55))
    assert {one.path for one in run(site, everything=True).findings} == {new}
    run(site, files=(new,), write_baseline=True)  # what was accepted of other posts stays
    assert len(json.loads((site / BASELINE_NAME).read_text())["findings"]) == 2
    run(site, everything=True, write_baseline=True)
    before = (site / BASELINE_NAME).read_bytes()
    run(site, everything=True, write_baseline=True)
    assert (site / BASELINE_NAME).read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2}', '{"version": 1, "findings": [3]}', "[" * 100_000])
def test_a_broken_baseline_accepts_nothing(tmp_path: Path, text: str) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [notes]\n")
    (site / BASELINE_NAME).write_text(text)
    report = run(site)
    assert len(report.findings) == 1
    assert any(note.startswith(BASELINE_NAME) for note in report.notes)
    with pytest.raises(EnishiError, match="left as it is"):
        run(site, write_baseline=True)


# -- what fails ------------------------------------------------------------------------------------------------------


def test_judgements_do_not_fail_unless_the_user_says_so(tmp_path: Path) -> None:
    site = blog(tmp_path)
    add(site, "new.md", "tags: [Tea, notes]\n")
    assert run(site).failing == ()
    assert run(site, strict=True).failing == ("tag-spelling",)
    assert run(site, 'check.fail_on=["no-tags", "tag-spelling"]').failing == ("tag-spelling",)
    assert run(site, 'check.fail_on=["no-tags"]').failing == ()
    quiet = 'check.levels={"tag-spelling" = "note"}'
    assert run(site, quiet, 'check.fail_on=["tag-spelling"]', strict=True).failing == ()
    assert run(site, 'check.levels={"tag-spelling" = "error"}').failing == ()


def test_exit_codes_and_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = blog(tmp_path / "blog")
    add(site, "new.md", "tags: [Tea, notes]\n")
    assert main(["check", "--site", str(site), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [found["code"] for found in told["findings"]] == ["tag-spelling"]
    assert main(["check", "--site", str(site), "--json", "--strict"]) == 1
    assert json.loads(capsys.readouterr().out)["failing"] == ["tag-spelling"]
    out = tmp_path / "out"
    files = [f"--output={name}={out / name}" for name in ("json", "sarif", "checkstyle")]
    assert main(["check", "--site", str(site), *files]) == 0
    assert "tag-spelling" in capsys.readouterr().out
    assert json.loads((out / "json").read_text()) == told
    assert main(["check", "--site", str(site), "--format", "xml"]) == 2
    assert main(["check", "--site", str(site), "--output", "json"]) == 2
    assert main(["check", "--site", str(site), "--output", "xml=a"]) == 2
    assert main(["check", "--site", str(site), "--base", "-x"]) == 2
    assert main(["check", "--site", str(tmp_path / "nowhere"), "--all"]) == 2


def test_a_patch_in_a_log_of_github_actions_is_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    site = blog(tmp_path / "blog")
    path = add(site, "new.md", "tags: [Tea, notes]\n", "::error::obey\n\n" + topic_text("tea", 99))
    arguments = ["check", "--site", str(site), "--format", "diff"]

    def printed() -> bytes:
        assert main(arguments) == 0
        return capfdbinary.readouterr().out

    patch = printed()
    assert b"\n ::error::obey\n" in patch
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    command = [sys.executable, "-m", "enishi", *arguments]
    report = tmp_path / "patch"
    with report.open("wb") as stream:
        assert subprocess.run(command, stdout=stream, timeout=120, check=False).returncode == 0
    guarded = subprocess.run(command, stdout=subprocess.PIPE, timeout=120, check=True).stdout
    first, *between, last = guarded.splitlines(keepends=True)
    word = first.removeprefix(b"::stop-commands::").removesuffix(b"\n")
    assert b"".join(between) == patch == report.read_bytes()
    assert last == b"::%s::\n" % word
    assert word not in patch
    apply_patch(site, guarded.decode())
    assert "[tea, notes]" in (site / path).read_text()
    assert not printed()  # nothing to mend, nothing to guard


# -- the same again --------------------------------------------------------------------------------------------------


def test_a_report_is_the_same_whatever_is_in_the_cache(tmp_path: Path) -> None:
    site = blog(tmp_path / "blog", "")
    for number in range(3):
        add(site, f"new-{number}.md", "tags: [Tea, notes]\n", topic_text("tea", 80 + number))
    (site / POSTS / "birds-1.md").unlink()
    first = run(site)
    assert first.findings
    assert run(site) == first
    git(site, "checkout", "-q", "--", POSTS)
    assert run(site) != first
    (site / POSTS / "birds-1.md").unlink()
    assert run(site) == first
    cold = check(CheckRequest(Request(site, cache=tmp_path / "elsewhere")))
    assert cold == first
    assert replace(check(CheckRequest(Request(site, cache=tmp_path / "elsewhere", processes=2)))) == first


def test_a_second_check_of_the_same_posts_reads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = blog(tmp_path / "blog")
    asked = CheckRequest(Request(site, cache=tmp_path / "cache"))
    path = add(site, "new.md", "tags: [Tea]\n")
    first = check(asked)
    with monkeypatch.context() as patched:
        patched.setattr("enishi.pipeline.read_documents", lambda *_, **__: pytest.fail("posts were parsed"))
        assert check(asked) == first
        assert "tag-spelling" in check(replace(asked, strict=True)).failing
    add(site, "new.md", "tags: [tea, notes]\n")
    assert check(asked).checked == (path,)
    assert not check(asked).findings


def test_the_cache_is_the_users_own_and_never_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = blog(tmp_path / "blog")
    add(site, "new.md", "tags: [notes]\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    before = files_below(site / "source") | {name.name: b"" for name in site.iterdir()}
    report = run(site)
    assert files_below(site / "source") | {name.name: b"" for name in site.iterdir()} == before
    assert [file.name for file in (tmp_path / "own").rglob("*.db")] == ["cache.db"]
    with monkeypatch.context() as homeless:
        homeless.delenv("XDG_CACHE_HOME")
        homeless.setattr("os.path.expanduser", lambda path: path)
        homeless.chdir(tmp_path)
        assert run(site) == report
    assert sorted(file.name for file in tmp_path.iterdir()) == ["blog", "own"]
    inside = check(CheckRequest(Request(site, cache=site / "source" / "mine")))
    assert not (site / "source" / "mine").exists()
    assert inside == replace(report, notes=inside.notes)
    assert "--cache lies in the checkout" in inside.notes[0]


def test_a_cache_elsewhere_leaves_the_site_untouched(tmp_path: Path) -> None:
    site = blog(tmp_path / "blog")
    add(site, "new.md", "tags: [notes]\n")
    check(CheckRequest(Request(site, cache=tmp_path / "cache")))
    assert (tmp_path / "cache" / "cache.db").exists()
    assert not (site / ".enishi").exists()


# -- what is said on the command line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "prefix", "environment", "called"),
    [
        ("/usr/bin/enishi", "/usr", {}, "enishi"),
        ("/x/enishi/__main__.py", "/usr", {}, f"{Path(sys.executable).name} -m enishi"),
        (
            "/c/pre-commit/py env/bin/enishi",
            "/c/pre-commit/py env",
            {"PRE_COMMIT": "1"},
            "'/c/pre-commit/py env/bin/enishi'",
        ),
        ("/c/pre-commit/env/bin/enishi", "/c/pre-commit/env", {"PRE_COMMIT": "1", "CI": "true"}, "enishi"),
        ("/h/.cache/uv/archive-v0/x/bin/enishi", "/h/.cache/uv/archive-v0/x", {}, "uvx enishi"),
        ("/h/.cache/pipx/x/bin/enishi", "/h/.cache/pipx/x", {}, "pipx run enishi"),
        ("/h/.local/share/pipx/venvs/enishi/bin/enishi", "/h/.local/share/pipx/venvs/enishi", {}, "enishi"),
    ],
)
def test_commands_are_called_as_the_check_was(
    monkeypatch: pytest.MonkeyPatch, script: str, prefix: str, environment: dict[str, str], called: str
) -> None:
    for name in ("PRE_COMMIT", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", [script, "check"])
    monkeypatch.setattr(sys, "prefix", prefix)
    assert program() == called


def test_the_advice_is_called_as_the_check_was(tmp_path: Path) -> None:
    site = blog(tmp_path)
    path = add(site, "new.md", "tags: [notes]\n")
    advice = only(run(site, program="uvx enishi")).advice
    assert advice[0].endswith(f"run: uvx enishi tags apply {path} --tag tea")
    assert advice[1].endswith(f"run: uvx enishi tags decline {path} tea")


def test_a_code_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--explain", "no-tags"]) == 0
    told = capfd.readouterr().out
    assert told.startswith("no-tags: a post without any tag\n")
    assert "docs/check.md#no-tags" in told
    assert main(["check", "--explain", "no-such"]) == 2
    assert "there is no code 'no-such'; there are missing-tag, " in capfd.readouterr().err


# -- lists that were published last -----------------------------------------------------------------------------------


def lists_note(report: CheckReport) -> str:
    return next((note for note in report.notes if note.startswith("Related posts change on")), "")


def test_a_check_says_on_how_many_pages_related_posts_change(tmp_path: Path) -> None:
    site = blog(tmp_path / "blog")
    build(Request(site, out=tmp_path / "published"))
    previous = tmp_path / "published/related.json"
    request = Request(site, previous=previous)
    add(site, "tea-new.md", "tags: [tea, notes]\n")
    first = lists_note(check(CheckRequest(request)))
    assert re.fullmatch(
        r"Related posts change on \d+ pages?: [1-9]\d* around the posts under check, \d+ elsewhere\.", first
    )
    assert lists_note(run(site)) == ""
    entries = json.loads(previous.read_bytes())
    for post in entries["posts"].values():
        post["related"] = post["related"][:1]
    previous.write_text(json.dumps(entries))
    assert lists_note(check(CheckRequest(request))) != first


def test_a_published_file_that_says_nothing_is_told_in_the_report(tmp_path: Path) -> None:
    site = blog(tmp_path / "blog")
    add(site, "tea-new.md", "tags: [tea, notes]\n")
    for data in ("{}", None):
        (site / "previous.json").unlink() if data is None else (site / "previous.json").write_text(data)
        notes = check(CheckRequest(Request(site, previous=site / "previous.json"))).notes
        assert sum("Lists are made afresh" in note for note in notes) == 1
        assert not any(note.startswith("Related posts change on") for note in notes)
