"""R's glmnet, in one R process that is kept; the time is taken inside R around the bare call.

Its path and cv.glmnet as its authors have them, with the rules off that would end the path early (fdev, devmax). At a
single λ it gets four larger ones before it, as its manual advises. cv.glmnet runs folds in parallel where doParallel is
installed.
"""

import atexit
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np
import scipy.sparse

NAME = "glmnet"
ENVIRONMENT = ""
REQUIRES: list[str] = []
START = 8
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {
    "binomial": {"sparse", "intercept", "cv"},
    "multinomial": {"sparse", "intercept", "cv"},
    "poisson": {"sparse", "intercept", "cv"},
    "cox": {"cv"},
    "multigaussian": {"sparse", "intercept", "cv"},
}
SERVER = pathlib.Path(__file__).with_name("glmnet_server.R")
HINT = "on Debian: apt-get install r-base-core r-cran-glmnet r-cran-doparallel"


class Session:
    """One R process and the folder that it exchanges files in."""

    def __init__(self):
        if shutil.which("Rscript") is None:
            raise ImportError(f"there is no Rscript on PATH; {HINT}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="riata-bench-r-"))
        self.process = subprocess.Popen(
            ["Rscript", "--vanilla", str(SERVER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
        )  # fmt: skip
        atexit.register(self.close)
        words = self.process.stdout.readline().split()
        if not words:
            raise ImportError(f"R cannot load glmnet; {HINT}")
        self.pid, self.version, self.r, self.parallel = int(words[1]), words[2], words[3], words[4] == "TRUE"
        self.loaded = None

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer.startswith("done"):
            raise RuntimeError(answer.removeprefix("error ").strip() or "R has ended")
        return answer.split()[1:]

    def load(self, work, lams):
        key = (id(work), len(lams))
        if self.loaded == key:
            return
        X, n, p = work.X, *work.X.shape
        y, lams, l1_ratio, self.scale = standard(work, lams)
        nnz = X.nnz if work.sparse else -1
        facts = [n, p, nnz, len(lams), l1_ratio, int(work.intercept), int(work.weights is not None)]
        facts += [0 if work.folds is None else work.n_folds, work.threads, 1 if y.ndim == 1 else y.shape[1]]
        (self.folder / "family").write_text("mgaussian" if work.family == "multigaussian" else work.family)
        (self.folder / "facts").write_text(" ".join(map(str, facts)))
        (X.data if work.sparse else X.T.ravel()).astype(np.float64, copy=False).tofile(self.folder / "x")
        if work.sparse:
            X.indices.astype(np.int32).tofile(self.folder / "i")
            X.indptr.astype(np.int32).tofile(self.folder / "p")
        for name, values in (("y", y), ("lams", lams), ("weights", work.weights)):
            if values is not None:
                np.asarray(values, np.float64).ravel("F").tofile(self.folder / name)
        if work.folds is not None:
            work.folds.astype(np.int32).tofile(self.folder / "folds")
        self.ask("load", self.folder)
        self.loaded, self.work = key, work  # the reference keeps the id from being used again

    def fit(self, work, tol, task, lams=None):
        self.load(work, work.lams if lams is None else lams)
        seconds, count = self.ask(task, repr(tol), self.folder)
        read = lambda name, kind: np.fromfile(self.folder / name, kind)  # noqa: E731
        parts = read("beta.x", np.float64), read("beta.i", np.int32), read("beta.p", np.int32)
        p, L = work.X.shape[1], int(count)
        K = len(parts[2][:-1]) // L  # the columns of the predictors follow each other
        a0 = read("a0", np.float64) * self.scale
        coef = scipy.sparse.csc_array(parts, shape=(p, K * L)) * self.scale
        return float(seconds), coef, a0 if K == 1 else a0.reshape(L, K).T, K

    def close(self):
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def standard(work, lams):
    """(y, lams, l1_ratio, scale of the coefficients) that make glmnet solve the elastic net of `work`.

    Inside it divides y, λ and the coefficients by sd(y), which leaves the lasso as it is but changes the share of the
    ridge term. With y of unit size and the shares adapted both agree.
    """
    if work.l1_ratio == 1:
        return work.y, lams, 1.0, 1.0
    size = float(np.std(work.y))
    total = work.l1_ratio / size + 1 - work.l1_ratio
    return work.y / size, lams * total, work.l1_ratio / size / total, size


R = Session()


def default(work):
    return 1e-7


def versions():
    return f"glmnet {R.version} with R {R.r}"


def process():
    return R.pid


def prepare(work):
    R.load(work, steps(work))
    return work


def steps(work):
    return work.lams if len(work.lams) > 1 else work.lams[0] * np.geomspace(10.0, 1.0, 5)


def path(work, tol):
    return R.fit(work, tol, "path")


def seconds(result):
    return result[0]


def coefficients(result):
    _, coef, a0, K = result
    return coef if K == 1 else coef.toarray().reshape(coef.shape[0], K, -1), a0


def vector(result):
    return result[1].toarray().ravel()


def cv(work, tol):
    return R.fit(work, tol, "cv")


def single(work, tol):
    return R.fit(work, tol, "single", steps(work))
