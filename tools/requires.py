"""Print the requirements of pyproject.toml, one a line: those of the build, or of the extra that is named.

usage: python tools/requires.py [EXTRA]
"""

import pathlib
import sys
import tomllib


def main(argv: list[str]) -> int:
    facts = tomllib.loads((pathlib.Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
    wanted = facts["project"]["optional-dependencies"][argv[1]] if len(argv) > 1 else facts["build-system"]["requires"]
    print(*wanted, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
