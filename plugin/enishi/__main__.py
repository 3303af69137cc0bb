"""``python -m enishi``."""

from enishi.cli import run

if __name__ == "__main__":
    run()
