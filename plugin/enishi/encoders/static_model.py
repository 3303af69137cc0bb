"""A static model, a table with a vector for each token, by sentence-transformers or model2vec, read by NumPy alone.

The vector of a text is the mean of those of its tokens.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from enishi.encoders.model_files import module_folders, prompts_of, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enishi.types import Vectors


class StaticModel:
    """Answers to the calls of a SentenceTransformer that are made here.

    Args:
        folder: of the model.

    Raises:
        Exception: the folder is damaged.
    """

    device = SimpleNamespace(type="cpu")
    max_seq_length = None

    def __init__(self, folder: Path) -> None:
        import numpy as np
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        modules = module_folders(folder)
        place = modules[0][1] if modules else folder
        arrays = load_file(place / "model.safetensors")
        self._table = arrays["embedding.weight"] if "embedding.weight" in arrays else arrays["embeddings"]
        self.tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        tokens = self.tokenizer.get_vocab_size()
        # Tokens may share a vector, each with a weight of its own: model2vec's `vocabulary_quantization`
        self._rows = arrays.get("mapping", np.arange(len(self._table)))
        self._weights = arrays.get("weights", np.ones(len(self._rows)))
        if tokens > min(len(self._rows), len(self._weights)) or self._rows.max() >= len(self._table):
            raise ValueError(f"its tokenizer has {tokens} tokens, its table {len(self._rows)} vectors")
        self.prompts = prompts_of(folder)
        config = read_settings(folder / "config.json")
        self._unknown = _unknown_token(self.tokenizer) if config.get("model_type") == "model2vec" else None

    def encode_document(self, texts: Sequence[str], prompt: str = "", **_: Any) -> Vectors:
        """Unit vectors of texts, shape (texts, dim); zeros for a text without a token."""
        import numpy as np

        from enishi.vectors import unit_rows

        encoded = self.tokenizer.encode_batch([prompt + text for text in texts], add_special_tokens=False)
        means = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        for row, encoding in enumerate(encoded):
            tokens = np.array([token for token in encoding.ids if token != self._unknown], dtype=np.int64)
            if len(tokens):
                vectors = self._table[self._rows[tokens]].astype(np.float64)
                means[row] = (vectors * self._weights[tokens, None].astype(np.float64)).mean(axis=0)
        return unit_rows(means)

    encode_query = encode_document


def _unknown_token(tokenizer: Any) -> int | None:
    """The token for what is in no vocabulary, which model2vec leaves out of the mean."""
    import json

    model = json.loads(tokenizer.to_str())["model"]
    name = model.get("unk_token")
    number: int | None = tokenizer.token_to_id(name) if name is not None else model.get("unk_id")
    return number
