"""The page of `enishi review`: its frame and its words; what it shows comes from the server, decision by decision.

Its scripts are plain modules in ``templates/review/``, without a build step.  The page holds nothing of the blog's but
its title, so that there is one place where strangers' text is put into a document: ``view.js``, as text.
"""

from __future__ import annotations

from enishi.console.page import render_template
from enishi.text.labels import page_language
from enishi.text.printable import text_line

TEMPLATE = "review/review.html.j2"

_ROWS = """\
page|Review|レビュー
views|What there is to review|レビューする内容
suggestion|Suggestions|タグの提案
missing|Missing in topics|話題に欠けるタグ
untagged|Without tags|タグのない記事
merge|Spellings|表記ゆれ
filter|Filter|絞り込み
search|Search titles|タイトルを検索
order|Order|並び順
order_sure|Surest first|確信度順
order_tag|By tag|タグごと
order_post|By post|記事ごと
tag|Tag|タグ
confidence|Confidence|確信度
year|Year|年
topic|Topic|話題
all|All|すべて
from|{percent} % and more|{percent}%以上
reset|Clear filters|絞り込みを解除
noscript|This page needs JavaScript.|このページの表示にはJavaScriptが必要です。
ask|Add {tag}?|{tag} を付けますか
ask_untagged|Which tags does this post get?|この記事にどのタグを付けますか
ask_merge|Are {tag} one tag?|{tag} は同じタグですか
sure|{percent} % sure|確信度{percent}%
place|{number} of {total}|{total}件中{number}件目
group|#{tag}: {posts}|#{tag}：{posts}
posts_one|1 post|記事1件
posts|{count} posts|記事{count}件
tags|Tags of the post|記事のタグ
no_tags|No tags|タグなし
draft|draft|下書き
future|scheduled|公開前
unpublished|unpublished|非公開
diff|What would be written|書き込む内容
nothing|Nothing is written until you choose.|選ぶまで何も書き込みません。
loading|Loading…|読み込み中…
why|Why|理由
named_none|The post does not name it.|本文にこのタグの名前は出てきません。
named_one|The post names it once.|本文にタグの名前が1回出てきます。
named|The post names it {count} times.|本文にタグの名前が{count}回出てきます。
in_topic|{with} of {posts} posts on {label} carry it.|{label}の話題では、{posts}件中{with}件に付いています。
terms|Words that posts with it share: {terms}|このタグの記事に共通する語：{terms}
beside|{with} of the {posts} other posts with {tag} carry it.|\
{tag} の付いた他の記事{posts}件のうち{with}件に付いています。
came_up|It came up in {then}; this post is of {post}.|使われ始めたのは{then}で、この記事は{post}のものです。
against|What speaks against it|気になる点
beside_rarely|Of the {posts} other posts with {tag}, {with} carry it; by their texts, about {expected} would.|\
{tag} の付いた他の記事{posts}件のうち、付いているのは{with}件です（本文からは{expected}件ほどと見込まれます）。
given_up|It was last used in {then}; this post is of {post}.|最後に使われたのは{then}で、この記事は{post}のものです。
in_year|{year}|{year}年
neighbors|Similar posts that carry it|このタグの付いた似た記事
text|The post|本文
no_text|The post has no text.|本文はありません。
uses|Posts with {tag}|{tag} の付いた記事
keep|Which one stays?|どれを残しますか
choose|Tags of the blog|ブログのタグ
chosen|Chosen: {tag}|選んだタグ：{tag}
take|Choose|選ぶ
unknown|No post of this blog carries {tag}.|{tag} の付いた記事はこのブログにありません。
none_chosen|Choose a tag first.|先にタグを選んでください。
list|Next|次の項目
decide|Decide|判断
add|Add|付ける
merge_them|Merge|まとめる
decline|Decline|付けない
keep_apart|Keep apart|分けておく
leave|No tag|なしのまま
later|Later|あとで
undo|Undo|元に戻す
previous|Previous|前へ
next|Next|次へ
progress|{done} of {total}|{total}件中{done}件
minutes_one|, about a minute|、あと約1分
minutes|, about {count} minutes|、あと約{count}分
added|Added|付けました
declined|Declined|付けないことにしました
put_off|Put off|あとに回しました
undone|Taken back|元に戻しました
decided|This is decided already.|すでに判断済みです。
nothing_undone|There is nothing to take back.|元に戻すものはありません。
gone|The server does not answer: nothing is saved now. This page keeps trying. If you ended it, start `enishi review` \
again; what was saved is in your files.|サーバーが応答しません。今は何も保存されません。接続を試し続けています。\
終了した場合は `enishi review` をもう一度実行してください。保存済みの判断はファイルに残っています。
back|The server answers again.|サーバーが再び応答しました。
end|That was all|すべて終わりました
end_none|Nothing matches|該当する項目はありません
tally|{added} added, {declined} declined, {later} put off.|付けた：{added}件、付けない：{declined}件、あとで：{later}件
put_off_again|Go through what was put off|あとに回したものを見る
shortcuts|Keys|キー操作
keys_on|Keys without Ctrl work on this page|このページでキー操作を使う
group_next|Change the order|並び順を変える
space|Space|スペース
read|Read on in the post|本文を読み進める
choose_key|Choose one of several|候補を選ぶ
never|Decline: never suggested again|付けない（今後も提案しません）
safety|Each decision is saved at once: tags in the post's own file, what you decline in {file}. Undo takes decisions \
back one by one; nothing else in a file is touched.|判断はその場で保存されます。タグは記事のファイルに、付けないと\
決めたものは{file}に書き込みます。元に戻すと一つずつ取り消せます。ファイルのほかの部分は変えません。
close|Close|閉じる
finish|Finish|終了
finish_title|Finish for now?|終了しますか
finish_text|Everything is saved. The terminal says what was done and how to take it back.|\
すべて保存済みです。行った内容と取り消し方はターミナルに表示されます。
stay|Go on|続ける
finished|Finished. This tab can be closed.|終了しました。このタブは閉じてかまいません。
comma|, |、
"""
"""Name, English, Japanese: a label a line."""
_LABELS: dict[str, dict[str, str]] = {
    language: {row.split("|")[0]: row.split("|")[column] for row in _ROWS.splitlines()}
    for column, language in enumerate(("en", "ja"), 1)
}
_KEYS = {
    "a": "add", "d": "never", "s": "later", "u": "undo", "j": "next", "k": "previous", "1–9": "choose_key",
    "space": "read", "g": "group_next", "/": "search", "?": "shortcuts",
}  # fmt: skip


def render_review_page(language: str, blog_title: str) -> bytes:
    """The page, UTF-8, in Japanese for a Japanese blog and else in English."""
    spoken = page_language(language)
    labels = _LABELS[spoken]
    view = {
        "language": spoken,
        "labels": labels,
        "keys": [(labels.get(key, key), labels[name]) for key, name in _KEYS.items()],
        "blog": text_line(blog_title),
    }
    return render_template(TEMPLATE, view)
