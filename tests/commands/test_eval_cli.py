"""`enishi eval`: what it prints, what it writes, and that it touches nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blog import files_below, topic_posts, write_blog
from enishi import cli
from enishi.commands.evaluate import Evaluation
from enishi.console.evaluation import advice, print_evaluation, remarks, setting
from enishi.tags.decisions import Decision, keep_decisions
from enishi.tags.evaluate import Case, Guess
from enishi.tags.figures import Doubt, measure_cases, measure_decisions
from enishi.text.percent import percent


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blog(tmp_path_factory.mktemp("eval") / "blog", topic_posts(8, ("tea", "trains", "storage", "bread")))


class Told:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: object) -> Told:
        capfdbinary.readouterr()
        code = cli.main(["eval", *map(str, arguments)])
        told = capfdbinary.readouterr()
        return Told(code, told.out.decode(), told.err.decode())

    return command


def evaluation(posts: int = 80, doubts: tuple[Doubt, ...] = (), wanted: float = 0.8) -> Evaluation:
    """Figures of a made-up blog: confidences that come true, one post in five wrong."""
    cases = []
    for number in range(posts):
        is_right = number % 5 > 0
        guesses = (Guess("a", 0.91 if is_right else 0.55, is_right), Guess("b", 0.35, number % 3 == 0))
        cases.append(Case(f"{number:03}.md", f"Post {number}", 3, 2, guesses, guesses[1:]))
    tags = replace(measure_cases(cases, wanted), doubts=doubts)
    return Evaluation(posts, posts, 5, tags, "")


def test_how_often_suggestions_were_taken(run: Any, blog: Path, tmp_path: Path) -> None:
    """By what was shown at that time, of everything that was decided."""
    shutil.copytree(blog, site := tmp_path / "blog")
    before = json.loads(run(site, "--json").out)
    assert before["accepted_from"] == before["accepted_tenths"] == []
    assert "you took" not in run(site).out
    keep_decisions(
        site,
        [Decision(f"{n}.md", "x", "declined" if n < 3 else "added", 0.8 + 0.1 * (n % 2)) for n in range(20)]
        + [Decision(f"{n}.md", "y", "declined" if n < 6 else "added", 0.55) for n in range(8)],
    )
    values = json.loads(run(site, "--json").out)
    assert [(one["confidence"], one["added"], one["decided"]) for one in values["accepted_from"]] == [
        (0.5, 19, 28),
        (0.8, 17, 20),
    ]
    tenths = [(one["confidence"], one["added"], one["decided"], one["mean"]) for one in values["accepted_tenths"]]
    assert tenths == [(0.5, 2, 8, 0.55), (0.8, 8, 10, 0.8), (0.9, 9, 10, 0.9)]
    assert values["accepted_from"][1]["share"] == {"value": 0.85, "low": 0.6396, "high": 0.9476}  # Wilson's
    assert [(one["added"], one["decided"]) for one in values["accepted_bands"]] == [(17, 20), (2, 8)]
    told = run(site).out
    assert "shown at 0.8 and more you took 17 of 20 (85 %, 64–95)" in " ".join(told.split())
    assert "shown at 0.5 to 0.8 you took 2 of 8 (25 %" in " ".join(told.split())
    assert "0.9–1.0" in told
    assert values["tags"] is not None


def test_what_two_branches_decided_otherwise_counts_for_neither() -> None:
    both = [Decision("a.md", "x", "added", 0.9), Decision("a.md", "X", "declined", 0.9)]
    assert measure_decisions(both) == ((), (), ())
    again = [Decision("a.md", "x", "added", 0.9), Decision("a.md", "X", "added", 0.95)]
    assert [one.decided for one in measure_decisions(again)[1]] == [1]
    assert measure_decisions([Decision("a.md", "x", "added", 1.0)])[1][0].confidence == 0.9


# -- the command -----------------------------------------------------------------------------------------------------


def test_what_a_person_reads(run: Any, blog: Path) -> None:
    told = run(blog)
    assert told.code == 0, told.err
    for words in (
        "32 posts, 32 with tags, their tags hidden in 5 parts",
        "nDCG@5",
        "neighbours' vote",
        "calibration error",
        "0.8 add",
        "0.5 maybe",
        "0.9–1.0",
        "Trust suggestions from 0.",
        "[tags]",
        "min_confidence = 0.",
    ):
        assert words in told.out
    assert "…" not in told.out, "something was cut at 80 columns"
    assert max(map(len, told.out.split("\n"))) <= 80
    assert "\x1b" not in told.out


def test_a_path_stays_whole(capsys: pytest.CaptureFixture[str]) -> None:
    path = f"source/_posts/{'long-' * 30}name.md"
    print_evaluation(evaluation(doubts=(Doubt(path, "A post", "tea", 0.95),)))
    assert f"       {path}\n" in capsys.readouterr().out


def test_what_a_machine_reads(run: Any, blog: Path) -> None:
    told = run(blog, "--json", "--folds", "3", "--precision", "0.9")
    values = json.loads(told.out)
    assert (values["version"], values["posts"], values["tagged"], values["folds"]) == (1, 32, 32, 3)
    tags = values["tags"]
    assert set(tags["gain"]) == {"ndcg", "recall"}
    for way in ("ours", "vote"):
        assert set(tags[way]["ndcg"]) == {"value", "low", "high"}
        assert len(tags[way]["tenths"]) == 10
        assert tags[way]["proposal"]["wanted"] == 0.9
    assert tags["ours"]["ndcg"]["value"] > 0.95
    assert values["advice"].startswith("Trust suggestions from")
    assert values["setting"].startswith("[tags]\nmin_confidence = 0.")


def test_posts_that_have_tags_are_told_apart(run: Any, blog: Path, tmp_path: Path) -> None:
    """All tags of a post hidden, then one beside the others; nothing of the latter where posts have one tag."""
    assert json.loads(run(blog, "--json").out)["partial"] is None
    assert "one tag hidden" not in run(blog).out
    posts = {
        name: text.replace("]\n", f", {('sharp', 'round')[n % 2]}]\n", 1)
        for n, (name, text) in enumerate(topic_posts(6, ("tea", "trains")).items())
    }
    site = write_blog(tmp_path / "blog", posts)
    partial = json.loads(run(site, "--json").out)["partial"]
    assert (partial["posts"], partial["answers"], len(partial["tenths"])) == (12, 12, 10)
    assert [band["confidence"] for band in partial["bands"]] == [0.8, 0.5]
    assert set(partial["mrr"]) == {"value", "low", "high"}
    told = run(site).out
    assert "Posts that have tags: one tag hidden, the others left (12 posts)" in told
    assert max(map(len, told.split("\n"))) <= 80


def test_what_readers_said_stands_beside_it(run: Any, blog: Path, tmp_path: Path) -> None:
    assert json.loads(run(blog, "--json").out)["judged"] is None
    file = tmp_path / "judgements.jsonl"
    said = [("tea-0.md", "trains", "no"), ("tea-0.md", "TEA", "yes"), ("gone.md", "tea", "yes")]
    lines = [{"path": f"source/_posts/{post}", "tag": tag, "verdicts": [verdict]} for post, tag, verdict in said]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    shutil.copytree(blog, site := tmp_path / "blog")
    post = site / "source/_posts/tea-0.md"
    post.write_text(post.read_text("utf-8").replace("tags: [tea]", "tags: [bread]"), "utf-8")
    judged = json.loads(run(site, "--judgements", file, "--json").out)["judged"]
    assert (judged["judged"], judged["auc"]) == (2, 1.0)
    assert "What readers said (2 judgements)" in run(site, "--judgements", file).out
    file.write_text("{}", "utf-8")
    assert run(site, "--judgements", file).code == 2


def test_the_setting_that_is_proposed_is_one(run: Any, blog: Path, tmp_path: Path) -> None:
    import tomllib

    from enishi.config import Settings

    value = tomllib.loads(json.loads(run(blog, "--json").out)["setting"])
    assert 0 < Settings.model_validate(value).tags.min_confidence < 1


def test_nothing_of_the_blog_is_touched(run: Any, tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(4))
    before = files_below(site)
    assert run(site).code == 0
    after = {name: data for name, data in files_below(site).items() if not name.startswith(".enishi/")}
    assert after == before
    assert {name for name in files_below(site) if name.startswith(".enishi/")} <= {
        ".enishi/.gitignore",
        *(f".enishi/cache.db{end}" for end in ("", "-wal", "-shm")),
    }


def test_the_same_bytes_in_any_process(blog: Path) -> None:
    values = []
    for seed, threads in (("1", "1"), ("2", "4")):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "OPENBLAS_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
        }
        command = [sys.executable, "-m", "enishi", "eval", str(blog), "--json"]
        done = subprocess.run(command, capture_output=True, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        values.append(done.stdout)
    assert values[0] == values[1]


def test_too_few_tags_to_speak_of(run: Any, tmp_path: Path) -> None:
    posts = topic_posts(3)
    untagged = {name: text if name.startswith("tea") else text.replace("tags:", "x:") for name, text in posts.items()}
    told = run(write_blog(tmp_path / "few", untagged))
    assert told.code == 0
    flat = " ".join(told.out.split())
    assert "Nothing can be said about tags: 3 of the blog's posts have tags" in flat
    once = {name: text.replace("tags: [", f"tags: [{name}") for name, text in posts.items()}
    flat = " ".join(run(write_blog(tmp_path / "once", once)).out.split())
    assert "no tag is on enough posts" in flat
    assert "switched off" in run(tmp_path / "once", "--set", "tags.enabled=false").out
    values = json.loads(run(tmp_path / "few", "--json").out)
    assert values["tags"] is None
    assert values["setting"] == ""


def test_no_posts_at_all(run: Any, tmp_path: Path) -> None:
    told = run(tmp_path)
    assert told.code in (0, 2)
    assert "bug" not in told.err


# -- the words -------------------------------------------------------------------------------------------------------


def test_the_sentence_says_which_of_four_it_is() -> None:
    trusted = evaluation()
    assert advice(trusted).startswith(
        "Trust suggestions from 0.56 on: on this blog 64 of 64 such suggestions are right"
    )
    assert setting(trusted) == "[tags]\nmin_confidence = 0.56"
    assert "Of the neighbours' vote, no confidence is sure to reach 80 %." in remarks(trusted)
    told = "Marked add (0.8 and above): 64 of 64 are right; marked maybe (0.5 to 0.8): 0 of 16."
    assert told in remarks(trusted)
    few = evaluation(25, wanted=0.95)
    assert "too few suggestions to be sure of 95 %" in advice(few)
    assert "from 0.56 on, 20 of 20 suggestions are right" in advice(few)
    assert setting(few) == ""
    wrong = [Case(f"{n}.md", "", 1, 1, (Guess("a", 0.9, n % 2 == 0),), ()) for n in range(100)]
    assert "No confidence can be trusted to 80 %" in advice(replace(trusted, tags=measure_cases(wrong)))
    assert "too few suggestions to say" in advice(replace(trusted, tags=measure_cases(wrong[:10])))
    assert advice(replace(trusted, tags=None, why_no_tags="none")) == "Nothing can be said about tags: none."


def test_no_share_is_called_whole_or_nothing_that_is_not() -> None:
    assert [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "under 1 %", "50 %", "over 99 %", "100 %"]


def test_strangers_words_do_not_write_over_the_terminal(run: Any, tmp_path: Path) -> None:
    posts = topic_posts(6, ("tea", "trains", "storage"))
    posts["tea-3.md"] = posts["tea-3.md"].replace("tags: [tea]", "tags: [other]").replace("Tea 3", '"a\\e[2Jb"')
    told = run(write_blog(tmp_path / "blog", posts))
    assert told.code == 0
    assert "\x1b" not in told.out
