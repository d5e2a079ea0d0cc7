"""Classes in scikit-learn's shape: drop-in twins, and one for each family; nothing else imports it."""

from riata.estimators.adaptive_lasso import AdaptiveLasso, AdaptiveLassoCV
from riata.estimators.cox_lasso import CoxLasso
from riata.estimators.cox_lasso_cv import CoxLassoCV
from riata.estimators.elastic_net import ElasticNet
from riata.estimators.elastic_net_cv import ElasticNetCV
from riata.estimators.group_lasso import GroupLasso, GroupLassoCV
from riata.estimators.group_lasso_classifier import GroupLassoClassifier, GroupLassoClassifierCV
from riata.estimators.huber_lasso import HuberLasso
from riata.estimators.huber_lasso_cv import HuberLassoCV
from riata.estimators.lasso import Lasso
from riata.estimators.lasso_classifier import LassoClassifier
from riata.estimators.lasso_classifier_cv import LassoClassifierCV
from riata.estimators.lasso_cv import LassoCV
from riata.estimators.mcp_regressor import MCPRegressor, MCPRegressorCV
from riata.estimators.multi_task_elastic_net import MultiTaskElasticNet, MultiTaskElasticNetCV
from riata.estimators.multi_task_lasso import MultiTaskLasso, MultiTaskLassoCV
from riata.estimators.path_functions import enet_path, lasso_path
from riata.estimators.poisson_lasso import PoissonLasso
from riata.estimators.poisson_lasso_cv import PoissonLassoCV
from riata.estimators.scad_regressor import SCADRegressor, SCADRegressorCV
from riata.estimators.sqrt_lasso import SqrtLasso

__all__ = [
    "AdaptiveLasso",
    "AdaptiveLassoCV",
    "CoxLasso",
    "CoxLassoCV",
    "ElasticNet",
    "ElasticNetCV",
    "GroupLasso",
    "GroupLassoCV",
    "GroupLassoClassifier",
    "GroupLassoClassifierCV",
    "HuberLasso",
    "HuberLassoCV",
    "Lasso",
    "LassoCV",
    "LassoClassifier",
    "LassoClassifierCV",
    "MCPRegressor",
    "MCPRegressorCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PoissonLasso",
    "PoissonLassoCV",
    "SCADRegressor",
    "SCADRegressorCV",
    "SqrtLasso",
    "enet_path",
    "lasso_path",
]
