"""Tags to tidy up, as the audit finds them, and tags that posts are missing, with how far to trust them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.commands.report.analysis import AnalysedBlog
from enishi.commands.tags.audit import fixing_command
from enishi.tags.audit import Audit
from enishi.tags.wording import values_for_page

if TYPE_CHECKING:
    from enishi.state import Request

MOST_FINDINGS = 500
"""Of each kind."""
MOST_SUREST = 20


def tidying_values(blog: AnalysedBlog, audit: Audit, request: Request) -> dict[str, Any]:
    """Several names for one tag, tags used once or on nearly everything, tags that always go together."""
    here = replace(request, site=Path())  # a report names no place on this machine

    def rows(paths: Iterable[str]) -> list[int]:
        return [blog.row[path] for path in paths]

    return {
        "variants": [
            {
                "kept": tag.kept.tag,
                "posts": len(tag.kept.posts),
                "others": [
                    {"tag": other.tag, "posts": rows(other.posts), "reasons": list(other.reasons)}
                    for other in tag.others
                ],
                "command": fixing_command(here, [other.tag for other in tag.others], tag.kept.tag),
            }
            for tag in audit.variants[:MOST_FINDINGS]
        ],
        "once": [
            {"tag": use.tag, "post": blog.row[use.posts[0]], "named_by": rows(use.named_by)}
            for use in audit.once[:MOST_FINDINGS]
        ],
        "everywhere": [{"tag": use.tag, "posts": len(use.posts)} for use in audit.everywhere[:MOST_FINDINGS]],
        "together": [
            {
                "tags": list(one.tags),
                "posts": rows(one.posts),
                "command": fixing_command(here, one.others, one.tags[0]),
            }
            for one in audit.together[:MOST_FINDINGS]
        ],
    }


def missing_values(blog: AnalysedBlog) -> dict[str, Any]:
    """Suggestions by confidence, how often such ones are right on this blog, and the surest."""
    every = [(row, one) for row, suggestions in enumerate(blog.suggestions) for one in suggestions]
    tenths = Counter(min(round(one.confidence * 10_000) // 1_000, 9) for _, one in every)
    surest = sorted(every, key=lambda pair: (-pair[1].confidence, pair[0], pair[1].tag))[:MOST_SUREST]
    return {
        "suggestions": len(every),
        "levels": [
            {"confidence": tenth / 10, "suggestions": tenths[tenth]} for tenth in range(min(tenths, default=10), 10)
        ],
        "calibration": _calibration(blog.calibration),
        "surest": [
            {"post": row, "tag": one.tag, "confidence": one.confidence, **values_for_page(one.evidence)}
            for row, one in surest
        ],
    }


def _calibration(sums: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """For each tenth of confidence, the share of pairs that are right, with Wilson's interval of 95 %."""
    from enishi.tags.figures import wilson

    found = []
    for tenth, (pairs, right, confidence) in enumerate(sums):
        if pairs:
            low, high = wilson(int(right), int(pairs))
            shares = {"mean": confidence / pairs, "right": right / pairs, "low": low, "high": high}
            rounded = {name: round(share, 4) for name, share in shares.items()}
            found.append({"confidence": tenth / 10, "pairs": int(pairs), **rounded})
    return found
