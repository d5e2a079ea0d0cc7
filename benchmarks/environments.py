"""Make an environment for every library below .bench, and say which could not be made and why.

usage: python -m benchmarks.environments [LIBRARY ...]
"""

import pathlib
import subprocess
import sys

from benchmarks.registry import Library, libraries

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".bench"


def python(library: Library) -> pathlib.Path:
    """The interpreter that runs it."""
    return FOLDER / library.ENVIRONMENT / "bin" / "python" if library.ENVIRONMENT else pathlib.Path(sys.executable)


def make(library: Library) -> str:
    """Install what it requires; the reason where that failed, else ""."""
    if not library.ENVIRONMENT:
        return ""
    folder, wanted = FOLDER / library.ENVIRONMENT, "\n".join(library.REQUIRES)
    stamp = folder / "requires"
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return ""
    print(f"making {folder.relative_to(ROOT)}: {', '.join(library.REQUIRES)}", file=sys.stderr)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python(library)), "-m", "pip", "install", "-q", "--disable-pip-version-check", *library.REQUIRES],
    ):
        out = subprocess.run(command, capture_output=True, text=True, check=False)
        if out.returncode:
            said = [line for line in out.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
            return said[-1] if said else f"{command[0]} ended with {out.returncode}"
    stamp.write_text(wanted, "utf-8")
    return ""


def main(argv: list[str]) -> int:
    for library in libraries(argv):
        reason = make(library)
        if reason:
            print(f"{library.NAME} is left out: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
