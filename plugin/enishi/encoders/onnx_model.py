"""A sentence-transformers model run by onnxruntime, without torch: its ONNX file, and what its other files say of it.

An ONNX file is a graph of known operations: it holds no code, and none is registered here.  Pooling and what comes
after it follow the classes of the same names in sentence-transformers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from enishi.encoders.model_files import module_folders, onnx_file, prompts_of, read_settings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Vectors

    Mask = npt.NDArray[np.int64]

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_POOLING = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
_OLD_POOLING = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens"}
"""How releases before 6 name them, where they name them otherwise: with a flag for each, `pooling_mode_cls_token`."""
_UNLIMITED = 1_000_000
"""What a tokenizer without a limit calls its limit is far above."""


class OnnxModel:
    """Answers to the calls of a SentenceTransformer that are made here.

    Args:
        folder: of the model.
        device: `auto` or `cpu`.

    Raises:
        Exception: the folder is damaged, or asks for something that is not known here.
    """

    device = SimpleNamespace(type="cpu")

    def __init__(self, folder: Path, device: str = "auto") -> None:
        if device not in ("auto", "cpu"):
            raise ValueError(f'onnxruntime runs it on the CPU, and encoder.device is "{device}"')
        modules = module_folders(folder) or [("Transformer", folder), ("Pooling", folder / "1_Pooling")]
        if len(modules) < 2 or [name for name, _ in modules[:2]] != ["Transformer", "Pooling"]:
            raise ValueError("it is not a transformer with pooling")
        place = modules[0][1]
        self._pool = _pooling(read_settings(modules[1][1] / "config.json"))
        self._after = [_layer(name, path) for name, path in modules[2:]]
        self.prompts = prompts_of(folder)
        self.max_seq_length = _longest(place)
        self.tokenizer = _Tokenizer(place)
        self._session = _session(onnx_file(folder) or place / "model.onnx")
        inputs = {node.name for node in self._session.get_inputs()}
        if not {"input_ids", "attention_mask"} <= inputs <= _INPUTS:
            raise ValueError(f"its ONNX file asks for {', '.join(sorted(inputs ^ _INPUTS))}")
        self._inputs = inputs
        outputs = [node.name for node in self._session.get_outputs() if len(node.shape) == 3]
        if not outputs:
            raise ValueError("its ONNX file gives no vectors of tokens")
        self._output = next((name for name in ("token_embeddings", "last_hidden_state") if name in outputs), outputs[0])

    def encode_document(
        self, texts: Sequence[str], prompt: str = "", processing_kwargs: Any = None, **_: Any
    ) -> Vectors:
        """Unit vectors of texts, shape (texts, dim)."""
        import numpy as np

        from enishi.vectors import unit_rows

        padding = (processing_kwargs or {}).get("text", {}).get("max_length")
        given = self.tokenizer.padded([prompt + text for text in texts], padding, self.max_seq_length)
        (tokens,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
        rows: Any = self._pool(np.asarray(tokens, dtype=np.float64), given["attention_mask"])
        for layer in self._after:
            rows = layer(rows)
        return unit_rows(np.asarray(rows, dtype=np.float32))

    encode_query = encode_document


class _Tokenizer:
    """A tokenizer that is called as one of transformers is."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer, normalizers

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if _sentence_settings(folder).get("do_lower_case"):
            own = self._tokenizer.normalizer
            self._tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *([own] if own else [])])
        self._padding = _padding(folder, self._tokenizer)

    def __call__(self, texts: list[str], *, add_special_tokens: bool, **_: Any) -> dict[str, list[list[int]]]:
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=add_special_tokens)
        return {"input_ids": [encoding.ids for encoding in encoded]}

    def padded(self, texts: list[str], length: int | None, longest: int | None) -> dict[str, npt.NDArray[np.int64]]:
        """What the model reads, each array of shape (texts, tokens): `length` of them, or as many as it takes."""
        import numpy as np

        if most := length or longest:
            self._tokenizer.enable_truncation(most)
        try:
            encoded = self._tokenizer.encode_batch(texts)
        finally:
            self._tokenizer.no_truncation()
        shape = len(texts), length or max(len(encoding.ids) for encoding in encoded)
        arrays = {name: np.zeros(shape, dtype=np.int64) for name in _INPUTS}
        arrays["input_ids"][:] = self._padding
        for row, encoding in enumerate(encoded):
            tokens = len(encoding.ids)
            arrays["input_ids"][row, :tokens] = encoding.ids
            arrays["attention_mask"][row, :tokens] = encoding.attention_mask
            arrays["token_type_ids"][row, :tokens] = encoding.type_ids
        return arrays


def _session(file: Path) -> Any:
    onnxruntime: Any = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # By itself it ties threads to cores, of which a container may have but a few
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # which burns what other processes need
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _sentence_settings(folder: Path) -> Any:
    """What sentence-transformers notes of its transformer (`sentence_bert_config.json`, named by its kind)."""
    return next((read_settings(file) for file in sorted(folder.glob("sentence_*_config.json"))), {})


def _longest(folder: Path) -> int | None:
    """The most tokens that the model reads; None where nothing limits them."""
    if limit := _sentence_settings(folder).get("max_seq_length"):
        return int(limit)
    positions = read_settings(folder / "config.json").get("max_position_embeddings")
    limits = (read_settings(folder / "tokenizer_config.json").get("model_max_length"), positions)
    return min((int(limit) for limit in limits if limit and 0 < limit < _UNLIMITED), default=None)


def _padding(folder: Path, tokenizer: Any) -> int:
    """The token that fills up a shorter text."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        token = read_settings(folder / name).get("pad_token")
        text = token.get("content") if isinstance(token, dict) else token
        if text is not None and (number := tokenizer.token_to_id(text)) is not None:
            return int(number)
    return int(read_settings(folder / "config.json").get("pad_token_id") or 0)


def _pooling(settings: Any) -> Callable[[Any, Mask], Any]:
    modes = settings.get("pooling_mode") or [
        mode for mode in _POOLING if settings.get(f"pooling_mode_{_OLD_POOLING.get(mode, mode)}")
    ]
    modes = [modes] if isinstance(modes, str) else modes or ["mean"]
    if unknown := set(modes) - set(_POOLING):
        raise ValueError(f"its pooling {', '.join(map(str, unknown))} is not known")
    if settings.get("include_prompt") is False:
        raise ValueError("its pooling leaves out the prompt, which only torch can do here")

    def pool(tokens: Any, mask: Mask) -> Any:
        import numpy as np

        return np.concatenate([_pooled(mode, tokens, mask) for mode in modes], axis=1)

    return pool


def _pooled(mode: str, tokens: Any, mask: Mask) -> Any:
    """One vector of each row's tokens, shape (rows, dim)."""
    import numpy as np

    rows = np.arange(len(tokens))
    if mode == "cls":
        return tokens[rows, mask.argmax(axis=1)]
    if mode == "lasttoken":
        return tokens[rows, mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)]
    if mode == "max":
        return np.where(mask[:, :, None] > 0, tokens, -np.inf).max(axis=1)
    weights = mask * np.arange(1, mask.shape[1] + 1) if mode == "weightedmean" else mask
    total = weights.sum(axis=1, keepdims=True)
    return (tokens * weights[:, :, None]).sum(axis=1) / (np.sqrt(total) if mode == "mean_sqrt_len_tokens" else total)


def _layer(name: str, folder: Path) -> Callable[[Any], Any]:
    """What a module after the pooling does with rows of shape (n, dim)."""
    import numpy as np

    if name == "Normalize":
        return lambda rows: rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    settings = read_settings(folder / "config.json")
    activation = str(settings.get("activation_function", "Tanh")).rpartition(".")[2]
    if name != "Dense" or activation not in ("Tanh", "Identity") or settings.get("use_residual"):
        raise ValueError(f"its module {name} is one that only torch can run")
    from safetensors.numpy import load_file

    arrays = load_file(folder / "model.safetensors")
    weights, bias = arrays["linear.weight"].astype(np.float64), arrays.get("linear.bias", np.zeros(1))

    def dense(rows: Any) -> Any:
        found = np.einsum("ni,oi->no", rows, weights) + bias  # not by BLAS, whose last bits depend on the other rows
        return np.tanh(found) if activation == "Tanh" else found

    return dense
