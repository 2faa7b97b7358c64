# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Detections of several cameras and their reference as lifting samples."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from camera_rig import NAMES, calibration_toml, coco_content, make_rig, write_rig
from mmpose.registry import DATASETS

from mmposeaug.datasets.camera_files import intrinsics_of
from mmposeaug.datasets.multi_camera import recording_arrays
from mmposeaug.datasets.recordings import load_recording, load_reference
from mmposeaug.geometry import project
from mmposeaug.structures import H36M_17

HIPS = [NAMES.index('left_hip'), NAMES.index('right_hip')]


@pytest.fixture
def rig():
    return make_rig()


@pytest.fixture
def folder(rig, tmp_path):
    return write_rig(tmp_path / 'rig', rig)


def build(folder: Path, **options):
    return DATASETS.build(dict(type='MultiCameraDataset', data_root=str(folder), **options))


def write_reference(folder: Path, **arrays) -> None:
    with np.load(folder / 'reference.npz') as file:
        kept = dict(file)
    np.savez(folder / 'reference.npz', **{**kept, **arrays})


def test_samples_are_the_frames_of_each_camera(rig, folder):
    dataset = build(folder)
    assert len(dataset) == 4 * 12
    sample = dataset.get_data_info(12 + 3)  # frame 3 of the second camera
    assert sample['target_img_path'] == ['person_video.cam-2_000003.jpg']
    pose = sample['lifting_target'][0]
    camera = sample['camera_param']
    pixels = project(
        torch.from_numpy(pose).double(), torch.from_numpy(intrinsics_of(('', ''), camera))
    )
    np.testing.assert_allclose(
        pixels, sample['keypoints'][0], atol=3
    )  # a mean's projection is not the mean
    knee = H36M_17.joint_names.index('left_knee')
    seen = rig.keypoints[3, NAMES.index('left_knee'), 1, :2]
    np.testing.assert_allclose(sample['keypoints'][0, knee], seen, atol=1e-3)
    np.testing.assert_allclose(pixels[knee], seen, atol=1e-2)
    np.testing.assert_allclose(
        pose[0],
        pose[[H36M_17.joint_names.index(f'{side}_hip') for side in ('left', 'right')]].mean(0),
        atol=1e-6,
    )
    assert (sample['lifting_target_visible'] == 1).all()
    assert (camera['w'], camera['h']) == (1080, 1920)
    clone = pickle.loads(pickle.dumps(copy.deepcopy(dataset)))
    assert clone.get_data_info(15)['target_img_path'] == sample['target_img_path']


def test_options_of_annotation_files_work(folder):
    assert len(build(folder, frame_step=4)) == 4 * 3
    assert len(build(folder, seq_len=5, causal=False, pad_video_seq=True)) == 4 * 12
    padded = build(folder, pad_portrait=True).get_data_info(0)
    assert padded['camera_param']['w'] == 1920
    sixteen = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets' / 'h36m_16.py'
    dataset = build(folder, metainfo=dict(from_file=str(sixteen)))
    assert dataset.get_data_info(0)['keypoints'].shape == (1, 16, 2)


def test_a_joint_is_visible_where_all_its_key_points_are_valid(rig, tmp_path):
    valid = np.ones((12, 17), bool)
    valid[2, HIPS[0]] = valid[3, NAMES.index('nose')] = False
    folder = write_rig(tmp_path / 'rig', rig, valid)
    dataset = build(folder)
    visible = dataset.get_data_info(2)['lifting_target_visible'][0]
    hidden = {name for name, seen in zip(H36M_17.joint_names, visible) if not seen}
    assert hidden == {'root', 'left_hip', 'spine'}
    visible = dataset.get_data_info(3)['lifting_target_visible'][0]
    assert {n for n, seen in zip(H36M_17.joint_names, visible) if not seen} == {'neck_base'}


def test_unknown_places_are_made_up_and_invisible(rig, tmp_path):
    valid = np.ones((12, 17), bool)
    world = rig.world.copy()
    world[2, 3:5], valid[2, 3:5] = np.nan, False
    world[5:7], valid[5:7] = np.nan, False
    folder = write_rig(tmp_path / 'rig', rig, valid)
    write_reference(folder, world=world)
    dataset = build(folder)
    for index in range(len(dataset)):
        sample = dataset.get_data_info(index)
        assert np.isfinite(sample['lifting_target']).all()
        assert (sample['lifting_target'][..., 2] > 0.5).all()
    assert not dataset.get_data_info(5)['lifting_target_visible'].any()


def test_what_the_detector_missed_is_filled_in_as_the_inferencer_does(rig, tmp_path):
    exact = make_rig()
    knee = NAMES.index('left_knee')
    rig.keypoints[4:6, knee, 1] = [5, 5, 0.1]
    rig.keypoints[8, :, 2] = 0  # nobody found
    folder = write_rig(tmp_path / 'rig', rig)
    dataset = build(folder)
    assert len(dataset) == 4 * 12
    joint = H36M_17.joint_names.index('left_knee')
    for camera, frame in ((1, 4), (1, 5), (2, 8)):
        found = dataset.get_data_info(12 * camera + frame)['keypoints'][0, joint]
        np.testing.assert_allclose(found, exact.keypoints[frame, knee, camera, :2], atol=8)
    strict = build(folder, max_gap=0)
    assert len(strict) == 4 * 12 - 1
    np.testing.assert_allclose(strict.get_data_info(16)['keypoints'][0, joint], [5, 5])


def test_toml_and_other_places_of_detections(rig, folder):
    pytest.importorskip('tomllib')
    (folder / 'Calib.toml').write_text(calibration_toml(rig))
    (folder / 'pose').mkdir()
    for name in rig.names:
        (folder / f'{name}.json').rename(folder / 'pose' / f'{name}_17.json')
    dataset = build(folder, camera_param_file='Calib.toml', detections='pose/{camera}_17.json')
    assert len(dataset) == 4 * 12


def test_of_several_people_one_is_chosen(rig, folder):
    content = coco_content(rig, 1)
    other = [
        dict(each, id=100 + each['id'], track_id=7, keypoints=[900.0, 900.0, 1.0] * 17)
        for each in content['annotations']
    ]
    content['annotations'] += other
    (folder / 'cam_2.json').write_text(json.dumps(content))
    with pytest.raises(
        ValueError, match=r"'cam_2' have 2 people in frame 0; .*tracks=dict\(cam_2="
    ):
        build(folder)
    assert len(build(folder, tracks=dict(cam_2=1))) == 48
    with pytest.raises(ValueError, match="'cam_2' have no track 3; they have 1, 7"):
        build(folder, tracks=dict(cam_2=3))
    with pytest.raises(ValueError, match="tracks names the camera 'cam_9', but"):
        build(folder, tracks=dict(cam_9=1))


@pytest.mark.parametrize(
    ('arrays', 'message'),
    [
        (dict(names=np.array(NAMES[:5])), 'world of shape .* and 5 names'),
        (dict(valid=np.zeros((12, 17), bool)), 'has no valid keypoint'),
        (
            dict(world=np.full((12, 17, 3), np.nan)),
            "'nose' of frame 0 as valid, but it is not finite",
        ),
        (dict(names=np.array([f'k{i}' for i in range(17)])), "joint 'root' cannot be made"),
    ],
)
def test_references_that_cannot_be_used(folder, arrays, message):
    write_reference(folder, **arrays)
    with pytest.raises(ValueError, match=message):
        build(folder)


def test_what_does_not_belong_together_is_told(rig, folder):
    write_reference(folder, world=1000 * rig.world)
    with pytest.raises(ValueError, match='m large .*; give metres'):
        build(folder)
    write_reference(folder, world=rig.world + [0, 0, 0.6])
    with pytest.raises(
        ValueError, match="is not what camera 'cam_1' saw: its joints are .* px beside"
    ):
        build(folder)
    write_reference(folder, world=rig.world)
    content = json.loads((folder / 'cameras.json').read_text())
    turned = copy.deepcopy(content)
    for camera in turned.values():  # camera to world in place of world to camera
        rotation = np.array(camera['R'])
        camera['R'], camera['T'] = rotation.T.tolist(), (-rotation.T @ camera['T']).tolist()
    (folder / 'cameras.json').write_text(json.dumps(turned))
    with pytest.raises(
        ValueError, match='is not what camera .* R and T map the world to the camera'
    ):
        build(folder)
    content['cam_3'].update(w=1280)
    (folder / 'cameras.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match="'cam_3' are in images of 1080 x 1920 .* for 1280 x 1920"):
        build(folder)


def test_cameras_that_are_not_in_step_are_told(rig, folder):
    for camera, name in enumerate(
        rig.names
    ):  # results: image ids from 0; the second saw nobody at 0
        results = [
            dict(image_id=each['image_id'], keypoints=each['keypoints'], category_id=1, score=1.0)
            for each in coco_content(rig, camera)['annotations']
        ]
        (folder / f'{name}.json').write_text(json.dumps(results[camera == 1 :]))
    with pytest.raises(ValueError, match="those of 'cam_2' by assumed: .*set first_frame to"):
        build(folder)
    dataset = build(folder, first_frame=0)
    assert len(dataset) == 4 * 12 - 1
    names = [dataset.get_data_info(i)['target_img_path'][0] for i in (12, 22)]
    assert names == ['person_video.cam-2_000001.jpg', 'person_video.cam-2_000011.jpg']


def test_other_bad_input_is_one_sentence(rig, folder):
    with pytest.raises(ValueError, match='put {camera} in the place'):
        build(folder, detections='cam_1.json')
    with pytest.raises(ValueError, match="keypoint_2d_src is 'detection'; MultiCameraDataset has"):
        build(folder, keypoint_2d_src='detection')
    with pytest.raises(FileNotFoundError, match='calibration file .* does not exist'):
        build(folder, camera_param_file='absent.json')
    content = coco_content(rig, 2)
    content['categories'][0]['keypoints'] = [f'k{i}' for i in range(17)]
    (folder / 'cam_3.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match="'cam_3' have other keypoints than those of 'cam_1'"):
        build(folder)
    (folder / 'cam_3.json').unlink()
    with pytest.raises(FileNotFoundError, match='cam_3.json'):
        build(folder)


def test_the_recording_at_hand(shared_dir):
    root = shared_dir / 'data' / 'realvideo'
    if not root.is_dir():
        pytest.skip(f'the recording {root} is missing')
    recording = load_recording(root / 'cameras.json')
    arrays, cameras = recording_arrays(recording, load_reference(root / 'reference.npz'), H36M_17)
    assert arrays['S'].shape == (4 * 96, 17, 4) and len(cameras) == 4
    rows = torch.from_numpy(np.stack([intrinsics_of(key, cam) for key, cam in cameras.items()]))
    seen = project(torch.from_numpy(arrays['S'][..., :3]).double(), rows.repeat_interleave(96, 0))
    offset = np.linalg.norm(seen.numpy() - arrays['part'][..., :2], axis=-1)
    assert np.median(offset[arrays['S'][..., 3] > 0]) < 10  # about 2 cm
