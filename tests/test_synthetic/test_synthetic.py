# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmposeaug.datasets import CameraSet, load_camera_dicts
from mmposeaug.fileio import load_npz
from mmposeaug.geometry import bone_lengths, project
from mmposeaug.structures import get_skeleton
from mmposeaug.synthetic import make_synthetic_mocap, make_wide_mocap, summarise
from mmposeaug.synthetic.build import FILES, MANIFEST
from mmposeaug.synthetic.parts import PARTS, make_part, people_of

SKELETON = get_skeleton('h36m_17')
SMALL = dict(source_train=700, source_test=300, target_dev=500)
PART = {part.name: part for part in PARTS}


def joint(pose, name):
    return pose[..., SKELETON.index(name), :]


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Paths and arrays of a small set."""
    paths = make_synthetic_mocap(tmp_path_factory.mktemp('synthetic'), **SMALL)
    return paths, {name: load_npz(str(paths[name])) for name in SMALL}


def parse(arrays):
    """Subject, motion, sequence and camera of each frame."""
    fields = [name.replace('.', '_').split('_') for name in arrays['imgname']]
    subject, motion, number, camera = (np.array(column) for column in list(zip(*fields))[:4])
    return subject, motion, number, camera


def test_same_arguments_give_the_same_bytes(made, tmp_path):
    paths, _ = made
    again = make_synthetic_mocap(tmp_path / 'again', **SMALL)
    for what, path in paths.items():
        assert path.read_bytes() == again[what].read_bytes(), what
    other = make_synthetic_mocap(tmp_path / 'other', seed=1, **SMALL)
    assert all(path.read_bytes() != other[what].read_bytes() for what, path in paths.items())


def test_complete_files_are_reused_and_broken_ones_made_again(tmp_path):
    sizes = dict(source_train=30, source_test=20, target_dev=20)
    paths = make_synthetic_mocap(tmp_path, **sizes)
    whole = {what: path.read_bytes() for what, path in paths.items()}
    stamps = {what: path.stat().st_mtime_ns for what, path in paths.items()}
    make_synthetic_mocap(tmp_path, **sizes)
    assert {what: path.stat().st_mtime_ns for what, path in paths.items()} == stamps
    paths['target_dev'].write_bytes(b'broken')
    make_synthetic_mocap(tmp_path, **sizes)
    assert {what: path.read_bytes() for what, path in paths.items()} == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES.values(), MANIFEST])


def test_an_interrupted_call_is_taken_up(tmp_path):
    sizes = dict(source_train=30, source_test=20, target_dev=20)
    paths = make_synthetic_mocap(tmp_path, **sizes)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, 'sha256': {}}))
    paths['cameras'].unlink()
    assert make_synthetic_mocap(tmp_path, **sizes)['cameras'].is_file()


def test_files_made_otherwise_are_not_replaced(tmp_path):
    sizes = dict(source_train=30, source_test=20, target_dev=20)
    theirs = tmp_path / 'target_dev.npz'
    theirs.write_bytes(b'measured')
    with pytest.raises(FileExistsError, match='not made as part of the synthetic set'):
        make_synthetic_mocap(tmp_path, **sizes)
    assert theirs.read_bytes() == b'measured'
    make_synthetic_mocap(tmp_path, **sizes, overwrite=True)
    with pytest.raises(FileExistsError, match='with seed 0, not 3; .*overwrite'):
        make_synthetic_mocap(tmp_path, seed=3, **sizes)


@pytest.mark.parametrize(
    'wrong', [dict(source_train=0), dict(target_dev=-1), dict(source_test=2.5), dict(seed=-1)]
)
def test_wrong_numbers_are_refused(tmp_path, wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f'{name} .*whole number.*{wrong[name]}'):
        make_synthetic_mocap(tmp_path, **wrong)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / 'taken').write_text('')
    with pytest.raises(OSError, match='taken.*cannot be written to'):
        make_synthetic_mocap(tmp_path / 'taken')


def test_arrays_have_the_shapes_and_types_of_the_format(made):
    for name, arrays in made[1].items():
        count = SMALL[name]
        assert set(arrays) == {'imgname', 'center', 'scale', 'part', 'S'}
        assert arrays['part'].shape == (count, 17, 3) and arrays['S'].shape == (count, 17, 4)
        assert arrays['center'].shape == (count, 2) and arrays['scale'].shape == (count,)
        assert arrays['imgname'].dtype.kind == 'U' and len(set(arrays['imgname'])) == count
        for key in ('center', 'scale', 'part', 'S'):
            assert arrays[key].dtype == np.float32 and np.isfinite(arrays[key]).all()
        assert (arrays['part'][..., 2] == 1).all() and (arrays['S'][..., 3] == 1).all()
        low, high = arrays['part'][..., :2].min(1), arrays['part'][..., :2].max(1)
        np.testing.assert_allclose(arrays['center'], (low + high) / 2, atol=1e-2)
        np.testing.assert_allclose(arrays['scale'] * 200, 1.2 * (high - low).max(-1), rtol=1e-5)


def test_mmpose_reads_the_files(made):
    from mmpose.datasets import Human36mDataset

    paths, arrays = made
    dataset = Human36mDataset(
        ann_file=str(paths['source_train']),
        camera_param_file=str(paths['cameras']),
        data_mode='topdown',
        test_mode=True,
    )
    assert len(dataset) == SMALL['source_train']
    info = dataset.get_data_info(0)
    row = list(arrays['source_train']['imgname']).index(info['img_paths'][0])
    np.testing.assert_array_equal(info['keypoints_3d'][0], arrays['source_train']['S'][row, :, :3])
    assert info['camera_param']['w'] == 1000 and info['camera_param']['R'].shape == (3, 3)


def test_projection_is_that_of_the_camera_files(made):
    paths, parts = made
    for file in ('cameras', 'cameras_json'):
        cameras = CameraSet.from_dicts(load_camera_dicts(str(paths[file])))
        for arrays in parts.values():
            subject, _, _, camera = parse(arrays)
            index = cameras.lookup(zip(subject, camera))
            pose = torch.from_numpy(arrays['S'][..., :3]).double()
            keypoints = project(pose, cameras.intrinsics[index].double()).numpy()
            assert np.abs(keypoints - arrays['part'][..., :2]).max() < 0.01


def test_both_camera_files_agree(made):
    from_pickle, from_json = (
        load_camera_dicts(str(made[0][file])) for file in ('cameras', 'cameras_json')
    )
    assert list(from_pickle) == list(from_json) and len(from_pickle) == 44
    for key, camera in from_pickle.items():
        assert set(camera) == {*'RTcfkpwh', 'name', 'id'} and camera['id'] == key[1]
        for name in 'RTcfkpwh':
            np.testing.assert_array_equal(camera[name], from_json[key][name])
        np.testing.assert_allclose(camera['R'] @ camera['R'].T, np.eye(3), atol=1e-8)
        assert np.linalg.det(camera['R']) == pytest.approx(1)


def test_every_joint_is_in_the_image_and_before_the_camera(made):
    for name, arrays in made[1].items():
        size = 2048 if name == 'target_dev' else 1000
        assert arrays['part'][..., :2].min() >= 0 and arrays['part'][..., :2].max() <= size
        assert arrays['S'][..., 2].min() > 0.5


def test_all_subjects_motions_and_cameras_appear(made):
    for part in PARTS:
        subject, motion, _, camera = parse(made[1][part.name])
        assert set(subject) == set(part.statures)
        assert set(motion) == set(part.motions)
        assert set(camera) == set(part.rig.ids) and len(part.rig.ids) == 4
    rows = summarise(made[0])
    assert [row['frames'] for row in rows] == list(SMALL.values())
    assert rows[0]['subjects'] == 'S1 S5 S6 S7 S8' and rows[1]['subjects'] == 'S9 S11'
    assert rows[2]['subjects'] == 'S21 S22 S23 S24'


def test_target_differs_from_source(made):
    source, target = PART['source_train'], PART['target_dev']
    assert not set(source.motions) & set(target.motions)
    assert set(PART['source_test'].motions) == set(source.motions)
    assert len(target.motions) >= 12
    statures = {name: [b.stature for b in people_of(PART[name], 0)[0]] for name in PART}
    for stature in statures['target_dev']:
        assert min(abs(stature - s) for s in statures['source_train']) > 0.05
    assert np.ptp(statures['source_train']) < 0.1 < np.ptp(statures['target_dev'])
    cameras = load_camera_dicts(str(made[0]['cameras']))
    low = [c['T'][2, 0] for (s, _), c in cameras.items() if s in source.statures]
    wide = [c['T'][2, 0] for (s, _), c in cameras.items() if s in target.statures]
    assert min(low) > 1.3 and max(low) < 1.7
    assert min(wide) < 0.5 and max(wide) > 2.9
    assert {c['w'] for (s, _), c in cameras.items() if s in target.statures} == {2048}


def test_bones_keep_their_subjects_lengths_and_are_symmetric(made):
    for part in PARTS:
        arrays = made[1][part.name]
        lengths = bone_lengths(torch.from_numpy(arrays['S'][..., :3]), SKELETON).numpy()
        subject = parse(arrays)[0]
        for body in people_of(part, 0)[0]:
            own = lengths[subject == body.subject]
            assert np.ptp(own, axis=0).max() < 2e-4  # 2^-15 m in each coordinate
            mean = dict(zip(SKELETON.bone_names, own.mean(0)))
            assert mean['left_knee'] / body.stature == pytest.approx(0.245, rel=0.1)
            assert mean['left_foot'] / body.stature == pytest.approx(0.246, rel=0.1)
            assert mean['left_wrist'] / body.stature == pytest.approx(0.146, rel=0.1)
            for left, right in SKELETON.bone_pairs:
                assert own[:, left].mean() == pytest.approx(own[:, right].mean(), abs=1e-4)


def test_person_facing_the_camera_has_the_left_hand_on_the_right_of_the_image(made):
    for arrays in made[1].values():
        pose = arrays['S'][..., :3]
        across = joint(pose, 'left_hip') - joint(pose, 'right_hip')
        up = joint(pose, 'thorax') - joint(pose, 'root')
        assert (up[:, 1] < 0).mean() > 0.95  # y points down
        forward = np.cross(across, up)
        to_camera = forward[:, 2] < -0.5 * np.linalg.norm(forward, axis=-1)
        image_x = arrays['part'][..., 0]
        left, right = (image_x[:, SKELETON.index(f'{s}_hip')] for s in ('left', 'right'))
        assert to_camera.sum() > 20 and (left > right)[to_camera].all()
        # The face is where forward says: the neck base juts out before the thorax.
        nose = joint(pose, 'neck_base') - joint(pose, 'thorax')
        assert ((nose * forward).sum(-1) > 0).mean() > 0.95


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), frames=st.integers(1, 400), number=st.integers(0, 2))
def test_any_seed_gives_a_sound_part(seed, frames, number):
    part = PARTS[number]
    arrays, cameras = make_part(part, frames, seed, SKELETON)
    assert len(arrays['imgname']) == frames and len(cameras) == 4 * len(part.statures)
    assert np.isfinite(arrays['S']).all() and (arrays['S'][..., 2] > 0.5).all()
    keypoints = arrays['part'][..., :2]
    assert keypoints.min() >= 0 and (keypoints <= part.rig.image_size).all()
    lengths = bone_lengths(torch.from_numpy(arrays['S'][..., :3]), SKELETON)
    assert lengths.min() > 0.03 and lengths.max() < 0.65
    again, _ = make_part(part, frames, seed, SKELETON)
    np.testing.assert_array_equal(arrays['S'], again['S'])


def test_fewer_frames_are_the_beginnings_of_the_same_sequences():
    many, _ = make_part(PART['source_test'], 400, 0, SKELETON)
    few, _ = make_part(PART['source_test'], 100, 0, SKELETON)
    where = {name: row for row, name in enumerate(many['imgname'])}
    rows = [where[name] for name in few['imgname']]
    np.testing.assert_array_equal(few['S'], many['S'][rows])


def test_the_wide_set_has_all_motions_by_people_of_many_shapes(made, tmp_path):
    sizes = dict(source_train=2000, source_test=200)
    paths = make_wide_mocap(tmp_path / 'wide', **sizes)
    assert set(paths) == {'source_train', 'source_test', 'cameras', 'cameras_json'}
    again = make_wide_mocap(tmp_path / 'again', **sizes)
    assert all(path.read_bytes() == again[what].read_bytes() for what, path in paths.items())
    arrays = load_npz(str(paths['source_train']))
    subject, motion, _, _ = parse(arrays)
    assert set(motion) == {name for part in PARTS for name in part.motions}
    assert not set(subject) & set(parse(load_npz(str(paths['source_test'])))[0])
    pose = torch.from_numpy(arrays['S'][..., :3])
    neck = joint(pose, 'neck_base') - joint(pose, 'thorax')
    trunk = joint(pose, 'thorax') - joint(pose, 'root')
    cosine = torch.nn.functional.cosine_similarity(neck, trunk, dim=-1).numpy()
    means = [cosine[subject == name].mean() for name in np.unique(subject)]
    narrow = load_npz(str(made[0]['source_train']))['S'][..., :3]
    lengths = bone_lengths(pose.double(), SKELETON).numpy()
    assert np.ptp(means) > 0.2 and max(means) > 0.95
    assert lengths.std(0).min() > 2 * bone_lengths(torch.from_numpy(narrow), SKELETON).std(0).min()
    assert {row['part']: row['subjects'] for row in summarise(paths)}['source_test'] == '12'
    with pytest.raises(FileExistsError, match="set None, not 'wide'"):
        make_wide_mocap(made[0]['cameras'].parent, **sizes)
    small = make_synthetic_mocap(tmp_path / 'other', source_train=30, source_test=20, target_dev=20)
    make_wide_mocap(tmp_path / 'other', source_train=48, source_test=24, overwrite=True)
    assert not small['target_dev'].exists()  # its cameras are not there any more
