"""The settings: what can be set, where it is read from, and all that is wrong with them in one report.

Settings come from the first of ``enishi.toml``, ``[tool.enishi]`` in ``pyproject.toml`` and ``enishi:`` in Hexo's
``_config.yml``, or from the file given by ``--config``; ``--set KEY=VALUE`` overrides single ones.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enishi.errors import Diagnostic, SettingsError, Severity

_MAX_BYTES = 1024 * 1024
"""Of a file of settings, which may be a stranger's."""

Generator = Literal["auto", "hexo", "jekyll", "hugo", "eleventy", "pelican", "mkdocs", "zenn", "generic"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class RelatedSettings(_Section):
    """Which posts a list of related posts holds."""

    limit: Annotated[int, Field(ge=0, le=100)] = Field(5, description="How many related posts a post gets at most.")
    min_score: Literal["auto"] | Annotated[float, Field(ge=-1, le=1)] = Field(
        "auto",
        description="The least cosine similarity of a related post. `auto` takes it from the blog itself: "
        "what chance pairs of its posts do not reach.",
    )
    newer: bool = Field(True, description="Whether posts newer than the post itself may be listed.")
    linked: Literal["demote", "hide", "keep"] = Field(
        "demote",
        description="A post that the body already links to: listed after all others, not at all, or like any other.",
    )
    same_series: Annotated[int, Field(ge=0)] = Field(2, description="How many posts of one series a list may hold.")
    duplicates: Literal["hide", "keep"] = Field(
        "hide", description="Whether near-duplicates (of the post, or of one already listed) are left out."
    )
    translations: Literal["last", "hide", "keep"] = Field(
        "last",
        description="A translation of the post itself: named as such at the end of the list, left out, or listed "
        "like any other post.",
    )
    max_share: Annotated[float, Field(ge=0)] = Field(
        2.0, description="How often one post may be listed over the whole site, in multiples of the mean; 0: any."
    )


class EncoderSettings(_Section):
    """What turns a post into a vector: the parts of it, and how much each counts."""

    site: Literal["words", "doc2vec"] = Field(
        "words",
        description="The part that is learned from the blog itself: `words` (a kernel PCA of its words), or `doc2vec` "
        "by gensim, for comparison (needs `enishi[readers]`).",
    )
    model: str = Field(
        "",
        description="A sentence-transformers model to combine with the site encoder: its name on the hub, or a "
        "folder (absolute, or relative to the site). Needs `enishi[transformers]`. Empty: the site encoder alone.",
    )
    revision: str = Field("", description="The revision (commit) of a model on the hub, to pin it.")
    weight: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1, description="The model's share of a post's vector; the site encoder has what no other part takes."
    )
    prompt: str = Field(
        "auto",
        description="What is put before each passage that the model reads: `auto` takes what the model itself asks "
        "for (`passage: ` for the E5 family), empty is nothing.",
    )
    backend: Literal["torch", "onnx", "openvino"] = Field(
        "torch", description="What runs the model; `onnx` and `openvino` need the extras of sentence-transformers."
    )
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32", description="Of the model's numbers. `float16` halves memory, and time on a GPU; slow on a CPU."
    )
    device: str = Field(
        "auto",
        description="Where the model runs: `cpu`, `cuda`, `cuda:1`, `mps`; `auto` takes a GPU where there is one.",
    )
    images: str = Field(
        "",
        description="A CLIP-type sentence-transformers model (`clip-ViT-B-32`, or a folder) that looks at each post's "
        "thumbnail and first images. Needs `enishi[images]`. Empty: images do not count.",
    )
    images_revision: str = Field("", description="The revision (commit) of that model on the hub.")
    images_weight: Annotated[float, Field(gt=0, lt=1)] = Field(0.1, description="The images' share of a post's vector.")
    dimensions: Annotated[int, Field(ge=2, le=4096)] = Field(
        512, description="The most dimensions of the site encoder's vectors."
    )
    tag_weight: Annotated[float, Field(ge=0, le=1)] = Field(
        0.05, description="How much the tags that two posts share count beside their words."
    )
    link_weight: Annotated[float, Field(ge=0, le=2)] = Field(
        0.4, description="How far a post is drawn towards the posts that it links to or is linked from."
    )


class ReadersSettings(_Section):
    """What readers of the blog read together."""

    logs: str | tuple[str, ...] = Field(
        (),
        description="Access logs (`access-*.log.gz`; combined log format, or CSV of session, path, time), absolute or "
        "relative to the site. Needs `enishi[readers]`. Only vectors of posts are kept of them, nothing of readers.",
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """The logs, as patterns; empty where none are read."""
        found = (self.logs,) if isinstance(self.logs, str) else self.logs
        return tuple(pattern for pattern in found if pattern)

    min_readers: Annotated[int, Field(ge=2)] = Field(
        10,
        description="How many visitors have to have read a post, with another one in the same visit, for this to say "
        "anything about it.",
    )
    weight: Annotated[float, Field(gt=0, lt=1)] = Field(0.2, description="The readers' share of a post's vector.")


class IndexSettings(_Section):
    """What finds the nearest vectors."""

    backend: Literal["auto", "scann", "exact"] = Field(
        "auto", description="`scann`, `exact` (NumPy), or ScaNN where it is installed."
    )


class PartialSettings(_Section):
    """What the HTML fragments show."""

    heading_level: Annotated[int, Field(ge=1, le=6)] = Field(2, description="Level of the heading: 2 is `<h2>`.")
    ordered: bool = Field(False, description="A numbered list (`<ol>`) instead of a plain one.")
    dates: bool = Field(True, description="Show the date of each post.")
    reasons: bool = Field(True, description="Show the tags and terms that the two posts share.")
    labels: dict[str, str | dict[str, str]] = Field(
        default_factory=dict,
        description="The blog's own words for `heading`, `tags`, `terms`, `translation`, `colon`, `comma` and the "
        "pattern `date` (`YYYY-MM-DD`); below the name of a language (`ja.heading`) for that language only.",
    )


class TagSettings(_Section):
    """Which tag suggestions are written."""

    enabled: bool = Field(True, description="Look for missing tags and topics, and write `tags.json`.")
    min_confidence: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="The least confidence of a suggested tag."
    )
    max_suggestions: Annotated[int, Field(ge=0, le=100)] = Field(
        5, description="How many tags are suggested for a post at most."
    )
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description='Tags that have a new name (`GCP = "GoogleCloud"`): the old one is read as the new one and never '
        "suggested. Those of Hexo's `alias:` and `tag_map:` are known already.",
    )
    broader: dict[str, str | tuple[str, ...]] | str = Field(
        default_factory=dict,
        description='The tags that a tag implies (`S3 = ["AWS"]`), which are then not suggested; or a YAML file of '
        "such lines, relative to the site (`source/_data/tag_ontology.yml`).",
    )
    never: tuple[str, ...] = Field((), description="Tags that are never suggested.")
    only: tuple[str, ...] = Field((), description="The only tags that may be suggested; empty: any of the blog's.")
    retired: tuple[str, ...] = Field((), description="Tags that must not come back: old posts keep them.")
    declined: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Suggestions declined for good, by path of the post, beside those in `.enishi-declined.toml`.",
    )
    constants: str = Field(
        "",
        description="For experiments: a JSON file of the learned constants to use instead of those shipped "
        "(see `benchmarks/learn_tags`), absolute or relative to the site.",
    )


CheckCode = Literal[
    "missing-tag",
    "no-tags",
    "tag-spelling",
    "implied-tag",
    "retired-tag",
    "tag-is-category",
    "near-duplicate",
    "bad-front-matter",
    "related-change",
]
"""The keys of :data:`enishi.findings.CODES`."""


class CheckSettings(_Section):
    """What `enishi check` reports, and how loudly."""

    warn_from: Annotated[float, Field(ge=0, le=1)] = Field(
        0.8, description="From this confidence a missing tag is a warning."
    )
    note_from: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="From this confidence a missing tag is a note; below, nothing is said."
    )
    levels: dict[CheckCode, Literal["off", "note", "warning", "error"]] = Field(
        default_factory=dict,
        description='How a kind of finding is shown (`"no-tags" = "off"`): `off`, `note`, `warning` or `error`. Of '
        "missing tags this is the level from `warn_from` on. See [the kinds](commands.md#enishi-check).",
    )
    fail_on: tuple[CheckCode, ...] = Field(
        (), description="Kinds of findings that make the check fail (exit code 1); notes never do."
    )
    max_file_bytes: Annotated[int, Field(ge=1000, le=16 * 1024 * 1024)] = Field(
        5_000_000, description="A larger post is not read; that is reported."
    )


class Settings(_Section):
    """Everything that can be set."""

    generator: Generator = Field(
        "auto", description="Whose rules the posts are read by; `auto` finds out from the site's own files."
    )
    posts: tuple[str, ...] = Field(
        (), description="Folders of posts, relative to the site; empty: those of the generator."
    )
    exclude: tuple[str, ...] = Field((), description="Patterns of paths that are no posts (`drafts/**`).")
    language: str = Field(
        "", description="Language of the labels in the partials; empty: the post's, else the site's, else English."
    )
    templates: str = Field(
        "templates/enishi", description="Folder of the site's own templates; a `related.html.j2` there is used."
    )
    data_file: str = Field(
        "",
        description="Also write the related posts of the published posts here, relative to the site "
        "(`source/_data/enishi.json`), for generators that read data files.",
    )
    hexo: dict[str, Any] = Field(
        default_factory=dict, description="Settings of the Hexo plugin `hexo-enishi`, which reads them itself."
    )
    related: RelatedSettings = Field(default_factory=RelatedSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    readers: ReadersSettings = Field(default_factory=ReadersSettings)
    index: IndexSettings = Field(default_factory=IndexSettings)
    partials: PartialSettings = Field(default_factory=PartialSettings)
    tags: TagSettings = Field(default_factory=TagSettings)
    check: CheckSettings = Field(default_factory=CheckSettings)


def describe_settings(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """(dotted name, default, description) of every setting, in order."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from describe_settings(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field.get_default(call_default_factory=True), field.description or ""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where settings were found: the values, and how to name the place of one of them."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]

    def place(self, key: tuple[str, ...]) -> str:
        for length in range(len(key), 0, -1):
            line = self.lines.get(key[:length])
            if line:
                return f"{self.name}:{line}"
        return self.name


def load_settings(
    site: Path, *, config_file: Path | None = None, overrides: Sequence[str] = ()
) -> tuple[Settings, list[Diagnostic]]:
    """The settings of a site.

    `overrides` are ``KEY=VALUE`` with dotted keys; a value is read as TOML where it is TOML, else as text.

    Raises:
        SettingsError: naming every wrong setting with its place and the nearest right name.
    """
    found = [_read_file(config_file, config_file.name)] if config_file else _find_sources(site)
    problems: list[str] = []
    places: dict[tuple[str, ...], str] = {}
    merged: dict[str, Any] = {}
    for source in found[:1]:
        _merge(merged, source.values, (), source, places)
    for override in overrides:
        _apply_override(merged, override, places, problems)
    settings = Settings()
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems += _explain(error, places)
    if problems:
        raise SettingsError("\n".join(["These settings are wrong:", *(f"  {line}" for line in problems)]))
    ignored = [
        Diagnostic(
            source.name,
            min(source.lines.values(), default=0),
            "settings-ignored",
            Severity.WARNING,
            f"these settings are not used, because {found[0].name} has settings, too; keep them in one file",
        )
        for source in found[1:]
    ]
    return settings, ignored


def settings_sources(site: Path) -> list[str]:
    """Names of the files of a site that hold settings (of more than the Hexo plugin); the first one counts.

    Raises:
        SettingsError: one cannot be read.
    """
    return [source.name for source in _find_sources(site) if set(source.values) - {"hexo"}]


# --- where settings are found ------------------------------------------------------------------------------------


def _find_sources(site: Path) -> list[_Source]:
    sources = []
    if (site / "enishi.toml").is_file():
        sources.append(_read_file(site / "enishi.toml", "enishi.toml"))
    if (site / "pyproject.toml").is_file() and "enishi" in _text(site / "pyproject.toml"):
        source = _read_toml(site / "pyproject.toml", "pyproject.toml", ("tool", "enishi"))
        if source.values:
            sources.append(source)
    for name in ("_config.yml", "_config.yaml"):
        if (site / name).is_file() and "enishi" in _text(site / name):
            source = _read_yaml(site / name, name)
            # Settings of the Hexo plugin alone are no second place of ours.
            if set(source.values) - {"hexo"} or (source.values and not sources):
                sources.append(source)
    return sources


def _read_file(file: Path, name: str) -> _Source:
    if file.suffix in {".yml", ".yaml"}:
        return _read_yaml(file, name)
    table = ("tool", "enishi") if file.name == "pyproject.toml" else ()
    return _read_toml(file, name, table)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"{file.name} is larger than {_MAX_BYTES // 1024 // 1024} MB, so it is not read")
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {error}") from error


def _read_toml(file: Path, name: str, table: tuple[str, ...]) -> _Source:
    text = _text(file)
    try:
        values: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{name} is not valid TOML: {error}") from error
    for key in table:
        values = values.get(key, {}) if isinstance(values, dict) else {}
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: {'.'.join(table)} has to be a table")
    lines = {key[len(table) :]: line for key, line in _toml_lines(text) if key[: len(table)] == table}
    return _Source(name, values, lines)


def _toml_lines(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Line numbers of the keys of a TOML text: enough to point at, not a parser."""
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            section = _toml_key(header[1])
            yield section, number
        elif "=" in line and re.fullmatch(r"[\w\"'.\s-]+", key := line.partition("=")[0]):
            yield section + _toml_key(key), number


def _toml_key(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _read_yaml(file: Path, name: str) -> _Source:
    import yaml

    try:
        root = yaml.compose(_text(file), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise SettingsError(f"{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(root, yaml.MappingNode):
        return _Source(name, {}, {})
    for key, node in root.value:
        if key.value == "enishi" and isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, ...], int] = {(): key.start_mark.line + 1}
            return _Source(name, _yaml_value(node, (), lines, _Budget()), lines)
    return _Source(name, {}, {})


class _Budget:
    """Ends the reading of settings that aliases blow up (each of a few lines ten times the one before)."""

    left = 100_000

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise SettingsError("the `enishi:` settings in _config.yml are too many")


def _yaml_value(node: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int], budget: _Budget) -> Any:
    """A YAML node as a plain value.

    Scalars stay as they are written: what is a number or a truth value is for the setting to say, so that
    ``language: no`` is Norwegian and a tag may be called 2024.
    """
    import yaml

    budget.spend()
    if len(path) > 8:
        raise SettingsError("the `enishi:` settings in _config.yml are nested too deeply")
    if isinstance(node, yaml.MappingNode):
        result = {}
        for key, value in node.value:
            inner = (*path, str(key.value))
            lines[inner] = key.start_mark.line + 1
            result[str(key.value)] = _yaml_value(value, inner, lines, budget)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_yaml_value(item, (*path, "-"), lines, budget) for item in node.value]
    return None if node.tag == "tag:yaml.org,2002:null" else node.value


# --- merging, and saying what is wrong ---------------------------------------------------------------------------


def _merge(
    into: dict[str, Any],
    values: Mapping[str, Any],
    path: tuple[str, ...],
    source: _Source,
    places: dict[tuple[str, ...], str],
) -> None:
    for key, value in values.items():
        inner = (*path, str(key))
        places[inner] = source.place(inner)
        if value is None and ".".join(inner) in _known_names():
            continue  # a name with nothing after it in YAML: not set
        if isinstance(value, Mapping):
            section = into.setdefault(str(key), {})
            if isinstance(section, dict):
                _merge(section, value, inner, source, places)
                continue
        into[str(key)] = value


def _apply_override(
    into: dict[str, Any], override: str, places: dict[tuple[str, ...], str], problems: list[str]
) -> None:
    name, equals, text = override.partition("=")
    key = tuple(part.strip() for part in name.split("."))
    if not equals or not all(key):
        problems.append(f"--set {override}: write it as KEY=VALUE, for example --set related.limit=3")
        return
    for depth, part in enumerate(key[:-1], 1):
        section = into.setdefault(part, {})
        if not isinstance(section, dict):
            section = into[part] = {}
            places[key[:depth]] = f"--set {name}"
        into = section
    into[key[-1]] = _parse_value(text)
    places[key] = f"--set {name}"


def _parse_value(text: str) -> Any:
    """Lists, tables and quoted text as TOML; anything else as it stands, for the setting to read."""
    if not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _known_names() -> set[str]:
    """The names of all settings and of their sections."""
    names = {name for name, _, _ in describe_settings()}
    return names | {name.rpartition(".")[0] for name in names if "." in name}


def _explain(error: ValidationError, places: Mapping[tuple[str, ...], str]) -> list[str]:
    """One line for each setting that is wrong."""
    names = _known_names()
    told: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False):
        location = tuple(str(part) for part in problem["loc"])
        written = next((location[:n] for n in range(len(location), 0, -1) if location[:n] in places), ())
        place = places.get(written, "settings")
        key = max(_known_prefix(location, names), written, key=len)  # an entry of a table is not a setting of its own
        if problem["type"] == "extra_forbidden":
            section = problem["input"]
            inner = [(*key, str(name)) for name in section] if isinstance(section, Mapping) else []
            for unknown in inner or [key]:
                dotted = ".".join(unknown)
                message = f"there is no setting {dotted}; {_nearest(dotted, names)}"
                told[f"{places.get(unknown, place)}: {message}"] = []
        else:
            dotted = ".".join(key)
            message = f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"
            told.setdefault(f"{place}: {dotted} = {problem.get('input')!r} does not fit: ", []).append(message)
    return [what + " or ".join(dict.fromkeys(messages)) for what, messages in told.items()]


def _nearest(wrong: str, names: set[str]) -> str:
    last = wrong.rpartition(".")[2]
    same = [name for name in sorted(names) if name.rpartition(".")[2] == last]
    near = difflib.get_close_matches(wrong, same or sorted(names), n=1, cutoff=0.0 if same else 0.5)
    return f"did you mean {near[0]}?" if near else "see the list of settings in the documentation"


def _known_prefix(location: tuple[str, ...], names: set[str]) -> tuple[str, ...]:
    """Where pydantic's location goes on into a union or a list, the part of it that is a setting."""
    settings = names - {name.rpartition(".")[0] for name in names}
    for length in range(len(location), 0, -1):
        if ".".join(location[:length]) in settings:
            return location[:length]
    return location
