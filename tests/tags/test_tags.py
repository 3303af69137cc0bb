"""Suggestions: right, never leaked, by the blog's rules, and the same on every run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog_of_documents import document, read_post, read_posts, site, subject_posts
from enishi.config import TagSettings
from enishi.errors import SettingsError
from enishi.tags.answers import Answers
from enishi.tags.suggest import suggest_tags
from enishi.types import Document, TagAnalysis
from enishi.writing.render_tags import render_tags_json
from nlp_posts import NLP_POSTS
from places import TESTS
from shared_data import CORPORA, SHARED, needs_shared

ALL = TagSettings(min_confidence=0, max_suggestions=100)


def suggest(documents: Sequence[Document], declined: Any = None, **settings: Any) -> TagAnalysis:
    ordered = sorted(documents, key=lambda d: d.post.path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a NaN or a division by zero shows as a warning first
        return suggest_tags(ordered, site(), TagSettings(**{**ALL.model_dump(), **settings}), Answers(declined or {}))


def with_tags(post: Document, *tags: str) -> Document:
    return replace(post, post=replace(post.post, tags=tags))


def confidences(found: TagAnalysis, path: str) -> dict[str, float]:
    return {s.tag: s.confidence for s in found.suggestions[path]}


def blog(*untagged: int) -> list[Document]:
    """Three subjects of eight posts each, some (by row) without their tags."""
    posts = subject_posts(8)
    return [with_tags(post) if row in untagged else post for row, post in enumerate(posts)]


# --- what is suggested -----------------------------------------------------------------------------------------------


def test_a_post_without_tags_gets_the_tag_of_its_subject() -> None:
    found = suggest(blog(0, 9, 18))
    for path, tag in (("go/00.md", "GO"), ("cooking/01.md", "COOKING"), ("cycling/02.md", "CYCLING")):
        best = found.suggestions[path][0]
        assert best.tag == tag
        assert best.confidence > 0.5
        assert all(other < 0.2 for name, other in confidences(found, path).items() if name != tag)


def test_a_post_with_its_tag_is_not_told_of_it_again() -> None:
    found = suggest(blog())
    assert set(confidences(found, "go/00.md")) == {"COOKING", "CYCLING"}
    assert all(suggestions == () for suggestions in suggest(blog(), min_confidence=0.3).suggestions.values())


def test_suggestions_are_ordered_and_bounded() -> None:
    found = suggest(blog(0))
    for suggestions in found.suggestions.values():
        assert list(suggestions) == sorted(suggestions, key=lambda s: (-s.confidence, s.tag))
        assert all(0 <= s.confidence <= 0.95 and s.confidence == round(s.confidence, 4) for s in suggestions)
    assert len(suggest(blog(0), max_suggestions=1).suggestions["go/00.md"]) == 1
    assert suggest(blog(0), max_suggestions=0).suggestions["go/00.md"] == ()


def test_a_tag_on_one_post_is_not_suggested() -> None:
    posts = blog(1)
    posts[0] = with_tags(posts[0], "GO", "once")
    assert "once" not in confidences(suggest(posts), "go/01.md")
    posts[2] = with_tags(posts[2], "GO", "once")
    assert "once" in confidences(suggest(posts), "go/01.md")


def test_drafts_and_posts_of_the_future_get_suggestions_too() -> None:
    posts = blog(0)
    posts[0] = replace(posts[0], post=replace(posts[0].post, status="draft"))
    assert suggest(posts).suggestions["go/00.md"][0].tag == "GO"


def test_a_tag_is_named_as_the_blog_writes_it() -> None:
    posts = [with_tags(p, "go") if p.post.path == "go/05.md" else p for p in blog(0)]
    assert suggest(posts).suggestions["go/00.md"][0].tag == "GO"


# --- why -------------------------------------------------------------------------------------------------------------


def test_evidence_names_posts_that_carry_the_tag_and_terms_that_speak_for_it() -> None:
    posts = blog(0)
    found = suggest(posts)
    evidence = found.suggestions["go/00.md"][0].evidence
    assert 1 <= len(evidence.neighbors) <= 3
    assert all(near.path.startswith("go/") and near.path != "go/00.md" for near in evidence.neighbors)
    assert [n.score for n in evidence.neighbors] == sorted((n.score for n in evidence.neighbors), reverse=True)
    assert evidence.topic is not None
    assert (evidence.topic.with_tag, evidence.topic.posts) == (7, 7)  # of the others
    assert evidence.topic.id == found.topic_of["go/00.md"]
    assert evidence.mentions == 0
    assert set(evidence.terms) & {"goroutine", "channel", "compiler", "interface", "struct", "slice"}


def test_mentions_are_counted() -> None:
    posts = blog(0)
    posts[0] = document("go/00.md", "Go routines", f"{posts[0].fields.prose} Go, go.")
    evidence = suggest(posts).suggestions["go/00.md"][0].evidence
    assert evidence.mentions == 3


# --- never leaked ----------------------------------------------------------------------------------------------------


def test_a_posts_own_tags_change_nothing_about_its_other_tags() -> None:
    """Of the posts of its fold too; so the confidences of all the others' may move, its own may not.

    Fitted weights see every pair of the blog, the post's own among thousands; hence the tolerance.
    """
    posts = blog()
    first = confidences(suggest(posts), "go/03.md")
    posts[3] = with_tags(posts[3], "GO", "GO-own")
    second = confidences(suggest(posts), "go/03.md")
    assert first == pytest.approx(second, abs=0.02)


def test_features_of_a_post_do_not_know_its_tags() -> None:
    import numpy as np

    from enishi.tags.evidence import FEATURES
    from enishi.tags.likeness import measure_likeness
    from enishi.tags.model import collect_evidence
    from enishi.tags.vocabulary import read_vocabulary

    posts = blog()
    likeness = measure_likeness(posts)

    def features(documents: list[Document]) -> np.ndarray:
        vocabulary, _ = read_vocabulary([d.post for d in documents], site(), ALL)
        keys, scorer, _ = collect_evidence(documents, vocabulary, likeness)
        assert keys == ("cooking", "cycling", "go")
        found = np.zeros((len(documents), len(keys), len(FEATURES)))
        for rows, part in scorer.parts(np.arange(len(documents))):
            found[rows] = part
        return found

    honest = features(posts)
    for row, tags in ((3, ("COOKING",)), (12, ("GO", "CYCLING")), (20, ("GO", "COOKING", "CYCLING"))):
        lying = features([with_tags(p, *tags) if i == row else p for i, p in enumerate(posts)])
        assert lying[row] == pytest.approx(honest[row], abs=1e-6)
        assert not np.allclose(lying, honest)  # the others hear of it


def test_without_evidence_confidence_is_low() -> None:
    """Tags dealt out at random cannot be told from the text: nothing may be sure."""
    posts = [
        with_tags(post, "ABC"[hashlib.md5(post.post.path.encode(), usedforsecurity=False).digest()[0] % 3])
        for post in subject_posts(12)
    ]
    found = suggest(posts)
    assert max(c for path in found.suggestions for c in confidences(found, path).values()) < 0.8


# --- rules -----------------------------------------------------------------------------------------------------------


def test_a_declined_tag_does_not_return_and_teaches() -> None:
    posts = blog(0, 1)
    before = confidences(suggest(posts), "go/00.md")
    found = suggest(posts, {"go/00.md": frozenset({"go"})})
    assert "GO" not in confidences(found, "go/00.md")
    assert confidences(found, "go/00.md") == pytest.approx({k: v for k, v in before.items() if k != "GO"})
    several = suggest(blog(0, 1, 2, 3), {f"go/0{n}.md": frozenset({"GO"}) for n in (1, 2, 3)})
    assert confidences(several, "go/00.md")["GO"] < confidences(suggest(blog(0, 1, 2, 3)), "go/00.md")["GO"]


def test_what_a_tag_implies_is_not_suggested_beside_it() -> None:
    posts = [with_tags(p, "GO", "code") if "GO" in p.post.tags else p for p in blog(0)]
    assert {"GO", "code"} <= set(confidences(suggest(posts), "go/00.md"))
    narrow = confidences(suggest(posts, broader={"GO": "code"}), "go/00.md")
    assert "GO" in narrow
    assert "code" not in narrow
    assert "code" not in confidences(suggest(posts, broader={"GO": "code"}), "go/01.md")


def test_a_broader_tag_is_known_by_its_narrower_ones() -> None:
    """Nobody writes `code` beside `GO`, and still the posts about Go say what `code` is."""
    posts = blog(0)
    posts[9], posts[10] = with_tags(posts[9], "code", "COOKING"), with_tags(posts[10], "code", "COOKING")
    wide = confidences(suggest(posts, broader={"GO": "code"}, never=("GO",)), "go/00.md")
    assert wide["code"] > 0.5


@pytest.mark.parametrize(
    "rule", [{"never": ("go",)}, {"retired": ("GO",)}, {"only": ("COOKING",)}, {"aliases": {"GO": "COOKING"}}]
)
def test_barred_tags_are_not_suggested(rule: dict[str, Any]) -> None:
    found = suggest(blog(0), **rule)
    assert "GO" not in {s.tag for suggestions in found.suggestions.values() for s in suggestions}


def test_tags_equal_to_the_series_or_the_category_are_not_suggested() -> None:
    posts = blog(0, 1)
    posts[0] = replace(posts[0], post=replace(posts[0].post, series="Go"))
    posts[1] = replace(posts[1], post=replace(posts[1].post, categories=(("go",),)))
    found = suggest(posts)
    assert "GO" not in confidences(found, "go/00.md")
    assert "GO" not in confidences(found, "go/01.md")


def test_a_numbered_title_bars_no_tag() -> None:
    """ "Go (1)" is as much about Go as its author says; only a series that the author names is said twice by a tag."""
    posts = blog(0, 1)
    posts = [
        replace(one, fields=replace(one.fields, title=f"Go ({row})")) if row < 9 else one
        for row, one in enumerate(posts)
    ]
    assert "GO" in confidences(suggest(posts), posts[0].post.path)


def test_constants_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="missing"):
        suggest(blog(0), constants=str(tmp_path / "missing.json"))


# --- any blog --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("posts", [0, 1, 2, 5, 20])
@pytest.mark.parametrize("tags", [(), ("a",), ("a", "b")])
@pytest.mark.parametrize("body", ["", "the same words in every post", "number {0} of {1} words"])
def test_small_and_strange_blogs(posts: int, tags: tuple[str, ...], body: str) -> None:
    documents = [
        document(f"{n:02}.md", "" if not body else f"Post {n}", body.format(n, n * n), tags if n % 2 else ())
        for n in range(posts)
    ]
    found = suggest(documents)
    assert set(found.suggestions) == {d.post.path for d in documents}
    assert all(0 <= s.confidence <= 0.95 for suggestions in found.suggestions.values() for s in suggestions)
    render_tags_json([d.post for d in documents], found)


def test_a_post_without_words_gets_nothing() -> None:
    found = suggest([*blog(), document("zz.md", "", "")])
    assert found.suggestions["zz.md"] == ()


def test_twins_are_like_any_two_posts() -> None:
    posts = blog(0)
    twin = document("go/00-twin.md", posts[0].post.title, posts[0].fields.prose)
    found = suggest([*posts, twin])
    assert confidences(found, "go/00.md")["GO"] == pytest.approx(confidences(found, "go/00-twin.md")["GO"], abs=0.02)


def test_a_large_blog_takes_the_way_by_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = suggest(blog(0))
    monkeypatch.setattr("enishi.tags.likeness.EXACT_POSTS", 10)
    landmarks = suggest(blog(0))
    assert landmarks.suggestions["go/00.md"][0].tag == "GO"
    assert confidences(landmarks, "go/00.md") == pytest.approx(confidences(exact, "go/00.md"), abs=0.02)


def test_a_large_blog_is_fitted_on_a_part_of_its_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enishi.tags.model.MAX_PAIRS", 20)
    assert suggest(blog(0)).suggestions["go/00.md"][0].tag == "GO"


# --- the same on every run -------------------------------------------------------------------------------------------

_PRINT_HASH = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from blog_of_documents import site, subject_posts
from enishi.config import TagSettings
from enishi.writing.render_tags import render_tags_json
from enishi.tags.answers import Answers
from enishi.tags.suggest import suggest_tags
posts = sorted(subject_posts(30), key=lambda d: d.post.path)
settings = TagSettings(min_confidence=0, max_suggestions=9)
found = suggest_tags(posts, site(), settings, Answers({"go/03.md": frozenset({"x", "go"})}))
print(hashlib.sha256(render_tags_json([d.post for d in posts], found)).hexdigest())
"""


def test_the_same_bytes_whatever_the_hash_seed_and_the_threads() -> None:
    found = set()
    for seed, threads in (("0", "1"), ("7", "2")):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }
        command = [sys.executable, "-c", _PRINT_HASH, str(TESTS)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


# --- the post that never names its subject ---------------------------------------------------------------------------


@needs_shared
def test_a_post_on_language_that_never_says_nlp_gets_the_tag() -> None:
    seed = read_post(SHARED / "seed" / "20220613a.md", "source/_posts/20220613a.md")
    assert "nlp" not in (seed.fields.title + seed.post.description + seed.fields.prose).lower()
    own = [
        document(f"source/_posts/own{n:02}.md", title, body, tags, date=datetime(2021 + n % 3, 1 + n, 3, tzinfo=UTC))
        for n, (title, tags, body) in enumerate(NLP_POSTS)
    ]
    others = read_posts(CORPORA / "efcl", every=8)
    assert len(others) >= 60
    documents = sorted([seed, *own, *others], key=lambda d: d.post.path)
    found = suggest_tags(documents, site(), TagSettings()).suggestions[seed.post.path]
    assert {"NLP", "embedding"} <= {s.tag for s in found}
    nlp = next(s for s in found if s.tag == "NLP")
    assert nlp.evidence.mentions == 0
    assert nlp.evidence.neighbors
    assert nlp.evidence.terms
