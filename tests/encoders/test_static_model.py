"""Static models: a table of vectors, read without torch, as sentence-transformers and model2vec read it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from enishi.encoders.models import ModelSource
from enishi.encoders.transformer import TransformerEncoder
from enishi.errors import EncoderError
from enishi.types import Document, Post, TextFields
from places import IMPORT_PATH

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("safetensors", "tokenizers"))), reason="safetensors or tokenizers is not installed"
)
WORDS = ["[UNK]", "cats", "purr", "dogs", "bark", "query", ":"]
TABLE = np.random.default_rng(3).normal(size=(len(WORDS), 5)).astype(np.float32)
POSTS = [
    Document(Post(f"{number}.md", title), TextFields(title=title, prose=prose), {}, {})
    for number, (title, prose) in enumerate([("cats", "cats purr strangely"), ("dogs", "dogs bark"), ("bark", "")])
]


def made(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A folder as model2vec writes it."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel

    folder.mkdir()
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(arrays, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "model2vec", "normalize": true}')
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return made(tmp_path / "model", {"embeddings": TABLE})


def mean(*words: str) -> np.ndarray:
    found = np.mean([TABLE[WORDS.index(word)] for word in words], axis=0)
    return found / np.linalg.norm(found)


def test_a_text_is_the_mean_of_its_known_tokens(model: Path) -> None:
    encoder = TransformerEncoder(str(model), prompt="", reads="all")
    raw = encoder.raw(POSTS)
    expected = [mean("cats", "cats", "purr"), mean("dogs", "dogs", "bark"), mean("bark")]
    np.testing.assert_allclose(raw, expected, atol=1e-6)


def test_vectors_that_tokens_share_are_weighted(model: Path, tmp_path: Path) -> None:
    rows = np.array([0, 1, 1, 3, 3, 5, 6])
    weights = np.array([1, 2, 0.5, 1, 3, 1, 1], dtype=np.float64)
    shared = made(tmp_path / "shared", {"embeddings": TABLE, "mapping": rows, "weights": weights})
    whole = made(tmp_path / "whole", {"embeddings": (TABLE[rows] * weights[:, None]).astype(np.float32)})
    found, expected = (TransformerEncoder(str(folder), prompt="").raw(POSTS) for folder in (shared, whole))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_neither_torch_nor_onnxruntime_is_imported(model: Path) -> None:
    script = """
import sys
for name in ("torch", "transformers", "sentence_transformers", "onnxruntime"):
    sys.modules[name] = None
from test_static_model import *
print(TransformerEncoder(sys.argv[1], prompt="").raw(POSTS).tobytes().hex())
"""
    command = [sys.executable, "-c", script, str(model)]
    done = subprocess.run(command, env={"PYTHONPATH": IMPORT_PATH}, capture_output=True, text=True, timeout=120)
    expected = TransformerEncoder(str(model), prompt="").raw(POSTS).tobytes().hex()
    assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_a_table_of_another_tokenizer_is_refused(model: Path, tmp_path: Path) -> None:
    for name, arrays in (
        ("few", {"embeddings": TABLE[:4]}),
        ("far", {"embeddings": TABLE, "mapping": np.arange(7) + 3}),
    ):
        with pytest.raises(EncoderError, match="does not load: its tokenizer has 7 tokens"):
            TransformerEncoder(str(made(tmp_path / name, arrays))).raw(POSTS)
    shutil.rmtree(model)
    with pytest.raises(EncoderError, match="no model in that folder"):
        ModelSource(str(model), "", Path(), engine="auto").folder()
