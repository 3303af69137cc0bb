"""Related posts by prelims (PyPI), which writes into the posts: `python -m benchmarks.one_site.other_tool FOLDER`.

With the options that the README of its command line, prelims-cli, shows: without them it takes more than twice as long.
"""

from __future__ import annotations

import sys

from prelims import StaticSitePostsHandler
from prelims.processor import Recommender


def main() -> None:
    handler = StaticSitePostsHandler(sys.argv[1])
    handler.register_processor(Recommender(permalink_base="/post", stop_words="english", max_df=0.95, min_df=2))
    handler.execute()


if __name__ == "__main__":
    main()
