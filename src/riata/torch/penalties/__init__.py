"""Penalties on tensors: what a weight pays, its proximal step, its dual norm, its stationarity. One file a penalty."""

from riata.torch.penalties.base import Penalty
from riata.torch.penalties.elastic_net import ElasticNet
from riata.torch.penalties.group_lasso import GroupLasso
from riata.torch.penalties.hierarchical import Hierarchical
from riata.torch.penalties.l1 import L1
from riata.torch.penalties.lhalf import LHalf
from riata.torch.penalties.mcp import MCP
from riata.torch.penalties.scad import SCAD
from riata.torch.penalties.sparse_group import SparseGroup

__all__ = ["L1", "MCP", "SCAD", "ElasticNet", "GroupLasso", "Hierarchical", "LHalf", "Penalty", "SparseGroup"]
