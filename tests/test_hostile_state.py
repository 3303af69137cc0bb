"""What comes with a stranger's repository beside posts: modules, a state that says it is ours, links in our places."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from blog import TOPICS, files_below, topic_posts, write_blog
from enishi.commands.ask import search
from enishi.errors import EnishiError, OutputError, SettingsError
from enishi.pipeline import build
from enishi.state import Request, open_cache
from enishi.tags.decisions import DECISIONS_NAME
from enishi.tags.declined import DECLINED_NAME
from places import IMPORT_PATH, ROOT

posix_only = pytest.mark.skipif(os.name == "nt", reason="making links needs a right on Windows")


EVIL = "<script>\x1b[2J::error::"
CACHES = ("cache.db", "cache.db-wal", "cache.db-shm")


def odds(confidence: float) -> float:
    """Of a confidence as it is shown: above .9, distances are halved."""
    p = min(confidence if confidence <= 0.9 else 0.9 + 2 * (confidence - 0.9), 0.9999)
    return p / (1 - p)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(2))


# -- modules in the blog's folder --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["json", "typing", "jinja2", "numpy"])
def test_no_module_of_the_blogs_folder_is_run(site: Path, name: str) -> None:
    (site / "templates/enishi").mkdir(parents=True)
    (site / "templates/enishi/related.html.j2").write_text("<p>{{ title }}</p>")
    (site / f"{name}.py").write_text('open("RUN", "a").close()\n')
    environment = {**os.environ, "PYTHONPATH": IMPORT_PATH}
    subprocess.run([sys.executable, "-m", "enishi", "build", "-q"], cwd=site, env=environment, check=True, timeout=120)
    assert b"<p>" in b"".join(file.read_bytes() for file in (site / ".enishi/partials").iterdir())
    assert not (site / "RUN").exists()


SPAWNED = """
import sys
from types import SimpleNamespace
from enishi.cli import main, options
from enishi.reading import documents
if __name__ == "__main__":
    documents.sys = SimpleNamespace(platform="darwin", flags=sys.flags)
    options.processes = lambda: 2
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["multiprocessing", "signal", "enishi"])
def test_workers_run_no_module_of_the_blogs_folder(site: Path, tmp_path: Path, name: str) -> None:
    """Elsewhere than on Linux, a worker is a new Python."""
    (tmp_path / "start.py").write_text(SPAWNED)
    (site / f"{name}.py").write_text('open("RUN", "a").close()\n')
    for number in range(4):
        (site / f"source/_posts/long-{number}.md").write_text("# Long\n\n" + "Some words of a post.\n" * 20_000)
    command = [sys.executable, tmp_path / "start.py", "build", "-q"]
    done = subprocess.run(command, cwd=site, capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (site / "RUN").exists()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_hexo_plugin_runs_no_module_of_the_blogs_folder(site: Path) -> None:
    (site / "enishi.py").write_text('open("RUN", "a").close()\n')
    file = json.dumps(str(ROOT / "plugin" / "npm-shared" / "command.js"))
    words = json.dumps([sys.executable, "-m", "enishi"])
    arguments = 'process.argv[1]; require(FILE).runFirst(WORDS, ["build", site, "-q"], { cwd: site, input: "" })'
    program = f"const site = {arguments}".replace("FILE", file).replace("WORDS", words)
    environment = {**os.environ, "PYTHONPATH": IMPORT_PATH}
    subprocess.run(["node", "-e", program, str(site)], env=environment, check=True, timeout=120)
    assert (site / ".enishi/related.json").exists()
    assert not (site / "RUN").exists()


# -- settings ----------------------------------------------------------------------------------------------------------

COMMANDS = "x\\n::stop-commands::pwnd\\n::error file=a.md,line=1::Approved\\n\\u001b[2J"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("enishi.toml", f'"{COMMANDS}" = 1\n'),
        ("enishi.toml", f'posts = ["{COMMANDS}"]\n'),
        ("enishi.toml", f'generator = "{COMMANDS}"\n'),
        ("enishi.toml", f'templates = "../{COMMANDS}"\n'),
        ("enishi.toml", f'[check.levels]\n"{COMMANDS}" = "off"\n'),
        ("enishi.toml", f'[encoder]\nmodel = "{COMMANDS}"\n'),
        ("_config.yml", f'enishi:\n  "{COMMANDS}": 1\n'),
        ("_config.yml", f'enishi:\n  related: "{COMMANDS}"\n'),
    ],
)
def test_no_name_in_settings_is_a_command_to_a_terminal_or_to_ci(site: Path, name: str, text: str) -> None:
    (site / name).write_text(text)
    for command in (["build"], ["check", "--all", "--site"]):
        words = [sys.executable, "-m", "enishi", *command, str(site)]
        done = subprocess.run(words, env={**os.environ, "PYTHONPATH": IMPORT_PATH}, capture_output=True, timeout=120)
        assert done.returncode in (0, 2), done.stderr
        assert b"\x1b" not in done.stdout + done.stderr
        assert not [line for line in (done.stdout + done.stderr).splitlines() if line.lstrip().startswith(b"::")]


DIGITS = "1" * 5000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("enishi.toml", f"related.limit = {DIGITS}\n"),
        ("pyproject.toml", f"[tool.enishi]\nposts = [{DIGITS}]\n"),
        ("_config.yml", f"enishi: {{related: {{limit: {DIGITS}}}}}\n"),
        ("_config.yml", f"per_page: {DIGITS}\n"),
        (DECLINED_NAME, f"declined = [{DIGITS}]\n"),
        (DECLINED_NAME, f"declined = [\n  {{ post = {DIGITS} }},\n"),
        ("hugo.toml", f"x = {DIGITS}\n"),
        ("_config.json", f'{{"x": {DIGITS}}}'),
        ("package.json", "[" * 200_000),
    ],
)
def test_settings_that_python_cannot_hold_are_a_message(site: Path, name: str, text: str) -> None:
    (site / name).write_text(text)
    words = [sys.executable, "-m", "enishi", "build", str(site)]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": IMPORT_PATH}, capture_output=True, timeout=120)
    assert done.returncode in (0, 2), done.stderr
    assert len(done.stderr) < 2000


# -- a state that came with the repository -----------------------------------------------------------------------------


def forge(state: Path, files: Mapping[str, bytes]) -> None:
    """A manifest, and a journal, that call these files ours."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    state.mkdir(parents=True, exist_ok=True)
    (state / "manifest.json").write_text('{"enishi_manifest": 1,\n"sha256": ' + json.dumps(hashes) + "}\n")
    lists = {name: [known] for name, known in hashes.items()}
    (state / "manifest.next.json").write_text('{"enishi_manifest": 1,\n"sha256": ' + json.dumps(lists) + "}\n")


@pytest.mark.parametrize("state", [".enishi/data", ".enishi"])
def test_a_manifest_from_the_repository_costs_the_author_nothing(site: Path, state: str) -> None:
    folder = site if state.endswith("data") else site / state
    for name, text in {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/x.json": "{}",
        "empty.json": "",
        ".nojekyll": "",
        "notes.txt": "mine",
        "partials/header.html": "mine",
        "source/_data/menu.json": "{}",
        "undo-tags.patch": "mine",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    before = files_below(folder)
    forge(site / state, before)
    report = build(Request(site))
    assert report.written.removed == ()
    after = files_below(folder)
    assert {name: after.get(name) for name in before} == before


def test_a_data_file_in_the_place_of_another_is_not_written(site: Path) -> None:
    package = (site / "package.json").read_bytes()
    forge(site / ".enishi/data", {"package.json": package})
    report = build(Request(site, overrides=("data_file=package.json",)))
    assert report.written.kept == ("package.json",)
    assert (site / "package.json").read_bytes() == package


@pytest.mark.parametrize(
    ("version", "index", "hashes"),
    [("2", "whole", "sha1"), ("4", "whole", "sha256"), ("4", "split", "sha1"), ("2", "split", "sha256")],
)
def test_a_cache_that_git_tracks_is_none(site: Path, version: str, index: str, hashes: str) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", f"index.version={version}", *words], cwd=site.parent, check=True)

    build(Request(site))
    assert open_cache(site).is_open
    (site / ".enishi/cache.da").write_bytes(b"")  # in version 4, the name that follows is written as one letter
    git("init", "-q", f"--object-format={hashes}")
    git("add", ".")
    assert open_cache(site).is_open
    git("add", "-f", "blog/.enishi/cache.da", "blog/.enishi/cache.db", "blog/.enishi/.gitignore")
    git("update-index", f"--{'' if index == 'split' else 'no-'}split-index")
    assert not open_cache(site).is_open
    assert not build(Request(site)).is_unchanged
    with pytest.raises(EnishiError, match="git rm --cached"):
        search(Request(site), "tea", 1)


@pytest.mark.parametrize("name", [".Enishi/cache.db", ".enishi/CACHE.db", ".enishi/cache.db-wal"])
def test_what_a_file_system_takes_for_a_cache_that_git_tracks_is_none(site: Path, name: str) -> None:
    """A log beside the author's own cache would be played into it."""
    (site / name).parent.mkdir()
    (site / name).write_bytes(b"")
    for words in (["init", "-q"], ["add", "-f", name]):
        subprocess.run(["git", *words], cwd=site, check=True)
    assert not open_cache(site).is_open


def test_an_index_of_git_that_cannot_be_read_tells_nothing(site: Path) -> None:
    (site / ".git").mkdir()
    assert open_cache(site).is_open
    (site / ".git/index").write_bytes(b"DIRC\0\0\0\7\0\0\0\1")
    assert not open_cache(site).is_open


# -- links in our places -----------------------------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize(
    "name", [".gitignore", "watch.json", "cache.db", "cache.db-wal", "cache.db-journal", "tags.json"]
)
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_in_the_state_folder_is_not_written_through(site: Path, tmp_path: Path, name: str, exists: bool) -> None:
    outside = tmp_path / "outside"
    if exists:
        outside.write_bytes(b"mine")
    (site / ".enishi").mkdir()
    (site / ".enishi" / name).symlink_to(outside)
    build(Request(site))
    build(Request(site))
    assert outside.exists() == exists
    assert not exists or outside.read_bytes() == b"mine"


@posix_only
def test_the_state_folder_is_no_link(site: Path) -> None:
    """A manifest in the author's folder would call files there ours, by the names that they have at both places."""
    layouts = site / "layouts"
    for name, text in {"partials/header.html": "mine", "partials/empty.html": ""}.items():
        (layouts / name).parent.mkdir(parents=True, exist_ok=True)
        (layouts / name).write_text(text)
    before = files_below(layouts)
    forge(layouts, before)
    (site / ".enishi").symlink_to("layouts")
    assert not open_cache(site).is_open
    with pytest.raises(SettingsError, match=r"\.enishi is a link"):
        build(Request(site))
    assert {name: (layouts / name).read_bytes() for name in before} == before


@posix_only
@pytest.mark.parametrize("inside", [True, False])
def test_the_folder_of_the_data_files_manifest_is_no_link(site: Path, tmp_path: Path, inside: bool) -> None:
    target = site / "source/_posts" if inside else tmp_path
    before = files_below(target)
    (site / ".enishi").mkdir()
    (site / ".enishi/data").symlink_to(target)
    with pytest.raises(SettingsError, match=r"\.enishi/data is a link"):
        build(Request(site, overrides=("data_file=source/_data/enishi.json",)))
    assert {name: data for name, data in files_below(target).items() if name in before} == before
    assert not (target / "manifest.json").exists()


@posix_only
def test_declines_are_not_written_through_a_link(site: Path, tmp_path: Path) -> None:
    from enishi.commands.tags.declines import decline

    build(Request(site))
    (tmp_path / "outside.toml").write_bytes(b"")
    (site / DECLINED_NAME).symlink_to(tmp_path / "outside.toml")
    with pytest.raises(OutputError, match="symbolic link"):
        decline(Request(site), "source/_posts/tea-0.md", "bread")
    assert (tmp_path / "outside.toml").read_bytes() == b""


@pytest.mark.parametrize("verdict", ["added", "declined"])
def test_decisions_of_a_stranger_shift_confidences_and_nothing_else(tmp_path: Path, verdict: str) -> None:
    """By a bounded factor, and in one order; not which tags there are, nor what is related."""
    posts = topic_posts(6)
    for name in [name for name in posts if name.endswith("-0.md")]:
        posts[name] = re.sub("tags: .*\n", "", posts[name])
    site = write_blog(tmp_path / "blog", posts)
    asked = Request(site, overrides=("tags.min_confidence=0", "tags.max_suggestions=100"))
    build(asked)
    before = files_below(site / ".enishi")
    lines = [
        {"post": post, "tag": tag, "verdict": verdict, "confidence": 1, "content": EVIL}
        for post in [*(f"source/_posts/{name}" for name in posts), "../../etc/passwd", EVIL]
        for tag in (*TOPICS, EVIL)
    ]
    file = site / DECISIONS_NAME
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "\0{{}}\n[" * 50, "utf-8")
    decided = file.read_bytes()
    report = build(asked)
    assert {one.code for one in report.diagnostics} == {"bad-decisions-file"}
    after = files_below(site / ".enishi")
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} <= {"tags.json", "manifest.json", *CACHES}
    assert file.read_bytes() == decided
    first, second = (json.loads(found["tags.json"]) for found in (before, after))
    assert first["topics"] == second["topics"]
    assert EVIL not in str(second)
    moved = []
    for path, post in first["posts"].items():
        then = {one.pop("tag"): (one.pop("confidence"), one) for one in post["suggestions"]}
        now = {one.pop("tag"): (one.pop("confidence"), one) for one in second["posts"][path]["suggestions"]}
        assert {tag: rest for tag, (_, rest) in then.items()} == {tag: rest for tag, (_, rest) in now.items()}
        assert post["tags"] == second["posts"][path]["tags"]
        moved += [(then[tag][0], now[tag][0]) for tag in then]
    assert (verdict == "added") == any(old != new for old, new in moved)  # nothing was declined where that is kept
    for old, new in moved:
        assert odds(new) <= odds(old + 0.0001) * 7.5
