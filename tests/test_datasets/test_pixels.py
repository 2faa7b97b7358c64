# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Normalised 2D keypoints are refused by whatever reads them; small people are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmposeaug.converters import convert_keypoints
from mmposeaug.datasets import check_pixels, load_pose_bank, load_target_keypoints
from mmposeaug.datasets.keypoints_2d import Keypoints2D, keypoints_from_array, load_keypoints
from mmposeaug.structures import H36M_17

SIZE = np.array([640, 480])
PIXELS = np.random.default_rng(0).uniform((200, 100), (420, 440), (4, 17, 2))
"""Four frames of a person."""


def missing(points: np.ndarray) -> np.ndarray:
    """One person is not there at all, of another some joints are not."""
    points = points.copy()
    points[1] = 0
    points[2, 3] = np.nan
    points[2, 4] = 0
    return points


UNITS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    '0 to 1': lambda p: p / SIZE,
    'a little beyond 1': lambda p: p / SIZE + [0.36, 0],
    '-1 to 1 by the width': lambda p: (2 * p - SIZE) / SIZE[0],
    'before the camera': lambda p: (p - SIZE / 2) / 500,
    'some not found': lambda p: missing(p / SIZE),
}


def save_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content).replace('NaN', 'null'))
    return path


def instances(points: np.ndarray) -> dict[str, Any]:
    return dict(keypoints=points.tolist(), keypoint_scores=[0.9] * 17)


def triples(points: np.ndarray, score: float = 0.9) -> list[float]:
    return np.concatenate((points, np.full((17, 1), score)), axis=1).reshape(-1).tolist()


def coco(points: np.ndarray) -> dict[str, Any]:
    names = list(H36M_17.joint_names)
    return dict(
        images=[dict(id=i + 1, width=640, height=480) for i in range(len(points))],
        annotations=[
            dict(id=i, image_id=i + 1, category_id=1, keypoints=triples(p, 2))
            for i, p in enumerate(points)
        ],
        categories=[dict(id=1, name='person', keypoints=names)],
    )


def read_coco(folder: Path, points: np.ndarray) -> None:
    load_keypoints(save_json(folder / 'k.json', coco(points)))


def read_results(folder: Path, points: np.ndarray) -> None:
    entries = [dict(image_id=i, keypoints=triples(p)) for i, p in enumerate(points)]
    load_keypoints(save_json(folder / 'k.json', entries))


def read_alphapose(folder: Path, points: np.ndarray) -> None:
    entries = [dict(image_id=f'{i}.jpg', keypoints=triples(p)) for i, p in enumerate(points)]
    load_keypoints(save_json(folder / 'k.json', entries))


def read_mmpose_video(folder: Path, points: np.ndarray) -> None:
    frames = [dict(frame_id=i, instances=[instances(p)]) for i, p in enumerate(points)]
    load_keypoints(save_json(folder / 'k.json', frames))


def read_mmpose_image(folder: Path, points: np.ndarray) -> None:
    load_keypoints(save_json(folder / 'k.json', [instances(points[0])]))


def read_mmpose_folder(folder: Path, points: np.ndarray) -> None:
    for i, each in enumerate(points):
        save_json(folder / f'{i}.json', [instances(each)])
    load_keypoints(folder)


def read_npy(folder: Path, points: np.ndarray) -> None:
    np.save(folder / 'k.npy', points)
    load_keypoints(folder / 'k.npy')


def read_npz_rows(folder: Path, points: np.ndarray) -> None:
    np.savez(folder / 'k.npz', keypoints=points, frames=np.arange(len(points)))
    load_keypoints(folder / 'k.npz')


def read_array(folder: Path, points: np.ndarray) -> None:
    keypoints_from_array(points[:, None])


def read_target(folder: Path, points: np.ndarray) -> None:
    load_target_keypoints(save_json(folder / 'k.json', coco(points)), H36M_17)


READERS = (
    read_coco,
    read_results,
    read_alphapose,
    read_mmpose_video,
    read_mmpose_image,
    read_mmpose_folder,
    read_npy,
    read_npz_rows,
    read_array,
    read_target,
)


@pytest.mark.parametrize('unit', UNITS)
@pytest.mark.parametrize('read', READERS)
def test_every_reader_refuses_normalised_key_points(
    read: Callable[[Path, np.ndarray], None], unit: str, tmp_path: Path
) -> None:
    read(tmp_path, PIXELS)
    with pytest.raises(
        ValueError, match=r"are normalised, not pixels; multiply x by the image's w"
    ):
        read(tmp_path, UNITS[unit](PIXELS))


@pytest.mark.parametrize('unit', [name for name in UNITS if name != 'some not found'])
def test_training_and_test_sets_refuse_them(unit: str, sample: Any) -> None:
    part = sample.arrays['part'].copy()
    size = np.array([1000, 1002])
    part[..., :2] = UNITS[unit](part[..., :2] / size * SIZE)
    np.save(sample.folder / 'detections.npy', part)
    detected = dict(keypoint_2d_src='detection', keypoint_2d_det_file='detections.npy')
    for options in (dict(ann_file=sample.write('wrong.npz', part=part)), detected):
        for build in (load_pose_bank, DATASETS.build):
            with pytest.raises(ValueError, match='they are normalised, not pixels'):
                build(sample.cfg(type='MocapDataset', **options))
    files = [str(sample.folder / name) for name in ('wrong.npz', 'cameras.pkl', 'out.json')]
    with pytest.raises(ValueError, match='they are normalised, not pixels'):
        convert_keypoints(*files)
    assert not (sample.folder / 'out.json').exists()


def test_the_sentence_names_the_range_and_what_to_do() -> None:
    with pytest.raises(ValueError) as refused:
        check_pixels(np.array([[[-0.5, 0.25], [0.5, 0.75]]]), None, 'the file')
    assert str(refused.value) == (
        'The 2D keypoints of the file lie in -0.5 to 0.75, and its people span 1 (median): they '
        "are normalised, not pixels; multiply x by the image's width and y by its height; if -1 "
        'to 1 is the width, x is (x + 1) * width / 2 and y is (y * width + height) / 2.'
    )
    with pytest.raises(
        ValueError, match=r'lie in 100 to 301, but its people span 1 \(median\) pix'
    ):
        check_pixels(np.array([[[300.0, 100], [301, 101]]]), None, 'the file')


def test_people_far_away_are_people() -> None:
    far = PIXELS[:1] / 300 + 250
    check_pixels(np.concatenate((far, far, far, PIXELS[:1])), None, 'the file')
    check_pixels(PIXELS[:1] / 30, None, 'the file')  # eleven pixels, alone
    check_pixels(np.zeros((3, 17, 2)), None, 'the file')  # nobody
    check_pixels(np.full((3, 17, 2), np.nan), np.ones((3, 17)), 'the file')
    hidden = np.concatenate((PIXELS, np.tile(PIXELS / SIZE, (9, 1, 1))))
    scores = np.repeat([1.0, 0.0], [4, 36])[:, None] * np.ones((1, 17))
    check_pixels(hidden, scores, 'the file')  # whatever has a score of 0 may be anything
    with pytest.raises(ValueError, match='normalised'):
        check_pixels(hidden[4:], 0 * scores[4:], 'the file')  # nothing is known of scores


def test_one_key_point_a_person_and_many_people() -> None:
    alone = np.full((4, 17, 2), np.nan)
    alone[range(4), range(4)] = PIXELS[range(4), range(4)]
    check_pixels(alone, None, 'the file')
    with pytest.raises(ValueError, match='normalised'):
        check_pixels(alone / SIZE, None, 'the file')
    check_pixels(alone[:1], None, 'the file')
    with pytest.raises(ValueError, match='normalised'):
        check_pixels(alone[:1] / SIZE, None, 'the file')
    crowd = np.zeros((50_000, 17, 2), np.float32)
    crowd[49_999] = PIXELS[0] / SIZE  # found among those who are not there
    with pytest.raises(ValueError, match='normalised'):
        check_pixels(crowd, None, 'the file')
    crowd[:] = np.tile(PIXELS, (12_500, 1, 1)) / SIZE
    with pytest.raises(ValueError, match='normalised'):
        check_pixels(crowd, np.ones((50_000, 17)), 'the file')


def test_who_is_at_the_corner_was_not_detected() -> None:
    points = missing(PIXELS)
    people = keypoints_from_array(points)
    assert people.frames.tolist() == [0, 2, 3]
    assert people.scores[1].tolist() == [1] * 3 + [0, 0] + [1] * 12
    scored = Keypoints2D(np.arange(4), np.zeros(4), points, np.ones((4, 17)))
    assert scored.frames.tolist() == [0, 2, 3]
    with pytest.raises(ValueError, match='holds no keypoint with a position'):
        keypoints_from_array(np.zeros((3, 17, 2)))


def test_cases(shared_dir: Path) -> None:
    folder = shared_dir / 'data' / 'cases' / 'normalised_keypoints'
    if not folder.is_dir():
        pytest.skip(f'the case is missing in {folder}')
    assert len(load_keypoints(folder / 'pixels.npy')) == 5
    with pytest.raises(ValueError, match=r'lie in 0.196 to 0.833, .* multiply'):
        load_keypoints(folder / 'unit.npy')
