"""Settings: where they come from, and all that is wrong with them in one report with places and right names."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from enishi.config import Settings, describe_settings, setting_value
from enishi.config_files import load_settings
from enishi.errors import EnishiError, SettingsError, Severity


def load(site: Path, *overrides: str, config_file: Path | None = None) -> Settings:
    settings, ignored = load_settings(site, config_file=config_file, overrides=overrides)
    assert ignored == []
    return settings


def complaint(site: Path, *overrides: str, config_file: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(site, config_file=config_file, overrides=overrides)
    assert isinstance(caught.value, EnishiError)
    heading, *lines = str(caught.value).splitlines()
    assert heading == "These settings are wrong:"
    return [line.strip() for line in lines]


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


# -- what can be set ---------------------------------------------------------------------------------------------------


def test_without_any_file_there_are_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_every_setting_is_described_once_and_its_default_is_valid() -> None:
    described = list(describe_settings())
    names = [setting.name for setting in described]
    assert len(set(names)) == len(names)
    assert {"related.limit", "encoder.model", "posts"} <= set(names)
    for name, default, description, _ in described:
        assert description.endswith((".", "`).")), name
        assert setting_value(Settings(), name) == default, name


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().posts = ("x",)  # type: ignore[misc]


# -- where they come from ----------------------------------------------------------------------------------------------

TOML = 'posts = ["notes"]\n[related]\nlimit = 7\nmin_score = 0.25\nnewer = false\n'
YAML = "title: x\nenishi:\n  posts: [notes]\n  related:\n    limit: 7\n    min_score: 0.25\n    newer: no\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("enishi.toml", TOML),
        ("enishi.toml", "\ufeff" + TOML.replace("\n", "\r\n")),
        (
            "pyproject.toml",
            '[project]\nname = "x"\n[tool.enishi]\n' + TOML.replace("[related]", "[tool.enishi.related]"),
        ),
        ("_config.yml", YAML),
        ("_config.yaml", YAML),
    ],
)
def test_each_file_says_the_same(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path / name, text)
    found = load(tmp_path)
    assert found.posts == ("notes",)
    assert (found.related.limit, found.related.min_score, found.related.newer) == (7, 0.25, False)
    assert found.encoder == Settings().encoder


def test_the_first_file_counts_and_the_others_are_told(tmp_path: Path) -> None:
    write(tmp_path / "enishi.toml", "related.limit = 1\n")
    write(tmp_path / "pyproject.toml", "\n\n[tool.enishi]\nrelated.limit = 2\n")
    write(tmp_path / "_config.yml", "title: x\nenishi:\n  related: {limit: 3}\n")
    settings, ignored = load_settings(tmp_path)
    assert settings.related.limit == 1
    assert [(found.path, found.line) for found in ignored] == [("pyproject.toml", 3), ("_config.yml", 2)]
    assert {found.severity for found in ignored} == {Severity.WARNING}
    assert all("enishi.toml" in found.message for found in ignored)
    (tmp_path / "enishi.toml").unlink()
    settings, ignored = load_settings(tmp_path)
    assert settings.related.limit == 2
    assert [found.path for found in ignored] == ["_config.yml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nname = "enishi-blog"\n'),
        ("_config.yml", "title: enishi\n"),
        ("_config.yml", "enishi:\n"),
        ("_config.yml", "enishi: {}\n"),
        ("_config.yml", "- enishi\n"),
        ("_config.yml", "# enishi"),
        ("_config.yml", "title: Überschrift\n"),
        ("enishi.toml", ""),
    ],
)
def test_files_without_our_settings_are_no_settings(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path / name, text)
    assert load(tmp_path) == Settings()


@pytest.mark.parametrize("name", ["other.toml", "other.yml", "sub/pyproject.toml"])
def test_a_named_file_is_the_only_one(tmp_path: Path, name: str) -> None:
    write(tmp_path / "enishi.toml", "related.limit = 1\n")
    text = {"other.toml": TOML, "other.yml": YAML}.get(name, "[tool.enishi]\nrelated.limit = 7\n")
    write(tmp_path / name, text)
    assert load(tmp_path, config_file=tmp_path / name).related.limit == 7


def test_yaml_scalars_are_what_the_setting_makes_of_them(tmp_path: Path) -> None:
    text = "enishi:\n  language: no\n  encoder: {revision: 0123456, weight: 1}\n  tags:\n    never: [2024, yes, 1.10]\n"
    write(tmp_path / "_config.yml", text)
    found = load(tmp_path)
    assert (found.language, found.encoder.revision, found.encoder.weight) == ("no", "0123456", 1.0)
    assert found.tags.never == ("2024", "yes", "1.10")


def test_a_yaml_name_with_nothing_after_it_is_not_set(tmp_path: Path) -> None:
    write(tmp_path / "_config.yml", "enishi:\n  related:\n    # limit: 3\n  data_file:\n  encoder:\n    weight:\n")
    assert load(tmp_path) == Settings()


# -- single settings on the command line -------------------------------------------------------------------------------


def test_overrides_win_over_files_and_the_last_over_the_first(tmp_path: Path) -> None:
    write(tmp_path / "enishi.toml", "[related]\nlimit = 1\nsame_series = 9\n")
    found = load(tmp_path, "related.limit=2", "related.limit=3", "index.backend=exact")
    assert (found.related.limit, found.related.same_series, found.index.backend) == (3, 9, "exact")


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("related.min_score=auto", "auto"),
        ("related.min_score=0.5", 0.5),
        ("related.min_score = 0.5 ", 0.5),
        ("related.newer=false", False),
        ("related.newer=no", False),
        ("posts=[\"a\", 'b c']", ("a", "b c")),
        ("encoder.model=models/mini lm", "models/mini lm"),
        ('encoder.model="quoted"', "quoted"),
        ("encoder.model=a=b", "a=b"),
        ("encoder.model=", ""),
        ("encoder.revision=1234567", "1234567"),
        ("encoder.revision=1e10", "1e10"),
        ("language=zh-TW", "zh-TW"),
        ("data_file=2024-05-06", "2024-05-06"),
        ("data_file='it", "'it"),
        ('tags.aliases={GCP = "GoogleCloud"}', {"GCP": "GoogleCloud"}),
    ],
)
def test_set(tmp_path: Path, override: str, value: object) -> None:
    found: object = load(tmp_path, override)
    for part in override.partition("=")[0].strip().split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize("override", ["related.limit", "", "=3", "related.=3", ".limit=3", "related..limit=3"])
def test_an_override_without_a_name_or_value_is_told(tmp_path: Path, override: str) -> None:
    (line,) = complaint(tmp_path, override)
    assert line.startswith(f"--set {override}".strip())
    assert "KEY=VALUE" in line


def test_an_override_of_a_section_is_told(tmp_path: Path) -> None:
    write(tmp_path / "enishi.toml", "[related]\nlimit = 1\n")
    (line,) = complaint(tmp_path, "related=3")
    assert line.startswith("--set related: related = '3' does not fit")
    (line,) = complaint(tmp_path, "related.limit.x=3")
    assert line.startswith("--set related.limit.x: related.limit =")
    (line,) = complaint(tmp_path, "check.levels.no-tags=loud")
    assert line.startswith("--set check.levels.no-tags: check.levels.no-tags = 'loud' does not fit")


# -- what can be wrong -------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_in_one_report_with_places_and_right_names(tmp_path: Path) -> None:
    lines = [
        "post = ['x']",
        "[related]",
        "limt = 3",
        "limit = 1000",
        "[encodr]",
        "weight = 2",
        "[tags]",
        "min_confidence = 2",
    ]
    write(tmp_path / "enishi.toml", "\n".join(lines))
    found = complaint(tmp_path, "related.same_serie=1", "index.backend=usearch")
    assert sorted(found) == sorted(
        [
            "enishi.toml:1: there is no setting post; did you mean posts?",
            "enishi.toml:3: there is no setting related.limt; did you mean related.limit?",
            "enishi.toml:4: related.limit = 1000 does not fit: input should be less than or equal to 100",
            "enishi.toml:6: there is no setting encodr.weight; did you mean encoder.weight?",
            "enishi.toml:8: tags.min_confidence = 2 does not fit: input should be less than or equal to 1",
            "--set related.same_serie: there is no setting related.same_serie; did you mean related.same_series?",
            "--set index.backend: index.backend = 'usearch' does not fit: input should be 'auto', 'scann' or 'exact'",
        ]
    )


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "_config.yml",
            "title: x\nenishi:\n  related:\n    limt: 3\n",
            "_config.yml:4: there is no setting related.limt",
        ),
        ("_config.yml", "enishi: {related: {limit: x}}\n", "_config.yml:1: related.limit = 'x' does not fit"),
        ("_config.yml", "enishi:\n  limt:\n", "_config.yml:2: there is no setting limt"),
        ("_config.yml", "enishi:\n  related: 3\n", "_config.yml:2: related = '3' does not fit"),
        ("pyproject.toml", "[tool.enishi]\n\nrelated.limt = 3\n", "pyproject.toml:3: there is no setting related.limt"),
        ("pyproject.toml", "[tool.enishi.related]\nlimit=-1\n", "pyproject.toml:2: related.limit = -1 does not fit"),
        ("enishi.toml", "[related]\n'limt' = 3\n", "enishi.toml:2: there is no setting related.limt"),
        ("enishi.toml", "related = { limt = 3 }\n", "enishi.toml:1: there is no setting related.limt"),
        ("enishi.toml", "posts = [\n  1,\n]\n", "enishi.toml:1: posts = 1 does not fit"),
        (
            "enishi.toml",
            '[check.levels]\n"no-tags" = "off"\n"no-tag" = "off"\n',
            "enishi.toml:3: check.levels.no-tag = 'no-tag' does not fit: input should be 'missing-tag', 'no-tags'",
        ),
        ("enishi.toml", "limit = 3\n", "enishi.toml:1: there is no setting limit; did you mean related.limit?"),
        (
            "enishi.toml",
            "[reading]\nweight = 1\n",
            "enishi.toml:2: there is no setting reading.weight; did you mean readers",
        ),
        ("enishi.toml", "backnd = 3\n", "enishi.toml:1: there is no setting backnd; did you mean index.backend?"),
        ("enishi.toml", "qqqqqqqq = 3\n", "enishi.toml:1: there is no setting qqqqqqqq; see the list of settings"),
        ("enishi.toml", "related.max_share = inf\n", "enishi.toml:1: related.max_share = inf does not fit"),
        ("enishi.toml", "related.max_share = nan\n", "enishi.toml:1: related.max_share = nan does not fit"),
        (
            "enishi.toml",
            'related.min_score = "x"\n',
            "enishi.toml:1: related.min_score = 'x' does not fit: input should be 'auto' or",
        ),
    ],
)
def test_the_place_of_what_is_wrong(tmp_path: Path, name: str, text: str, expected: str) -> None:
    write(tmp_path / name, text)
    (line,) = complaint(tmp_path)
    assert line.startswith(expected)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("enishi.toml", "a = \n", r"enishi\.toml is not valid TOML: .*line 1"),
        ("enishi.toml", "a = 1\na = 2\n", r"enishi\.toml is not valid TOML"),
        ("pyproject.toml", "[tool]\nenishi = 3\n", r"tool\.enishi has to be a table"),
        ("_config.yml", "x: 1\nenishi: [\n", r"_config\.yml:\d: not valid YAML"),
        ("_config.yml", "enishi: &a\n  related: *a\n", "nested too deeply"),
        ("_config.yml", "enishi: " + "{a: " * 20 + "1" + "}" * 20, "nested too deeply"),
        ("_config.yml", "enishi: " + "[" * 5000, "not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_understood(tmp_path: Path, name: str, text: str, expected: str) -> None:
    write(tmp_path / name, text)
    with pytest.raises(SettingsError, match=expected):
        load_settings(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "enishi.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"enishi\.toml cannot be read"):
        load_settings(tmp_path)


def test_a_named_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        load_settings(tmp_path, config_file=tmp_path / "nowhere.toml")


def test_settings_that_blow_up_end_at_once(tmp_path: Path) -> None:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 8)]
    write(tmp_path / "_config.yml", "\n".join([*lines, "enishi: {posts: *x7}"]))
    start = time.process_time()
    with pytest.raises(SettingsError):
        load_settings(tmp_path)
    assert time.process_time() - start < 5


def test_long_lines_are_read_in_no_time(tmp_path: Path) -> None:
    write(tmp_path / "enishi.toml", " " * 20_000 + "\n" + "# " + "a " * 20_000)
    start = time.process_time()
    assert load(tmp_path) == Settings()
    assert time.process_time() - start < 5
