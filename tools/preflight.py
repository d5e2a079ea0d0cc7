"""Find the Python to build with, or say in one sentence what is missing.

usage: python3 tools/preflight.py [PYTHON]

Prints the path of the newest suitable interpreter on standard output and exits 0, or prints the reason on standard
error and exits 2. Suitable: Python 3.11 or newer that has venv, pip and its C headers; and a C compiler must work.
Runs on Python 3.6 and newer, so that an old Python gets the sentence and not a SyntaxError: no newer syntax here.
"""

import os
import shutil
import subprocess
import sys
import tempfile

OLDEST = (3, 11)
NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"]
COMPILERS = ["cc", "gcc", "clang"]

FACTS = """
import json, os, sys, sysconfig
facts = {"version": sys.version_info[:3], "path": getattr(sys, "_base_executable", sys.executable), "missing": []}
for name in ("venv", "ensurepip"):
    try:
        __import__(name)
    except ImportError:
        facts["missing"].append(name)
include = sysconfig.get_path("include")
if not os.path.exists(os.path.join(include, "Python.h")):
    facts["missing"].append("Python.h")
facts["implementation"] = sys.implementation.name
print(json.dumps(facts))
"""


def ask(program):
    """What the interpreter says about itself, or None where it does not start (a broken shim, say)."""
    import json

    try:
        out = subprocess.run([program, "-c", FACTS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        return json.loads(out.stdout.decode()) if out.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def candidates(wanted):
    """Every interpreter of a likely name on PATH: the first of a name may be a shim that fails."""
    if wanted:
        return [wanted]
    folders = os.environ.get("PATH", "").split(os.pathsep)
    paths = [os.path.join(folder, name) for name in NAMES for folder in folders if folder]
    return [path for path in paths if os.access(path, os.X_OK) and not os.path.isdir(path)]


def pick_python(wanted=None):
    """(path, None) of the newest suitable interpreter, or (None, sentence)."""
    found = [facts for facts in map(ask, candidates(wanted)) if facts]
    usual = [facts for facts in found if facts["implementation"] == "cpython"]
    new_enough = [facts for facts in usual if tuple(facts["version"]) >= OLDEST]
    if not new_enough:
        newest = max((tuple(facts["version"]) for facts in usual), default=None)
        got = "the newest found is Python " + ".".join(map(str, newest)) if newest else "none was found"
        return None, (
            "riata needs CPython 3.11 or newer and %s: install one (python.org, your package manager, or uv), "
            "or name it: make PYTHON=/path/to/python3.12" % got
        )
    whole = [facts for facts in new_enough if not facts["missing"]]
    if not whole:
        best = max(new_enough, key=lambda facts: facts["version"])
        return None, (
            "%s (Python %s) lacks %s, which riata needs to build: on Debian and Ubuntu run "
            "apt install python3-venv python3-dev, on Fedora dnf install python3-devel"
            % (best["path"], ".".join(map(str, best["version"])), " and ".join(best["missing"]))
        )
    return max(whole, key=lambda facts: facts["version"])["path"], None


def compiler_problem():
    """None where a C compiler turns a small program into an object, else the sentence."""
    named = os.environ.get("CC")
    tried = [named] if named else COMPILERS
    present = [name for name in tried if shutil.which(name.split()[0])]
    if not present:
        return (
            "riata needs a C compiler and found none (looked for %s): on Debian and Ubuntu run "
            "apt install build-essential, on Fedora dnf install gcc, on macOS xcode-select --install" % ", ".join(tried)
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "a.c"), os.path.join(folder, "a.out")
        with open(source, "w") as file:
            file.write('#include <math.h>\n#include <string.h>\nint main(void) { return (int) strlen(""); }\n')
        out = subprocess.run(
            present[0].split() + [source, "-o", target], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    if out.returncode:
        why = (out.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[0]
        return (
            "the C compiler %s cannot build a three-line program (%s): install the C library's headers "
            "(Debian and Ubuntu: apt install build-essential) or name another compiler with CC=..." % (present[0], why)
        )
    return None


def main(argv):
    python, problem = pick_python(argv[1] if len(argv) > 1 else None)
    problem = problem or compiler_problem()
    if problem:
        sys.stderr.write(problem + "\n")
        return 2
    print(python)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
