# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The sample of detections has the faults that it says it has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmposeaug.structures import H36M_17
from mmposeaug.synthetic import Scene, detect_people
from mmposeaug.synthetic.detections import coco_keypoints


def test_people_face_the_camera_and_are_in_view() -> None:
    scene = Scene(frames=50)
    pose = scene.film()
    assert pose.shape == (2, 50, 17, 3)
    assert pose[..., 2].min() > 3 and pose[..., 2].max() < 8
    left, right = (pose[..., H36M_17.index(f'{side}_shoulder'), 0] for side in ('left', 'right'))
    assert (left > right).mean() > 0.9  # their left is on the right of the image
    face = coco_keypoints(pose, H36M_17)
    assert (face['nose'][..., 2] < face['left_ear'][..., 2]).mean() > 0.8
    points = np.array([entry['keypoints'] for entry in detect_people(scene)]).reshape(-1, 17, 3)
    seen = points[..., 2] > 0.3
    assert points[seen][:, 0].min() > 0 and points[seen][:, 0].max() < 1280
    assert points[seen][:, 1].min() > 0 and points[seen][:, 1].max() < 720


def test_detections_have_noise_lost_points_and_absent_people() -> None:
    scene = Scene()
    results = detect_people(scene)
    assert 2 * scene.frames - 14 <= len(results) < 2 * scene.frames - 4
    scores = np.array([entry['keypoints'][2::3] for entry in results])
    assert 0.005 < (scores < 0.3).mean() < 0.05
    assert detect_people(scene) == results != detect_people(Scene(seed=1))


def test_the_sample_is_what_the_script_makes(repo_root: Path) -> None:
    path = repo_root / 'demo' / 'resources' / 'two_people_coco.json'
    kept, made = json.loads(path.read_text()), detect_people(Scene())
    assert len(kept) == len(made)
    for a, b in zip(kept, made):
        assert a['image_id'] == b['image_id']
        np.testing.assert_allclose(a['keypoints'], b['keypoints'], atol=0.11)


def test_an_unknown_motion_is_said_to_be() -> None:
    with pytest.raises(KeyError, match="motion is 'Swim'; use one of Bow"):
        Scene(motions=['Swim']).film()
