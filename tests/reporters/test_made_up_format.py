"""A format of one's own: one function and its registration, and `enishi check --format` knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blog import post_text, topic_posts, write_blog
from enishi.cli import main
from enishi.findings import CheckReport
from enishi.reporters import FORMATS, register, unregister
from enishi.text.printable import shown


def render(report: CheckReport) -> str:
    """A line a finding: its code and its path."""
    return "".join(f"{finding.code} {shown(finding.path)}\n" for finding in report.findings)


@pytest.fixture(autouse=True)
def _made_up() -> Iterator[None]:
    register("made-up", render)
    yield
    unregister("made-up")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path, topic_posts(4) | {"new.md": post_text("No tags", "tea and kettles")})


def test_a_check_prints_it_and_writes_it(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report"
    post = "source/_posts/new.md"
    arguments = ["check", post, "--site", str(site), "--format", "made-up", f"--output=made-up={file}"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert f"no-tags {post}\n" in printed
    assert file.read_text("utf-8") == printed


def test_messages_list_it(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--all", "--site", str(site), "--format", "xml"]) == 2
    assert "diff, made-up" in capsys.readouterr().err


def test_a_name_is_taken_once_and_given_back() -> None:
    with pytest.raises(ValueError, match="there is a format 'made-up' already"):
        register("made-up", render)
    with pytest.raises(ValueError, match="'text'"):
        register("text", render)
    unregister("made-up")
    assert "made-up" not in FORMATS
    register("made-up", render)
