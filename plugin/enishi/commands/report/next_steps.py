"""What an author should do next, with the command for it: first what makes most posts easier to find for readers.

That the title of a post names a tag is only a hint (`content`, `time`), so that step comes last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from enishi.commands.report.analysis import AnalysedBlog
from enishi.commands.tags.last_build import MAYBE
from enishi.tags.audit import Audit
from enishi.text.labels import page_language
from enishi.text.printable import shell_word

_STEPS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "missing": "Posts that probably lack a tag: {count}. Look through what is suggested for them.",
        "untagged": "Posts without any tag: {count}. Give them tags, so that the pages of tags lead to them.",
        "variants": "Posts with another spelling of a tag: {count}. Make the spellings one, so that no page of a tag "
        "lacks half of its posts.",
        "once": "Posts whose title names a tag that only one other post carries: {count}. Give it to them as well.",
        "duplicates": "Posts that say nearly the same as another one: {count}. Keep one of them, or say in each how "
        "it differs.",
        "unlinked": "Posts that no post links to and no list shows: {count}. Link to them from posts that are near.",
    },
    "ja": {
        "missing": "タグが足りないとみられる記事: {count}件。提案されたタグを確認してください。",
        "untagged": "タグのない記事: {count}件。タグを付けると、タグのページからたどれるようになります。",
        "variants": "表記の揺れたタグの付いた記事: {count}件。表記をそろえると、記事が一つのページにまとまります。",
        "once": "ほかの1記事にしか付いていないタグの名前がタイトルにある記事: {count}件。"
        "同じタグを付けられないか検討してください。",
        "duplicates": "内容がほぼ同じ別の記事がある記事: {count}件。一方を残すか、違いを明記してください。",
        "unlinked": "どの記事からもリンクされず、関連記事の一覧にも出ない記事: {count}件。"
        "近い内容の記事からリンクしてください。",
    },
}


def next_steps(
    blog: AnalysedBlog, audit: Audit, links: Mapping[str, Any], language: str, untagged: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The steps that there are, by the number of published posts that readers find more easily afterwards.

    `untagged` are paths of posts that are to have no tag.
    """
    posts = [document.post for document in blog.documents]
    public = {row for row, post in enumerate(posts) if post.is_public}
    unlinked: Sequence[int] = links["unlinked"]
    concerned: dict[str, set[int]] = {
        "missing": {
            row for row in public for one in blog.suggestions[row] if posts[row].tags and one.confidence >= MAYBE
        },
        "untagged": {row for row in public if not posts[row].tags and posts[row].path not in untagged},
        "variants": {blog.row[path] for tag in audit.variants for other in tag.others for path in other.posts},
        "once": {blog.row[path] for use in audit.once for path in use.named_by},
        "duplicates": {row for pair in links["duplicates"] for row in pair["posts"]},
        "unlinked": set(unlinked),
    }
    commands = {
        "missing": "enishi review",
        "untagged": "enishi review",
        "variants": "enishi review",
        "once": "enishi tags audit",
        "duplicates": "enishi check --all",
        "unlinked": f"enishi related {shell_word(posts[unlinked[0]].path)}" if unlinked else "",
    }
    counts = {kind: len(rows & public) for kind, rows in concerned.items()}
    return [
        {
            "kind": kind,
            "count": counts[kind],
            "what": _STEPS[page_language(language)][kind].format(count=counts[kind]),
            "command": commands[kind],
        }
        for kind in sorted(counts, key=lambda kind: (kind == "once", -counts[kind]))
        if counts[kind]
    ]
