"""What a build is compared with: the least that anything like it must do, on the same posts.

    python -m benchmarks.yardstick SITE [--tfidf]

`parse` is mistune alone, markdown to HTML: it grows as the text does.  `tfidf` is what a reader of a tutorial would
write: scikit-learn's TfidfVectorizer as it comes and every post's cosine with every other, without parsing a thing;
it grows with the square of the posts.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.building import post_files


def parse(texts: list[str]) -> None:
    import mistune

    markdown = mistune.create_markdown(plugins=["table", "footnotes", "strikethrough"])
    for text in texts:
        markdown(text)


def tfidf(texts: list[str], k: int = 10) -> None:
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    matrix = TfidfVectorizer(dtype=np.float32).fit_transform(texts)
    for start in range(0, len(texts), 500):
        scores = (matrix[start : start + 500] @ matrix.T).toarray()
        np.argpartition(-scores, min(k, len(texts) - 1), axis=1)[:, :k]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.yardstick", description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--tfidf", action="store_true")
    options = parser.parse_args()
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in post_files(options.site)]
    seconds = {}
    for name, measured in (("parse", parse), ("tfidf", tfidf)):
        if name == "parse" or options.tfidf:
            start = time.perf_counter()
            measured(texts)
            seconds[name] = time.perf_counter() - start
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
