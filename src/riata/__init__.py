"""riata: exact lasso paths, the choice of lambda, and models that a person can read.

    minimise over (b, w)   (1/S) sum_i s_i * loss(y_i, o_i + b + x_i'w)
                           + lam * sum_j v_j * (l1_ratio*|w_j| + (1 - l1_ratio)/2 * w_j^2),      S = sum_i s_i

`import riata` is lazy (PEP 562): a name below is imported when it is first used, and nothing else is imported before,
not even numpy. `riata.path`, `select`, `certify` and `doctor` are packages that can be called: core/callable_module.py.
"""

import importlib
import typing

# Public name -> the module that it lives in. A name that is the module's own last word is the callable module itself.
_HOME = {
    "path": "riata.path",
    "select": "riata.select",
    "certify": "riata.certify",
    "plot": "riata.plot",
    "geometry": "riata.geometry",
    "report": "riata.report",
    "Lasso": "riata.estimators",
    "LassoCV": "riata.estimators",
    "ElasticNet": "riata.estimators",
    "ElasticNetCV": "riata.estimators",
    "MultiTaskLasso": "riata.estimators",
    "MultiTaskLassoCV": "riata.estimators",
    "MultiTaskElasticNet": "riata.estimators",
    "MultiTaskElasticNetCV": "riata.estimators",
    "LassoClassifier": "riata.estimators",
    "LassoClassifierCV": "riata.estimators",
    "PoissonLasso": "riata.estimators",
    "PoissonLassoCV": "riata.estimators",
    "HuberLasso": "riata.estimators",
    "HuberLassoCV": "riata.estimators",
    "CoxLasso": "riata.estimators",
    "CoxLassoCV": "riata.estimators",
    "GroupLasso": "riata.estimators",
    "GroupLassoCV": "riata.estimators",
    "GroupLassoClassifier": "riata.estimators",
    "GroupLassoClassifierCV": "riata.estimators",
    "AdaptiveLasso": "riata.estimators",
    "AdaptiveLassoCV": "riata.estimators",
    "SqrtLasso": "riata.estimators",
    "MCPRegressor": "riata.estimators",
    "MCPRegressorCV": "riata.estimators",
    "SCADRegressor": "riata.estimators",
    "SCADRegressorCV": "riata.estimators",
    "lasso_path": "riata.estimators",
    "enet_path": "riata.estimators",
    "make_problem": "riata.path",
    "constrained": "riata.path.constrained",
    "Constrained": "riata.path.constrained",
    "mfdr": "riata.inference.mfdr",
    "stability_selection": "riata.inference.stability",
    "knockoff_filter": "riata.inference.knockoffs",
    "doctor": "riata.doctor",
    "compare": "riata.select.compare",
    "compare_l1_l2": "riata.select.compare",
    "relaxed_lasso": "riata.select.relaxed",
    "twins": "riata.select.swaps",
    "FeatureSelector": "riata.estimators.feature_selector",
    "debiased_lasso": "riata.inference.debiased",
    "post_selection": "riata.inference.polyhedral",
    "multi_split": "riata.inference.splitting",
    "validate": "riata.inference.validation",
    "Intervals": "riata.inference.intervals",
    "load_model": "riata.model",
    "convert": "riata.convert",
    "from_glmnet": "riata.path.glmnet",
    "to_glmnet": "riata.path.glmnet",
    "from_sklearn": "riata.estimators.migrate",
    "to_sklearn": "riata.estimators.migrate",
    "Path": "riata.core.results",
    "CVResult": "riata.core.results",
    "Certificate": "riata.certify",
    "Selection": "riata.select.selection",
    "Model": "riata.model",
    "RiataError": "riata.core.errors",
    "InvalidData": "riata.core.errors",
    "InvalidOption": "riata.core.errors",
    "DataFileError": "riata.core.errors",
    "ModelFileError": "riata.core.errors",
    "MissingExtra": "riata.core.errors",
    "NotConverged": "riata.core.errors",
}

if typing.TYPE_CHECKING:  # the same names once more, for readers that do not run the code
    from riata import geometry as geometry
    from riata import plot as plot
    from riata import report as report
    from riata.certify import Certificate as Certificate
    from riata.certify import certify as certify
    from riata.convert import convert as convert
    from riata.core.errors import DataFileError as DataFileError
    from riata.core.errors import InvalidData as InvalidData
    from riata.core.errors import InvalidOption as InvalidOption
    from riata.core.errors import MissingExtra as MissingExtra
    from riata.core.errors import ModelFileError as ModelFileError
    from riata.core.errors import NotConverged as NotConverged
    from riata.core.errors import RiataError as RiataError
    from riata.core.results import CVResult as CVResult
    from riata.core.results import Path as Path
    from riata.doctor import doctor as doctor
    from riata.estimators import AdaptiveLasso as AdaptiveLasso
    from riata.estimators import AdaptiveLassoCV as AdaptiveLassoCV
    from riata.estimators import CoxLasso as CoxLasso
    from riata.estimators import CoxLassoCV as CoxLassoCV
    from riata.estimators import ElasticNet as ElasticNet
    from riata.estimators import ElasticNetCV as ElasticNetCV
    from riata.estimators import GroupLasso as GroupLasso
    from riata.estimators import GroupLassoClassifier as GroupLassoClassifier
    from riata.estimators import GroupLassoClassifierCV as GroupLassoClassifierCV
    from riata.estimators import GroupLassoCV as GroupLassoCV
    from riata.estimators import HuberLasso as HuberLasso
    from riata.estimators import HuberLassoCV as HuberLassoCV
    from riata.estimators import Lasso as Lasso
    from riata.estimators import LassoClassifier as LassoClassifier
    from riata.estimators import LassoClassifierCV as LassoClassifierCV
    from riata.estimators import LassoCV as LassoCV
    from riata.estimators import MCPRegressor as MCPRegressor
    from riata.estimators import MCPRegressorCV as MCPRegressorCV
    from riata.estimators import MultiTaskElasticNet as MultiTaskElasticNet
    from riata.estimators import MultiTaskElasticNetCV as MultiTaskElasticNetCV
    from riata.estimators import MultiTaskLasso as MultiTaskLasso
    from riata.estimators import MultiTaskLassoCV as MultiTaskLassoCV
    from riata.estimators import PoissonLasso as PoissonLasso
    from riata.estimators import PoissonLassoCV as PoissonLassoCV
    from riata.estimators import SCADRegressor as SCADRegressor
    from riata.estimators import SCADRegressorCV as SCADRegressorCV
    from riata.estimators import SqrtLasso as SqrtLasso
    from riata.estimators import enet_path as enet_path
    from riata.estimators import lasso_path as lasso_path
    from riata.estimators.feature_selector import FeatureSelector as FeatureSelector
    from riata.estimators.migrate import from_sklearn as from_sklearn
    from riata.estimators.migrate import to_sklearn as to_sklearn
    from riata.inference.debiased import debiased_lasso as debiased_lasso
    from riata.inference.intervals import Intervals as Intervals
    from riata.inference.knockoffs import knockoff_filter as knockoff_filter
    from riata.inference.mfdr import mfdr as mfdr
    from riata.inference.polyhedral import post_selection as post_selection
    from riata.inference.splitting import multi_split as multi_split
    from riata.inference.stability import stability_selection as stability_selection
    from riata.inference.validation import validate as validate
    from riata.model import Model as Model
    from riata.model import load_model as load_model
    from riata.path import make_problem as make_problem
    from riata.path import path as path
    from riata.path.constrained import Constrained as Constrained
    from riata.path.constrained import constrained as constrained
    from riata.path.glmnet import from_glmnet as from_glmnet
    from riata.path.glmnet import to_glmnet as to_glmnet
    from riata.select import select as select
    from riata.select.compare import compare as compare
    from riata.select.compare import compare_l1_l2 as compare_l1_l2
    from riata.select.relaxed import relaxed_lasso as relaxed_lasso
    from riata.select.selection import Selection as Selection
    from riata.select.swaps import twins as twins

    __version__: str

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name == "__version__":
        value: object = importlib.import_module("importlib.metadata").version("riata")
    elif name == "torch":  # not in __all__: it needs an extra, and says so
        value = importlib.import_module("riata.torch")
    elif name in _HOME:
        module = importlib.import_module(_HOME[name])
        value = module if module.__name__ == f"riata.{name}" else getattr(module, name)
    else:
        raise AttributeError(f"module 'riata' has no attribute {name!r}. It has: {', '.join(sorted(__all__))}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
