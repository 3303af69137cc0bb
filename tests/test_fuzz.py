"""The fuzz targets with a small budget, and all that fuzzing has found.  `make fuzz` runs them for ten minutes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings

from fuzz import targets
from fuzz.__main__ import NAMES
from fuzz.inputs import inputs
from fuzz.targets import SEEDS, TARGETS, editor, front_matter, prose, reporters
from places import ROOT

TOP = ROOT
brief = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@brief
@given(inputs("front_matter"))
def test_front_matter(data: bytes) -> None:
    front_matter(data)


@brief
@given(inputs("editor"))
def test_editor(data: bytes) -> None:
    editor(data)


@brief
@given(inputs("prose"))
def test_prose(data: bytes) -> None:
    prose(data)


@brief
@given(inputs("reporters"))
def test_reporters(data: bytes) -> None:
    reporters(data)


@brief
@given(inputs("settings"))
def test_settings(data: bytes) -> None:
    targets.settings(data)


@brief
@given(inputs("state"))
def test_state(data: bytes) -> None:
    targets.state(data)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inputs("rebuild"))
def test_rebuild(data: bytes) -> None:
    targets.rebuild(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


# -- what was found ----------------------------------------------------------------------------------------------------


def test_a_bad_byte_in_a_body_of_carriage_returns() -> None:
    """It was taken to lie in the front matter, so that the edit could not be undone."""
    editor(b"\r\x80\x01")


@pytest.mark.parametrize("how", range(60))
def test_tags_of_a_program(how: int) -> None:
    """A KeyError instead of a refusal."""
    editor(b"---js\ntags:\n  - y\n  - 'b'\n---\nbody\n" + bytes([how]))


def test_the_mark_of_an_excerpt_in_code_that_templates_cut_up() -> None:
    """A code span that grew by what was taken out of it held the mark on."""
    prose(b"``{% raw %}`<div>\n| " + b"a " * 100 + b"<!-- more -->`\n")
    prose(b"` and [\xa5A\n\nSome *\n``{% raw %}`<div>\0\n| a a\xdaA\n\nSome *Tex<!-- more -->`\n\n- |\n\0:::\n")


def test_the_command() -> None:
    assert tuple(TARGETS) == NAMES
    command = [sys.executable, "-m", "tests.fuzz", "reporters", "--minutes", "0.001", "--plain"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "nothing found" in done.stdout
