# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Keypoint files of every format give the numbers that were written into them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmposeaug.datasets.keypoints_2d import (
    UNTRACKED,
    Keypoints2D,
    keypoint_names,
    keypoints_from_array,
    load_keypoints,
)

RNG = np.random.default_rng(0)
POINTS = np.round(RNG.uniform(10, 400, (3, 2, 17, 2)), 1).astype(np.float32)  # frames, people
SCORES = np.round(RNG.uniform(0.4, 1, (3, 2, 17)), 2).astype(np.float32)


def triples(frame: int, person: int) -> list[float]:
    values = np.concatenate((POINTS[frame, person], SCORES[frame, person][:, None]), axis=1)
    return values.reshape(-1).tolist()


def pairs(frame: int, person: int) -> dict[str, Any]:
    return dict(
        keypoints=POINTS[frame, person].tolist(),
        keypoint_scores=SCORES[frame, person].tolist(),
        bbox=[[1.0, 2.0, 3.0, 4.0]],
    )


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def same(
    people: Keypoints2D, scores: np.ndarray = SCORES, frames: Sequence[int] = (0, 1, 2)
) -> None:
    assert people.frames.tolist() == np.repeat(frames, 2).tolist()
    np.testing.assert_allclose(people.keypoints_px, POINTS.reshape(6, 17, 2), rtol=1e-6)
    np.testing.assert_allclose(people.scores, scores.reshape(6, 17), rtol=1e-6)
    assert people.keypoints_px.dtype == people.scores.dtype == np.float32


def coco(**image: Any) -> dict[str, Any]:
    images = [
        dict(id=7 - i, file_name=f'f{i * 5}.jpg', width=500, height=400, **image) for i in range(3)
    ]
    annotations = [
        dict(
            id=10 * i + p,
            image_id=7 - i,
            category_id=1,
            track_id=p + 3,
            bbox=[10, 20, 30, 40],
            keypoints=np.concatenate((POINTS[i, p], np.full((17, 1), 1 + p)), axis=1)
            .reshape(-1)
            .tolist(),
        )
        for i in range(3)
        for p in range(2)
    ]
    names = list(keypoint_names('coco'))
    return dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='person', keypoints=names)],
    )


def test_coco_ground_truth(tmp_path: Path) -> None:
    people = load_keypoints(write(tmp_path / 'gt.json', coco()))
    same(people, np.ones_like(SCORES), (0, 5, 10))  # the numbers in their names
    assert people.tracks.tolist() == [3, 4] * 3
    assert people.joint_names == keypoint_names('coco')
    assert people.image_names == {0: 'f0.jpg', 5: 'f5.jpg', 10: 'f10.jpg'}
    assert people.image_sizes[10] == (500, 400)
    assert people.boxes is not None and people.boxes[0].tolist() == [10, 20, 40, 60]


def test_a_key_point_that_is_not_labelled_has_no_score(tmp_path: Path) -> None:
    content = coco()
    content['annotations'][0]['keypoints'][:3] = [0, 0, 0]
    people = load_keypoints(write(tmp_path / 'gt.json', content))
    assert people.scores[0].tolist() == [0] + [1] * 16
    assert people.notices == ()
    content['annotations'][0]['keypoints'][5] = 0.25  # a score, where COCO has a visibility
    people = load_keypoints(write(tmp_path / 'gt.json', content))
    assert people.scores[0].tolist() == [0, 0.25] + [1] * 15
    assert 'such as 0.25 in place of visibilities (0, 1, 2); they are taken' in people.notices[0]


def test_of_several_videos_one_is_chosen(tmp_path: Path) -> None:
    content = coco()
    for image, video in zip(content['images'], (1, 1, 2)):
        image['video_id'] = video
    path = write(tmp_path / 'gt.json', content)
    with pytest.raises(ValueError, match=r'holds 2 videos \(1, 2\); choose one with video_id'):
        load_keypoints(path)
    assert load_keypoints(path, video_id=1).frames.tolist() == [0, 0, 5, 5]
    with pytest.raises(ValueError, match='has no video 5'):
        load_keypoints(path, video_id=5)


def results() -> list[dict[str, Any]]:
    return [
        dict(image_id=7 - i, category_id=1, keypoints=triples(i, p), score=0.9)
        for i in range(3)
        for p in range(2)
    ]


def test_coco_results_take_their_images_from_annotations(tmp_path: Path) -> None:
    path = write(tmp_path / 'results.json', results())
    people = load_keypoints(path, annotations=write(tmp_path / 'gt.json', coco()))
    same(people, frames=(0, 5, 10))
    assert (people.tracks == UNTRACKED).all()
    assert people.image_names[5] == 'f5.jpg' and people.image_sizes[0] == (500, 400)
    # without them frames are the image ids, which here count from 1
    alone = load_keypoints(path)
    assert alone.frames.tolist() == [4, 4, 5, 5, 6, 6]
    np.testing.assert_allclose(alone.keypoints_px[:2], POINTS[2])
    assert alone.joint_names == keypoint_names('coco')


def test_gaps_in_image_ids_stay_gaps(tmp_path: Path) -> None:
    entries = [dict(results()[0], image_id=number) for number in (4, 9, 5)]
    people = load_keypoints(write(tmp_path / 'results.json', entries))
    assert people.frames.tolist() == [3, 4, 8]


def test_mmpose_predictions_of_a_video(tmp_path: Path) -> None:
    frames = [dict(frame_id=i + 4, instances=[pairs(i, 0), pairs(i, 1)]) for i in range(3)]
    same(load_keypoints(write(tmp_path / 'video.json', frames)), frames=(3, 4, 5))
    frames[1]['instances'][0]['track_id'] = 6
    meta = dict(keypoint_id2name={str(i): f'joint {i}' for i in range(17)})
    path = write(tmp_path / 'demo.json', dict(meta_info=meta, instance_info=frames))
    people = load_keypoints(path)
    same(people, frames=(3, 4, 5))
    assert people.joint_names is not None and people.joint_names[16] == 'joint 16'
    assert people.tracks.tolist() == [-1, -1, 6, -1, -1, -1]
    assert people.boxes is not None and people.boxes[5].tolist() == [1, 2, 3, 4]


def test_mmpose_predictions_of_images(tmp_path: Path) -> None:
    for i, name in enumerate(('im2', 'im9', 'im10')):
        write(tmp_path / f'{name}.json', [pairs(i, 0), pairs(i, 1)])
    people = load_keypoints(tmp_path)
    same(people, frames=(2, 9, 10))
    assert people.image_names == {2: 'im2', 9: 'im9', 10: 'im10'}
    assert len(load_keypoints(tmp_path / 'im9.json')) == 2


def test_alphapose(tmp_path: Path) -> None:
    entries = [
        dict(
            image_id=f'{i + 2}.jpg',
            category_id=1,
            keypoints=triples(i, p),
            score=2.5,
            idx=[p + 1.0],
        )
        for i in range(3)
        for p in range(2)
    ]
    people = load_keypoints(write(tmp_path / 'alphapose-results.json', entries))
    same(people, frames=(2, 3, 4))  # as they count
    assert people.tracks.tolist() == [1, 2] * 3
    assert people.image_names[2] == '2.jpg'


def test_arrays(tmp_path: Path) -> None:
    with_scores = np.concatenate((POINTS, SCORES[..., None]), axis=-1)
    same(keypoints_from_array(with_scores))
    np.save(tmp_path / 'k.npy', with_scores)
    same(load_keypoints(tmp_path / 'k.npy'))
    np.savez(
        tmp_path / 'k.npz', keypoints=POINTS, scores=SCORES, image_size=[500, 400], fps=30.0,
        joint_names=keypoint_names('h36m_17'),
    )  # fmt: skip
    people = load_keypoints(tmp_path / 'k.npz')
    same(people)
    assert people.fps == 30 and people.image_sizes[2] == (500, 400)
    assert people.joint_names == keypoint_names('h36m_17')
    rows = dict(keypoints=POINTS.reshape(6, 17, 2), scores=SCORES.reshape(6, 17))
    np.savez(tmp_path / 'r.npz', frames=[0, 0, 1, 1, 2, 2], tracks=[5, 6] * 3, **rows)
    people = load_keypoints(tmp_path / 'r.npz')
    same(people)
    assert people.tracks.tolist() == [5, 6] * 3
    one = load_keypoints(save(tmp_path / 'one.npz', arr_0=POINTS[:, 0]))
    assert one.scores.min() == 1 and one.tracks.tolist() == [0, 0, 0]


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_what_was_not_found_has_the_score_0() -> None:
    points, scores = POINTS.copy(), SCORES.copy()
    points[0, 0, 3] = np.nan
    scores[1, 1, 4] = np.nan
    scores[2, 0] = 0
    people = keypoints_from_array(points, scores=scores)
    assert len(people) == 5  # a person without a single keypoint is nobody
    assert people.scores[0, 3] == 0 and people.scores[3, 4] == 0
    assert people.boxes is not None and np.isfinite(people.boxes).all()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'is empty: it holds no keypoints'),
        ({}, 'is empty'),
        ('{broken', 'is not valid JSON'),
        ({'a': 1}, 'is not a known format'),
        ([[1, 2]], 'is not a known format'),
        ([dict(image_id=1, keypoints=[])], 'holds no person with keypoints'),
        ([dict(image_id=1, keypoints=[1, 2, 3, 4])], 'Entry 0 .* has 4 numbers as keypoints'),
        ([dict(image_id=1, keypoints=['a'])], 'not lists of numbers'),
        ([dict(image_id=1, keypoints=[1, 2, 1] * n) for n in (17, 15)],
         'Entry 1 .* has 15 keypoints, the others have 17'),
        ([dict(image_id=1, keypoints=[1, 2, None] * 17)], 'no keypoint with a position'),
        ([dict(image_id=1, keypoints=[1, 2, 1] * 17, track_id='x')], "track id 'x'"),
        ([dict(image_id='a.jpg', keypoints=[1, 2, 1]), 3], "Entry 1 .* must have 'image_id'"),
        (dict(images=[], annotations=3), 'has no list of annotations'),
        (dict(images=[dict(id=1)], annotations=[]), 'holds no person with keypoints'),
        (dict(images=[dict(name=1)], annotations=[]), "lacks 'id'"),
        ([dict(instances=[dict(bbox=1)])], 'Person 0 of frame 0 .* has no keypoints'),
        ([dict(frame_id='x', instances=[])], "frame_id='x', not a number"),
        ([dict(instances=[dict(keypoints=[[1, 2]], keypoint_scores=[1, 1])])], '2 scores'),
    ],
)  # fmt: skip
def test_broken_files_are_said_to_be(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / 'k.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ValueError, match=message):
        load_keypoints(path)


def test_wrong_arrays_and_names_are_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'is of shape \(3, 17\); keypoints are of shape'):
        keypoints_from_array(POINTS[:, 0, :, 0])
    with pytest.raises(ValueError, match='not numbers'):
        keypoints_from_array(np.array([['a']]))
    with pytest.raises(ValueError, match=r'scores .* must be of shape \(3, 2, 17\)'):
        keypoints_from_array(POINTS, scores=SCORES[:2])
    with pytest.raises(ValueError, match="no 'keypoints'"):
        load_keypoints(save(tmp_path / 'a.npz', a=POINTS, b=SCORES))
    with pytest.raises(ValueError, match='17 keypoints a person but 16 names'):
        load_keypoints(save(tmp_path / 'b.npz', keypoints=POINTS, joint_names=['a'] * 16))
    with pytest.raises(ValueError, match='keypoint format is .*; use one of auto, coco'):
        load_keypoints(tmp_path / 'b.npz', 'yaml')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        load_keypoints(tmp_path / 'c.npz')
    with pytest.raises(ValueError, match='holds no JSON file'):
        load_keypoints(tmp_path)
    path = write(tmp_path / 'gt.json', coco())
    with pytest.raises(ValueError, match='annotations are for COCO results only'):
        load_keypoints(path, annotations=path)
    with pytest.raises(ValueError, match='must be a JSON list to be read as alphapose'):
        load_keypoints(path, 'alphapose')


def test_frame_ids_are_frame_numbers(tmp_path: Path) -> None:
    content = coco()
    for image, number in zip(content['images'], (8, 0, 4)):
        image['frame_id'] = number
    people = load_keypoints(write(tmp_path / 'gt.json', content))
    assert people.frames.tolist() == [0, 0, 4, 4, 8, 8]
    assert people.image_names == {8: 'f0.jpg', 0: 'f5.jpg', 4: 'f10.jpg'}
    content['images'][0]['frame_id'] = 4
    with pytest.raises(ValueError, match='two images of one frame_id'):
        load_keypoints(write(tmp_path / 'gt.json', content))


def test_sets_that_were_guessed_are_known_as_such(tmp_path: Path) -> None:
    assert load_keypoints(write(tmp_path / 'r.json', results())).guessed_set == 'coco'
    assert load_keypoints(write(tmp_path / 'gt.json', coco())).guessed_set is None


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(frames=np.array([0.0, 0.5])), 'frames .* must be whole numbers'),
        (dict(frames=np.array([-1, 0])), 'frames .* must be whole numbers from 0'),
        (dict(tracks=np.array([0.5, 1.0])), 'tracks .* must be whole numbers'),
        (dict(fps=-3.0), 'fps .* is -3.0'),
        (dict(fps=np.inf), 'fps .* is inf'),
        (dict(keypoints_px=np.full((2, 3, 2), 1e30)), 'keypoint at 1e\\+30'),
    ],
)
def test_absurd_numbers_are_refused(changes: Any, message: str) -> None:
    values: dict[str, Any] = dict(
        frames=np.arange(2),
        tracks=np.arange(2),
        keypoints_px=np.ones((2, 3, 2)),
        scores=np.ones((2, 3)),
    )
    assert Keypoints2D(**{**values, 'scores': np.full((2, 3), 7.0)}).scores.max() == 1
    with pytest.raises(ValueError, match=message):
        Keypoints2D(**{**values, **changes})


def test_numbers_too_large_for_a_file_are_said_to_be(tmp_path: Path) -> None:
    for changes in (dict(track_id=10**30), dict(image_id=10**20)):
        entries = [results()[0], dict(results()[0], **changes)]
        with pytest.raises(ValueError, match='Entry 1 .* must be below'):
            load_keypoints(write(tmp_path / 'r.json', entries))


H36M_TO_COCO = ['root (pelvis)']
H36M_TO_COCO += [f'{side}_{part}' for side in ('left', 'right') for part in ('hip', 'knee', 'foot')]
H36M_TO_COCO += ['spine', 'thorax', 'neck_base', 'head']
H36M_TO_COCO += [
    f'{side}_{part}' for side in ('left', 'right') for part in ('shoulder', 'elbow', 'wrist')
]


def test_the_swapped_legs_of_h36m_to_coco_are_put_right(tmp_path: Path) -> None:
    content = coco()
    content['categories'][0]['keypoints'] = H36M_TO_COCO
    meta = dict(keypoint_id2name={str(i): name for i, name in enumerate(H36M_TO_COCO)})
    video = dict(meta_info=meta, instance_info=[dict(frame_id=0, instances=[pairs(0, 0)])])
    files = (
        write(tmp_path / 'gt.json', content),
        write(tmp_path / 'video.json', video),
        save(tmp_path / 'k.npz', keypoints=POINTS, joint_names=H36M_TO_COCO),
    )
    for path in files:
        people = load_keypoints(path)
        assert people.joint_names == keypoint_names('h36m_17')
        assert people.joint_names[4] == 'left_hip' and H36M_TO_COCO[1] == 'left_hip'
        assert len(people.take(np.array([0])).notices) == 1
        assert people.notices[0] == (
            f"The names of the keypoint file {path.name!r} are those of MMPose's h36m_to_coco, "
            'which calls the right leg left; those of h36m_17 are taken in their place.'
        )
    content['categories'][0]['keypoints'] = ['root', *H36M_TO_COCO[1:]]  # another list is believed
    people = load_keypoints(write(tmp_path / 'gt.json', content))
    assert people.joint_names is not None and people.joint_names[1] == 'left_hip'
    assert people.notices == ()


def test_the_names_of_the_case_are_these(shared_dir: Path) -> None:
    path = shared_dir / 'data' / 'cases' / 'mmpose_h36m_coco_names' / 'one.json'
    if not path.is_file():
        pytest.skip(f'the case is missing: {path}')
    assert json.loads(path.read_text())['categories'][0]['keypoints'] == H36M_TO_COCO
    people = load_keypoints(path)
    assert people.joint_names == keypoint_names('h36m_17') and len(people.notices) == 1
    left_foot, left_shoulder = people.keypoints_px[0, [6, 11], 0]
    assert left_foot == 560 and left_shoulder == 545  # on one side of the root, at 500


def test_scores_in_per_cent_are_told() -> None:
    people = keypoints_from_array(POINTS, scores=100 * SCORES)
    assert people.scores.min() == 1
    assert people.notices == (
        f'The scores of the array reach {100 * SCORES.max():g}; those above 1 count as 1. Divide '
        'percentages by 100.',
    )
    assert keypoints_from_array(POINTS, scores=1.2 * SCORES).notices == ()
