"""``python -m enishi``."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the current folder, often a blog's: a `json.py` in it is no module of ours

from enishi.cli import run

if __name__ == "__main__":
    run()
