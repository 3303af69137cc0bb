"""Words that hold a sentence together and name nothing.

They are left out of the *reasons* shown to people, never out of the vectors: there, rarity alone decides.  Latin
words are compared folded; in Chinese, where nothing separates words, single characters end one.
"""

from __future__ import annotations

_ENGLISH = """
a about above across after again against ago all almost along already also although always am among an and another any
anyone anything are aren't around as ask at away back be became because become been before began behind being below best
better between beyond big both but by call came can can't cannot case come could couldn't did didn't different do does
doesn't doing don't done down due during each easy either else end enough especially etc even ever every everyone
everything example far few find first following for found from full further gave get getting give given go goes going
good got great had hadn't has hasn't have haven't having he help her here hers high him his hope how however i i'd i'll
i'm i've if important in including indeed inside instead into is isn't it it's its itself just keep kind know last later
least less let let's like little long look lot made main make making many may maybe me mean might mine more most much
must my myself near need needs never new next no nobody non none nor not nothing now of off often oh ok old on once one
ones only onto or other others our ours out over own part people perhaps place please point possible post posts put quite
rather real really right said same saw say see seem seems seen several shall she should shouldn't show simple simply
since small so some someone something sometimes soon still such sure take taken taking tell than thank thanks that
that's the their theirs them themselves then there there's therefore these they they're thing things think this those
though thought through thus time times to today together told too took toward tried try trying two under until up upon
us use used useful uses using usually value various very via want wanted wants was wasn't way ways we we'd we'll we're
we've week well went were weren't what what's whatever when where whether which while who whole whom whose why will with
within without won't work worked working works would wouldn't year years yes yet you you'd you'll you're you've your
yours yourself able actually bit day days different easily fact finally idea instead later let made mostly nice pretty
probably quickly recently second start started third three four five ten
"""
_FRENCH = """
alors après au aucun aussi autre aux avant avec avoir ayant bien c'est car ce cela celle celui ces cet cette ceux chaque
chez comme comment d'un d'une dans de depuis des deux doit donc dont du elle elles en encore entre est et étaient était
été être eu faire fait fois font il ils j'ai je jour la le les leur leurs lors lui mais même mes mieux moi moins mon
n'est ne ni non nos notre nous on ont ou où par parce pas peu peut peuvent plus plusieurs pour pourquoi qu'il qu'elle
quand que quel quelle quelques qui sa sans se ses si sinon son sont sous sur ta tes toi ton tous tout toute toutes très
trop tu un une vos votre vous y à ça
"""
_GERMAN = """
aber alle als also am an auch auf aus bei bin bis das dass dem den der des die diese dieser dieses doch dort du durch
ein eine einem einen einer eines er es für gegen haben hat hatte ich ihr ihre im in ist ja jede kann kein keine können
man mehr mein mit muss nach nicht noch nur oder ohne schon sehr sein seine sich sie sind so über um und uns unter vom
von vor war waren was wenn werden wie wieder wir wird wurde zu zum zur zwischen
"""
_SPANISH_PORTUGUESE_ITALIAN = """
al algo ao aos antes aquí así assim até cada com como con cosa cual cuando da das degli del della delle depois desde di
do donde dos durante e ela ele eles ella ellos em entre era es esa ese esta está estas este esto estos eu foi fue gli
ha había han hasta hay il isso isto já la las lo los mais mas más me mi mientras muito muy na nas nella no nos nosotros
não o os otra otro para pela pelo per pero perché più poco por porque puede qual quando que questa questo qué se sem
ser si sia sin sobre solo son sono su sua sul também tanto te tem tiene todo todos tudo também tutti um uma un una uno
você y ya
"""
_JAPANESE = """
以下 以上 以前 以外 以降 一番 一度 一部 一緒 一覧 今回 今後 今年 今日 今月 今週 人 他 会 何 何故 例 便利 個人 全部 全体 内容 分 利用 前回
前後 去年 可能 名前 問題 基本 場合 場所 変更 大変 大事 実際 対応 必要 意味 感じ 所 手 方 方法 日 日本 昨日 昨年 時 時点 時間 普段 普通 最初
最後 最新 最終 最近 本 本当 来年 来月 次 次回 毎回 毎日 気 気持 物 特 状態 現在 理由 用意 皆 皆様 目 目的 私 程度 種類 紹介 結局 結果 翌日 自体
自分 自身 色々 言 記事 記載 試 説明 調 追加 通常 部分 重要 関係 際 非常 順番 使用 作成 確認 設定 実行 表示 参考 解説 参照 以来 途中 前 後 中 上 下
コチラ ココ モノ コト ページ ブログ サイト タイトル
"""
_CHINESE = """
一些 一个 一样 一直 一种 一般 一下 不同 不是 不能 不会 东西 两个 为了 主要 之前 之后 之间 什么 今天 他们 以及 以上 以下 但是 使用 例如 可以 可能
可是 各种 同时 后面 因为 因此 多个 大家 如何 如果 存在 它们 对于 就是 已经 希望 开始 怎么 情况 我们 所以 所有 时候 时间 有些 有时 然后 然而 现在 用于
由于 的话 目前 直接 看到 知道 第一 第二 简单 自己 虽然 觉得 过程 还是 还有 这个 这些 这样 这种 进行 通过 那么 那些 部分 都是 里面 问题 需要 非常
文章 内容 方法 方式 结果 相关 以后 其他 其中 具体 实际 比如 不过 而且 或者 只有 只是 只要 一定 出现 成为 得到 来说
"""

LATIN: frozenset[str] = frozenset((_ENGLISH + _FRENCH + _GERMAN + _SPANISH_PORTUGUESE_ITALIAN).split())
CJK: frozenset[str] = frozenset((_JAPANESE + _CHINESE).split())

CHINESE_BREAKS = "的了是在和与及或就都而也又很把被这那我你他她它们么吗呢吧啊着嘛哦呀哪谁还已将若"
"""Characters that are in no Chinese word worth showing."""
CHINESE_WEAK_ENDS = "一二三两几不有没会能可以要对于从到为之其此等上下个所让得地去来说用更最只每再第当向给跟如但因后前里些时多少好大小做看想使成中"
"""Characters that seldom end a Chinese word: one that ends with them has to hold together well."""
CHINESE_WEAK_STARTS = (
    "".join(one for one in CHINESE_WEAK_ENDS if one not in "多大小成中") + "种条台篇段项个件张位名次号型级期届批类章节"
)
"""The same for beginnings: numerals and what follows them are among these, but 中国 and 大学 are words."""
