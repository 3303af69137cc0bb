"""Fuzz the readers, the editor, the reporters, settings and state for some minutes: `python -m tests.fuzz [TARGET …]`.

With atheris, guided by what code an input reaches; without it, hypothesis makes the inputs.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests"))  # targets use what tests share
LONGEST = 4_000
"""Bytes of an input: long enough for what is quadratic to show against `SLOW`."""
SLOW = 20
"""Seconds after which an input counts as one that hangs."""


NAMES = ("front_matter", "editor", "prose", "reporters", "settings", "state", "rebuild")
"""Those of targets.py, which is imported under atheris alone: it sees only what it imports itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(NAMES)}; all by default")
    parser.add_argument("--minutes", type=float, default=10, help="for all targets together; 10 by default")
    parser.add_argument("--corpus", type=Path, default=TOP / ".fuzz", help="where inputs are kept; .fuzz by default")
    parser.add_argument("--plain", action="store_true", help="do without atheris")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = set(options.targets) - set(NAMES)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}")
    guided = not options.plain and importlib.util.find_spec("atheris") is not None
    if options.only:
        return _fuzz_one(options.only, options.minutes * 60, options.corpus, guided)
    names = options.targets or list(NAMES)
    _say(f"{len(names)} targets, {options.minutes:g} minutes, {'atheris' if guided else 'hypothesis'}")
    failed = []
    for name in names:
        command = [sys.executable, "-m", "tests.fuzz", "--only", name, "--minutes", str(options.minutes / len(names))]
        command += ["--corpus", str(options.corpus), *(["--plain"] if options.plain else [])]
        if subprocess.run(command, cwd=TOP, check=False).returncode:
            failed.append(name)
    _say(f"failed: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fuzz_one(name: str, seconds: float, corpus: Path, guided: bool) -> int:
    return _with_atheris(name, seconds, corpus) if guided else _with_hypothesis(name, seconds)


def _with_atheris(name: str, seconds: float, corpus: Path) -> int:
    """libFuzzer ends the process itself, with a status of its own where an input fails."""
    import atheris

    with atheris.instrument_imports(include=["enishi", "mistune"]):
        from .targets import PARTS, SEEDS, TARGETS

        TARGETS[name](SEEDS[name][0])  # imports what is imported when it is needed

    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (folder / f"seed-{number}").write_bytes(seed)
    words = corpus / f"{name}.dict"
    words.write_text("".join(f'"{_escaped(part)}"\n' for part in PARTS[name]), "ascii")
    target = TARGETS[name]
    flags = [f"-max_total_time={int(seconds)}", f"-timeout={SLOW}", f"-max_len={LONGEST}", f"-dict={words}"]
    flags += ["-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=1", f"-artifact_prefix={corpus}/{name}-"]
    atheris.Setup([sys.argv[0], *flags, str(folder)], target)
    atheris.Fuzz()
    return 0


def _escaped(part: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in part.encode("utf-8", "surrogatepass"))


def _with_hypothesis(name: str, seconds: float) -> int:
    """Examples with ever new seeds until the time is over; what fails is shrunk and shown."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from .inputs import inputs
    from .targets import TARGETS

    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:

        @seed(random.randrange(2**32))
        @settings(
            max_examples=500,
            deadline=SLOW * 1000,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs(name))
        def run(data: bytes) -> None:
            TARGETS[name](data)

        run()
        count += 500
    _say(f"{name}: {count} inputs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
