"""Why a tag is, or is not, suggested for a post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from enishi.commands.tags.posts import known_tag, path_meant
from enishi.pipeline import Run
from enishi.state import Request

if TYPE_CHECKING:
    from enishi.tags.explain import TagExplanation


def explain_tag(request: Request, post: str, tag: str) -> tuple[TagExplanation, Mapping[str, str]]:
    """Why a tag is, or is not, suggested for a post, as a build would find now; and the titles of posts by path.

    Raises:
        UnknownPostError, UnknownTagError
        EncoderError: the pretrained model cannot be had.
    """
    from enishi.tags import explain

    with Run(request) as run:
        blog = run.load()
        read = run.read(blog)
        documents = read.documents
        posts = {document.post.path: document for document in documents}
        path = path_meant(posts, post, request)
        encoder = run.encoder(blog)
        if blog.settings.encoder.model:
            encoder.encode_parts(documents)
    tags = blog.settings.tags
    names = {name for document in documents for name in document.post.tags}
    explanation = explain.explain_tag(
        documents,
        blog.site,
        tags,
        read.answers(),
        list(posts).index(path),
        known_tag(tag, names),
        blocks=encoder.tag_blocks,
        backend=blog.settings.index.backend,
    )
    return explanation, {path: document.title for path, document in posts.items()}
