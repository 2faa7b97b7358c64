# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Synthetic motions of a hand and an animal: bodies, ranges of motion, files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scripts import load_script

from mmposeaug.datasets import CameraSet, load_camera_dicts
from mmposeaug.fileio import load_npz
from mmposeaug.geometry import bone_lengths, project
from mmposeaug.structures import get_skeleton
from mmposeaug.synthetic import CREATURES, make_synthetic_creature
from mmposeaug.synthetic.creature_set import SEQUENCE_FRAMES, perform
from mmposeaug.synthetic.creatures import draw_bodies, hold, pose_creature

SMALL = dict(source_train=400, source_val=200, source_test=200, target=400)
KINDS = sorted(CREATURES)


@pytest.fixture(scope='module', params=KINDS)
def made(request, tmp_path_factory):
    """A kind, its tree, and the paths and arrays of a small set."""
    kind = request.param
    paths = make_synthetic_creature(kind, tmp_path_factory.mktemp(kind), **SMALL)
    skeleton = get_skeleton(dict(CREATURES[kind].metainfo))
    return kind, skeleton, paths, {name: load_npz(str(paths[name])) for name in SMALL}


def lengths_of(arrays, skeleton):
    """Bone lengths of every subject; they are the same in all frames but for the rounding."""
    subjects = np.array([name.split('_')[0] for name in arrays['imgname']])
    lengths = bone_lengths(torch.from_numpy(arrays['S'][..., :3]), skeleton).numpy()
    found = {}
    for subject in sorted(set(subjects)):
        own = lengths[subjects == subject]
        assert np.ptp(own, axis=0).max() < 2e-4
        found[subject] = own.mean(axis=0)
    return found


def test_bodies_are_one_in_the_source_and_others_in_the_target(made):
    _, skeleton, _, arrays = made
    source = [
        each for name in list(SMALL)[:3] for each in lengths_of(arrays[name], skeleton).values()
    ]
    target = list(lengths_of(arrays['target'], skeleton).values())
    assert len(source) >= 5 and len(target) == 6
    assert max(np.abs(each - source[0]).max() for each in source) < 1e-4
    assert min(np.abs(each / source[0] - 1).max() for each in target) > 0.1
    for left, right in skeleton.bone_pairs:
        assert all(abs(each[left] / each[right] - 1) < 1e-3 for each in [*source, *target])


def test_keypoints_are_the_poses_through_the_cameras(made):
    _, _, paths, arrays = made
    cameras = CameraSet.from_dicts(load_camera_dicts(str(paths['cameras'])))
    for part in arrays.values():
        names = [name.split('.') for name in part['imgname']]
        keys = [(stem.split('_')[0], rest.split('_')[0]) for stem, rest, _ in names]
        index = cameras.lookup(keys)
        seen = project(torch.from_numpy(part['S'][..., :3]), cameras.intrinsics[index].float())
        assert np.abs(seen.numpy() - part['part'][..., :2]).max() < 0.5


@pytest.mark.parametrize('kind', KINDS)
def test_angles_stay_in_their_ranges_and_the_target_has_wider_ones(kind):
    creature, time = CREATURES[kind], np.arange(SEQUENCE_FRAMES) / 10
    spread = {}
    for part in creature.parts:
        curves = []
        for number, motion in enumerate(list(part.motions.values()) * 3):
            held = hold(motion(time, np.random.default_rng(number)), creature)
            for name, (low, high) in creature.limits.items():
                assert held[name].min() >= low and held[name].max() <= high
            assert max(np.abs(np.diff(held[name])).max() for name in creature.limits) < 70
            curves.append(np.concatenate([held[name] for name in creature.limits]))
        spread[part.name] = np.std(curves)
    assert spread['target'] > 1.5 * spread['source_train']
    with pytest.raises(KeyError, match='has no angle'):
        hold(dict(tentacle=np.zeros(3)), creature)


def test_fingers_bend_to_the_palm_and_knees_one_way():
    hand = CREATURES['hand']
    skeleton = get_skeleton(dict(hand.metainfo))
    offsets = draw_bodies(hand, hand.parts[0], skeleton, np.random.default_rng(0))[:1]
    straight = hold(dict(forefinger_spread=np.zeros(1)), hand)
    bent = hold(dict(forefinger_flexion2=np.full(1, 90.0)), hand)
    first, second = (pose_creature([c], offsets, hand, skeleton)[0, 0] for c in (straight, bent))
    tip, joint = skeleton.index('forefinger4'), skeleton.index('forefinger2')
    first, second = first - first[joint], second - second[joint]
    assert abs(first[tip, 2]) < 1e-6 and second[tip, 2] < -0.04  # the palm is below
    animal = CREATURES['animal']
    assert animal.limits['L_F_bend'][1] > 3 * -animal.limits['L_F_bend'][0]
    assert animal.limits['R_B_bend'] == animal.limits['L_B_bend']


def test_an_animal_stands_on_the_ground():
    animal = CREATURES['animal']
    skeleton, part = get_skeleton(dict(animal.metainfo)), animal.parts[-1]
    offsets = draw_bodies(animal, part, skeleton, np.random.default_rng(0))
    joints, _, names = perform(animal, part, offsets, np.arange(14), 0, skeleton)
    assert len(set(name.split('_')[0] for name in names)) == 7
    lowest = joints[..., 2].min(axis=(1, 2))
    assert (lowest > 0.03).all() and (lowest < 0.25).all()


def test_same_arguments_give_the_same_bytes(made, tmp_path):
    kind, _, paths, _ = made
    again = make_synthetic_creature(kind, tmp_path / 'again', **SMALL)
    other = make_synthetic_creature(kind, tmp_path / 'other', seed=1, **SMALL)
    for what, path in paths.items():
        assert path.read_bytes() == again[what].read_bytes() != other[what].read_bytes(), what
    stamps = {what: path.stat().st_mtime_ns for what, path in again.items()}
    make_synthetic_creature(kind, tmp_path / 'again', **SMALL)
    assert {what: path.stat().st_mtime_ns for what, path in again.items()} == stamps
    with pytest.raises(FileExistsError, match='seed 0, not 1'):
        make_synthetic_creature(kind, tmp_path / 'again', seed=1, **SMALL)


def test_the_tool_writes_a_set_or_says_what_is_wrong(repo_root, tmp_path, capsys):
    tool = load_script(repo_root / 'tools' / 'make_synthetic_creature.py')
    sizes = [f'--{name.replace("_", "-")}=40' for name in SMALL]
    assert tool.main(['hand', str(tmp_path / 'set'), *sizes]) == 0
    assert 'target.npz: 40 camera frames' in capsys.readouterr().out
    assert tool.main(['animal', str(tmp_path / 'set'), *sizes]) == 1
    assert "kind 'hand', not 'animal'" in capsys.readouterr().err
    assert tool.main(['hand', str(tmp_path), '--target', '0']) == 1
    error = capsys.readouterr().err
    assert 'target' in error and 'at least 1' in error and error.count('\n') == 1
    with pytest.raises(ValueError, match="is 'fish'; use one of hand, animal"):
        make_synthetic_creature('fish', tmp_path / 'fish')
    with pytest.raises(ValueError, match="no option 'target_dev'"):
        make_synthetic_creature('hand', tmp_path / 'fish', target_dev=3)
    assert not (tmp_path / 'fish').exists()
