"""The weight of a model, chosen by the blog's own links and tags."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from blog import write_blog
from enishi.cache import Cache
from enishi.commands.ask import explain
from enishi.commands.init.run import inspect_blog
from enishi.console.terminal import told_weight
from enishi.encoders.blog import chosen_weight
from enishi.encoders.weight import ChosenWeight, choose_weight
from enishi.pipeline import Run, build, read_blog
from enishi.reading import unlinked
from enishi.reading.unlinked import read_unlinked
from enishi.state import Request, open_cache
from enishi.vectors import unit_rows
from tiny_models import write_static_model

if TYPE_CHECKING:
    from enishi.types import Vectors

POSTS, GROUPS = 120, 12


def around_groups(noise: float, seed: int) -> Vectors:
    """Vectors of posts round the middle of their group, the less near the more noise."""
    random = np.random.default_rng(seed)
    middles = random.standard_normal((GROUPS, 40))
    vectors: Vectors = (middles[np.arange(POSTS) % GROUPS] + noise * random.standard_normal((POSTS, 40))).astype("f4")
    return unit_rows(vectors)


TAGS = [[f"tag {row % GROUPS}"] for row in range(POSTS)]
LINKS = [(row, (row + GROUPS) % POSTS) for row in range(POSTS)]
WORDS, GOOD = around_groups(2.5, 3), around_groups(1.2, 1)
BAD: Vectors = unit_rows(np.random.default_rng(2).standard_normal((POSTS, 3)).astype("f4"))


@pytest.mark.parametrize(("links", "tags"), [(LINKS, TAGS), (LINKS, [[]] * POSTS), ([], TAGS)])
def test_a_model_that_knows_more_than_the_words_counts_more_and_one_that_knows_nothing_less(
    links: list[tuple[int, int]], tags: list[list[str]]
) -> None:
    more, less = choose_weight(WORDS, GOOD, links, tags), choose_weight(WORDS, BAD, links, tags)
    assert (more.weight, less.weight) == (0.3, 0.1)
    assert min(more.gain, less.gain) > 0
    assert (more.linking, more.tagged) == (POSTS if links else 0, POSTS if tags[0] else 0)


def test_where_there_is_little_to_ask_or_no_difference_the_default_stays() -> None:
    few = choose_weight(WORDS, BAD, LINKS[:29], [*TAGS[:29], *([[]] * (POSTS - 29))])
    assert few == ChosenWeight(0.2, 0, 0, 0.0)
    assert choose_weight(GOOD, GOOD, LINKS, TAGS) == ChosenWeight(0.2, POSTS, POSTS, 0.0)
    assert choose_weight(GOOD[:0], GOOD[:0], [], []) == ChosenWeight(0.2, 0, 0, 0.0)


def test_the_order_of_posts_and_links_does_not_matter() -> None:
    order = np.random.default_rng(4).permutation(POSTS)
    place = np.argsort(order)
    links = [(int(place[one]), int(place[other])) for one, other in reversed(LINKS)]
    shuffled = choose_weight(WORDS[order], BAD[order], links, [TAGS[row] for row in order])
    assert shuffled == choose_weight(WORDS, BAD, LINKS, TAGS)


def test_other_parts_leave_only_some_weights() -> None:
    assert choose_weight(WORDS, GOOD, LINKS, TAGS, weights=(0.1, 0.2)).weight == 0.2


# -- in a build --------------------------------------------------------------------------------------------------------

SUBJECTS = ("tea", "radio", "bread", "trains")
FILLER = "Filler words stand here. " * 120
"""More than a head holds."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Sixty posts, each with a link to the next on its subject: twenty at the top, the others at the end."""
    posts = {}
    for number in range(60):
        subject, after = SUBJECTS[number % 4], (number + 4) % 60
        link = f"[secret{after}](/{SUBJECTS[after % 4]}-{after:03}/)"
        body = [f"All about {subject}, and {subject} again, number {number}.", FILLER]
        body.insert(1 if number < 20 else 2, link)
        front = f"title: {subject} {number}\ndate: 2020-01-01\ntags: [{subject}]"
        posts[f"{subject}-{number:03}.md"] = f"---\n{front}\n---\n\n" + "\n\n".join(body) + "\n"
    return write_blog(tmp_path / "blog", posts)


def test_words_that_link_are_hidden_and_posts_that_did_not_change_are_not_read_again(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = read_blog(Request(site), cache=Cache(None))
    assert len(posts.links) == 60
    with Cache(tmp_path / "cache.db") as cache:
        asked = (posts.documents, posts.links, posts.blog.files, posts.blog.site, cache)
        found = read_unlinked(*asked)
        for document in posts.documents:
            hidden = found.by_path[document.post.path]
            lost = {word for word in document.words if word not in hidden.words}
            assert {word for word in lost if word.startswith("secret")} == lost != set()
            assert document.fields.prose[: hidden.same].find("secret") == -1
        monkeypatch.setattr(unlinked, "read_without_links", lambda *_: pytest.fail("a post was read again"))
        assert read_unlinked(*asked) == found


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed")
def test_a_build_asks_what_it_did_not_read_and_tells_what_was_chosen(site: Path, tmp_path: Path) -> None:
    words = " ".join((*SUBJECTS, FILLER[:30], "all about and again number the"))
    model = write_static_model(tmp_path / "model", words)
    request = Request(site, overrides=(f"encoder.model={model}", "tags.enabled=false"))
    build(request)
    with open_cache(site) as cache:
        before = cache.arrays()
        chosen = chosen_weight(before)
        assert chosen is not None
        assert (chosen.linking, chosen.tagged) == (40, 60), "a model that has read a link is not asked for it"
        assert chosen_weight(before | {"chosen": before["chosen"][:-1]}) is None
    told = explain(request, "tea-000", "tea-004")
    assert told.chosen == chosen
    assert told_weight(chosen).startswith(f"weight {chosen.weight:g}, ")
    assert inspect_blog(request).chosen == chosen
    post = site / "source/_posts/tea-008.md"
    post.write_text(post.read_text("utf-8").replace("number 8", "number eight"), "utf-8")
    build(request)
    with Run(request, cache=Cache(None)) as run:
        fresh = run.vectors(run.read(run.load()))
    with open_cache(site) as cache:
        assert cache.arrays()["vectors"].tobytes() == fresh.tobytes(), "whatever is remembered"
    build(replace(request, overrides=(*request.overrides, "encoder.weight=0.2")))
    with open_cache(site) as cache:
        assert chosen_weight(cache.arrays()) is None
