"""What every test may ask for. Folders are questions: contracts, properties, oracles, regressions, surfaces."""

import os
import pathlib

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> pathlib.Path:
    """The root of the source tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The folder of larger data sets and reference values (it holds data/ and golden/).

    It lies beside the repository as ../shared, or where RIATA_SHARED says. Without it the test skips and says why;
    with RIATA_REQUIRE_SHARED=1, as in continuous integration, its absence is a failure.
    """
    folder = pathlib.Path(os.environ.get("RIATA_SHARED") or REPOSITORY.parent / "shared")
    if (folder / "data").is_dir():
        return folder
    reason = f"the larger data sets are not at {folder} (set RIATA_SHARED to their folder)"
    if os.environ.get("RIATA_REQUIRE_SHARED") == "1":
        pytest.fail(f"{reason}, and RIATA_REQUIRE_SHARED=1 forbids to skip")
    pytest.skip(reason)
