"""Public help for testing lasso code: seeded problems, slow independent answers, checks of a path.

`riata.testing.strategies` holds Hypothesis strategies; it is imported only when asked for, since
`hypothesis` is an extra.
"""

from riata.testing.checks import FoldCertificates, certify_folds, check_path
from riata.testing.problems import Case, cases
from riata.testing.reference import Answer, brute_force, slow_descent

__all__ = [
    "Answer",
    "Case",
    "FoldCertificates",
    "brute_force",
    "cases",
    "certify_folds",
    "check_path",
    "slow_descent",
]
