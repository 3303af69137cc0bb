"""Models of sentence-transformers' own formats, small enough to be made in a test."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np


def write_static_model(folder: Path, text: str, dimensions: int = 24) -> Path:
    """A static embedding (a vector a word, at random) over the words of a text; needs nothing but NumPy to be made."""
    words = ["[UNK]", *sorted({word.strip(".,:;!?()[]").lower() for word in text.split()} - {""})]
    inner = folder / "0_StaticEmbedding"
    inner.mkdir(parents=True)
    modules = [
        {
            "idx": 0,
            "name": "0",
            "path": inner.name,
            "type": "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding",
        }
    ]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {}}', encoding="utf-8")
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(words)},
            "unk_token": "[UNK]",
        },
    }
    (inner / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    weights = np.random.default_rng(0).standard_normal((len(words), dimensions)).astype("<f4")
    weights[0] = 0
    header = {
        "embedding.weight": {"dtype": "F32", "shape": list(weights.shape), "data_offsets": [0, weights.nbytes]},
    }
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    (inner / "model.safetensors").write_bytes(struct.pack("<Q", len(packed)) + packed + weights.tobytes())
    return folder
