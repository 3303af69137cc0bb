"""The command line, as somebody meets it: what is printed, where, and the exit code."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from enishi import __version__, cli, errors, pipeline
from enishi.cli import base
from enishi.commands.ask import Hit
from enishi.console import terminal as console
from enishi.state import Request

TEXTS = {
    "cats": (
        "Cats on the loom",
        ["weaving", "cats"],
        "A cat sat on the loom. The warp, the weft and the shuttle moved.",
    ),
    "warp": ("How to warp a loom", ["weaving"], "The warp goes on first. Weft and shuttle come later, on any loom."),
    "purr": ("Why cats purr", ["cats"], "A cat purrs when it sits. The purr of a cat has a low frequency."),
    "bread": (
        "Sourdough, slowly",
        ["kitchen"],
        "Flour, water, salt. Sourdough starter wants a warm kitchen and flour.",
    ),
    "oven": (
        "An oven of clay",
        ["kitchen"],
        "Bread from a clay oven: flour, salt, fire. Sourdough likes the clay oven.",
    ),
}


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    site = tmp_path / "blog"
    for number, (name, (title, tags, body)) in enumerate(TEXTS.items()):
        post = site / "posts" / f"{name}.md"
        post.parent.mkdir(parents=True, exist_ok=True)
        front = f"---\ntitle: {title}\ndate: 2024-0{number + 1}-01\ntags: [{', '.join(tags)}]\n---\n"
        post.write_text(f"{front}\n{body}\n", "utf-8")
    return site


def run(*arguments: object, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "enishi", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, "COLUMNS": "120", **environment},
        timeout=120,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def test_a_build_shows_the_newest_posts_and_says_what_it_found(blog: Path) -> None:
    done = run("build", blog)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.index("An oven of clay") < done.stdout.index("Cats on the loom")
    for words in ("#kitchen", "5 posts, read as a folder of posts", "files written to", "have related posts"):
        assert words in done.stdout
    assert "nothing has changed since the last build" in run("build", blog).stdout


def test_show_and_quiet(blog: Path) -> None:
    assert "Sourdough, slowly" not in run("build", blog, "--show", 0).stdout
    assert run("build", blog, "--quiet").stdout == ""
    two = run("build", blog, "--show", 2).stdout
    assert "(--show 5 for all)" in two
    assert "… and 3 older posts" in two


def test_a_build_as_json(blog: Path) -> None:
    values = json.loads(run("build", blog, "--json").stdout)
    assert values["version"] == 1
    assert values["posts"] == {"published": 5}
    assert values["generator"] == "generic"
    assert values["files"]["written"] == 7  # related.json, tags.json, five fragments
    assert not values["is_unchanged"]
    assert json.loads(run("build", blog, "--json").stdout)["is_unchanged"]


def test_without_tags_there_is_no_tags_json(blog: Path) -> None:
    run("build", blog, "--set", "tags.enabled=false", "--quiet")
    assert (blog / ".enishi" / "related.json").exists()
    assert not (blog / ".enishi" / "tags.json").exists()
    run("build", blog, "--quiet")
    assert (blog / ".enishi" / "tags.json").exists()


def test_an_empty_folder_says_what_was_looked_for_and_where(tmp_path: Path) -> None:
    done = run("build", tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    for words in (str(tmp_path), "source/_posts/", ".md", "--set posts=FOLDER"):
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".enishi").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build", "--set", "related.limits=3"], ["related.limits", "did you mean related.limit?"]),
        (["build", "--set", "related.limit=many"], ["related.limit"]),
        (["build", "--now", "yesterday"], ["--now yesterday", "2024-05-06"]),
        (["build", "--manifest", "nowhere.json"], ["nowhere.json", "cannot be read"]),
        (["build", "--config", "nowhere.toml"], ["nowhere.toml"]),
        (["build", "nowhere"], ["nowhere"]),
        (["build", "--frobnicate"], ["--frobnicate"]),
        (["bild"], ["bild"]),
        (["related", "cats"], ["enishi build"]),
        (["search", "cats"], ["enishi build"]),
        (["explain", "cats", "purr"], ["enishi build"]),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(blog: Path, arguments: list[str], words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "enishi", *arguments], cwd=blog, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_bad_post_is_told_by_path_and_line_and_the_rest_is_built(blog: Path) -> None:
    (blog / "posts" / "bad.md").write_text('---\ntitle: "never closed\ntags: [a\n---\n\nBread and flour.\n', "utf-8")
    done = run("build", blog)
    assert done.returncode == 0
    assert "posts/bad.md:" in done.stderr
    assert "6 posts" in done.stdout


def test_many_diagnostics_are_counted_and_verbose_shows_all(blog: Path) -> None:
    for number in range(25):
        (blog / "posts" / f"bad{number:02}.md").write_text("---\ntitle: [\n---\nwords\n", "utf-8")
    short = run("build", blog).stderr
    assert "and 5 more" in short
    assert "bad24.md" not in short
    assert "bad24.md" in run("build", blog, "--verbose").stderr


def test_related_answers_by_path_slug_and_title(blog: Path) -> None:
    run("build", blog)
    answers = [run("related", name, "--site", blog).stdout for name in ("posts/bread.md", "bread", "Sourdough, slowly")]
    assert answers[0] == answers[1] == answers[2]
    assert "An oven of clay" in answers[0]
    values = json.loads(run("related", blog / "posts" / "bread.md", "--site", blog, "--json").stdout)
    assert values["path"] == "posts/bread.md"
    assert values["related"][0]["path"] == "posts/oven.md"


def test_an_unknown_post_gets_the_nearest_name(blog: Path) -> None:
    run("build", blog)
    done = run("related", "bred", "--site", blog)
    assert done.returncode == 2
    assert "did you mean posts/bread.md?" in done.stderr


def test_search_finds_posts_by_words(blog: Path) -> None:
    run("build", blog)
    hits = json.loads(run("search", "sourdough", "flour", "--site", blog, "--json").stdout)["posts"]
    assert {hit["path"] for hit in hits[:2]} == {"posts/bread.md", "posts/oven.md"}
    assert "Sourdough" in run("search", "sourdough", "--site", blog, "--limit", 1).stdout
    assert "knows none of these words" in run("search", "zzz", "--site", blog).stdout


def test_explain_says_why(blog: Path) -> None:
    run("build", blog)
    near = run("explain", "bread", "oven", "--site", blog).stdout
    assert "listed at place 1" in near
    assert "kitchen" in near
    assert "flour" in near.lower()
    values = json.loads(run("explain", "bread", "purr", "--site", blog, "--json").stdout)
    assert values["places"][0].startswith("not listed: ")


def test_a_manifest_comes_on_standard_input(blog: Path) -> None:
    manifest = [{"source": "posts/bread.md", "url": "/b/", "title": "From the generator"}, {"source": "posts/oven.md"}]
    done = run("build", blog, "--manifest", "-", "--quiet", stdin=json.dumps(manifest).encode())
    assert done.returncode == 0, done.stderr
    posts = json.loads((blog / ".enishi" / "related.json").read_bytes())["posts"]
    assert posts["posts/bread.md"]["title"] == "From the generator"
    assert posts["posts/cats.md"]["status"] == "unpublished"


def test_control_characters_in_a_title_do_not_reach_the_terminal(blog: Path) -> None:
    (blog / "posts" / "evil.md").write_text(
        '---\ntitle: "a\\e[2J\\u202e[bold]b"\ndate: 2025-01-01\n---\nflour\n', "utf-8"
    )
    done = run("build", blog)
    assert "\x1b" not in done.stdout + done.stderr
    assert "[bold]b" in done.stdout


def test_json_holds_nothing_that_a_terminal_obeys(blog: Path) -> None:
    title = "\x1b[31m\x9b31m a"
    (blog / "posts" / "red.md").write_text(f"---\ntitle: {json.dumps(title)}\n---\n\nsourdough\n", "utf-8")
    assert run("build", blog, "-q").returncode == 0
    done = run("related", "red", "--site", blog, "--json")
    assert json.loads(done.stdout)["title"] == title
    assert not {"\x1b", "\x9b"} & set(done.stdout)


def test_version_and_help() -> None:
    assert run("--version").stdout == f"enishi {__version__}\n"
    done = run("--help")
    assert done.returncode == 0
    for command in ("build", "related", "search", "explain"):
        assert command in done.stdout
    assert run().returncode in (0, 2)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_and_options_once_that_is_installed(tmp_path: Path) -> None:
    (tmp_path / "enishi").write_text(f'#!/bin/sh\nexec {sys.executable} -m enishi "$@"\n')
    (tmp_path / "enishi").chmod(0o755)
    program = """
        enishi --install-completion && . ~/.bashrc
        tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _enishi_completion enishi; echo "${COMPREPLY[@]}"; }
        tab enishi bui; tab enishi tags re; tab enishi watch --deb
    """
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-3:] == ["build", "rename", "--debounce"], done.stderr
    assert done.stderr == ""


def test_a_bug_ends_with_3_and_a_trace(
    blog: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(pipeline.Run, "load", broken)
    assert cli.main(["build", str(blog)]) == 3
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "this is a bug" in told


def test_an_interrupt_ends_with_130(
    blog: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline.Run, "load", interrupted)
    assert cli.main(["build", str(blog)]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("arguments", [["build"], ["build", "--json"], ["related", "purr"]])
def test_standard_output_on_a_full_disk_ends_with_2(blog: Path, arguments: list[str]) -> None:
    run("build", blog, "--quiet")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "enishi", *arguments], cwd=blog, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (2, "enishi: cannot go on: No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_no_standard_output_is_no_error(blog: Path) -> None:
    for arguments in ("", "--json"):
        line = f"'{sys.executable}' -m enishi build {arguments} >&-"
        done = subprocess.run(["sh", "-c", line], cwd=blog, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_text_that_standard_output_has_no_letters_for_is_no_error(blog: Path, options: list[str]) -> None:
    """Redirected, Windows has an old code page for it."""
    (blog / "posts" / "kana.md").write_text("---\ntitle: 索引 − index\n---\n\nsourdough\n", "utf-8")
    pipeline.build(Request(blog))
    command = [sys.executable, "-m", "enishi", "related", "kana", "--site", str(blog), *options]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?? ? index" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are UTF-8 elsewhere, whatever the locale")
def test_names_are_utf8_in_any_locale(blog: Path) -> None:
    (blog / "posts" / "索引.md").write_text("---\ntitle: Index\n---\n\nsourdough\n", "utf-8")
    done = run("build", blog, "--json", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr) == (0, "")
    values = json.loads(done.stdout)
    assert (values["posts"], values["diagnostics"]) == ({"published": 6}, [])


def test_a_pipe_that_is_closed_on_windows_is_no_error(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(pipeline, "build", closed)
    monkeypatch.setattr(base, "_discard_output", lambda: None)
    assert cli.main(["build", str(blog)]) == 3
    monkeypatch.setattr(errors, "_IS_WINDOWS", True)
    assert cli.main(["build", str(blog)]) == 0


def test_too_little_memory_is_no_bug(
    blog: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pipeline, "build", fail)
    assert cli.main(["build", str(blog)]) == 2
    assert "not enough memory" in capsys.readouterr().err


def test_a_cluster_without_ray_is_told_what_to_install(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ray", "ray.data", "fsspec", "fsspec.core"):
        monkeypatch.setitem(sys.modules, name, None)
    assert cli.main(["build", str(blog), "--engine", "ray", "--out", str(tmp_path / "out")]) == 2
    assert 'pip install "enishi[ray]"' in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no pipes that break")
def test_a_reader_that_has_seen_enough_is_no_error(blog: Path) -> None:
    run("build", blog)
    line = f"{sys.executable} -m enishi related bread --site {blog} --json | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert done.stderr == ""


def test_tables_show_what_could_deceive_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    hit = Hit("posts/a\x1b[2J.md", "exe.\u202egnp\u2066", "/a/", 0.5, "")
    console.print_hits("words\x9b", [hit])
    assert capsys.readouterr().out.split() == ["0.50", "exe.\\u202egnp\\u2066", "posts/a\\x1b[2J.md"]
    console.print_hits("words\x9b", [])
    assert capsys.readouterr().out.endswith("words\\x9b\n")
