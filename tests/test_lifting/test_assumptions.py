# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What was assumed of a file, or taken otherwise than it is written, is in the results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from small_lifters import Saved, single_frame

from mmposeaug.apis import LiftingInferencer, load_lifted, save_lifted_json, save_lifted_npz
from mmposeaug.geometry import project
from mmposeaug.structures import H36M_17
from mmposeaug.synthetic import Scene


def test_what_was_assumed_of_files_is_recorded(
    saved: Callable[[Config], Saved], tmp_path: Path
) -> None:
    scene = Scene(frames=7)
    pose = torch.from_numpy(scene.film()[0])
    motion = project(pose, torch.from_numpy(scene.intrinsics)).float().numpy()
    legs = [f'{side}_{part}' for side in ('left', 'right') for part in ('hip', 'knee', 'foot')]
    names = ['root (pelvis)', *legs, *H36M_17.joint_names[7:]]
    frames = [2, 3, 6]
    content = dict(
        images=[dict(id=i, frame_id=i, width=1280, height=720) for i in frames],
        annotations=[
            dict(
                id=i,
                image_id=i,
                category_id=1,
                keypoints=np.pad(motion[i], ((0, 0), (0, 1)), constant_values=2).ravel().tolist(),
            )
            for i in frames
        ],
        categories=[dict(id=1, name='person', keypoints=names)],
    )
    path = tmp_path / 'k.json'
    path.write_text(json.dumps(content))
    inferencer = LiftingInferencer(*saved(single_frame()))
    lifted = inferencer(path)
    assert lifted.frames.tolist() == [1, 2, 3, 4, 5]
    assert lifted.interpolated[:, 0].tolist() == [False, False, True, True, False]
    by_set = inferencer(motion, keypoint_set='h36m_17', image_size=(1280, 720))
    np.testing.assert_allclose(lifted.poses_rel[[0, 1, 4]], by_set.poses_rel[frames], atol=1e-5)
    save_lifted_npz(lifted, tmp_path / 'k.npz')
    save_lifted_json(lifted, tmp_path / 'lifted.json')
    made_with = json.loads((tmp_path / 'lifted.json').read_text())['meta_info']['made_with']
    for info in (lifted.info, load_lifted(tmp_path / 'k.npz').info, made_with):
        assert info['frames_from'] == 'assumed: frame ids, which count from 1 (the lowest is 2)'
        assert len(info['notices']) == 1 and 'calls the right leg left' in info['notices'][0]
    given = inferencer(path, first_frame=2)
    assert given.frames.tolist() == [0, 1, 2, 3, 4]
    assert given.info['frames_from'] == 'frame ids; the first frame has 2'
    assert inferencer(path, stills=True).info['frames_from'] == 'single pictures'


def test_scores_that_are_all_low_are_mentioned(saved: Callable[[Config], Saved]) -> None:
    points = np.random.default_rng(0).uniform(100, 300, (5, 17, 2)).astype(np.float32)
    inferencer = LiftingInferencer(*saved(single_frame()))
    options = dict(keypoint_set='h36m_17', image_size=(640, 480))

    def notices(score: float, **more: float) -> list[str]:
        scored = np.concatenate((points, np.full((5, 17, 1), score, np.float32)), axis=2)
        return inferencer(scored, **options, **more).info['notices']

    (notice,) = notices(0.1)
    assert notice.startswith('100 % of the joints have scores below 0.3') and 'score_thr' in notice
    assert not notices(0.9) and not notices(0.1, score_thr=0.05)
