# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The converter's command line: what it writes, says and refuses."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.apis import load_lifter

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def convert(repo_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Run:
    """The tool; status, what it printed and what it complained of."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools' / 'model_converters'))
    tool = importlib.import_module('poseaug2mmpose')

    def run(*args: object) -> tuple[int, str, str]:
        status = tool.main([str(arg) for arg in args])
        return (status, *capsys.readouterr())

    return run


def norm(name: str, width: int) -> dict[str, Tensor]:
    return {
        f'{name}.weight': torch.rand(width) + 0.5,
        f'{name}.bias': torch.randn(width),
        f'{name}.running_mean': torch.randn(width),
        f'{name}.running_var': torch.rand(width) + 0.5,
        f'{name}.num_batches_tracked': torch.tensor(3),
    }


def linear(name: str, outputs: int, inputs: int) -> dict[str, Tensor]:
    return {f'{name}.weight': torch.randn(outputs, inputs), f'{name}.bias': torch.randn(outputs)}


def mlp(width: int = 8, stages: int = 3, joints: int = 16) -> dict[str, Tensor]:
    """An MLP by the original's names, with random weights."""
    torch.manual_seed(0)
    state = {**linear('w1', width, 2 * joints), **norm('batch_norm1', width)}
    for stage in range(stages):
        for layer in (1, 2):
            state.update(linear(f'linear_stages.{stage}.w{layer}', width, width))
            state.update(norm(f'linear_stages.{stage}.batch_norm{layer}', width))
    return {**state, **linear('w2', 3 * (joints - 1), width)}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[object], Path]:
    def save(content: object) -> Path:
        path = tmp_path / 'ckpt_best.pth.tar'
        torch.save(content, path)
        return path

    return save


def test_published_sizes_need_no_changes(convert: Run, saved: Callable, tmp_path: Path) -> None:
    out = tmp_path / 'mlp.pth'
    status, said, _ = convert(saved(dict(state_dict=mlp(1024, 2))), out, '--lifter', 'mlp')
    assert status == 0
    lifter = load_lifter(said.split('config: ')[1].strip(), out)
    assert lifter.adapter.predict(torch.zeros(1, 1, 16, 2), torch.ones(1, 2)).shape[2] == 16


@pytest.mark.parametrize('entry', ['state_dict', 'model_pos', None])
def test_any_size_is_told_by_the_weights(
    entry: str | None, convert: Run, saved: Callable, tmp_path: Path
) -> None:
    state = {f'module.{name}': value for name, value in mlp().items()}
    content = dict(epoch=4, optimizer={}, **{entry: state}) if entry else state
    out = tmp_path / 'new' / 'mlp.pth'
    status, said, complained = convert(saved(content), out, '--lifter', 'mlp')
    assert (status, complained) == (0, '')
    assert (f"entry '{entry}'" if entry else 'a plain state dict') in said
    config = tmp_path / 'mine.py'
    lines = said.split('config: a file with\n')[1]
    assert "'stem_channels': 8, 'num_blocks': 3, 'kernel_sizes': (1, 1, 1, 1)" in lines
    config.write_text(textwrap.dedent(lines))
    lifter = load_lifter(config, out)
    checkpoint = torch.load(out, weights_only=True)
    assert len(lifter.adapter.module.backbone.tcn_blocks) == 3
    assert checkpoint['meta'].get('epoch') == (4 if entry else None)


def test_wrong_checkpoints_are_named(convert: Run, saved: Callable, tmp_path: Path) -> None:
    out = tmp_path / 'out.pth'
    incomplete = mlp()
    del incomplete['linear_stages.1.w2.weight']
    without_bias = {name: value for name, value in mlp().items() if name != 'w1.bias'}
    cases = [
        (mlp(), 'gcn', "'w1.weight' is not one of the original gcn lifter; .* its mlp"),
        (dict(mlp(), extra=torch.zeros(1)), 'mlp', "'extra' is not one of .* nothing is guessed"),
        (mlp(joints=17), 'mlp', r"'w1.weight' is of size \(8, 34\): .* 16 joints"),
        (incomplete, 'mlp', 'lacks backbone.tcn_blocks.1.conv2.0.conv.weight'),
        (without_bias, 'mlp', "lack what becomes 'backbone.expand_conv.conv.bias'"),
        (dict(epoch=3, step=2), 'mlp', "no state dict under model_pos or state_dict.* 'epoch'"),
        (dict(state_dict={}), 'mlp', "entry 'state_dict' .* is no state dict"),
        ({}, 'mlp', 'is no state dict'),
        ([1], 'mlp', 'holds a list'),
        (
            {'expand_conv.weight': torch.zeros(8, 32, 3)},
            'videopose',
            r"'expand_conv.weight' is of size \(8, 32, 3\): .* single frames",
        ),
        ({'data_bn.bias': torch.zeros(34)}, 'stgcn', "no 'data_bn.weight'"),
        ({'data_bn.weight': torch.zeros(34)}, 'stgcn', 'lack what becomes'),
    ]
    for content, lifter, sentence in cases:
        status, said, complained = convert(saved(content), out, '--lifter', lifter)
        assert (status, said) == (1, '') and len(complained.splitlines()) == 1
        with pytest.raises(ValueError, match=sentence):
            raise ValueError(complained)
    assert not out.exists()


def test_wrong_arguments_are_named(convert: Run, saved: Callable, tmp_path: Path) -> None:
    path = saved(dict(state_dict=mlp()))
    out = tmp_path / 'out.pth'
    before = path.read_bytes()
    for args, sentence in [
        ((tmp_path / 'none.pth', out, '--lifter', 'mlp'), 'does not exist'),
        ((path, path, '--lifter', 'mlp'), 'is the checkpoint itself'),
        ((path, tmp_path, '--part', 'angle'), 'is a folder'),
        ((path, out, '--lifter', 'mlp', '--key', 'net'), "no entry 'net'; it has state_dict"),
        ((path, out, '--part', 'angle'), 'takes 32 values, but 48 of the pose and noise'),
    ]:
        status, _, complained = convert(*args)
        assert status == 1 and len(complained.splitlines()) == 1
        with pytest.raises(ValueError, match=sentence):
            raise ValueError(complained)
    assert path.read_bytes() == before and not out.exists()
    for args in ((path, out), (path, out, '--lifter', 'mlp', '--part', 'angle')):
        with pytest.raises(SystemExit) as stopped:
            convert(*args)
        assert stopped.value.code == 2


def test_pickled_code_is_refused(convert: Run, saved: Callable, tmp_path: Path) -> None:
    path = saved(dict(state_dict=torch.nn.Linear(1, 1)))
    status, _, complained = convert(path, tmp_path / 'out.pth', '--lifter', 'mlp')
    assert status == 1 and 'more than weights and plain values' in complained


PARTS = dict(angle='ba', length='bl', rigid='rt', discriminator_3d='d3', discriminator_2d='d2')


@pytest.mark.parametrize('part', PARTS)
def test_golden_parts(
    part: str, convert: Run, saved: Callable, golden: Path, tmp_path: Path
) -> None:
    """What the parts compute is compared in test_models/test_golden.py."""
    import numpy as np

    prefix = f'weights/{PARTS[part]}/'
    with np.load(golden) as file:
        state = {
            key[len(prefix) :]: torch.as_tensor(file[key])
            for key in file.files
            if key.startswith(prefix)
        }
    path = saved(dict(epoch=1, net=state))
    status, said, _ = convert(path, tmp_path / 'o.pth', '--part', part, '--key', 'net')
    assert status == 0 and f'{part}: {len(state)} weights' in said
    written = torch.load(tmp_path / 'o.pth', weights_only=True)
    network = MODELS.build(written['meta']['network'])
    network.load_state_dict(written['state_dict'])
