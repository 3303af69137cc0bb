"""Inputs made by hypothesis: fragments of the syntax in any order, and bytes."""

from __future__ import annotations

from hypothesis import strategies as st

from .targets import PARTS, SEEDS, joined

_ANY_TEXT = st.text(max_size=20)


def inputs(name: str) -> st.SearchStrategy[bytes]:
    """For one target."""
    parts = st.sampled_from(PARTS[name])
    fragments = st.lists(st.one_of(parts, parts, parts, _ANY_TEXT), max_size=80).map(joined)
    last = st.binary(min_size=1, max_size=1)  # where the target takes its decisions from
    seeds = st.sampled_from(SEEDS[name])
    spliced = st.tuples(seeds, st.integers(0, 200), fragments).map(lambda t: t[0][: t[1]] + t[2] + t[0][t[1] :])
    return st.one_of(
        st.tuples(fragments, last).map(b"".join),
        st.tuples(spliced, last).map(b"".join),
        st.binary(max_size=300),
    )
