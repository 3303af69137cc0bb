"""What readers said of suggestions: which lines count, and figures by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from enishi.errors import SettingsError
from enishi.tags.judgements import Judgement, measure_judgements, read_judgements


def test_lines_about_other_blogs_and_tags_that_a_post_carries_are_passed_over(tmp_path: Path) -> None:
    lines = [
        {"path": "a.md", "tag": "Go", "verdicts": ["yes", "maybe"]},
        {"path": "b.md", "tag": "Go", "verdicts": ["no"], "corpus": "mine", "kind": "suggestion", "weight": 3},
        {"path": "c.md", "tag": "Go", "verdicts": ["no"], "corpus": "other"},
        {"path": "d.md", "tag": "Go", "verdicts": ["no"], "kind": "own"},
    ]
    (tmp_path / "j.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n", "utf-8")
    assert read_judgements(tmp_path / "j.jsonl", "mine") == (
        Judgement("a.md", "Go", 0.75),
        Judgement("b.md", "Go", 0.0, 3.0),
    )


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "[" * 100_000,
        '{"path": "a.md", "tag": "Go"}',
        '{"path": "a.md", "tag": "Go", "verdicts": []}',
        '{"path": "a.md", "tag": "Go", "verdicts": ["perhaps"]}',
        '{"path": "a.md", "tag": "Go", "verdicts": ["yes"], "weight": NaN}',
        '{"path": "a.md", "tag": "Go", "verdicts": ["yes"], "weight": 0}',
    ],
)
def test_what_is_no_judgement_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "j.jsonl").write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(SettingsError, match="line 2"):
        read_judgements(tmp_path / "j.jsonl", "mine")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_judgements(tmp_path / "none", "mine")


def test_figures_by_hand() -> None:
    said = [(0.9, 1.0, 1), (0.8, 0.0, 3), (0.7, 0.75, 2), (0.5, 0.5, 1), (0.35, 1.0, 1), (0.0, 0.0, 5)]
    judgements = [Judgement("a.md", str(number), accepted, weight) for number, (_, accepted, weight) in enumerate(said)]
    found = measure_judgements(judgements, [sure for sure, *_ in said])
    assert found is not None
    add, maybe = found.bands
    assert (add.judged, add.yes, add.no, add.accepted, add.mean) == (2, 0.25, 0.75, 0.25, 0.825)
    assert (maybe.judged, maybe.yes, maybe.no, maybe.accepted) == (2, 0.0, 0.0, round(2 / 3, 4))
    off = abs(0.35 - 1) + abs(0.5 - 0.5) + abs(2 * (0.7 - 0.75)) + abs(0.9 + 2.4 - 1)
    assert found.calibration_error == pytest.approx(off / 8, abs=1e-4)
    wins = (3 + 5) * 1 + 5 * 1  # of the yes at .9 over both, of that at .35 over the last
    assert found.auc == pytest.approx(wins / (2 * 8), abs=1e-4)
    assert measure_judgements([], []) is None
    alone = measure_judgements(judgements[-1:], [0.0])
    assert alone is not None
    assert (alone.bands, alone.calibration_error, alone.auc) == ((), None, None)
