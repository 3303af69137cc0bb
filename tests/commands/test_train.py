"""Training on the blog: the real trainer on tiny models that are made here, and what decides whether one is kept."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blog import TOPICS, post_text, topic_text, write_blog
from enishi.cli import main
from enishi.commands.compare.unlinked import without_links
from enishi.commands.train import fit as fitting
from enishi.commands.train import run as running
from enishi.commands.train.folders import save_model
from enishi.commands.train.held_out import halves, hold_out, without_title
from enishi.commands.train.pairs import Pair, Passages, check_kinds, make_pairs
from enishi.commands.train.recipe import Recipe
from enishi.commands.train.run import train
from enishi.commands.train.trial import (
    BEFORE,
    SITE,
    TRAINED,
    WITH_BEFORE,
    Question,
    Task,
    Trial,
    judge,
    make_tasks,
    score,
)
from enishi.encoders.models import TRAINING_NAME, ModelSource
from enishi.encoders.transformer import TransformerEncoder
from enishi.errors import EncoderError, SettingsError
from enishi.pipeline import Run, read_blog
from enishi.reading.tokens import count_terms, count_words, fold, words
from enishi.state import Request
from enishi.types import Document, Post, TextFields

HAS_TRAINER = all(importlib.util.find_spec(name) for name in ("sentence_transformers", "datasets", "accelerate"))
needs_trainer = pytest.mark.skipif(not HAS_TRAINER, reason="enishi[train] is not installed")
EACH = 12


def document(number: int, title: str, prose: str, tags: tuple[str, ...] = (), **post: Any) -> Document:
    path = f"{number:03}.md"
    fields = TextFields(title=title, prose=prose)
    counts = count_words([(title, 3), (prose, 1)])
    return Document(Post(path, title, tags=tags, **post), fields, counts, count_terms([title, prose]))


def count_tokens(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def posts_that_name_themselves(each: int = EACH) -> dict[str, str]:
    """Posts of six topics; each has a word of its own in every paragraph, and links to the next one of its topic."""
    posts = {}
    for topic in TOPICS:
        for number in range(each):
            own = f"{topic}own{number}x"
            parts = [f"{topic_text(topic, 10 * number + part, 60)} {own}." for part in range(3)]
            after = f"{topic}-{(number + 1) % each}"
            parts.append(f"See [more of {topic}own{(number + 1) % each}x](/2020/01/01/{after}/).")
            posts[f"{topic}-{number}.md"] = post_text(
                f"About {topic} {own}", "\n\n".join(parts), f"tags: [{topic}, rare{number // 3}{topic}]\n"
            )
    return posts


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "site", posts_that_name_themselves())


def make_tiny_model(folder: Path, texts: list[str], *, seed: int = 0) -> Path:
    """A BERT of two layers and 32 dimensions with the words of some texts, never trained."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    known = sorted({word for text in texts for word in words(fold(text))} | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    pieces = [*marks, *known, *(f"##{character}" for character in "abcdefghijklmnopqrstuvwxyz0123456789")]
    tokenizer = Tokenizer(models.WordPiece({piece: row for row, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    raw = folder / "raw"
    BertModel(config).save_pretrained(raw)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    ).save_pretrained(raw)
    model = SentenceTransformer(modules=[Transformer(str(raw), max_seq_length=64), Pooling(32)], device="cpu")
    model.save(str(folder / "tiny"), create_model_card=False)
    return folder / "tiny"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not HAS_TRAINER:
        pytest.skip("enishi[train] is not installed")
    return make_tiny_model(tmp_path_factory.mktemp("tiny"), [" ".join(TOPICS.values())])


def read_site(site: Path) -> tuple[Any, list[Document]]:
    posts = read_blog(Request(site))
    return posts.blog, list(posts.documents)


def learn(site: Path, recipe: Recipe, out: Path) -> None:
    """A model that has learned from all posts."""
    with Run(Request(site)) as run:
        posts = running.read_posts(run)
    save_model(running.learn(posts, (), recipe).model, out)


def tiny_pairs() -> list[Pair]:
    """Two texts of each of forty posts."""
    texts = [(topic, number) for topic in TOPICS for number in range(7)]
    return [
        Pair("titles", topic_text(topic, number, 12), topic_text(topic, 100 + number, 20), (f"{topic}{number}",))
        for topic, number in texts[:40]
    ]


# -- who is held out ---------------------------------------------------------------------------------------------------


def test_about_a_fifth_is_held_out_and_a_new_post_moves_nobody() -> None:
    posts = [document(number, f"Post {number}", "words") for number in range(500)]
    held = hold_out(posts)
    assert 70 <= len(held) <= 130
    fewer = posts[:100] + posts[150:]
    assert {fewer[row].post.path for row in hold_out(fewer)} == {
        posts[row].post.path for row in held if not 100 <= row < 150
    }


def test_translations_are_held_out_together() -> None:
    posts = [document(number, "Post", "words", translation_key=f"t{number // 2}") for number in range(200)]
    held = set(hold_out(posts))
    assert 0 < len(held) < 200
    assert all((row ^ 1) in held for row in held)


@needs_trainer
def test_held_out_posts_never_occur_in_training(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe()
    learned: list[Pair] = []

    def fit(model: Any, pairs: list[Pair], *rest: Any) -> fitting.Fitted:
        learned.extend(pairs)
        vocabulary.update(model.tokenizer.get_vocab())
        return fitting.Fitted()

    vocabulary: dict[str, int] = {}
    monkeypatch.setattr(running, "fit", fit)
    report = train(Request(site), recipe, tmp_path / "out", False)
    _, documents = read_site(site)
    held = {documents[row].post.path for row in hold_out(documents)}
    assert report.held_out == len(held) > 5
    assert {kind for kind, count in report.pairs.items() if count} == set(recipe.pairs)
    own = {path: Path(path).stem.replace("-", "own") + "x" for path in (post.post.path for post in documents)}
    texts = " ".join(text for pair in learned for text in (pair.anchor, pair.positive))
    seen = {path for pair in learned for path in pair.posts}
    assert not seen & held
    assert seen == own.keys() - held, "all others are learned from"
    assert all(own[path] in texts for path in seen)
    assert not [path for path in held if own[path] in texts], "not even in the links of other posts"
    assert not [path for path in held if own[path] in vocabulary]


@needs_trainer
def test_without_a_verdict_all_posts_are_learned_from_but_no_links(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[Pair] = []

    def fit(_: Any, pairs: list[Pair], *rest: Any) -> fitting.Fitted:
        learned.extend(pairs)
        return fitting.Fitted()

    monkeypatch.setattr(running, "fit", fit)
    learn(site, Recipe(pairs=("titles", "passages")), tmp_path / "out")
    assert {path for pair in learned for path in pair.posts} == {d.post.path for d in read_site(site)[1]}
    assert not [pair for pair in learned if "more of" in f"{pair.anchor} {pair.positive}"]
    assert TransformerEncoder(str(tmp_path / "out")).encode([document(0, "Tea", "kettle leaves")]).any()


# -- pairs -------------------------------------------------------------------------------------------------------------


def test_pairs_of_each_kind() -> None:
    long = " ".join(f"Sentence {number} about sheep and hills in the north." for number in range(40))
    posts = [
        document(0, "Sheep", long, ("farm", "wool")),
        document(1, "Hills", long.replace("sheep", "stone"), ("farm",)),
        document(2, "", "No title here, only some words.", ("wool", "farm")),
    ]
    links = {"000.md": ("001.md", "gone.md")}

    def made(kind: str) -> list[Pair]:
        return make_pairs(Passages(posts, 60, count_tokens), links, (kind,))

    titles = made("titles")
    assert {pair.anchor for pair in titles} == {"Sheep", "Hills"}
    assert len(titles) > 6
    assert not [pair for pair in titles if pair.positive.startswith(("Sheep", "Hills"))]
    assert max(count_tokens([pair.positive for pair in titles])) <= 60
    passages = made("passages")
    assert passages
    assert all(pair.anchor != pair.positive and len(pair.posts) == 1 for pair in passages)
    (linked,) = made("links")
    assert linked.posts == ("000.md", "001.md")
    assert linked.anchor.startswith("Sheep\n")
    assert linked.positive.startswith("Hills\n")


def test_kinds_are_checked() -> None:
    assert check_kinds([" Links", "titles", ""]) == ("titles", "links")
    with pytest.raises(SettingsError, match="sentences: there are titles, passages, links"):
        check_kinds(["titles", "sentences"])
    with pytest.raises(SettingsError, match="at least one"):
        check_kinds([" "])


@needs_trainer
def test_no_post_stands_in_a_batch_twice(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from enishi.commands.train.static import embedding_from_blog

    posts = [document(number, topic_text("tea", number), topic_text("birds", number)) for number in range(20)]
    pairs = [
        Pair("titles", f"title {post}", f"text {post} {part}", (f"{post}",)) for post in range(20) for part in range(5)
    ]
    pairs += [Pair("links", f"from {post}", f"to {post}", (f"{post}", f"{post + 1}")) for post in range(19)]
    model = SentenceTransformer(modules=[embedding_from_blog(posts)], device="cpu")
    trainer = fitting._trainer(model, pairs, fitting.Schedule(1, 8, 0.01, device="cpu"), tmp_path)
    batches = list(trainer.get_train_dataloader().batch_sampler)
    assert sorted(row for batch in batches for row in batch) == list(range(len(pairs)))
    for batch in batches:
        named = [path for row in batch for path in pairs[row].posts]
        assert len(named) == len(set(named))


# -- the trainer -------------------------------------------------------------------------------------------------------


def load_tiny(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def weights_of(model: Any) -> str:
    total = hashlib.sha256()
    for name, values in sorted(model.state_dict().items()):
        total.update(name.encode() + values.numpy().tobytes())
    return total.hexdigest()


SCHEDULE = fitting.Schedule(epochs=4, batch=8, rate=5e-3, device="cpu")


@needs_trainer
def test_the_loss_falls(tiny: Path, tmp_path: Path) -> None:
    model = load_tiny(tiny)
    before = weights_of(model)
    told: list[tuple[str, int, int]] = []
    fitted = fitting.fit(model, tiny_pairs(), SCHEDULE, tmp_path, lambda *step: told.append(step))
    first, last = fitted.losses[0][1], fitted.losses[-1][1]
    assert last < 0.8 * first
    assert fitted.steps == fitted.all_steps == 20
    assert told[-1] == ("training", 20, 20)
    assert weights_of(model) != before


class BrokenOffError(Exception):
    pass


@needs_trainer
def test_resumed_is_uninterrupted(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "CHECKPOINT_SECONDS", 0.0)
    whole = load_tiny(tiny)
    fitting.fit(whole, tiny_pairs(), SCHEDULE, tmp_path / "whole")

    def interrupt(_: str, done: int, __: int) -> None:
        if done == 13:
            raise BrokenOffError

    broken = load_tiny(tiny)
    with pytest.raises(BrokenOffError):
        fitting.fit(broken, tiny_pairs(), SCHEDULE, tmp_path / "broken", interrupt)
    checkpoints = sorted(path.name for path in (tmp_path / "broken").glob("checkpoint-*"))
    assert checkpoints == ["checkpoint-11", "checkpoint-12"]
    # One that was broken off while it was written is passed over
    half = tmp_path / "broken" / "checkpoint-13"
    half.mkdir()
    (half / "trainer_state.json").write_text("{}", encoding="utf-8")
    resumed = load_tiny(tiny)
    fitted = fitting.fit(resumed, tiny_pairs(), SCHEDULE, tmp_path / "broken")
    assert fitted.resumed_at == 12
    assert fitted.steps == 20
    assert weights_of(resumed) == weights_of(whole)


@needs_trainer
def test_a_finished_training_is_not_done_again(tiny: Path, tmp_path: Path) -> None:
    """As when it was killed while its model was judged."""
    first, second = load_tiny(tiny), load_tiny(tiny)
    fitting.fit(first, tiny_pairs(), SCHEDULE, tmp_path)
    told: list[int] = []
    fitted = fitting.fit(second, tiny_pairs(), SCHEDULE, tmp_path, lambda _, done, __: told.append(done))
    assert fitted.resumed_at == fitted.steps == 20
    assert told == [20]
    assert weights_of(second) == weights_of(first)


@needs_trainer
def test_checkpoints_hold_no_code(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(fitting, "CHECKPOINT_SECONDS", 0.0)
    fitting.fit(load_tiny(tiny), tiny_pairs(), replace(SCHEDULE, epochs=1), tmp_path)
    (*_, last) = sorted(tmp_path.glob("checkpoint-*"))
    files = {path.name for path in last.rglob("*") if path.is_file()}
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth"} <= files
    assert not files & {"training_args.bin", "pytorch_model.bin", "README.md"}
    for name in ("optimizer.pt", "scheduler.pt"):
        torch.load(last / name, weights_only=True)

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state": Evil()}, last / "optimizer.pt")
    with pytest.raises(Exception, match=r"(?i)weights"):
        fitting.fit(load_tiny(tiny), tiny_pairs(), replace(SCHEDULE, epochs=1), tmp_path)
    assert not (tmp_path / "ran").exists()


@needs_trainer
def test_a_checkpoint_that_names_code_is_not_taken_up(tiny: Path, tmp_path: Path) -> None:
    fitting.fit(load_tiny(tiny), tiny_pairs(), replace(SCHEDULE, minutes=1e-6), tmp_path)
    (planted,) = tmp_path.glob("checkpoint-*")
    modules = json.loads((planted / "modules.json").read_bytes())
    modules[0]["type"] = "antigravity.Transformer"
    (planted / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    fitted = fitting.fit(load_tiny(tiny), tiny_pairs(), SCHEDULE, tmp_path)
    assert fitted.resumed_at == 0
    assert fitted.steps == 20
    assert "antigravity" not in sys.modules
    assert not planted.exists()


@needs_trainer
@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_nothing_is_written_through_a_link(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "checkpoint-1").mkdir(parents=True)
    (site / ".enishi").mkdir()
    (site / ".enishi" / "training").symlink_to(elsewhere)
    code, _, complaints = run_train(capsys, site, "--out", tmp_path / "m")
    assert code == 2
    assert "behind, a link" in complaints
    assert not [path for path in elsewhere.rglob("*") if path.is_file()]
    assert (elsewhere / "checkpoint-1").is_dir()


@needs_trainer
def test_drafts_teach_nothing(site: Path, tmp_path: Path) -> None:
    """A model's vocabulary may be published with it."""
    folder = site / "source" / "_drafts"
    folder.mkdir()
    for number in range(3):
        text = post_text(f"Secret {number}", f"{topic_text('tea', number)} Unpublishedword.")
        (folder / f"secret-{number}.md").write_text(text, encoding="utf-8")
    learn(site, Recipe(epochs=1), tmp_path / "out")
    assert "unpublishedword" not in (tmp_path / "out" / "tokenizer.json").read_text("utf-8")
    assert "kettle" in (tmp_path / "out" / "tokenizer.json").read_text("utf-8")


@needs_trainer
def test_training_ends_when_its_time_is_over(tiny: Path, tmp_path: Path) -> None:
    fitted = fitting.fit(load_tiny(tiny), tiny_pairs(), replace(SCHEDULE, minutes=1e-6), tmp_path)
    assert fitted.steps == 1
    assert fitted.all_steps == 20
    again = fitting.fit(load_tiny(tiny), tiny_pairs(), SCHEDULE, tmp_path)
    assert again.resumed_at == 1, "without the limit it goes on from there"
    assert again.steps == 20


# -- static embeddings -------------------------------------------------------------------------------------------------


@needs_trainer
def test_a_static_embedding_reads_what_the_site_encoder_reads(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from enishi.commands.train.static import embedding_from_blog

    text = "C++ とnode.jsで機械学習のモデルを作る。Don't stop, ﾃｽﾄ 機械学習 モデル"
    posts = [document(number, f"Post {number}", f"{text} {topic_text('tea', number)}") for number in range(4)]
    embedding = embedding_from_blog(posts)
    pieces = embedding.tokenizer.encode(text, add_special_tokens=False).tokens
    joined = [piece.removeprefix("##") for piece in pieces]
    assert joined == [
        "c++",
        "node.js",
        "機械",
        "学習",
        "モデル",
        "作",
        "don't",
        "stop",
        "テスト",
        "機械",
        "学習",
        "モデル",
    ]
    model = SentenceTransformer(modules=[embedding], device="cpu")
    save_model(model, tmp_path / "static")
    assert not (tmp_path / "static" / "README.md").exists()
    encoder = TransformerEncoder(str(tmp_path / "static"))
    vectors = encoder.encode([*posts, document(9, "", "")])
    assert vectors.shape == (5, embedding.embedding_dim)
    assert not vectors[4].any()
    loaded = load_tiny(tmp_path / "static")
    assert loaded.encode(text).tobytes() == model.encode(text).tobytes()


@needs_trainer
def test_posts_on_one_topic_are_near_before_any_training() -> None:
    from sentence_transformers import SentenceTransformer

    from enishi.commands.train.static import embedding_from_blog

    topics = [topic for topic in TOPICS for _ in range(8)]
    posts = [document(number, topic, topic_text(topic, number)) for number, topic in enumerate(topics)]
    model = SentenceTransformer(modules=[embedding_from_blog(posts)], device="cpu")
    vectors = model.encode([topic_text(topic, 100 + number) for number, topic in enumerate(topics)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T
    np.fill_diagonal(near, -1)
    assert np.mean([topics[row] == topics[other] for row, other in enumerate(near.argmax(axis=1))]) > 0.95


@needs_trainer
def test_a_model_is_distilled_over_the_words_of_the_blog(tiny: Path) -> None:
    from enishi.commands.train.static import embedding_from_model, vocabulary_of

    posts = [document(number, "", topic_text(topic, number, 8)) for topic in TOPICS for number in range(6)]
    model = load_tiny(tiny)
    embedding = embedding_from_model(model, posts, 16)
    known = vocabulary_of(posts)
    assert embedding.embedding_dim == 16
    assert set(known) <= set(embedding.tokenizer.get_vocab())
    chosen = [word for word in known if sum(word in post.words for post in posts) == 2][:20]
    ids = [embedding.tokenizer.token_to_id(word) for word in chosen]
    ours = embedding.embedding.weight.detach().numpy()[ids]
    theirs = model.encode(chosen)

    def likeness(vectors: np.ndarray) -> np.ndarray:
        centred = vectors - vectors.mean(axis=0)
        centred /= np.linalg.norm(centred, axis=1, keepdims=True)
        return (centred @ centred.T)[np.triu_indices(len(vectors), 1)]

    assert np.corrcoef(likeness(ours), likeness(theirs))[0, 1] > 0.9, "words alike to the model are alike here"


# -- held-out pairs decide ---------------------------------------------------------------------------------------------


class Fixed:
    """An encoder with one vector a row; a query is the number of a row."""

    def __init__(self, vectors: list[list[float]]) -> None:
        self._vectors = np.array(vectors, dtype=np.float32)

    def encode(self, documents: Any) -> np.ndarray:
        return self._vectors

    def encode_query(self, text: str) -> np.ndarray:
        return self._vectors[int(text)][None]


def test_reciprocal_ranks() -> None:
    posts = tuple(document(number, "Post", "words") for number in range(4))
    vectors = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], dtype=np.float32)
    task = Task("links", posts, (Question("", 0, (2, 3)), Question("text", 1, (1,))))
    answers = score(task, vectors, vectors[[0, 3]])
    assert answers.tolist() == [1 / 2, 1 / 3]
    nothing = score(Task("titles", posts, (Question("text", 1, (1,)),)), 0 * vectors, 0 * vectors[:1])
    assert nothing.tolist() == [1 / 4], "vectors of nothing get the last place"


def test_the_gain_is_resampled_over_questions() -> None:
    posts = tuple(document(number, "Post", "words") for number in range(20))
    good, bad = Fixed(np.eye(20).tolist()), Fixed(np.ones((20, 20)).tolist())
    task = Task("titles", posts, tuple(Question(str(row), row, (row,)) for row in range(20)))

    def against(site: Fixed, before: Fixed, trained: Fixed, to_beat: str, weight: float = 1.0) -> Trial:
        return judge([task], {SITE: site, BEFORE: before, TRAINED: trained}, weight, to_beat)

    better = against(bad, good, good, SITE)
    assert better.is_better
    assert better.gain.value == pytest.approx(1 - 1 / 20)
    assert not against(bad, good, bad, WITH_BEFORE).is_better
    even = against(good, bad, good, SITE, 0.3)
    assert not even.is_better


def test_questions_do_not_hold_their_answers(site: Path) -> None:
    _, documents = read_site(site)
    posts = without_links(read_blog(Request(site)))
    held = hold_out(posts.documents)
    tasks = {task.kind: task for task in make_tasks(posts.documents, held, posts.links)}
    assert set(tasks) == {"titles", "halves", "links"}
    for row in held:
        path = documents[row].post.path
        assert tasks["titles"].documents[row].fields.title == ""
        assert "about" not in tasks["titles"].documents[row].words, "the title's words are not counted"
        first = tasks["halves"].documents[row]
        assert 0 < len(first.fields.prose) < len(documents[row].fields.prose)
        after = path.replace("-", "own").removesuffix(".md").rpartition("/")[2]
        assert after in documents[row].fields.title
        assert "See more" not in posts.documents[row].fields.prose
    assert not tasks["links"].documents[0].fields.links
    texts = {question.text for question in tasks["halves"].questions}
    assert not [text for text in texts if text in " ".join(d.fields.prose for d in tasks["halves"].documents)]


def test_halves_of_a_post() -> None:
    post = document(0, "Title", "One.\n\nTwo two two.\n\nThree three.\n\nFour.", description="About all.")
    first, second = halves(post) or (None, "")
    assert first is not None
    assert (first.fields.prose, second) == ("One.\n\nTwo two two.", "Three three.\n\nFour.")
    assert first.words == {"one": 1, "two": 3}
    assert halves(document(0, "Title", "One paragraph.")) is None
    untitled, title = without_title(post) or (None, "")
    assert untitled is not None
    assert title == "Title"
    assert untitled.words == count_words([("About all.", 1), (post.fields.prose, 1)])


# -- the command -------------------------------------------------------------------------------------------------------


def run_train(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["train", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


@needs_trainer
def test_not_better_is_said_and_nothing_is_kept(
    site: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    arguments = (site, "--out", out, "--kind", "transformer", "--base", tiny, "--rate", "1e-12", "--batch", "16")
    code, told, _ = run_train(capsys, *arguments, "--json")
    report = json.loads(told)
    assert code == 0
    assert not report["kept"]
    assert not report["is_better"]
    assert report["gain"]["value"] == pytest.approx(0, abs=0.005), "a rate of nothing changes nothing"
    assert report["advice"].startswith("The trained model is not better")
    assert not out.exists()
    assert not list((site / ".enishi" / "training").iterdir())
    code, told, _ = run_train(capsys, *arguments, "--keep")
    assert code == 0
    assert "not better" in told
    assert "site + trained" in told
    story = json.loads((out / TRAINING_NAME).read_bytes())
    assert story["better"] is False
    assert story["saw_tags"] is False
    assert story["base"] == "tiny"
    assert story["pairs"].keys() == {"titles", "passages", "links"}
    assert str(tmp_path) not in "".join(p.read_text("utf-8", "replace") for p in out.rglob("*.json"))


def posts_titled_in_another_language(count: int = 70) -> dict[str, str]:
    """Each post has three subjects of nine: words of one language in its title, and of another in its text."""
    posts = {}
    for number in range(count):
        chance = random.Random(f"post {number}")
        subjects = sorted(chance.sample(range(9), 3))
        title = " ".join(TOPICS["tea"].split()[subject] for subject in subjects)
        body = [word for subject in subjects for word in [TOPICS["radio"].split()[subject]] * 5]
        chance.shuffle(body)
        text = " ".join(body).capitalize() + "."
        posts[f"post-{number}.md"] = post_text(title.capitalize(), text, f"tags: [rare{number // 2}]\n")
    return posts


@needs_trainer
def test_better_is_kept_and_used(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transformer that knew nothing learns what the titles mean."""
    monkeypatch.chdir(tmp_path)  # a site may be named from where one stands
    site = write_blog(Path("site"), posts_titled_in_another_language())
    out = site / "model"
    code, told, complaints = run_train(
        capsys, site, "--out", out, "--kind", "transformer", "--base", tiny, "--batch", "32", "--rate", "0.003",
        "--epochs", "30", "--pairs", "titles", "--set", "encoder.weight=1", "--json",
    )  # fmt: skip
    assert code == 0, complaints
    report = json.loads(told)
    assert report["is_better"], report["figures"]
    assert report["kept"]
    assert report["model"] == "model"
    assert report["gain"]["low"] > 0
    assert report["training"]["losses"][-1][1] < report["training"]["losses"][0][1]
    assert not ModelSource("model", "", site).saw("tags")
    assert main(["build", str(site), "--quiet", "--set", "encoder.model=model"]) == 0


@needs_trainer
def test_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    written = []
    for seed in ("1", "2"):
        site = write_blog(tmp_path / seed, posts_that_name_themselves(10))
        out = tmp_path / f"model{seed}"
        environment = os.environ | {"PYTHONHASHSEED": seed, "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-m", "enishi", "train", str(site), "--out", str(out), "--keep", "--epochs", "1"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        written.append({path.name: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()})
    assert written[0].keys() >= {"model.safetensors", "tokenizer.json", "modules.json", TRAINING_NAME}
    assert written[0] == written[1]


KILLED = """
import sys
from enishi.commands.train import fit
fit.CHECKPOINT_SECONDS = 0.0
from enishi.console import terminal
from contextlib import contextmanager
@contextmanager
def progress(silent):
    yield lambda what, done, total: print(what, done, flush=True)
terminal.progress = progress
from enishi.cli import main
sys.exit(main(sys.argv[1:]))
"""


@needs_trainer
@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_the_same_command_goes_on(
    site: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: signal.Signals
) -> None:
    out = tmp_path / "model"
    arguments = ["train", str(site), "--out", str(out), "--kind", "transformer", "--base", str(tiny), "--batch", "16",
                 "--epochs", "2", "--keep", "--json"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in lines_of(process):
        if line == "training 7":
            process.send_signal(how)
            break
    _, complaints = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGKILL, 130)
    assert not out.exists()
    if how == signal.SIGINT:
        assert "the same command goes on" in complaints
        assert "Traceback" not in complaints
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["training"]["resumed_at"] >= 6
    assert report["training"]["steps"] == report["training"]["all_steps"]
    assert not list((site / ".enishi" / "training").iterdir()), "what was in the way is gone with the work"


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    while line := process.stdout.readline():
        yield line.strip()


@needs_trainer
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--out: name the folder"),
        (("--out", "m", "--kind", "neural"), "--kind neural: there are static, transformer"),
        (("--out", "m", "--kind", "transformer"), "name the model to begin with, as --base MODEL"),
        (("--out", "m", "--pairs", "titles,verbs"), "--pairs verbs: there are"),
        (("--out", "absent/m"), "there is no folder"),
        (("--out", "file"), "is not a folder"),
        (("--out", "foreign"), "holds something other"),
        (("--out", "m", "--kind", "transformer", "--base", "./absent"), "there is no model in that folder"),
    ],
)
def test_what_cannot_be_is_told_in_one_message(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "novel.txt").write_text("mine", encoding="utf-8")
    code, _, complaints = run_train(capsys, site, *arguments)
    assert code == 2
    assert told in complaints
    assert "Traceback" not in complaints
    assert (tmp_path / "foreign" / "novel.txt").read_text("utf-8") == "mine"
    assert not (tmp_path / "m").exists()


def test_a_small_blog_is_told_that_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not HAS_TRAINER:
        pytest.skip("enishi[train] is not installed")
    site = write_blog(tmp_path / "site", posts_that_name_themselves(2))
    code, _, complaints = run_train(capsys, site, "--out", tmp_path / "m")
    assert code == 2
    assert "12 published posts" in complaints


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (("datasets",), "datasets"),
        (("sentence_transformers", "datasets"), "sentence-transformers, datasets"),
    ],
)
def test_missing_packages_are_named_with_the_way_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], named: str
) -> None:
    monkeypatch.setattr(running, "find_spec", lambda name: None if name in missing else object())
    with pytest.raises(EncoderError, match=rf'training needs {named}: pip install "enishi\[train\]"'):
        train(Request(tmp_path), Recipe(), tmp_path / "m", False)
