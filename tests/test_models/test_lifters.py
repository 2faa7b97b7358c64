# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifters on graphs: sizes, what sees what, gradients, symmetries, wrong input."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import nn

from mmposeaug.models import STGCN, JointRegressionHead, SemGCN
from mmposeaug.structures import H36M_16, H36M_17, Skeleton
from mmposeaug.structures.graphs import hop_distances

SMALL: dict[str, dict[str, Any]] = dict(
    SemGCN=dict(channels=8, num_blocks=2),
    NonLocalSemGCN=dict(channels=8, num_blocks=1, non_local=True),
    STGCN=dict(channels=(8, 12), part_channels=16),
)
TREE = dict(  # a skeleton of nobody's
    dataset_name='stick',
    keypoint_info={
        0: dict(name='pelvis', swap=''),
        1: dict(name='left_hand', swap='right_hand'),
        2: dict(name='right_hand', swap='left_hand'),
        3: dict(name='head', swap=''),
    },
    skeleton_info={
        0: dict(link=('pelvis', 'left_hand')),
        1: dict(link=('pelvis', 'right_hand')),
        2: dict(link=('pelvis', 'head')),
    },
)


def small(name: str, skeleton: Any, **options: Any) -> nn.Module:
    init_default_scope('mmpose')
    torch.manual_seed(0)
    kind = dict(type=name.removeprefix('NonLocal'), skeleton=skeleton)
    return MODELS.build({**kind, **SMALL[name], **options})


def num_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def head_of(backbone: nn.Module) -> nn.Module:
    init_default_scope('mmpose')
    joints = backbone.skeleton.num_joints
    channels = backbone.eval()(torch.zeros(1, 2 * joints, 1))[-1].shape[1]
    head = dict(type='JointRegressionHead', in_channels=channels, num_joints=joints)
    return MODELS.build(dict(head, loss=dict(type='MPJPELoss')))


@pytest.mark.parametrize('name', SMALL)
@pytest.mark.parametrize('skeleton', ['h36m_16', 'h36m_17', TREE], ids=['16', '17', 'metainfo'])
def test_any_skeleton_gradients_reach_all_key_points(name: str, skeleton: Any) -> None:
    backbone = small(name, skeleton)
    joints, head = backbone.skeleton.num_joints, head_of(backbone)
    x = torch.randn(5, 2 * joints, 1, requires_grad=True)
    output = head(backbone.train()(x))
    assert output.shape == (5, joints, 3)
    output.square().sum().backward()
    assert (x.grad.abs() > 0).all()
    for key, parameter in backbone.named_parameters():
        # the non-local block starts as the identity: only its last scale learns in the first step
        if 'non_local' in key or 'stem.1' in key or key.startswith('views'):
            continue
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), key


@pytest.mark.parametrize('name', SMALL)
def test_gradients_are_exact(name: str) -> None:
    backbone = small(name, TREE).double()
    for module in backbone.modules():  # wake up what starts at zero
        if isinstance(module, nn.BatchNorm1d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
    x = torch.randn(3, 8, 1, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: backbone.eval()(x)[-1], x)


@pytest.mark.parametrize('non_local', [False, True])
def test_parameters_of_semgcn_are_the_published(non_local: bool) -> None:
    backbone = SemGCN('h36m_16', non_local=non_local)
    count = num_parameters(backbone) + num_parameters(head_of(backbone))
    c, edges = 128, 16 + 2 * 15
    layers = [(2, c)] + 8 * [(c, c)]
    expected = sum(2 * i * o + 3 * o + edges for i, o in layers) + 2 * c * 3 + 3 + edges
    if non_local:
        expected += 5 * (4 * c * (c // 2) + 3 * (c // 2) + 3 * c)
    assert count == expected
    assert round(count / 1e6, 2) == (0.43 if non_local else 0.27)


def test_parameters_of_stgcn_are_those_of_the_formula() -> None:
    backbone = STGCN('h36m_16', 'h36m_17')
    norms = 2 * 2 * 17

    def block(i: int, o: int, residual: bool = True) -> int:
        shortcut = i * o + 3 * o if residual and i != o else 0
        return 4 * (i * o + o) + (o * o + o) + 4 * o + shortcut

    expected = norms + block(2, 128, False) + block(128, 128) + block(128, 256)
    expected += block(256, 512) + block(512, 512)
    expected += (512 * 512 + 3 * 512) + (1024 * 256 + 3 * 256)
    expected += 3 * (512 * 256 + 256) + 256 * 512 + 3 * 512 + (512 * 3 + 3)
    assert num_parameters(backbone) + num_parameters(head_of(backbone)) == expected
    assert round(expected / 1e6, 2) == 3.63


def test_semgcn_sees_as_far_as_it_has_layers() -> None:
    """Without non-local blocks a joint knows joints within one hop for each layer."""
    backbone = small('SemGCN', 'h36m_17', num_blocks=1).eval()
    for aggregation in backbone.modules():
        if hasattr(aggregation, 'edge_logits'):
            nn.init.normal_(aggregation.edge_logits)
    x = torch.randn(1, 34, 1)
    joint = H36M_17.index('left_foot')
    moved = x.clone()
    moved[:, 2 * joint : 2 * joint + 2] += 1
    changed = (backbone(moved)[-1] - backbone(x)[-1]).abs().amax(dim=(0, 1)) > 0
    reach = torch.from_numpy(hop_distances(H36M_17)[joint] <= 4)  # stem, two in the block, output
    assert torch.equal(changed & ~reach, torch.zeros(17, dtype=torch.bool))
    assert changed[joint] and changed.sum() > 3
    assert small('STGCN', 'h36m_17').eval()(moved)[-1].shape == (1, 24, 17)


def test_edge_weights_are_a_softmax_over_neighbours() -> None:
    aggregation = small('SemGCN', 'h36m_16').aggregation
    nn.init.normal_(aggregation.edge_logits)
    x = torch.randn(2, 16, 3)
    own, others = aggregation(x).split(3, dim=-1)
    offset = 0
    for joint, row in enumerate(hop_distances(H36M_16) <= 1):
        neighbours = torch.from_numpy(row).nonzero().flatten()
        weights = aggregation.edge_logits[offset : offset + len(neighbours)].softmax(dim=0)
        offset += len(neighbours)
        is_own = neighbours == joint
        torch.testing.assert_close(own[:, joint], (x[:, joint] * weights[is_own]))
        expected = (x[:, neighbours[~is_own]] * weights[~is_own, None]).sum(dim=1)
        torch.testing.assert_close(others[:, joint], expected)
    assert offset == aggregation.edge_logits.numel()


def test_graph_with_a_joint_that_is_not_lifted() -> None:
    plain = small('STGCN', 'h36m_16').eval()
    padded = small('STGCN', 'h36m_16', graph_skeleton='h36m_17').eval()
    full = small('STGCN', 'h36m_17').eval()
    full.load_state_dict(padded.state_dict())
    x = torch.randn(2, 16, 2)
    kept = [H36M_17.index(name) for name in H36M_16.joint_names]
    x17 = torch.empty(2, 17, 2)
    x17[:, kept] = x
    neck = H36M_17.index('neck_base')
    x17[:, neck] = (x17[:, H36M_17.index('thorax')] + x17[:, H36M_17.index('head')]) / 2
    found = padded(x.reshape(2, 32, 1))[-1]
    torch.testing.assert_close(found, full(x17.reshape(2, 34, 1))[-1][..., kept])
    assert found.shape == plain(x.reshape(2, 32, 1))[-1].shape == (2, 24, 16)


@pytest.mark.parametrize('shape', [(2, 34, 9), (2, 32, 1), (2, 17, 2, 1)])
def test_wrong_input_is_named(shape: tuple[int, ...]) -> None:
    for backbone in (SemGCN(channels=4), STGCN(channels=(4,), part_channels=4)):
        with pytest.raises(ValueError, match='single frames of 17 joints'):
            backbone(torch.zeros(shape))


def test_wrong_settings_are_named() -> None:
    loss = dict(type='MPJPELoss')
    codec = dict(type='VideoPoseLifting', num_keypoints=17, remove_root=True)
    with pytest.raises(ValueError, match='set remove_root=False'):
        JointRegressionHead(8, 17, loss=loss, decoder=codec)
    with pytest.raises(ValueError, match=r'features of 16 joints, the head has num_joints=17'):
        JointRegressionHead(8, 17, loss=loss)((torch.zeros(1, 8, 16),))
    with pytest.raises(ValueError, match="has no 'neck_base' of 'h36m_17'"):
        headless = Skeleton('headless', ('root', 'spine', 'thorax', 'right_hip', 'right_knee',
            'right_foot', 'left_hip', 'left_knee', 'left_foot'), (-1, 0, 1, 0, 3, 4, 0, 6, 7),
            ((6, 3), (7, 4), (8, 5)))  # fmt: skip
        STGCN(headless, 'h36m_17')


def test_dropout_of_stgcn_by_place():
    share = dict(blocks=0.05, body=0.25, merge=0.1, head=0.2)
    backbone = STGCN(channels=(4, 4), part_channels=4, dropout=share)
    found = {
        place: {m.p for m in module.modules() if isinstance(m, torch.nn.Dropout)}
        for place, module in dict(
            blocks=torch.nn.ModuleList([backbone.blocks, backbone.context.blocks]),
            body=backbone.context.body,
            merge=backbone.context.merge,
            head=backbone.dropout,
        ).items()
    }
    assert found == {place: {value} for place, value in share.items()}
    with pytest.raises(ValueError, match=r"given for \['head'\]; give one number, or one for each"):
        STGCN(dropout=dict(head=0.1))
