"""Pictures of results, drawn with matplotlib (the extra ``plot``). One file a picture, which says what it draws.

Every function takes ``ax=`` and returns it; without one it makes a figure through ``matplotlib.pyplot``, so notebooks
show it. No style is set globally. ``result.plot()`` draws a result's own picture: :func:`draw`.

>>> import riata, matplotlib
>>> matplotlib.use("agg")
>>> from sklearn.datasets import load_diabetes
>>> path = riata.path(*load_diabetes(return_X_y=True, as_frame=True))
>>> riata.plot.coef_path(path, x="norm").get_xlabel()
'length of the coefficients, ‖w‖₁ per standard deviation'
>>> path.plot().get_xlabel()
'λ (log scale)'
"""

from riata.plot.coef_path import coef_path
from riata.plot.coefficients import coefficients
from riata.plot.cv_curve import cv_curve
from riata.plot.draw import draw
from riata.plot.error_rates import error_rates
from riata.plot.information_criteria import information_criteria
from riata.plot.ranking import ranking
from riata.plot.selected import selected
from riata.plot.side_by_side import side_by_side
from riata.plot.stability_paths import stability_paths
from riata.plot.training import training

__all__ = [
    "coef_path",
    "coefficients",
    "cv_curve",
    "draw",
    "error_rates",
    "information_criteria",
    "ranking",
    "selected",
    "side_by_side",
    "stability_paths",
    "training",
]
