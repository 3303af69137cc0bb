"""Take the links between posts out of a blog: they are the answers to "which posts belong together?".

An author who links one post from another says that they belong together, and names the other post in the link's text:
an encoder that is to find it again must see neither.
"""

from __future__ import annotations

from dataclasses import replace

from enishi.pipeline import Posts
from enishi.reading.documents import read_without_links
from enishi.reading.links import find_posts_of, own_hosts
from enishi.types import Document


def without_links(posts: Posts) -> Posts:
    """The posts as if they had never linked to each other; `links` still says what they linked to.

    Only posts that link are read again, from the bytes at hand.
    """
    finder = find_posts_of(posts.documents, own_hosts(posts.blog.site.url))
    files = {file.path: file for file in posts.blog.files}
    dialect = posts.blog.site.generator.dialect

    def unlinked(document: Document) -> Document:
        path = document.post.path
        if path not in posts.links:
            return document
        return read_without_links(
            files[path], document.post, dialect, lambda address: finder.find(address, path) not in (None, path)
        )

    return replace(posts, documents=tuple(map(unlinked, posts.documents)))
