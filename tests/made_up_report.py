"""What `enishi report --json` says of a blog that does not exist: every part of it, as large as a test wants."""

from __future__ import annotations

import math
import random
from typing import Any

TOPICS = ("Databases", "Hexo", "Go", "Accessibility", "Search", "Travel", "Testing", "Photos", "Keyboards", "Radio")
YEARS = range(2016, 2026)
_APART = {"tag": "essay", "with_tag": 0, "posts": 14, "expected": 5.6, "against": True}
CIRCUMSTANCES: tuple[tuple[list[dict[str, Any]], dict[str, Any] | None], ...] = (
    ([{"tag": "guide", "with_tag": 9, "posts": 11, "expected": 5.2, "against": False}, _APART], None),
    ([], {"then": "2019", "post": "2016", "against": False}),
    ([], {"then": "2019-02", "post": "2019-05", "against": True}),
    ([], None),
)


def made_up_report(count: int = 120, language: str = "en") -> dict[str, Any]:
    """The values of a private report; the same for the same arguments."""
    chance = random.Random(7)
    centers = [(0.5 + 0.38 * math.cos(turn), 0.5 + 0.38 * math.sin(turn)) for turn in range(len(TOPICS))]
    posts = []
    for ref in range(count):
        topic = min(int(chance.expovariate(0.4)), len(TOPICS) - 1)
        year = chance.choice(YEARS)
        x, y = (min(1, max(0, middle + chance.gauss(0, 0.05))) for middle in centers[topic])
        posts.append(
            {
                "path": f"source/_posts/{ref:04}.md",
                "title": f"{TOPICS[topic]} in practice, part {ref}",
                "url": f"/{year}/{ref:04}/",
                "date": f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
                "year": year,
                "tags": [TOPICS[topic], f"t{ref % 30}"],
                "topic": topic,
                "author": chance.choice(["Ada", "Bo", "Cy"]),
                "lang": "",
                "status": "published",
                "x": round(x, 4),
                "y": round(y, 4),
            }
        )
    rows = [[ref for ref, post in enumerate(posts) if post["topic"] == topic] for topic in range(len(TOPICS))]
    for ref, post in enumerate(posts):
        post["neighbors"] = [other for other in rows[post["topic"]] if other != ref][:5]

    def by_year(refs: list[int]) -> list[int]:
        return [sum(posts[ref]["year"] == year for ref in refs) for year in YEARS]

    topics = [topic for topic, refs in enumerate(rows) if refs]
    return {
        "version": 1,
        "kind": "enishi report",
        "public": False,
        "title": "A made-up blog",
        "url": "https://blog.test/",
        "language": language,
        "summary": {
            "posts": count,
            "drafts": 2,
            "tags": 40,
            "topics": len(topics),
            "first_year": YEARS[0],
            "last_year": YEARS[-1],
            "links": 77,
            "suggestions": 57,
            "untagged": 3,
            "undated": 0,
        },
        "posts": posts,
        "map": {
            "regions": [
                {
                    "topic": topic,
                    "x": round(centers[topic][0], 4),
                    "y": round(centers[topic][1], 4),
                    "outline": [
                        [
                            round(centers[topic][0] + 0.1 * math.cos(turn / 6), 4),
                            round(centers[topic][1] + 0.1 * math.sin(turn / 6), 4),
                        ]
                        for turn in range(38)
                    ],
                }
                for topic in topics
            ],
            "trustworthiness": 0.91,
            "pca": 0.63,
        },
        "topics": [
            {
                "id": topic,
                "label": [TOPICS[topic], f"{TOPICS[topic]} notes"],
                "posts": rows[topic],
                "tags": [{"tag": TOPICS[topic], "with_tag": len(rows[topic]), "posts": len(rows[topic])}],
                "missing": [{"tag": "howto", "posts": rows[topic][:2], "new": topic % 2 == 0}],
            }
            for topic in topics
        ],
        "trends": {
            "years": list(YEARS),
            "posts": by_year(list(range(count))),
            "undated": 0,
            "since": "2024-01-01",
            "recent_posts": count // 4,
            "earlier_posts": count - count // 4,
            "topics": [{"id": topic, "counts": by_year(rows[topic])} for topic in topics],
            "tags": [{"tag": TOPICS[topic], "counts": by_year(rows[topic])} for topic in topics],
            "rising": [{"topic": 0, "recent": 9, "earlier": 2}, {"tag": "Go", "recent": 8, "earlier": 1}],
            "falling": [{"tag": "Travel", "recent": 0, "earlier": 12}],
        },
        "tags": {
            "variants": [
                {
                    "kept": "JavaScript",
                    "posts": 40,
                    "others": [{"tag": "javascript", "posts": [1, 2], "reasons": ["spelling"]}],
                    "command": "enishi tags rename javascript JavaScript",
                }
            ],
            "once": [{"tag": f"once {number}", "post": number, "named_by": [number + 1]} for number in range(20)],
            "everywhere": [{"tag": "blog", "posts": count - 3}],
            "together": [
                {"tags": ["Radio", "Antennas"], "posts": [0, 1], "command": "enishi tags rename Antennas Radio"}
            ],
        },
        "links": {
            "unlinked": list(range(5)),
            "never_shown": list(range(20)),
            "most_shown": [{"post": 1, "times": 31}, {"post": 2, "times": 20}],
            "duplicates": [{"posts": [3, 4], "score": 0.97}],
        },
        "missing": {
            "suggestions": 57,
            "levels": [{"confidence": tenth / 10, "suggestions": 3 * (10 - tenth)} for tenth in range(4, 10)],
            "calibration": [
                {
                    "confidence": tenth / 10,
                    "pairs": 900 // (tenth + 1),
                    "mean": round(tenth / 10 + 0.05, 4),
                    "right": round(tenth / 10 + 0.03, 4),
                    "low": round(max(0, tenth / 10 - 0.02), 4),
                    "high": round(tenth / 10 + 0.09, 4),
                }
                for tenth in range(10)
            ],
            "surest": [
                {"post": ref, "tag": "howto", "confidence": 0.97 - ref / 100, "beside": beside, "use": use}
                for ref in range(8)
                for beside, use in [CIRCUMSTANCES[ref % len(CIRCUMSTANCES)]]
            ],
        },
        "next": [
            {"kind": "missing", "count": 41, "what": "Posts that probably lack a tag: 41.", "command": "enishi review"},
            {"kind": "once", "count": 4, "what": "Posts whose title names a tag: 4.", "command": "enishi tags audit"},
        ],
    }


def made_public(values: dict[str, Any]) -> dict[str, Any]:
    """The same, without what is for the author alone."""
    kept = {name: value for name, value in values.items() if name not in ("tags", "links", "missing", "next")}
    private = ("drafts", "suggestions", "untagged")
    return {
        **kept,
        "public": True,
        "summary": {name: value for name, value in values["summary"].items() if name not in private},
        "posts": [
            {name: value for name, value in post.items() if name not in ("path", "status")} for post in values["posts"]
        ],
        "topics": [{name: value for name, value in one.items() if name != "missing"} for one in values["topics"]],
    }
