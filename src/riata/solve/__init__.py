"""The solvers: lanes of one training set each, walked down the λ grid in lock-step by an engine."""
