"""From fit to confidence: would the author add a tag that describes the text here, beside the tags that he chose?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enishi.tags.evidence import Labels
    from enishi.tags.opportunity import Opportunity
    from enishi.tags.own_tags import OwnTags
    from enishi.types import Matrix


def confident_margins(margin: Matrix, labels: Labels, own_tags: OwnTags, opportunity: Opportunity) -> Matrix:
    """Log-odds of the confidence of every (post, tag), given those of the fit; of posts without tags, the same."""
    del labels, own_tags, opportunity  # nothing is learned from them yet
    return margin
