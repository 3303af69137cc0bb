"""Posts, topics and tags over the years, and what rises or falls.

What rises has a larger share of the posts of the last two years (up to the newest post) than of those before, by a
difference that chance hardly makes: the signed root of the likelihood ratio of the two counts (Dunning 1993), which is
about normal and, unlike a z-score, right for small counts too, is 3 or more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import copysign, log, sqrt
from statistics import median_low
from typing import Any

from enishi.commands.report.analysis import AnalysedBlog

MOST_TAGS = 30
MOST_CHANGES = 10
"""Topics and tags that are said to rise, and to fall."""
RECENT = timedelta(days=730)
_LEAST_DEVIATIONS, _LEAST_POSTS = 3.0, 3
_MOST_YEARS_APART = 40
"""From the middle post: a post of the year 201 is a slip."""


def trend_values(blog: AnalysedBlog) -> dict[str, Any]:
    """Counts of published posts by year: of all, of each topic, of the most frequent tags."""
    public = [row for row, document in enumerate(blog.documents) if document.post.is_public]
    dates = {row: date for row in public if (date := blog.documents[row].post.date) and date <= blog.blog.now}
    middle = median_low(date.year for date in dates.values()) if dates else 0
    dates = {row: date for row, date in dates.items() if abs(date.year - middle) <= _MOST_YEARS_APART}
    years = [date.year for date in dates.values()]
    span = range(min(years), max(years) + 1) if years else range(0)

    def counts(rows: Iterable[int]) -> list[int]:
        found = [dates[row].year for row in rows if row in dates]
        return [found.count(year) for year in span]

    topics = {topic.id: [blog.row[path] for path in topic.posts] for topic in blog.topics}
    tags: dict[str, list[int]] = defaultdict(list)
    for row in dates:
        for tag in blog.tags_of(row):
            tags[tag].append(row)
    by_use = sorted(tags, key=lambda tag: (-len(tags[tag]), tag))
    since = max(dates.values()) - RECENT if dates else None
    recent = {row for row, date in dates.items() if since and date > since}
    named: list[tuple[dict[str, Any], Sequence[int]]] = [({"topic": topic}, rows) for topic, rows in topics.items()]
    named += [({"tag": tag}, tags[tag]) for tag in by_use]
    changes = _changes(named, recent, dates.keys() - recent)
    return {
        "years": list(span),
        "posts": counts(dates),
        "undated": len(public) - len(dates),
        "since": since.date().isoformat() if since else "",
        "recent_posts": len(recent),
        "earlier_posts": len(dates) - len(recent),
        "topics": [{"id": topic, "counts": counts(rows)} for topic, rows in topics.items()],
        "tags": [{"tag": tag, "counts": counts(tags[tag])} for tag in by_use[:MOST_TAGS]],
        "rising": [entry for deviations, entry in changes if deviations > 0][:MOST_CHANGES],
        "falling": [entry for deviations, entry in reversed(changes) if deviations < 0][:MOST_CHANGES],
    }


def _changes(
    named: Iterable[tuple[Mapping[str, Any], Iterable[int]]], recent: set[int], earlier: set[int]
) -> list[tuple[float, dict[str, Any]]]:
    """What changed by more than chance, what rose most first: (standard deviations, entry)."""
    found = []
    for name, rows in named:
        now, before = len(recent.intersection(rows)), len(earlier.intersection(rows))
        deviations = _deviations(now, len(recent), before, len(earlier))
        if abs(deviations) >= _LEAST_DEVIATIONS and max(now, before) >= _LEAST_POSTS:
            found.append((deviations, {**name, "recent": now, "earlier": before}))
    return sorted(found, key=lambda change: -change[0])


def _deviations(now: int, all_now: int, before: int, all_before: int) -> float:
    """How far the share `now` of `all_now` is above `before` of `all_before`, in standard deviations."""
    posts, carriers = all_now + all_before, now + before
    table = (
        (now, all_now * carriers),
        (before, all_before * carriers),
        (all_now - now, all_now * (posts - carriers)),
        (all_before - before, all_before * (posts - carriers)),
    )
    ratio = 2 * sum(count * log(count * posts / expected) for count, expected in table if count)
    return round(copysign(sqrt(max(ratio, 0.0)), now * all_before - before * all_now), 4)
