"""docs/licences.md lists all that an installation brings; `python tests/test_licences.py` writes it anew."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from places import DOCS, ROOT

PAGE = DOCS / "licences.md"
HEAD = """# Licences

Enishi is licensed under Apache-2.0. `pip install enishi` brings the packages below, under licences of their own;
Windows adds colorama (BSD-3-Clause) and tzdata (Apache-2.0). The plugin for Hexo brings nothing. What extras add
(`transformers`, `train`, `images`, `readers`, `review`, `ray`) is not listed. The page of each release has a list with
versions, in CycloneDX's format.

The package itself holds Apache ECharts 6.1.0 (Apache-2.0, in parts D3's BSD-3-Clause), unchanged, with its licences and
its notice: `enishi report` draws with it, and puts it into its page.

This page is made from what the packages say of themselves; a test holds that it is whole.

| Package | Licence |
|---|---|
"""
NAMES = {
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
}


def needed() -> dict[str, Distribution]:
    """All packages that an installation brings, as they are here: by normal name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting, found = list(project["dependencies"]), {}
    while waiting:
        wanted = Requirement(waiting.pop())
        name = canonicalize_name(wanted.name)
        if name not in found and (not wanted.marker or wanted.marker.evaluate({"extra": ""})):
            found[name] = distribution(name)
            waiting += found[name].requires or []
    return found


def licence(package: Distribution) -> str:
    known = package.metadata
    said = known.get("License-Expression") or (known.get("License") or "").strip().partition("\n")[0]
    kinds = [kind for kind in known.get_all("Classifier") or [] if kind.startswith("License :: OSI Approved ::")]
    if not known.get("License-Expression") and (not said or len(said) > 60) and kinds:
        said = kinds[0]
    return NAMES.get(said, said)


def listed() -> set[str]:
    return set(re.findall(r"(?m)^\| ([\w-]+) \| [^|]+ \|$", PAGE.read_text("utf-8"))) - {"Package"}


def test_the_list_of_licences_is_whole() -> None:
    assert set(needed()) <= listed()


def test_every_licence_is_a_free_one_that_does_not_bind_ours() -> None:
    for name, package in needed().items():
        said = licence(package)
        assert re.search(r"MIT|BSD|Apache|ISC|PSF|Zlib", said), f"{name}: {said}"
        assert not re.search(r"\b[AL]?GPL", said), f"{name}: {said}"


if __name__ == "__main__":
    rows = [f"| {name} | {licence(package)} |" for name, package in sorted(needed().items())]
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
