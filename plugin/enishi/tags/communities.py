"""Communities of the neighbour graph: which posts belong together.

Louvain's method (Blondel et al. 2008) on the graph that links each post with its nearest ones, edges weighted by
similarity, modularity with resolution up to 4.  Compared with k-means and Ward it agreed best with tags that it never
saw, and was the most stable when posts were added or removed (``python -m benchmarks.topics``).  Posts are visited in
the order of a hash of their paths, so that a new post does not change the order of the others.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enishi.types import Rows, Scores

NEIGHBORS = 20
RESOLUTION = 4.0
"""On blogs of 160 posts and more; below it shrinks with the posts, to 1: a blog of 40 posts does not have 20 topics."""
_POSTS_PER_RESOLUTION = 40
SMALLEST = 3
"""Fewer posts are no topic: they join the one that they are most linked with."""
_MAX_SWEEPS = 30
_LEAST_GAIN = 1e-9

Graph = list[dict[int, float]]


def find_communities(paths: Sequence[str], neighbors: Rows, scores: Scores) -> list[list[int]]:
    """Groups of rows, the largest first (ties: by first path); rows are sorted by path in each.

    Args:
        paths: of the posts, for the order of visits; shape (n,).
        neighbors: rows of the nearest posts of each, shape (n, k).
        scores: their similarities, shape (n, k); neighbours with a score of 0 or less are ignored.

    A post with no neighbour, or linked with too few, is in no group.
    """
    order = sorted(range(len(paths)), key=lambda row: (path_hash(paths[row]), row))
    place = {row: number for number, row in enumerate(order)}
    graph: Graph = [defaultdict(float) for _ in order]
    for row, (near, alike) in enumerate(zip(neighbors.tolist(), scores.tolist(), strict=True)):
        for other, score in zip(near, alike, strict=True):
            if score > 0 and other != row:
                graph[place[row]][place[other]] += score
                graph[place[other]][place[row]] += score
    graph = [dict(sorted(edges.items())) for edges in graph]
    resolution = min(RESOLUTION, max(1.0, len(paths) / _POSTS_PER_RESOLUTION))
    group_of = _merge_small(graph, _louvain(graph, resolution))
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(group_of):
        if group >= 0:
            groups[group].append(order[number])
    members = [sorted(rows, key=lambda row: paths[row]) for rows in groups.values()]
    return sorted(members, key=lambda rows: (-len(rows), paths[rows[0]]))


def _louvain(graph: Graph, resolution: float) -> list[int]:
    """Community of every node."""
    current, loops, groups = graph, [0.0] * len(graph), [[node] for node in range(len(graph))]
    while community := _move_nodes(current, loops, resolution):
        current, loops, groups = _contract(current, loops, groups, community)
    community_of = {node: number for number, members in enumerate(groups) for node in members}
    return [community_of[node] for node in range(len(graph))]


def _move_nodes(graph: Graph, loops: Sequence[float], resolution: float) -> list[int]:
    """Move each node to the neighbouring community with the best gain in modularity, until none moves; empty: none."""
    community = list(range(len(graph)))
    degree = [sum(edges.values()) + loop for edges, loop in zip(graph, loops, strict=True)]
    total, weight = degree.copy(), sum(degree)
    has_moved = False
    for _ in range(_MAX_SWEEPS if weight else 0):
        moves = 0
        for node, edges in enumerate(graph):
            own = community[node]
            total[own] -= degree[node]
            links: dict[int, float] = defaultdict(float)
            for other, edge in edges.items():
                links[community[other]] += edge
            share = resolution * degree[node] / weight
            best, best_gain = own, links.get(own, 0.0) - share * total[own]
            for candidate in sorted(links):
                gain = links[candidate] - share * total[candidate]
                if gain > best_gain + _LEAST_GAIN:
                    best, best_gain = candidate, gain
            community[node] = best
            total[best] += degree[node]
            moves += best != own
        if not moves:
            break
        has_moved = True
    return community if has_moved else []


def _contract(
    graph: Graph, loops: Sequence[float], groups: Sequence[list[int]], community: Sequence[int]
) -> tuple[Graph, list[float], list[list[int]]]:
    """Each community becomes one node."""
    number = {name: place for place, name in enumerate(dict.fromkeys(community))}
    contracted: Graph = [{} for _ in number]
    inner = [0.0] * len(number)
    members: list[list[int]] = [[] for _ in number]
    for node, edges in enumerate(graph):
        own = number[community[node]]
        inner[own] += loops[node]
        members[own] += groups[node]
        for other, edge in edges.items():
            target = number[community[other]]
            if target == own:
                inner[own] += edge
            else:
                contracted[own][target] = contracted[own].get(target, 0.0) + edge
    return [dict(sorted(edges.items())) for edges in contracted], inner, members


def _merge_small(graph: Graph, community: list[int]) -> list[int]:
    """Posts of communities below `SMALLEST` join the large one that they are most linked with, else none (-1).

    Posts linked only with a post that has just joined follow in the next round.
    """
    sizes = Counter(community)
    merged = [group if sizes[group] >= SMALLEST else -1 for group in community]
    while True:
        joined = {}
        for node in [node for node, group in enumerate(merged) if group < 0]:
            links: dict[int, float] = defaultdict(float)
            for other, edge in graph[node].items():
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
