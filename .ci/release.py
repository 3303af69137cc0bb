"""What only a release knows: where it is published, and that the tag says the version.

`python .ci/release.py OWNER/NAME v0.1.0` makes the links of README absolute, names the repository in both packages (for
npm's provenance), and writes dist/notes.md, the section of the changelog.
"""

import json
import re
import sys
from pathlib import Path


def prepare(root: Path, repository: str, tag: str) -> None:
    said = re.search(r'(?m)^__version__ = "(.+)"$', (root / "plugin/enishi/__init__.py").read_text("utf-8"))
    if not said or tag != f"v{said[1]}":
        sys.exit(f"the tag is {tag}, the version is {said and said[1]}: python tests/test_versions.py VERSION")
    home = f"https://github.com/{repository}"
    readme = root / "README.md"
    patterns = ("docs/*.md", "plugin/enishi/**/*.py", "plugin/hugo-enishi/*.m*", "plugin/*/*.gemspec")
    for file in (readme, root / "mkdocs.yml", *(file for pattern in patterns for file in root.glob(pattern))):
        text = file.read_text("utf-8")
        if "OWNER/enishi" in text:
            file.write_text(text.replace("OWNER/enishi", repository), "utf-8")
    text = readme.read_text("utf-8")
    # an image is shown as it is, a page by GitHub
    text = re.sub(
        r"(!\[[^]]*\])\((?![a-z]+:)([^)#]+)\)", rf"\1(https://raw.githubusercontent.com/{repository}/{tag}/\2)", text
    )
    text = re.sub(r"\]\((?![a-z]+:|#)([^)]+)\)", rf"]({home}/blob/{tag}/\1)", text)
    readme.write_text(text, "utf-8")
    project = root / "pyproject.toml"
    urls = f'[project.urls]\nRepository = "{home}"\nChangelog = "{home}/blob/{tag}/CHANGELOG.md"\n\n'
    project.write_text(project.read_text("utf-8").replace("[project.scripts]", urls + "[project.scripts]"), "utf-8")
    for package in root.glob("plugin/*-enishi/package.json"):
        values = json.loads(package.read_text("utf-8"))
        folder = package.parent.relative_to(root).as_posix()
        values["repository"] = {"type": "git", "url": f"git+{home}.git", "directory": folder}
        package.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", "utf-8")
    section = re.search(
        rf"(?ms)^## \[{re.escape(said[1])}\].*?\n\n(.+?)(?=^## |\Z)", (root / "CHANGELOG.md").read_text("utf-8")
    )
    if not section:
        sys.exit(f"CHANGELOG.md has no section of {said[1]}")
    (root / "dist").mkdir(exist_ok=True)
    (root / "dist/notes.md").write_text(section[1].strip() + "\n", "utf-8")


if __name__ == "__main__":
    prepare(Path(__file__).resolve().parent.parent, *sys.argv[1:])
