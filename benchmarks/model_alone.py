"""`enishi build` whose likeness for tags is a pretrained model's alone.

For comparison only: `python -m benchmarks.model_alone OPTIONS-OF-BUILD`.

A build has the model beside the blog's own words, titles, code and the rest.  Here those kernels
are 0, and what remains of the evidence (names in the text, dates, how common a tag is) is the same.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from enishi.cli import main
from enishi.memo import Memo
from enishi.tags import kernel, likeness
from enishi.types import Document


def make_blocks(
    documents: Sequence[Document], memo: Memo | None = None, dense: Any = (), front: Sequence[str] | None = None
) -> kernel.Blocks:
    """The blocks of a build, all of weight 0 but the model's."""
    made = kernel.make_blocks(documents, memo, dense, front)
    own = len(made.others) - len(dense)
    return replace(
        made, text=made.text * 0, others=(*((0.0, matrix) for _, matrix in made.others[:own]), *made.others[own:])
    )


if __name__ == "__main__":
    likeness.make_blocks = make_blocks  # type: ignore[assignment]
    sys.exit(main(["build", *sys.argv[1:]]))
