"""What each part gave to a similarity, and why a tag is, or is not, suggested."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blog import TOPICS, post_text, topic_posts, write_blog
from enishi.commands.ask import explain
from enishi.commands.tags.explain import explain_tag
from enishi.commands.tags.posts import UnknownTagError
from enishi.pipeline import build
from enishi.state import Request
from enishi.tags.decisions import Decision, keep_decisions
from tiny_models import write_static_model

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def request_for(site: Path, *overrides: str) -> Request:
    return Request(site, overrides=overrides, now=NOW)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Posts on three subjects, most of them tagged with theirs."""
    posts = topic_posts(8)
    for name in list(posts):
        subject = name.partition("-")[0]
        if name.endswith("-0.md"):
            posts[name] = posts[name].replace(f"tags: [{subject}]\n", "")
    posts["linked.md"] = post_text("Linked", "tea kettle leaves steep cup, see [tea](/2020/01/01/tea-0/)", day=40)
    root = write_blog(tmp_path_factory.mktemp("explain") / "blog", posts)
    build(request_for(root))
    return root


# -- two posts ---------------------------------------------------------------------------------------------------------


WORDS = "the blog's own words"


def test_the_parts_add_up_to_the_similarity(site: Path) -> None:
    linked = explain(request_for(site), "linked", "tea-0")
    parts = dict(linked.parts)
    assert list(parts) == [WORDS, "links"]
    assert sum(parts.values()) == pytest.approx(linked.score, abs=2e-4)
    assert parts["links"] > 0.1
    apart = dict(explain(request_for(site), "tea-1", "radio-1").parts)
    assert abs(apart["links"]) < 0.01


def test_a_model_has_its_part_and_shows_passages(site: Path, tmp_path: Path) -> None:
    model = write_static_model(tmp_path / "model", " ".join((site / "source/_posts/tea-1.md").read_text().split()))
    request = request_for(site, f"encoder.model={model}")
    found = explain(request, "tea-1", "tea-2")
    parts = dict(found.parts)
    assert list(parts) == [WORDS, "the model", "links"]
    assert sum(parts.values()) == pytest.approx(found.score, abs=2e-4)
    assert parts["the model"] > 0.05
    assert found.passages
    assert found.passages[0].first.startswith("Tea 1\n")
    assert found.passages[0].second.startswith("Tea 2\n")


# -- a tag -------------------------------------------------------------------------------------------------------------


def test_a_suggestion_is_explained_by_what_the_build_found(site: Path) -> None:
    written = json.loads((site / ".enishi/tags.json").read_bytes())["posts"]["source/_posts/tea-0.md"]["suggestions"]
    found, titles = explain_tag(request_for(site), "tea-0", "tea")
    assert found.verdict == "suggested"
    assert found.confidence == written[0]["confidence"]
    assert titles["source/_posts/tea-0.md"] == "Tea 0"
    assert [near.path for near in found.evidence.neighbors] == [
        near["path"] for near in written[0]["evidence"]["neighbors"]
    ]


def test_the_factors_make_the_confidence(site: Path) -> None:
    for post, tag in (("tea-0", "tea"), ("tea-0", "radio"), ("radio-3", "radio")):
        found, _ = explain_tag(request_for(site), post, tag)
        odds = found.start / (1 - found.start)
        for _, factor in found.factors:
            odds *= factor
        probability = odds / (1 + odds)
        bent = probability if probability <= 0.9 else 0.9 + (probability - 0.9) * 0.5
        assert found.confidence == pytest.approx(bent, rel=0.02, abs=2e-4)


def test_what_was_decided_is_a_factor_of_its_own(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, decided := tmp_path / "blog")
    keep_decisions(
        decided,
        [Decision(f"source/_posts/{topic}-{n}.md", topic, "added", 0.9) for topic in TOPICS for n in range(1, 8)],
    )
    before, _ = explain_tag(request_for(site), "tea-0", "tea")
    after, _ = explain_tag(request_for(decided), "tea-0", "tea")
    assert dict(after.factors).keys() - dict(before.factors).keys() == {"what you decided"}
    assert before.confidence is not None
    assert after.confidence is not None
    assert (after.confidence > before.confidence) == (dict(after.factors)["what you decided"] > 1)
    assert after.confidence != before.confidence
    test_the_factors_make_the_confidence(decided)
    build(request_for(decided))
    written = json.loads((decided / ".enishi/tags.json").read_bytes())["posts"]["source/_posts/tea-0.md"]["suggestions"]
    assert written[0]["confidence"] == after.confidence


def test_the_posts_like_it_say_more_than_how_common_the_tag_is(site: Path) -> None:
    found, _ = explain_tag(request_for(site), "tea-0", "tea")
    assert found.neighbors_say is not None
    assert found.neighbors_say > 0.1 + (7 + 0.5) / (7 * len(TOPICS) + 1)


def test_why_not(site: Path) -> None:
    def verdict(post: str, tag: str, *overrides: str) -> str:
        return explain_tag(request_for(site, *overrides), post, tag)[0].verdict

    assert verdict("tea-1", "tea") == "a tag of the post already"
    assert "less sure than 0.5" in verdict("tea-0", "radio")
    assert "ruled out by the settings" in verdict("tea-0", "tea", 'tags.never=["tea"]')
    assert "max_suggestions" in verdict("tea-0", "tea", "tags.max_suggestions=0")
    declined = 'tags.declined={"source/_posts/tea-0.md" = ["tea"]}'
    assert "declined" in verdict("tea-0", "tea", declined)
    with pytest.raises(UnknownTagError, match="did you mean radio"):
        explain_tag(request_for(site), "tea-0", "radios")


def test_the_command_says_it(site: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "enishi", "explain", *arguments, "--site", str(site)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    told = run("tea-0", "--tag", "tea").stdout
    assert "It is suggested; 7 posts of the blog carry it." in " ".join(told.split())
    assert "for posts like it" in told
    values = json.loads(run("tea-0", "--tag", "tea", "--json").stdout)
    assert {name for name, _ in values["factors"]} >= {"posts like it", "its name in the text"}
    assert "links +" in run("linked", "tea-0").stdout
    for wrong in (("tea-0",), ("tea-0", "tea-1", "--tag", "tea")):
        done = run(*wrong)
        assert done.returncode == 2
        assert "--tag TAG" in done.stderr
