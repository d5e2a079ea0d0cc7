"""Drop-in twins of scikit-learn's lasso and elastic net; the only place that imports scikit-learn."""

from riata.estimators.elastic_net import ElasticNet
from riata.estimators.elastic_net_cv import ElasticNetCV
from riata.estimators.lasso import Lasso
from riata.estimators.lasso_cv import LassoCV
from riata.estimators.path_functions import enet_path, lasso_path

__all__ = ["ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "enet_path", "lasso_path"]
