"""One contender of a study in a process of its own, in the environment that its packages need."""

import os
import subprocess
import sys
import types

from benchmarks import environments, pool

OWN = types.SimpleNamespace(ENVIRONMENT="", REQUIRES=[])  # the environment that runs riata
LASSONET = types.SimpleNamespace(
    ENVIRONMENT="lassonet", REQUIRES=["lassonet==0.0.21", "torch==2.13.0", "scikit-learn", "pandas"]
)


def measured(place, module, words, limit):
    """What ``python -m module words`` prints as key=value, between tabs; None where it fails, {} after ``limit`` s."""
    if environments.make(place):
        return None
    env = {**os.environ, **pool.QUIET, "PYTHONPATH": str(environments.ROOT)}
    command = [environments.python(place), "-m", module, *map(str, words)]
    options = {"env": env, "cwd": environments.ROOT, "capture_output": True, "text": True, "check": False}
    try:
        out = subprocess.run(command, timeout=limit, **options)
    except subprocess.TimeoutExpired:
        return {}
    if out.returncode:
        print(out.stderr[-2000:], file=sys.stderr)
        return None
    said = dict(part.split("=", 1) for part in out.stdout.split("\t") if "=" in part)
    return {key: value.strip() for key, value in said.items()}
