"""Memory that the weight of the next forward pass may have again."""

import copy
import pickle

import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import torch

import riata.torch as rt
from riata.torch import room
from riata.torch.room import Room

LARGE = (512, 400)
PENALTIES = [rt.L1(0.01), rt.ElasticNet(0.01, l1_ratio=0.5), rt.GroupLasso(0.01, group="input")]


def sparse(penalty=None, seed=0):
    torch.manual_seed(seed)
    return rt.sparsify(torch.nn.Linear(LARGE[1], LARGE[0], bias=False), penalty or rt.L1(0.01))


def test_memory_is_lent_to_one_tensor_at_a_time():
    rooms, like = Room(), torch.zeros(LARGE)
    first = rooms.like(like)
    where = first.data_ptr()
    assert first.shape == like.shape
    assert where % 64 == 0
    seen = first.t()  # a view holds it, too
    del first
    other = rooms.like(like)
    assert other.data_ptr() != where
    del seen
    where = other.data_ptr()
    del other
    assert rooms.like(like).data_ptr() == where
    assert rooms.like(like.double()).dtype == torch.float64


def test_small_pieces_are_the_allocators():
    rooms = Room()
    assert rooms.like(torch.zeros(room.LEAST // 4 - 1)).shape == (room.LEAST // 4 - 1,)
    assert rooms.memory is None


def test_copies_and_pickles_are_empty():
    rooms = Room()
    rooms.like(torch.zeros(LARGE))
    assert rooms.memory is not None
    assert copy.deepcopy(rooms).memory is None
    assert pickle.loads(pickle.dumps(rooms)).memory is None


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_step_uses_the_memory_of_the_last_one(penalty):
    model = sparse(penalty)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    where = set()
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.ones(2, LARGE[1])).square().mean().backward()
        optimizer.step()
        where.add(model.weight.data_ptr())
    assert len(where) == 1


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_weight_that_somebody_holds_stays_as_it_is(penalty):
    model = sparse(penalty)
    held = model.weight
    as_it_was = held.detach().clone()
    with torch.no_grad():
        next(model.parameters()).mul_(2.0)
    assert not torch.equal(model.weight, as_it_was)
    assert torch.equal(held, as_it_was)


def test_two_passes_before_one_backward_pass():
    """The graph of the first still needs the weight as it was."""
    model, x = sparse(), torch.randn(3, LARGE[1], requires_grad=True)
    with torch.no_grad():
        wanted = model.weight.clone()
    first = model(x).sum()
    with torch.no_grad():
        next(model.parameters()).zero_()
    model(x.detach()).sum().backward()
    first.backward()
    torch.testing.assert_close(x.grad, wanted.sum(0).expand(3, -1))
