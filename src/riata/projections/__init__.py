"""Euclidean projections onto the L1 ball, the simplex, the ℓ2 ball and the group ball.

>>> from riata.projections import simplex
>>> simplex([2.0, 1.0]).tolist()
[1.0, 0.0]
"""

from riata.projections.balls import group_ball, l1_ball, l2_ball, simplex

__all__ = ["group_ball", "l1_ball", "l2_ball", "simplex"]
