"""The settings: what can be set, the defaults, and which of them count when an untrusted repository sets them.

:mod:`enishi.config_files` reads them.  A setting declared with :func:`safe` counts in ``enishi check`` wherever it is
set.  One declared with :func:`owner_only` could make the check load a model, or read a file that it should not: it
counts there only if the command line of whoever runs the check sets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


def safe(default: Any, description: str) -> Any:
    """A setting that a repository under check may set for itself."""
    return Field(default, description=description, json_schema_extra={_SAFE: True})


def owner_only(default: Any, description: str) -> Any:
    """A setting that a check resets unless the user's own command line sets it."""
    return Field(default, description=description, json_schema_extra={_SAFE: False})


_SAFE = "safe in a check"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class RelatedSettings(_Section):
    """Which posts a list of related posts holds."""

    limit: Annotated[int, Field(ge=0, le=100)] = safe(5, "How many related posts a post gets at most.")
    min_score: Literal["auto"] | Annotated[float, Field(ge=-1, le=1)] = safe(
        "auto",
        "The least cosine similarity of a related post. `auto` takes it from the blog itself: "
        "what random pairs of its posts do not reach.",
    )
    newer: bool = safe(True, "Whether posts newer than the post itself may be listed.")
    linked: Literal["demote", "hide", "keep"] = safe(
        "demote", "A post that the body already links to is listed after all others, not at all, or like any other."
    )
    same_series: Annotated[int, Field(ge=0)] = safe(
        2,
        "How many posts of one series a list may hold. A series is what `series:` names, or titles that are the same "
        "up to their number (`Part 2`, `第3回`, `(4)`, `#5`).",
    )
    duplicates: Literal["hide", "keep"] = safe(
        "hide", "Whether near-duplicates (of the post, or of one already listed) are left out."
    )
    translations: Literal["last", "hide", "keep"] = safe(
        "last",
        "A translation of the post itself is named as such at the end of the list, left out, or listed "
        "like any other post.",
    )
    max_share: Annotated[float, Field(ge=0)] = safe(
        2.0, "How often one post may be listed on the whole site, in multiples of the mean; 0: no limit."
    )


DEFAULT_WEIGHT = 0.2
"""The share of a model where the blog itself does not choose another one."""
Reads = Literal["head", "all"]


class EncoderSettings(_Section):
    """What turns a post into a vector: its parts, and how much each counts."""

    site: Literal["words", "doc2vec"] = owner_only(
        "words",
        "The part that is learned from the blog itself: `words` (a kernel PCA of its words), or `doc2vec` "
        "by gensim, for comparison (needs `enishi[readers]`).",
    )
    model: str = owner_only(
        "",
        "A sentence-transformers model to combine with the site encoder: its name on the hub, or a "
        "folder (absolute, or relative to the site). Needs `enishi[onnx]` or `enishi[transformers]`. "
        "Empty: the site encoder alone.",
    )
    engine: Literal["auto", "torch", "onnx"] = owner_only(
        "auto",
        "What runs the model: `torch` (any model; `enishi[transformers]`), or `onnx` (one with an ONNX file, on the "
        "CPU; `enishi[onnx]`, much smaller). `auto`: torch where it is installed. Static models need neither.",
    )
    revision: str = owner_only("", "The revision (commit) of a model on the hub, to pin it.")
    reads: Reads = safe(
        "head",
        "How much of a post the model reads: `head` (title, description and the first sentences, as one passage) or "
        "`all` (up to twelve passages, which takes two to four times as long).",
    )
    weight: Literal["auto"] | Annotated[float, Field(gt=0, le=1)] = safe(
        "auto",
        "The model's share of a post's vector; the site encoder gets what the other parts leave. `auto`: the blog's "
        "own links and tags choose among .1, .2 and .3; .2 where they have no clear answer.",
    )
    prompt: str = safe(
        "auto",
        "Text put before each passage that the model reads: `auto` takes what the model itself asks "
        "for (`passage: ` for the E5 family, `検索文書: ` for Ruri); empty: none.",
    )
    device: str = owner_only(
        "auto", "Where the model runs: `cpu`, `cuda`, `cuda:1`, `mps`; `auto` takes a GPU where there is one."
    )
    images: str = owner_only(
        "",
        "A CLIP-type sentence-transformers model (`clip-ViT-B-32`, or a folder) that looks at each post's "
        "thumbnail and first images. Needs `enishi[images]`. Empty: images do not count.",
    )
    images_revision: str = owner_only("", "The revision (commit) of that model on the hub.")
    images_weight: Annotated[float, Field(gt=0, lt=1)] = safe(0.1, "The images' share of a post's vector.")

    @property
    def fixed_weight(self) -> float:
        """The model's share, where the blog is not asked."""
        return DEFAULT_WEIGHT if self.weight == "auto" else self.weight

    dimensions: Annotated[int, Field(ge=2, le=4096)] = safe(512, "The most dimensions of the site encoder's vectors.")
    tag_weight: Annotated[float, Field(ge=0, le=1)] = safe(
        0.05, "How much the tags that two posts share count beside their words."
    )
    link_weight: Annotated[float, Field(ge=0, le=2)] = safe(
        0.4, "How far a post is moved towards the posts that it links to or is linked from."
    )


class ReadersSettings(_Section):
    """What visitors of the blog read together, by its access logs."""

    logs: str | tuple[str, ...] = owner_only(
        (),
        "Access logs (`access-*.log.gz`; combined log format, or CSV of session, path, time), absolute or "
        "relative to the site. Needs `enishi[readers]`. Only vectors of posts are kept of them, nothing of readers.",
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """The logs, as patterns; empty where none are read."""
        patterns = (self.logs,) if isinstance(self.logs, str) else self.logs
        return tuple(filter(None, patterns))

    min_readers: Annotated[int, Field(ge=2)] = safe(
        10,
        "How many visitors must have read a post, and another one in the same visit, before the logs count for it.",
    )
    weight: Annotated[float, Field(gt=0, lt=1)] = safe(0.2, "The readers' share of a post's vector.")


class IndexSettings(_Section):
    """What finds the nearest vectors."""

    backend: Literal["auto", "scann", "exact"] = safe(
        "auto", "`scann`, `exact` (NumPy), or ScaNN where it is installed."
    )


class PartialSettings(_Section):
    """What the HTML fragments show."""

    heading_level: Annotated[int, Field(ge=1, le=6)] = safe(2, "Level of the heading; 2 is `<h2>`.")
    ordered: bool = safe(False, "A numbered list (`<ol>`) instead of a plain one.")
    dates: bool = safe(True, "Show the date of each post.")
    reasons: bool = safe(True, "Show the tags and terms that the two posts share.")
    labels: dict[str, str | dict[str, str]] = safe(
        {},
        "The blog's own words for `heading`, `tags`, `terms`, `translation`, `colon`, `comma` and the "
        "pattern `date` (`YYYY-MM-DD`); below the name of a language (`ja.heading`) for that language only.",
    )


class TagSettings(_Section):
    """Which tag suggestions are written."""

    enabled: bool = safe(True, "Whether missing tags and topics are looked for, and `tags.json` is written.")
    min_confidence: Annotated[float, Field(ge=0, le=1)] = safe(0.5, "The least confidence of a suggested tag.")
    max_suggestions: Annotated[int, Field(ge=0, le=100)] = safe(5, "How many tags are suggested for a post at most.")
    aliases: dict[str, str] = safe(
        {},
        'Tags that have a new name (`GCP = "GoogleCloud"`): the old one is read as the new one and never '
        "suggested. Those in Hexo's `alias:` and `tag_map:` are known already.",
    )
    broader: dict[str, str | tuple[str, ...]] | str = safe(
        {},
        'The tags that a tag implies (`S3 = ["AWS"]`), which are then not suggested; or a YAML file of '
        "such lines, relative to the site (`source/_data/tag_ontology.yml`).",
    )
    never: tuple[str, ...] = safe((), "Tags that are never suggested.")
    only: tuple[str, ...] = safe((), "The only tags that may be suggested; empty: any of the blog's.")
    retired: tuple[str, ...] = safe((), "Tags that no new post should use; old posts keep them.")
    declined: dict[str, tuple[str, ...]] = safe(
        {}, "Suggestions declined for good, by path of the post, beside those in `.enishi-declined.toml`."
    )
    constants: str = owner_only(
        "",
        "For experiments: a JSON file of the learned constants to use instead of those shipped "
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
]
"""The keys of :data:`enishi.findings.CODES`."""


class CheckSettings(_Section):
    """What `enishi check` reports, and how loudly."""

    warn_from: Annotated[float, Field(ge=0, le=1)] = safe(0.8, "From this confidence a missing tag is a warning.")
    note_from: Annotated[float, Field(ge=0, le=1)] = safe(
        0.5, "From this confidence a missing tag is a note; below, it is not reported."
    )
    levels: dict[CheckCode, Literal["off", "note", "warning", "error"]] = safe(
        {},
        'How a kind of finding is shown (`"no-tags" = "off"`): `off`, `note`, `warning` or `error`. For '
        "missing tags this is the level from `warn_from` on. See [the kinds](commands.md#enishi-check).",
    )
    fail_on: tuple[CheckCode, ...] = safe(
        (), "Kinds of findings that make the check fail (exit code 1); notes never do."
    )
    max_file_bytes: Annotated[int, Field(ge=1000, le=16 * 1024 * 1024)] = safe(
        5_000_000, "A larger post is not read, which is reported."
    )


class Settings(_Section):
    """Everything that can be set."""

    generator: str = safe(
        "auto", "The static-site generator whose rules apply; `auto` detects it by the site's own files."
    )
    posts: tuple[str, ...] = safe((), "Folders of posts, relative to the site; empty: the generator's own.")
    exclude: tuple[str, ...] = safe((), "Patterns of paths that are not posts (`drafts/**`).")
    standing_pages: bool = safe(
        False,
        "Whether pages that stand among posts count as posts (Hugo, MkDocs and others): those without a date at the "
        "top of a folder where most posts have one, such as `about.md`, and what lies in a folder `drafts`.",
    )
    language: str = safe(
        "", "Language of the labels in the partials; empty: the post's, else the site's, else English."
    )
    templates: str = owner_only(
        "templates/enishi", "Folder of the site's own templates; a `related.html.j2` in it is used."
    )
    data_file: str = owner_only(
        "",
        "Also write the related posts of the published posts here, relative to the site "
        "(`source/_data/enishi.json`), for generators that read data files.",
    )
    full_data_file: bool = safe(
        False, "Whether that file holds the address of every entry, too, guesses among them, as `related.json` does."
    )
    hexo: dict[str, Any] = safe({}, "Settings of the Hexo plugin `hexo-enishi`, which reads them itself.")
    related: RelatedSettings = Field(default_factory=RelatedSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    readers: ReadersSettings = Field(default_factory=ReadersSettings)
    index: IndexSettings = Field(default_factory=IndexSettings)
    partials: PartialSettings = Field(default_factory=PartialSettings)
    tags: TagSettings = Field(default_factory=TagSettings)
    check: CheckSettings = Field(default_factory=CheckSettings)


class Setting(NamedTuple):
    """One setting."""

    name: str
    """With the name of its section: ``related.limit``."""
    default: Any
    description: str
    is_safe: bool | None
    """Whether a repository under check may set it; None where the declaration does not say, which counts as no."""


def describe_settings(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Setting]:
    """Every setting, in the order of their declaration."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from describe_settings(kind, f"{prefix}{name}.")
        else:
            extra = field.json_schema_extra
            is_safe = extra.get(_SAFE) if isinstance(extra, dict) else None
            default = field.get_default(call_default_factory=True)
            yield Setting(prefix + name, default, field.description or "", None if is_safe is None else bool(is_safe))


def setting_value(settings: Settings, name: str) -> Any:
    """The value of a setting, by its dotted name."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value
