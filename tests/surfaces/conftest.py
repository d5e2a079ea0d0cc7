"""The tables that the examples in the help texts of `riata` speak of."""

import csv

import numpy as np
import pytest


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """houses, flowers, patients, claims and trial, as CSV in the folder that the test is in; x0 matters in each."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    X = rng.standard_normal((120, 3))
    time, years = rng.exponential(np.exp(-X[:, 0])), rng.uniform(0.5, 2, 120)
    noise, town = rng.standard_t(2, 120), np.array(["bonn", "oslo", "rome", "wien"])[np.arange(120) % 4]
    columns = {
        "houses.csv": {
            "price": 3 * X[:, 0] + noise,
            "rent": X[:, 0] + X[:, 1],
            "town": town,
            "distance": X[:, 2] + np.sin(np.arange(120)),
        },
        "flowers.csv": {"species": np.array(["iris", "rose", "tulip"])[np.digitize(X[:, 0] + noise / 9, [-0.5, 0.5])]},
        "patients.csv": {"diagnosis": np.where(2 * X[:, 0] + rng.logistic(size=120) > 0, "sick", "healthy")},
        "claims.csv": {"claims": rng.poisson(years * np.exp(X[:, 0])), "years": years},
        "trial.csv": {"days": np.minimum(time, 2), "died": (time < 2).astype(int), "centre": ["m", "n"] * 60},
    }
    for name, more in columns.items():
        whole = {f"x{j}": X[:, j] for j in range(3)} | more
        with open(tmp_path / name, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(whole)
            writer.writerows(zip(*whole.values(), strict=True))
    return tmp_path
