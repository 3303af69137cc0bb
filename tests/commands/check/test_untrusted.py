"""What an untrusted pull request cannot make the check do: read, load, fetch or write what it should not."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError
from test_check import POSTS, add, blog, only, run
from test_check import _no_settings_of_anybody as _no_settings_of_anybody  # a fixture

from blog import files_below, post_text, topic_text
from enishi.cache import Cache
from enishi.cli import main
from enishi.commands.check.git import GitError, Repository
from enishi.commands.check.report_files import write_report
from enishi.commands.check.run import CheckRequest, check
from enishi.commands.check.scope import post_folders
from enishi.commands.check.untrusted import guarded_request
from enishi.config import Setting, Settings, describe_settings, owner_only, safe, setting_value
from enishi.config_files import load_settings
from enishi.errors import EnishiError, OutputError, SettingsError
from enishi.findings import CheckReport
from enishi.pipeline import Run
from enishi.state import Request
from repository import repository


def guarded(site: Path, *overrides: str, config: Path | None = None) -> tuple[Request, list[str]]:
    return guarded_request(Request(site, config_file=config, overrides=overrides), site)


def settings_of(site: Path, *overrides: str, config: Path | None = None) -> Any:
    request, _ = guarded(site, *overrides, config=config)
    return load_settings(site, config_file=config, overrides=request.overrides)[0]


# -- every setting ---------------------------------------------------------------------------------------------------

EXAMPLES = ("x", 1, 2, 0.25, 3000, True, False, ["x"], {"x": "y"}, {"x": ["y"]}, ["no-tags"], {"no-tags": "off"})


def other_value(setting: Setting) -> dict[str, Any]:
    """Settings in which this one has a valid value that is not the default."""
    section, _, key = setting.name.rpartition(".")
    words = re.findall(r"[\w-]+", str(setting_type(setting.name)))
    for value in (*EXAMPLES, *words):
        values = {section: {key: value}} if section else {key: value}
        with contextlib.suppress(ValidationError):
            if setting_value(Settings.model_validate(values), setting.name) != setting.default:
                return values
    raise AssertionError(f"no example fits {setting.name}: add one")


def setting_type(name: str) -> Any:
    """The type of a setting, which names the words that it allows."""
    kind: Any = Settings
    for part in name.split("."):
        kind = kind.model_fields[part].annotation
    return kind


@pytest.mark.parametrize("setting", list(describe_settings()), ids=lambda setting: setting.name)
def test_a_check_uses_only_the_settings_that_are_declared_safe(tmp_path: Path, setting: Setting) -> None:
    assert setting.is_safe is not None, "declare it with `safe` or `owner_only`"
    (tmp_path / "_config.yml").write_text(json.dumps({"enishi": other_value(setting)}))
    used = setting_value(settings_of(tmp_path), setting.name)
    before = setting_value(load_settings(tmp_path)[0], setting.name)
    assert before != setting.default
    if setting.is_safe:
        assert used == before
    elif setting.name in ("templates", "data_file"):
        assert used == ""
    else:
        assert used == setting.default
        (note,) = guarded(tmp_path)[1]
        assert note.startswith(f"{setting.name} = {before!r} is not used, because ")


def test_a_setting_that_says_nothing_is_not_safe() -> None:
    class New(BaseModel):
        one: str = Field("", description="A setting that somebody adds.")
        two: str = safe("", "Another.")
        three: str = owner_only("", "A third.")

    assert [setting.is_safe for setting in describe_settings(New)] == [None, True, False]


# -- models ----------------------------------------------------------------------------------------------------------

MODEL = '[encoder]\nmodel = "stranger/model"\nrevision = "refs/pr/1"\n'


def test_a_model_that_the_repository_names_is_not_used(tmp_path: Path) -> None:
    site = blog(tmp_path, MODEL)
    add(site, "new.md", "tags: [notes]\n")
    report = run(site)
    assert only(report).tag == "tea"
    assert any("stranger/model" in note and "is not used" in note for note in report.notes)
    encoder = settings_of(site).encoder
    assert (encoder.model, encoder.revision) == ("", "")


def test_a_model_that_the_command_line_names_is_used_without_the_repositorys_revision(tmp_path: Path) -> None:
    site = blog(tmp_path / "site", MODEL)
    for overrides in (("encoder.model=mine/model",), ('encoder={model = "mine/model"}',)):
        encoder = settings_of(site, *overrides).encoder
        assert (encoder.model, encoder.revision) == ("mine/model", "")
    encoder = settings_of(site, "encoder.model=mine/model", "encoder.revision=abc").encoder
    assert (encoder.model, encoder.revision) == ("mine/model", "abc")
    own = tmp_path / "own.toml"
    own.write_text(MODEL.replace("stranger", "mine"))
    assert settings_of(site, config=own).encoder.model == "mine/model"
    inside = site / "ci.toml"
    inside.write_text(MODEL)
    assert settings_of(site, config=inside).encoder.model == ""
    linked = site / "linked.yml"
    linked.symlink_to(own)
    with pytest.raises(SettingsError, match=r"linked\.yml is a link that leads out of the site"):
        settings_of(site)


@pytest.mark.parametrize("name", ["mine/model", "./mine/model", "mine/../mine/model", "mine"])
def test_a_folder_in_the_repository_is_never_the_model(tmp_path: Path, name: str) -> None:
    site = blog(tmp_path / "site")
    (site / "mine" / "model").mkdir(parents=True)
    assert settings_of(site, f"encoder.model={name}").encoder.model == ""
    assert settings_of(site, f"encoder.model={site / 'mine'}").encoder.model == ""
    assert "name a folder elsewhere" in guarded(site, f"encoder.model={name}")[1][0]
    outside = tmp_path / "model"
    outside.mkdir()
    (site / "way-out").symlink_to(outside)
    assert settings_of(site, f"encoder.model={outside}").encoder.model == str(outside)
    assert settings_of(site, "encoder.model=way-out").encoder.model == ""


OTHER_PARTS = """
[encoder]
images = "stranger/clip"
site = "doc2vec"
device = "cuda"
[readers]
logs = "/var/log/*"
"""


def test_a_repository_chooses_no_other_part_of_a_vector(tmp_path: Path) -> None:
    site = blog(tmp_path / "site")
    (site / "enishi.toml").write_text(OTHER_PARTS)
    found = settings_of(site)
    assert (found.encoder.images, found.readers.patterns) == ("", ())
    assert (found.encoder.site, found.encoder.device) == ("words", "auto")
    told = "\n".join(guarded(site)[1])
    assert "encoder.images = 'stranger/clip' is not used" in told
    assert "readers.logs = '/var/log/*' is not used" in told
    own = settings_of(site, "encoder.images=mine/clip", "readers.logs=mine.log")
    assert (own.encoder.images, own.readers.patterns) == ("mine/clip", ("mine.log",))
    (site / "mine" / "clip").mkdir(parents=True)
    assert settings_of(site, "encoder.images=mine/clip").encoder.images == ""


# -- files -----------------------------------------------------------------------------------------------------------


def test_no_template_of_the_repository_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = blog(tmp_path)
    (site / "templates" / "enishi").mkdir(parents=True)
    (site / "templates" / "enishi" / "related.html.j2").write_text("{{ ''.__class__.__mro__ }}{% for x in y %}")
    add(site, "new.md", "tags: [notes]\n")
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda file: _refuse_templates(file) or read_bytes(file))
    assert only(run(site)).tag == "tea"
    assert settings_of(site).templates == ""
    assert settings_of(site, "data_file=source/x.json").data_file == ""


def _refuse_templates(file: Path) -> None:
    assert not file.name.endswith(".j2") or "enishi/templates" in str(file) or "main/templates" in str(file)


@pytest.mark.parametrize("name", ["enishi.toml", "_config.yml", "pyproject.toml"])
def test_settings_that_are_links_out_of_the_site_are_refused(tmp_path: Path, name: str) -> None:
    site = blog(tmp_path / "site")
    secret = tmp_path / "secret.toml"
    secret.write_text("[tags]\nmin_confidence = 'password'\n")
    (site / name).unlink(missing_ok=True)
    (site / name).symlink_to(secret)
    with pytest.raises(SettingsError) as told:
        run(site)
    assert "password" not in str(told.value)


def test_hugos_settings_are_no_links_out_of_the_site(tmp_path: Path) -> None:
    site = blog(tmp_path / "site")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "hugo.toml").write_text("")
    (site / "config").mkdir()
    (site / "config" / "_default").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="config/_default is a link"):
        run(site)
    (site / "config" / "_default").unlink()
    (site / "config" / "_default").mkdir()
    (site / "config" / "_default" / "hugo.toml").symlink_to(tmp_path / "elsewhere" / "hugo.toml")
    with pytest.raises(SettingsError, match=r"config/_default/hugo\.toml is a link"):
        run(site)


def test_huge_settings_are_not_read(tmp_path: Path) -> None:
    site = blog(tmp_path)
    (site / "enishi.toml").write_text("#" * 2_000_000)
    with pytest.raises(SettingsError, match="larger than 1 MB"):
        run(site)


@pytest.mark.parametrize("where", ["/etc/hostname", "../secret.json", "huge.json", "way-out.json", "fifo"])
def test_constants_of_the_repository_are_small_files_inside(tmp_path: Path, where: str) -> None:
    site = blog(tmp_path / "site", f'[tags]\nconstants = "{where}"\n')
    (tmp_path / "secret.json").write_text("{}")
    (site / "huge.json").write_text(" " * 2_000_000)
    if where == "way-out.json":
        (site / "way-out.json").symlink_to(tmp_path / "secret.json")
        with pytest.raises(SettingsError):
            run(site)
        return
    os.mkfifo(site / "fifo")
    assert settings_of(site).tags.constants == ""
    assert where in guarded(site)[1][0]


def test_posts_that_are_links_out_of_the_site_are_not_read(tmp_path: Path) -> None:
    site = blog(tmp_path / "site")
    secret = tmp_path / "secret.md"
    secret.write_text(post_text("A secret", topic_text("tea", 3), "tags: [Password]\n"))
    (site / POSTS / "link.md").symlink_to(secret)
    (site / POSTS / "folder").symlink_to(tmp_path)
    report = run(site)
    assert [(found.path, found.code) for found in report.findings] == [
        (f"{POSTS}folder", "bad-front-matter"),
        (f"{POSTS}link.md", "bad-front-matter"),
    ]
    assert "secret" not in repr(report).lower().replace(str(tmp_path).lower(), "")


# -- the cache -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_cache_that_came_with_the_checkout_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    """Not even where git, which could say who put it there, refuses to read the repository."""
    site = blog(tmp_path / "site")
    if not is_trusted:
        monkeypatch.setattr("enishi.commands.check.run.Repository", _refused)
    asked = CheckRequest(Request(site), files=(add(site, "new.md", "tags: [notes]\n"),))
    first = check(asked)
    assert only(first).tag == "tea"
    for place in (".enishi", "source/mine"):
        (site / place).mkdir()
        with Cache(site / place / "cache.db") as planted:
            planted.set_state("check", "forged")
    (site / "link").symlink_to("source/mine")
    untouched = files_below(site)
    assert check(asked) == first
    for name in ("source/mine", "link", ".", "source/mine/deeper"):
        found = check(replace(asked, request=Request(site, cache=site / name)))
        assert found.findings == first.findings
        assert "it is not used" in found.notes[-1]
    assert files_below(site) == untouched


def _refused(site: Path) -> Repository:
    raise GitError(f"git does not read this repository ({site})")


def test_a_post_that_is_wrong_in_a_thousand_ways_is_not_edited_for_ever(tmp_path: Path) -> None:
    many = [f"tag{number}x" for number in range(450)]
    old = {f"many-{n}.md": post_text("Many", topic_text("tea", n), f"tags: [{', '.join(many)}]\n") for n in range(3)}
    site = blog(tmp_path, extra=old)
    add(site, "new.md", f"tags: [{', '.join(map(str.upper, many))}]\n")
    add(site, "some.md", f"tags: [{', '.join(map(str.upper, many[:50]))}]\n", topic_text("tea", 77))
    report = run(site)
    edits = [found.path for found in report.findings if found.edit is not None]
    assert edits == [f"{POSTS}some.md"]
    assert list(report.patches) == [f"{POSTS}some.md"]
    assert len(report.findings) >= 500


def test_long_lines_are_not_repeated_with_every_finding(tmp_path: Path) -> None:
    site = blog(tmp_path, '[tags]\nretired = ["radio"]\n')
    add(site, "new.md", f"tags: [tea, notes, radio] # {'x' * 500_000}\n")
    found = only(run(site))
    assert (found.line, found.edit) == (4, None)
    assert len(found.line_text) == 1000


def test_commands_to_be_copied_are_quoted(tmp_path: Path) -> None:
    model = "m; touch pwned"
    site = blog(tmp_path / "site", f"[encoder]\nmodel = {json.dumps(model)}\n")
    add(site, "new.md", "tags: [notes]\n")
    (note,) = run(site).notes
    assert "encoder.model=m; touch pwned" in shlex.split(note[note.index("--set") : note.index(" if it may be")])


def test_a_folder_in_a_command_to_be_copied_is_quoted_and_lies_where_it_says(tmp_path: Path) -> None:
    folder = "a; touch pwned"
    for number in range(6):
        file = tmp_path / "my site" / folder / str(number % 2) / f"{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(post_text(f"Post {number}", topic_text("tea", number)))
    site = tmp_path / "my site"
    (site / "enishi.toml").write_text(f"posts = [{json.dumps(folder)}]\n")
    repository(tmp_path)
    loaded = Run(Request(site), lambda *_: None).load()
    assert shlex.split(post_folders(loaded, Repository(site))) == [f"my site/{folder}"]


# -- what is written -------------------------------------------------------------------------------------------------


def test_no_report_is_written_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "folder").mkdir()
    (site / "report.json").symlink_to(target)
    (site / "out").symlink_to(tmp_path / "folder")
    (site / "dangling").symlink_to(tmp_path / "nowhere")
    report = CheckReport((), (), 0)
    monkeypatch.chdir(site)
    for name in ("report.json", "out/report.json", "dangling", str(site / "report.json")):
        with pytest.raises(OutputError):
            write_report(report, "json", name, site)
    assert target.read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []
    assert not (tmp_path / "nowhere").exists()
    write_report(report, "json", "new/report.json", site)
    write_report(report, "json", "new/report.json", site)
    assert json.loads((site / "new" / "report.json").read_text())["findings"] == []


def test_no_report_beside_a_site_in_a_folder_is_written_through_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pull request holds more than the site; and the checkout may be reached by a link of the user's own."""
    top = tmp_path / "checkout"
    site = top / "blog"
    site.mkdir(parents=True)
    repository(top)
    target = tmp_path / "target"
    target.write_text("mine")
    (top / "report.json").symlink_to(target)
    (top / "out").symlink_to(tmp_path)
    (top / "hooks").symlink_to(top / ".git" / "hooks")
    (tmp_path / "way").symlink_to(top)
    report = CheckReport((), (), 0)
    for start in (top, tmp_path / "way"):
        monkeypatch.chdir(start)
        for name in ("report.json", "out/new.json", "hooks/pre-push", f"{start}/report.json", f"{start}/out/new.json"):
            with pytest.raises(OutputError):
                write_report(report, "json", name, Path("blog"))
        write_report(report, "json", f"{start}/new.json", Path("blog"))
    assert target.read_text() == "mine"
    assert {file.name for file in tmp_path.iterdir()} == {"checkout", "target", "way"}
    assert not (top / ".git" / "hooks" / "pre-push").exists()


def test_no_baseline_is_written_or_read_through_a_link(tmp_path: Path) -> None:
    site = blog(tmp_path / "site")
    target = site / "target.json"
    target.write_text('{"version": 1, "findings": []}')
    (site / ".enishi-baseline.json").symlink_to(target)
    add(site, "new.md", "tags: [notes]\n")
    assert any("symbolic link" in note for note in run(site).notes)
    with pytest.raises(EnishiError, match="symbolic link"):
        run(site, write_baseline=True)
    assert target.read_text() == '{"version": 1, "findings": []}'
    outside = tmp_path / "baseline.json"
    target.rename(outside)
    (site / ".enishi-baseline.json").unlink()
    (site / ".enishi-baseline.json").symlink_to(outside)
    with pytest.raises(SettingsError, match="leads out of the site"):
        run(site)


def test_untrusted_text_comes_back_as_it_is(tmp_path: Path) -> None:
    """Reports escape; here it only has to survive, in the cache too."""
    site = blog(tmp_path)
    add(site, "esc\x1b[31m\n::error::.md", "tags: ['::error::x', Tea, notes]\n", title='"\\u001b[2J%0A::set-output"')
    first = run(site)
    assert {found.code for found in first.findings} == {"tag-spelling"}
    assert run(site) == first
    assert main(["check", "--site", str(site)]) == 0
    assert main(["check", "--site", str(site), "--format", "json"]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file can have such a name")
def test_a_name_that_is_no_utf8_is_said(tmp_path: Path) -> None:
    site = blog(tmp_path)
    (site / POSTS / os.fsdecode(b"bad-\xff.md")).write_text(post_text("A", topic_text("tea", 5)))
    report = run(site)
    assert (report.findings, report.checked) == ((), ())
    assert report.notes[:-1] == (f"{POSTS}bad-\ufffd.md: the file's name is not UTF-8, so it is not read. Rename it",)


def test_a_repository_that_git_does_not_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    site = blog(tmp_path / "site")
    add(site, "new.md", "tags: [notes]\n")
    for folder in (site, site / ".git"):
        os.chown(folder, 12345, 12345)
    monkeypatch.delenv("SUDO_UID", raising=False)
    with pytest.raises(EnishiError, match=r"git config --global --add safe\.directory"):
        run(site)
    report = run(site, files=(f"{POSTS}new.md",))
    assert only(report).tag == "tea"
    assert any("safe.directory" in note for note in report.notes)
    assert not (site / ".enishi").exists()


def test_a_repository_without_its_git_folder_asks_for_files(tmp_path: Path) -> None:
    site = blog(tmp_path / "site")
    shutil.rmtree(site / ".git")
    with pytest.raises(EnishiError, match="--all"):
        run(site)
    repository(site)
    assert run(site).checked == ()
