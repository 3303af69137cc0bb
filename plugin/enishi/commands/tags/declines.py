"""Declines suggestions, and takes declines back; no build is needed."""

from __future__ import annotations

from contextlib import suppress

from enishi.commands.ask import NoBuildError, UnknownPostError
from enishi.commands.tags.last_build import last_tags
from enishi.commands.tags.posts import by_path, known_tag, path_meant
from enishi.config_files import load_settings
from enishi.errors import Diagnostic
from enishi.pipeline import read_blog
from enishi.state import Request
from enishi.tags.decisions import Decision, forget_decision, keep_decisions
from enishi.tags.declined import Decline, decline_tag, read_declined, undecline_tag
from enishi.tags.sketches import fingerprint
from enishi.tags.vocabulary import fold_tag
from enishi.types import Document, Post, TagSuggestion, Terms, TextFields


def decline(request: Request, post: str, tag: str) -> tuple[str, str, bool]:
    """Never again suggest a tag for a post: (the post's path, the tag, whether that is new).  No build is needed.

    Of a suggestion of the last build, the decision is kept, too.

    Raises:
        UnknownPostError, UnknownTagError
        OutputError: the file of declines, or that of decisions, cannot be written.
    """
    documents = by_path(read_blog(request))
    path = path_meant(documents, post, request)
    names = {name for document in documents.values() for name in document.post.tags}
    suggested: tuple[TagSuggestion, ...] = ()
    with suppress(NoBuildError):  # which may have proposed tags that no post carries yet
        tags = last_tags(request)
        names |= tags.names()
        suggested = tags.posts[path].suggestions if path in tags.posts else ()
    name = known_tag(tag, names)
    is_new = decline_tag(request.site, documents[path], name)
    declined = [one for one in suggested if fold_tag(one.tag) == fold_tag(name)]
    keep_decisions(request.site, (Decision.about(documents[path], one, "declined") for one in declined))
    return path, name, is_new


def undecline(request: Request, post: str, tag: str) -> tuple[str, bool]:
    """Take a decline back: (the post's path, whether there was one).  No build is needed.

    A post that is gone is named by its old path.

    Raises:
        UnknownPostError, OutputError
    """
    declines, _ = read_declined(request.site)
    try:
        documents = by_path(read_blog(request))
        document = documents[path_meant(documents, post, request)]
    except UnknownPostError:
        if all(known.post != post for known in declines):
            raise
        document = Document(Post(post, post), TextFields(), {}, Terms({}, {}))
    was_declined = undecline_tag(request.site, document, tag)
    forget_decision(request.site, document.post.path, tag, fingerprint(document))
    return document.post.path, was_declined


def declines_of(request: Request) -> tuple[list[Decline], list[Diagnostic]]:
    """All declines, those of the settings too (which have no `content`), sorted; and what could not be read."""
    settings, ignored = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    declines, diagnostics = read_declined(request.site)
    known = {(one.post, fold_tag(one.tag)): one for one in declines}
    for path, tags in settings.tags.declined.items():
        for tag in tags:
            known.setdefault((path, fold_tag(tag)), Decline(path, tag))
    return sorted(known.values()), [*ignored, *diagnostics]
