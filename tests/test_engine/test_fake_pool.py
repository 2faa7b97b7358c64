# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The pool of fakes: nothing is lost, half of the shown are old, its state is kept."""

from __future__ import annotations

import pytest
import torch

from mmposeaug.engine.fake_pool import FakePool


def numbers(start: int, count: int) -> torch.Tensor:
    return torch.arange(start, start + count).float().view(-1, 1, 1).expand(-1, 2, 3).contiguous()


def values(samples: torch.Tensor) -> list[int]:
    return sorted(samples[:, 0, 0].int().tolist())


def test_a_pool_that_fills_shows_the_new_samples(generator):
    pool = FakePool(8)
    for start in (0, 4):
        torch.testing.assert_close(pool.query(numbers(start, 4), generator), numbers(start, 4))
    torch.testing.assert_close(pool.storage, numbers(0, 8))


def test_samples_are_exchanged_not_lost(generator):
    pool, shown = FakePool(8), []
    for start in range(0, 60, 5):  # 5 does not divide 8: one query fills and exchanges
        result = pool.query(numbers(start, 5), generator)
        assert result.shape == (5, 2, 3)
        shown += values(result)
    known = set(shown) | set(values(pool.storage))
    assert known == set(range(60)) and len(pool.storage) == 8


@pytest.mark.parametrize(('size', 'batch'), [(8, 5), (100, 64), (4, 10), (6, 6)])
def test_no_batch_shows_a_sample_twice(generator, size, batch):
    for seed in range(20):
        pool = FakePool(size)
        for start in range(0, 4 * batch, batch):
            shown = values(pool.query(numbers(start, batch), generator.manual_seed(seed)))
            assert len(set(shown)) == batch


def test_half_of_the_shown_samples_are_stored_ones(generator):
    pool = FakePool(1000)
    pool.query(numbers(0, 1000), generator)
    shown = pool.query(numbers(1000, 1000), generator)
    assert 430 < sum(value < 1000 for value in values(shown)) < 570
    assert sorted(values(shown) + values(pool.storage)) == list(range(2000))


def test_batches_larger_than_the_pool(generator):
    pool = FakePool(4)
    shown = pool.query(numbers(0, 10), generator)
    assert len(shown) == 10 and len(pool.storage) == 4
    assert set(values(shown)) | set(values(pool.storage)) == set(range(10))


def test_without_a_pool_new_samples_are_shown(generator):
    pool = FakePool(0)
    samples = numbers(0, 4)
    assert pool.query(samples, generator) is samples and pool.storage.numel() == 0


def test_no_gradients_are_kept(generator):
    pool = FakePool(4)
    assert not pool.query(numbers(0, 6).requires_grad_(), generator).requires_grad
    assert not pool.storage.requires_grad


def test_the_state_is_taken_up_whatever_is_stored(generator):
    pool, other = FakePool(8), FakePool(8)
    pool.query(numbers(0, 5), generator)
    other.query(numbers(50, 8), generator)
    other.load_state_dict(pool.state_dict())
    torch.testing.assert_close(other.storage, pool.storage)
    seeds = [torch.Generator().manual_seed(3) for _ in range(2)]
    shown = [p.query(numbers(5, 6), g) for p, g in zip((pool, other), seeds)]
    torch.testing.assert_close(*shown)
