"""What the terminal says of a review: where its page is, and in the end what was done and how to take it back."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from pathlib import Path

from enishi.commands.review.session import Session, Summary
from enishi.console.tags import print_undo, say
from enishi.text.plural import counted


def print_start(address: str, session: Session, *, opens: bool) -> None:
    """Where the page is; it is opened in the author's browser where there is one."""
    say(f"{counted(len(session.queue()['items']), 'item')} to review at {address}")
    say("Close the page by its button, or end with Ctrl-C")
    if opens and _has_screen():
        # Some browsers keep the call waiting until they end
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def print_nothing() -> None:
    """That there is no page to show."""
    say("Nothing to decide: no suggestions, missing tags, posts without tags, or several names of one tag")


def _has_screen() -> bool:
    if os.environ.get("CI"):
        return False
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in names)


def print_end(summary: Summary, site: Path) -> None:
    """What was done, and the command that takes it back."""
    added, declined, later = (summary.counts.get(state, 0) for state in ("added", "declined", "later"))
    say(f"{added} added, {declined} declined, {later} left for later; the next `enishi build` takes it up")
    if summary.undo is not None:
        print_undo(site, summary.undo)
