"""Communities of the neighbour graph: which posts belong together.

Louvain's method (Blondel et al. 2008) on the graph that links each post with its nearest ones, edges weighted by
similarity, modularity with resolution up to 4.  Compared with k-means and Ward it agreed best with tags that it never
saw, and was the most stable when posts were added or removed (``python -m benchmarks.topics``).  Posts are visited in
the order of a hash of their paths, so that a new post does not change the order of the others.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from enishi.types import Matrix, Rows, Scores

NEIGHBORS = 20
RESOLUTION = 4.0
"""On blogs of 160 posts and more; below it shrinks with the posts, to 1: a blog of 40 posts does not have 20 topics."""
_POSTS_PER_RESOLUTION = 40
SMALLEST = 3
"""Fewer posts are no topic: they join the one that they are most linked with."""
_MAX_SWEEPS = 30
_LEAST_GAIN = 1e-9


@dataclass(frozen=True, slots=True)
class _Graph:
    """Weighted edges, both ways, sorted by node and then by the other; those of node i from ``starts[i]``."""

    starts: Rows
    others: Rows
    weights: Matrix
    loops: Matrix
    """What has become an edge of a node with itself, shape (nodes,)."""

    @classmethod
    def of(cls, nodes: Rows, others: Rows, weights: Matrix, size: int) -> _Graph:
        """Of edges that may be given in parts; these are added up in the order in which they stand."""
        pairs, place = np.unique(nodes * size + others, return_inverse=True)
        total = np.bincount(place, weights, minlength=len(pairs))  # one by one: NumPy's own sum is pairwise
        ends, is_loop = np.divmod(pairs, size), pairs // size == pairs % size
        loops = np.zeros(size)
        loops[ends[0][is_loop]] = total[is_loop]
        starts = np.searchsorted(ends[0][~is_loop], np.arange(size + 1))
        return cls(starts, ends[1][~is_loop], total[~is_loop], loops)

    @property
    def nodes(self) -> Rows:
        """The node of every edge."""
        return np.repeat(np.arange(len(self.loops)), np.diff(self.starts))

    def edges(self, node: int) -> Iterable[tuple[int, float]]:
        """(other, weight) of one node."""
        part = slice(self.starts[node], self.starts[node + 1])
        return zip(self.others[part].tolist(), self.weights[part].tolist(), strict=True)


def find_communities(paths: Sequence[str], neighbors: Rows, scores: Scores) -> list[list[int]]:
    """Groups of rows, the largest first (ties: by first path); rows are sorted by path in each.

    Args:
        paths: of the posts, for the order of visits; shape (n,).
        neighbors: rows of the nearest posts of each, shape (n, k).
        scores: their similarities, shape (n, k); neighbours with a score of 0 or less are ignored.

    A post with no neighbour, or linked with too few, is in no group.
    """
    n = len(paths)
    order = sorted(range(n), key=lambda row: (path_hash(paths[row]), row))
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    is_edge = (scores > 0) & (neighbors != np.arange(n)[:, None])
    one, other = place[np.nonzero(is_edge)[0]], place[neighbors[is_edge]]
    graph = _Graph.of(np.concatenate([one, other]), np.concatenate([other, one]), np.tile(scores[is_edge], 2), n)
    group_of = _merge_small(graph, _louvain(graph, min(RESOLUTION, max(1.0, n / _POSTS_PER_RESOLUTION))))
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(group_of):
        if group >= 0:
            groups[group].append(order[number])
    members = [sorted(rows, key=lambda row: paths[row]) for rows in groups.values()]
    return sorted(members, key=lambda rows: (-len(rows), paths[rows[0]]))


def _louvain(graph: _Graph, resolution: float) -> list[int]:
    """Community of every node."""
    community_of = np.arange(len(graph.loops))
    while (moved := _move_nodes(graph, resolution)) is not None:
        _, first, community = np.unique(moved, return_index=True, return_inverse=True)
        community = np.argsort(np.argsort(first))[community]  # numbered by first appearance
        graph, community_of = _contract(graph, community), community[community_of]
    return community_of.tolist()


def _move_nodes(graph: _Graph, resolution: float) -> Rows | None:
    """Move each node to the neighbouring community with the best gain in modularity, until none moves; None: none."""
    size = len(graph.loops)
    degrees = np.bincount(graph.nodes, graph.weights, minlength=size) + graph.loops
    weight = float(np.bincount(np.zeros(size, dtype=np.int64), degrees, minlength=1)[0])
    if not weight:
        return None
    community, degree, total = list(range(size)), degrees.tolist(), degrees.tolist()
    links: list[dict[int, float] | None] = [None] * size
    """Of each node, the weight of its edges by community, sorted; None where one of its neighbours has moved since."""
    has_moved = False
    for _ in range(_MAX_SWEEPS):
        moves = 0
        for node, known in enumerate(links):
            if known is None:
                linked: dict[int, float] = {}
                for other, edge in graph.edges(node):
                    group = community[other]
                    linked[group] = linked.get(group, 0.0) + edge
                known = links[node] = dict(sorted(linked.items()))
            own = best = community[node]
            total[own] -= degree[node]
            share = resolution * degree[node] / weight
            best_gain = known.get(own, 0.0) - share * total[own]
            for group, link in known.items():
                gain = link - share * total[group]
                if gain > best_gain + _LEAST_GAIN:
                    best, best_gain = group, gain
            total[best] += degree[node]
            if best != own:
                community[node] = best
                moves += 1
                for other in graph.others[graph.starts[node] : graph.starts[node + 1]].tolist():
                    links[other] = None
        if not moves:
            break
        has_moved = True
    return np.array(community) if has_moved else None


def _contract(graph: _Graph, community: Rows) -> _Graph:
    """Each community becomes one node."""
    nodes, own = graph.nodes, np.arange(len(graph.loops))
    order = np.argsort(np.concatenate([own, nodes]), kind="stable")
    one, other = (community[np.concatenate([own, ends])[order]] for ends in (nodes, graph.others))
    return _Graph.of(one, other, np.concatenate([graph.loops, graph.weights])[order], int(community.max()) + 1)


def _merge_small(graph: _Graph, community: list[int]) -> list[int]:
    """Posts of communities below `SMALLEST` join the large one that they are most linked with, else none (-1).

    Posts linked only with a post that has just joined follow in the next round.
    """
    sizes = Counter(community)
    merged = [group if sizes[group] >= SMALLEST else -1 for group in community]
    while True:
        joined = {}
        for node in [node for node, group in enumerate(merged) if group < 0]:
            links: dict[int, float] = defaultdict(float)
            for other, edge in graph.edges(node):
                if merged[other] >= 0:
                    links[merged[other]] += edge
            if links:
                joined[node] = min(links, key=lambda name: (-links[name], name))
        if not joined:
            return merged
        for node, group in joined.items():
            merged[node] = group


def path_hash(path: str) -> bytes:
    """Puts posts into an order that a new post does not change for the others."""
    return hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=8).digest()
