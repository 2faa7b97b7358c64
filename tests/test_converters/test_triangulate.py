# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The tool that triangulates a reference, from files to the test set that reads it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from camera_rig import NAMES, calibration_toml, coco_content, make_rig, write_rig
from mmpose.registry import DATASETS

from mmposeaug.converters.triangulation import triangulate_recording
from mmposeaug.datasets.recordings import load_recording


@pytest.fixture
def tool(repo_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Runs the tool; status, what it printed and what it complained of."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools' / 'dataset_converters'))
    module = importlib.import_module('triangulate')

    def run(*args: object) -> tuple[int, str, str]:
        status = module.main([str(arg) for arg in args])
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def rig():
    return make_rig()


def test_the_reference_is_what_the_test_set_reads(tool, rig, tmp_path):
    exact = rig.world.copy()
    rig.keypoints[3, 5, 2, :2] += [300, -200]  # one camera that is wrong
    rig.keypoints[4, 6, 1:, 2] = 0  # one camera that sees it
    folder = write_rig(tmp_path / 'rig', rig)
    (folder / 'reference.npz').unlink()
    status, printed, _ = tool(folder / 'cameras.json', folder / 'reference.npz')
    assert status == 0
    assert 'cam_3: 100% of all keypoints found, 0.0 px off (median), 100% within 40 px' in printed
    assert '100% of 204 keypoints in 12 frames are valid' in printed
    with np.load(folder / 'reference.npz') as file:
        reference = dict(file)
    assert reference['names'].tolist() == list(NAMES)
    assert reference['cameras'].tolist() == rig.names
    assert not reference['valid'][4, 6] and reference['valid'].sum() == 12 * 17 - 1
    assert np.nanmax(np.abs(reference['world'] - exact)) < 1e-5
    assert reference['residual_px'][3, 5, 2] == pytest.approx(np.hypot(300, 200), abs=0.1)
    dataset = DATASETS.build(dict(type='MultiCameraDataset', data_root=str(folder)))
    assert len(dataset) == 48
    assert dataset.get_data_info(4)['lifting_target_visible'].sum() < 17
    status, printed, _ = tool(folder / 'cameras.json', folder / 'reference.npz')
    assert status == 0 and 'complete, left as it is' in printed


def test_toml_folders_and_tracks(tool, rig, tmp_path):
    pytest.importorskip('tomllib')
    folder = write_rig(tmp_path / 'rig', rig)
    (folder / 'Calib.toml').write_text(calibration_toml(rig))
    content = coco_content(rig, 0)
    content['annotations'] += [
        dict(each, id=99 + each['id'], track_id=2, keypoints=[70.0, 90.0, 1.0] * 17)
        for each in content['annotations']
    ]
    (folder / 'cam_1.json').write_text(json.dumps(content))
    out = tmp_path / 'out' / 'ref.npz'
    status, _, complaint = tool(folder / 'Calib.toml', out)
    assert status == 1 and "'cam_1' have 2 people in frame 0" in complaint and not out.exists()
    status, _, _ = tool(folder / 'Calib.toml', out, '--track', 'cam_1=1')
    with np.load(out) as file:
        assert status == 0 and np.abs(file['world'] - rig.world).max() < 1e-5


def test_a_camera_that_is_not_what_it_should_be_is_told(tool, rig, tmp_path):
    rig.keypoints[..., 3, :2] = rig.keypoints[..., 2, :2]  # the wrong camera's detections
    folder = write_rig(tmp_path / 'rig', rig)
    status, printed, _ = tool(folder / 'cameras.json', tmp_path / 'ref.npz')
    assert status == 0 and 'cam_4 agrees with the others rarely; check its' in printed
    assert 'cam_3 agrees' not in printed


def test_bad_input_is_one_sentence_and_writes_nothing(tool, rig, tmp_path):
    folder = write_rig(tmp_path / 'rig', rig)
    out = tmp_path / 'out' / 'ref.npz'

    def refused(*options: object, calibration: str = 'cameras.json') -> str:
        status, _, complaint = tool(folder / calibration, out, *options)
        assert status == 1 and not out.exists() and complaint.count('\n') == 1
        return complaint

    assert 'has 4 cameras, but min_cameras is 5; give more' in refused('--min-cameras', 5)
    assert 'min_cameras is 1; a point needs at least 2' in refused('--min-cameras', 1)
    assert 'max_residual_px is 0.0; give pixels' in refused('--max-residual', 0)
    assert "absent.json' does not exist; check the path" in refused(calibration='absent.json')
    assert 'cam_1_2d.json' in refused('--detections', '{camera}_2d.json')
    status, _, complaint = tool(folder / 'cameras.json', folder / 'reference.json')
    assert status == 1 and 'references end in .npz' in complaint
    status, _, complaint = tool(folder / 'cameras.json', folder / 'reference.npz')
    assert status == 1 and 'was not made by this conversion' in complaint
    rig.keypoints[..., 1, :2] += 200
    rig.keypoints[..., 2, :2] -= [200, -200]
    write_rig(folder, rig)
    assert 'No keypoint is seen by 3 cameras that agree within 40 px; check' in refused()


def test_the_recording_at_hand_is_reproduced(shared_dir):
    root = shared_dir / 'data' / 'realvideo'
    if not root.is_dir():
        pytest.skip(f'the recording {root} is missing')
    found = triangulate_recording(load_recording(root / 'cameras.json'))
    with np.load(root / 'reference.npz') as file:
        known = dict(file)
    distance = 1000 * np.linalg.norm(found['world'] - known['world'], axis=-1)[known['valid']]
    assert np.median(distance) < 0.1 and np.quantile(distance, 0.95) < 1
    assert found['valid'][known['valid']].mean() > 0.99
