"""Libraries to time, one file each; what a file has to say.

    NAME          the word in the tables
    ENVIRONMENT   the folder below .bench that it is installed in; "" is riata's own environment
    REQUIRES      what pip installs there
    START         k: the search for the loosest sufficient tolerance begins at 10**-k
    LOOSEST       k: no tolerance looser than 10**-k is tried; 0 where it is not given
    CAN           which of "sparse", "enet", "weights", "intercept", "cv", "single" it can do (a plain path: always)
    FAMILIES      the families of benchmarks/work.py that it has beside the Gaussian one, with what it can do of each:
                  "sparse", "intercept", "cv" (a plain path: always); may be left out
    default(work) its own default tolerance, on the scale that `tol` has below
    versions()    what the results file says about the versions
    path(work, tol)         its own path over work.lams, returned as it comes: this call is timed
    coefficients(result)    (coef (n_features, n_lams), intercepts (n_lams,) or None) of what path returned, for K
                            predictors (n_features, K, n_lams) and (K, n_lams): not timed
    cv(work, tol)           its own cross-validation over work.lams and work.splits; returns the chosen coefficients
    single(work, tol)       its own fit at the single λ of work.lams; returns the coefficients

and, where needed: prepare(work) -> work, called untimed before path and cv; warm(work), called untimed before anything
of a task, where calls compile; refuses(work) -> a reason or ""; process()
-> the id of the process that does the work; seconds(result) -> the time that the library itself measured;
vector(result) -> the coefficients in what cv and single returned; passes(result) -> passes over X.

Each file runs in an environment of its own (benchmarks/worker.py). The benchmark itself never imports them: it reads
the constants from the text.
"""
