"""Fields of front matter: the commonest that tell posts apart, and none that holds the tags under another name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from blog_of_documents import document
from enishi.tags.evaluate import likeness_without_tags
from enishi.tags.fields import choose_fields, field_values
from enishi.tags.kernel import make_blocks
from enishi.types import Document

KNOWN = len(choose_fields([]))
TAGS = [("tea", f"t{number % 4}", f"u{number % 7}") for number in range(60)]


def blog(**fields: Callable[[int], Any]) -> list[Document]:
    """Sixty posts whose front matter holds what `fields` make of their numbers."""
    return [
        document(f"{n:02}.md", "Title", "words", TAGS[n], front_matter={key: make(n) for key, make in fields.items()})
        for n in range(60)
    ]


def chosen(documents: list[Document]) -> tuple[str, ...]:
    return choose_fields(documents)[KNOWN:]


def test_the_ten_commonest_keys_whose_values_are_on_several_posts_but_not_on_all() -> None:
    def value(key: int) -> Callable[[int], Any]:
        return lambda n: n % 5 if n >= key else None

    fields = {f"k{key:02}": value(key) for key in range(12)}
    fields |= {"id": lambda n: n, "same": lambda _: "x", "map": lambda _: {"a": 1}}
    fields["day"] = lambda n: f"2024-01-0{n % 3 + 1}"
    assert chosen(blog(**fields)) == tuple(f"k{key:02}" for key in range(10))


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param(lambda n: list(TAGS[n]), id="copied"),
        pytest.param(lambda n: ", ".join(TAGS[n]).upper(), id="in one text"),
        pytest.param(lambda n: [*TAGS[n], f"other {n % 9}", f"more {n % 8}"], id="among others"),
        pytest.param(lambda n: list(TAGS[n])[: 2 + n % 2], id="most of them"),
        pytest.param(lambda n: [hashlib.md5(tag.encode()).hexdigest() for tag in TAGS[n]], id="renamed"),
        pytest.param(
            lambda n: hashlib.md5(str(TAGS[n % 28]).encode()).hexdigest() if n % 28 < 4 else None, id="as one"
        ),
        pytest.param(lambda n: "/".join(TAGS[n][1:]), id="as a path"),
    ],
)
def test_never_the_tags_under_another_name(copy: Callable[[int], Any]) -> None:
    assert chosen(blog(labels=copy, source=lambda n: n % 5)) == ("source",)


@pytest.mark.parametrize("key", ["keywords", "Topics", "taxonomies", "tag"])
def test_never_a_key_of_tags_whatever_it_holds(key: str) -> None:
    assert chosen(blog(**{key: lambda n: n % 5})) == ()


def test_a_field_that_goes_with_some_tags_is_kept() -> None:
    assert chosen(blog(kicker=lambda n: TAGS[n][1] if n % 3 else "News")) == ("kicker",)


def test_an_address_counts_by_its_host() -> None:
    assert list(field_values(["https://www.Example.org/a?b", "  Ａ B ", "2024-05-06 10:00", None, {"a": "b"}])) == [
        "example.org",
        "a b",
    ]


def test_where_tags_are_hidden_a_field_that_holds_them_is_still_none() -> None:
    leaky, plain = blog(labels=lambda n: list(TAGS[n])), blog()
    rows = np.arange(1, 60)
    found, bare = likeness_without_tags(leaky), likeness_without_tags(plain)
    assert (found.between(0, rows) == bare.between(0, rows)).all()


def test_a_field_of_any_name_makes_posts_alike() -> None:
    front = make_blocks(blog(organizer=lambda n: n % 2)).others[4][1]
    alike = (front @ front.T).toarray()
    assert alike[0, 2] > 0 == alike[0, 1]
