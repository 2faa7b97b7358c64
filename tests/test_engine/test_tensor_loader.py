# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Shuffled index batches of a bank."""

from __future__ import annotations

import pytest
import torch
from train_runs import NUM_TRAIN, make_bank

from mmposeaug.datasets.samples import inner_dataset
from mmposeaug.engine import tensor_loader
from mmposeaug.engine.tensor_loader import TensorLoader, flip_probability


@pytest.fixture(scope='module')
def bank(mocap_root):
    return make_bank(mocap_root)


def order(loader: TensorLoader, seed: int = 0) -> list[torch.Tensor]:
    return list(loader.epoch(torch.Generator().manual_seed(seed)))


def test_an_epoch_is_a_permutation_in_batches(bank):
    loader = TensorLoader(bank, 64, dict(name='x'))
    batches = order(loader)
    assert [len(batch) for batch in batches] == [64, 64, 64] and len(loader) == 3
    assert sorted(torch.cat(batches).tolist()) == list(range(NUM_TRAIN))
    assert torch.equal(torch.cat(batches), torch.cat(order(loader)))
    assert not torch.equal(torch.cat(batches), torch.cat(order(loader, seed=1)))
    assert len(loader.dataset) == NUM_TRAIN and loader.dataset.metainfo == dict(name='x')
    assert next(iter(loader)).pose_cam.shape == (64, 1, 17, 3)


def test_what_fills_no_batch_comes_in_another_epoch(bank):
    loader = TensorLoader(bank, 50, {})
    assert len(loader) == 3
    seen = torch.cat([torch.cat(order(loader, seed)) for seed in range(8)])
    assert len(set(seen.tolist())) == NUM_TRAIN


def test_processes_share_the_samples_and_see_as_many_batches(bank, monkeypatch):
    seen = []
    for rank in range(3):
        monkeypatch.setattr(tensor_loader, 'get_dist_info', lambda rank=rank: (rank, 3))
        loader = TensorLoader(bank, 20, {})
        batches = order(loader)
        assert len(batches) == len(loader) == 3
        seen += torch.cat(batches).tolist()
    assert len(seen) == len(set(seen)) == 180


@pytest.mark.parametrize('size', [0, -1, NUM_TRAIN + 1])
def test_batches_that_the_bank_cannot_fill(bank, size):
    with pytest.raises(ValueError, match=f'batch_size is {size}, .* between 1 and {NUM_TRAIN}'):
        TensorLoader(bank, size, {})


def test_inner_dataset_and_flip_probability():
    class RandomFlipAroundRoot:
        pass

    inner = dict(type='Human36mDataset', pipeline=[dict(type='A')])
    joined = dict(type='CombinedDataset', datasets=[inner], pipeline=[dict(type='B')])
    assert inner_dataset(inner) is inner
    assert inner_dataset(dict(type='RepeatDataset', times=2, dataset=inner)) == inner
    assert inner_dataset(joined)['pipeline'] == [dict(type='B')]
    assert flip_probability([dict(type='A')]) == 0
    assert flip_probability([dict(type='RandomFlipAroundRoot')]) == 0.5
    assert flip_probability([dict(type=RandomFlipAroundRoot, flip_prob=0.1)]) == 0.1
