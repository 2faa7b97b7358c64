# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The released PoseAug's lifters, converted, give the released PoseAug's poses.

The file may be another one of the same keys, of any widths.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import Tensor

from mmposeaug.apis import LoadedLifter, convert_lifter_checkpoint, export_onnx, load_lifter
from mmposeaug.models.lifters import LIFTERS
from mmposeaug.structures import H36M_16, tree_adjacency

TOLERANCE = dict(rtol=1e-4, atol=1e-4)
IMAGE_SIZE = (1000, 1002)


class Converted:
    """One lifter of the file, written as the original writes it, converted and loaded."""

    def __init__(self, path: Path, name: str, folder: Path, config: Path) -> None:
        with np.load(path) as file:
            prefix = f'{name}/weights/'
            state = {
                key[len(prefix) :]: torch.as_tensor(file[key])
                for key in file.files
                if key.startswith(prefix)
            }
            self.keypoints = torch.as_tensor(file['keypoints'])
            self.pose = torch.as_tensor(file[f'{name}/pose'])
        # as the original saves it, numbers of numpy included
        original = dict(epoch=7, lr=np.float64(1e-3), step=9, optimizer=dict(state={}))
        original['model_pos' if name == 'gcn' else 'state_dict'] = state
        torch.save(original, folder / 'ckpt_best.pth.tar')
        out = folder / f'{name}.pth'
        self.report = convert_lifter_checkpoint(folder / 'ckpt_best.pth.tar', out, name, config)
        cfg = Config.fromfile(config)
        cfg.merge_from_dict(self.report.options)
        self.lifter: LoadedLifter = load_lifter(cfg, out)


@pytest.fixture(params=LIFTERS)
def converted(
    request: pytest.FixtureRequest, golden_lifters: Path, tmp_path: Path, repo_root: Path
) -> Converted:
    config = repo_root / 'configs' / 'original' / f'{request.param}_h36m-16j.py'
    return Converted(golden_lifters, request.param, tmp_path, config)


def pixels(keypoints: Tensor) -> tuple[Tensor, Tensor]:
    """Keypoints in [-1, 1] as pixels (B, 1, K, 2) of an image, and its size (B, 2)."""
    width, height = IMAGE_SIZE
    keypoints_px = (keypoints + keypoints.new_tensor([1, height / width])) * width / 2
    return keypoints_px[:, None], keypoints.new_tensor(IMAGE_SIZE).expand(len(keypoints), 2)


def test_golden_lifters_network_output(converted: Converted) -> None:
    output = converted.lifter.adapter.module(converted.keypoints.flatten(1)[..., None], None)
    expected = converted.pose[:, -output.shape[1] :]
    assert output.shape[1] in (15, 16)
    assert output.shape[1] == 16 or not converted.pose[:, H36M_16.root].any()
    torch.testing.assert_close(output, expected, **TOLERANCE)


def test_golden_lifters_from_pixels(converted: Converted) -> None:
    assert converted.lifter.skeleton.joint_names == H36M_16.joint_names
    assert converted.lifter.skeleton.parents == H36M_16.parents
    pose = converted.lifter.adapter.predict(*pixels(converted.keypoints))[:, 0]
    root = converted.pose[:, H36M_16.root, None]
    torch.testing.assert_close(pose, converted.pose - root, **TOLERANCE)


@pytest.mark.parametrize('converted', ['gcn', 'stgcn'], indirect=True)
def test_golden_lifters_as_onnx(converted: Converted, tmp_path: Path) -> None:
    pytest.importorskip('onnxscript')
    report = export_onnx(converted.lifter, tmp_path / 'lifter.onnx', flip=True)
    assert report.output[1][1:] == (1, 16, 3)


def test_golden_lifters_adjacency(golden_lifters: Path) -> None:
    with np.load(golden_lifters) as file:
        adjacency = tree_adjacency(H36M_16).astype(float)
        rows = adjacency / adjacency.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(rows, file['adjacency'], rtol=1e-6)
