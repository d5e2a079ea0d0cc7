"""Classes in scikit-learn's shape: drop-in twins, and one for each family; nothing else imports it."""

from riata.estimators.cox_lasso import CoxLasso
from riata.estimators.cox_lasso_cv import CoxLassoCV
from riata.estimators.elastic_net import ElasticNet
from riata.estimators.elastic_net_cv import ElasticNetCV
from riata.estimators.huber_lasso import HuberLasso
from riata.estimators.huber_lasso_cv import HuberLassoCV
from riata.estimators.lasso import Lasso
from riata.estimators.lasso_classifier import LassoClassifier
from riata.estimators.lasso_classifier_cv import LassoClassifierCV
from riata.estimators.lasso_cv import LassoCV
from riata.estimators.path_functions import enet_path, lasso_path
from riata.estimators.poisson_lasso import PoissonLasso
from riata.estimators.poisson_lasso_cv import PoissonLassoCV

__all__ = [
    "CoxLasso",
    "CoxLassoCV",
    "ElasticNet",
    "ElasticNetCV",
    "HuberLasso",
    "HuberLassoCV",
    "Lasso",
    "LassoCV",
    "LassoClassifier",
    "LassoClassifierCV",
    "PoissonLasso",
    "PoissonLassoCV",
    "enet_path",
    "lasso_path",
]
