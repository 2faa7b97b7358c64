# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Frames are told by the numbers of images, in whatever way they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmposeaug.datasets.keypoints_2d import (
    ALL_VIDEOS,
    ASSUMED,
    Keypoints2D,
    frames_of_names,
    keypoints_from_array,
    load_keypoints,
)

PERSON = [float(v) for i in range(17) for v in (300 + 4 * i, 200 + 9 * i, 0.9)]
GAP = (0, 1, 2, 5, 6)


def load(folder: Path, content: Any, **options: Any) -> Keypoints2D:
    path = folder / 'k.json'
    path.write_text(json.dumps(content))
    return load_keypoints(path, **options)


def alphapose(names: Any) -> list[dict[str, Any]]:
    return [dict(image_id=name, keypoints=PERSON) for name in names]


def coco(names: Any, **options: Any) -> dict[str, Any]:
    images = [dict(id=90 - i, file_name=name) for i, name in enumerate(names)]
    people = [
        dict(id=i, image_id=90 - i, category_id=1, keypoints=PERSON) for i in range(len(images))
    ]
    return dict(images=images, annotations=people, categories=[dict(id=1)], **options)


@pytest.mark.parametrize(
    ('names', 'frames'),
    [
        ([f'frame_{i:06d}.jpg' for i in GAP], GAP),
        ([f'{i}.jpg' for i in GAP], GAP),
        ([f'{i:06d}' for i in GAP], GAP),
        ([f'clip.{i:06d}' for i in GAP], GAP),
        ([f'S1_Walk_1.54138969_{i:06d}.jpg' for i in GAP], GAP),
        ([f'cam2_{i}_rgb.png' for i in GAP], GAP),
        ([f'{i}.{"jpg" if i % 2 else "png"}' for i in GAP], GAP),
        (['f10.jpg', 'f9.jpg', 'f007.jpg'], (10, 9, 7)),
        (['frame_000005.jpg'], (5,)),
    ],
)
def test_the_number_that_runs_in_the_names_is_the_frame(
    names: list[str], frames: tuple[int, ...], tmp_path: Path
) -> None:
    assert frames_of_names(names, 'it')[0] == list(frames)
    wanted = sorted(frames)
    for content in (alphapose(names), coco(names)):
        people = load(tmp_path, content)
        assert people.frames.tolist() == wanted
        assert people.image_names == dict(zip(frames, names))
        assert people.frames_from.startswith("the numbers in the images' names: ")
    results = [dict(image_id=90 - i, keypoints=PERSON) for i in range(len(names))]
    (tmp_path / 'gt.json').write_text(json.dumps(coco(names)))
    people = load(tmp_path, results, annotations=tmp_path / 'gt.json')
    assert people.frames.tolist() == wanted
    folder = tmp_path / 'images'
    folder.mkdir()
    person = [dict(keypoints=np.reshape(PERSON, (17, 3))[:, :2].tolist())]
    for name in names:
        (folder / f'{name}.json').write_text(json.dumps(person))
    assert load_keypoints(folder).frames.tolist() == wanted


@pytest.mark.parametrize(
    ('names', 'why'),
    [
        (['a.jpg', 'b.jpg', 'c.jpg'], 'their names differ in more than a number'),
        (['im1.jpg', 'pic2.jpg', 'pic3.jpg'], 'their names differ in more than a number'),
        (['S1_1.jpg', 'S1_2.jpg', 'S2_1.jpg'], 'several numbers run in them'),
        (['1305031102.175304.png', '1305031102.211214.png', '1305031103.01.png'], 'several num'),
        (['5.jpg', '005.jpg', '6.jpg'], 'two of them have the same number'),
        (['1699999999123.png', '1699999999156.png', '1699999999190.png'], 'too large for a frame'),
    ],
)
def test_otherwise_their_order_is_taken_and_told(
    names: list[str], why: str, tmp_path: Path
) -> None:
    for content in (alphapose(names), coco(names)):
        people = load(tmp_path, content)
        assert people.frames.tolist() == [0, 1, 2]
        assert people.frames_from.startswith(f"{ASSUMED}the order of the images' names")
        assert why in people.frames_from
        with pytest.raises(ValueError, match='first_frame is 1, but .* have no frame numbers'):
            load(tmp_path, content, first_frame=1)


def test_folders_are_videos_of_their_own(tmp_path: Path) -> None:
    names = [f'{video}/{i:03d}.jpg' for video in ('a', 'b') for i in (0, 1, 4)]
    people = load(tmp_path, coco(names))
    assert people.frames.tolist() == [0, 1, 4, 20000, 20001, 20004]
    assert people.image_names[20004] == 'b/004.jpg'
    assert people.frames_from == (
        "the numbers in the images' names: 'b/004.jpg' is frame 20004; 2 folders are 2 videos"
    )
    mixed = load(tmp_path, coco([*names, 'c/x.jpg']))  # alone it needs no number
    assert mixed.frames.tolist() == [*people.frames, 40000]
    assert not mixed.frames_from.startswith(ASSUMED)
    mixed = load(tmp_path, coco([*names, 'c/x.jpg', 'c/y.jpg']))
    assert mixed.frames.tolist() == [*people.frames, 40000, 40001]
    assert mixed.frames_from.startswith(ASSUMED)
    alone = load(tmp_path, coco(['a/x.jpg', 'b/y.jpg']))
    assert alone.frames_from == 'single images; 2 folders are 2 videos'
    windows = [name.replace('/', '\\') for name in names]
    assert load(tmp_path, alphapose(windows)).frames.tolist() == people.frames.tolist()
    frames, text = frames_of_names(['b/1.jpg', 'a/2147480000.jpg'], 'it')  # no numbers are left
    assert frames == [1, 0] and 'they are in 2 folders' in text


def test_steps_are_told(tmp_path: Path) -> None:
    people = load(tmp_path, alphapose(f'f{5 * i}.jpg' for i in range(3)))
    assert people.frames.tolist() == [0, 5, 10]
    assert 'in steps of 5 or more, the frames between them count as missing' in people.frames_from


def test_ids_count_from_where_is_said(tmp_path: Path) -> None:
    entries = [dict(image_id=i, keypoints=PERSON) for i in (1, 2, 4)]
    people = load(tmp_path, entries)
    assert people.frames.tolist() == [0, 1, 3]
    assert people.frames_from == 'assumed: image ids, which count from 1 (the lowest is 1)'
    people = load(tmp_path, entries, first_frame=0)
    assert people.frames.tolist() == [1, 2, 4]
    assert people.frames_from == 'image ids; the first frame has 0'
    with pytest.raises(ValueError, match='first_frame is 2, but .* the number 1 among its image'):
        load(tmp_path, entries, first_frame=2)
    for wrong in (-1, 1.5, 'x', True):
        with pytest.raises(ValueError, match='first_frame is .*; give the whole number, from 0 on'):
            load(tmp_path, entries, first_frame=wrong)
    zero = load(tmp_path, [dict(entry, image_id=entry['image_id'] - 1) for entry in entries])
    assert zero.frames.tolist() == [0, 1, 3]
    assert zero.frames_from == 'image ids, which count from 0'
    unnamed = coco('abc')
    for image, number in zip(unnamed['images'], (3, 4, 6)):
        del image['file_name']
        image['frame_id'] = str(number)
    assert load(tmp_path, unnamed).frames.tolist() == [2, 3, 5]
    assert load(tmp_path, unnamed, first_frame=3).frames.tolist() == [0, 1, 3]
    for image in unnamed['images']:
        del image['frame_id']
    people = load(tmp_path, unnamed)  # their ids are 90, 89, 88
    assert people.frames.tolist() == [87, 88, 89] and 'image ids' in people.frames_from
    assert load(tmp_path, unnamed, video_id=ALL_VIDEOS).frames_from.startswith(ASSUMED)
    with pytest.raises(ValueError, match=r'Entry 0 .* image_id=1.5; give a number or a name'):
        load(tmp_path, [dict(image_id=1.5, keypoints=PERSON)], file_format='coco_results')


def test_names_may_count_from_another_number(tmp_path: Path) -> None:
    names = [f'f{i}.jpg' for i in (3, 4, 6)]
    people = load(tmp_path, alphapose(names), first_frame=3)
    assert people.frames.tolist() == [0, 1, 3] and people.image_names[3] == 'f6.jpg'
    with pytest.raises(ValueError, match=r"first_frame is 4, but .* has the image 'f3.jpg'"):
        load(tmp_path, alphapose(names), first_frame=4)


def test_mmpose_frames(tmp_path: Path) -> None:
    person = dict(keypoints=np.reshape(PERSON, (17, 3))[:, :2].tolist())
    frames: list[dict[str, Any]] = [dict(frame_id=i, instances=[person]) for i in ('2', '3', '7')]
    people = load(tmp_path, frames)
    assert people.frames.tolist() == [1, 2, 6] and people.frames_from.startswith(ASSUMED)
    assert load(tmp_path, frames, first_frame=0).frames.tolist() == [2, 3, 7]
    del frames[1]['frame_id']
    with pytest.raises(ValueError, match='Frame 1 of .* has no frame_id, but others have'):
        load(tmp_path, frames)
    people = load(tmp_path, [dict(instances=[person])] * 2)
    assert people.frames.tolist() == [0, 1]
    assert people.frames_from.startswith(f'{ASSUMED}the order of the frames in the file')
    assert load(tmp_path, [person]).frames_from == 'single image'


def test_arrays_have_no_numbers_to_begin_with(tmp_path: Path) -> None:
    array = np.reshape(PERSON, (1, 17, 3))
    assert keypoints_from_array(array).frames_from.startswith('the rows of the array')
    np.save(tmp_path / 'k.npy', array)
    with pytest.raises(ValueError, match='first_frame is 1, but .* no images with numbers'):
        load_keypoints(tmp_path / 'k.npy', first_frame=1)


def test_cases(shared_dir: Path) -> None:
    folder = shared_dir / 'data' / 'cases'
    if not folder.is_dir():
        pytest.skip(f'the cases are missing in {folder}')
    for name in ('named', 'numbers'):
        people = load_keypoints(folder / 'alphapose_named_frames_gap' / f'{name}.json')
        assert people.frames.tolist() == list(GAP)
    path = folder / 'coco_results_first_frame_empty' / 'results.json'
    assert load_keypoints(path).frames_from.startswith('assumed: image ids, which count from 1')
    assert load_keypoints(path, first_frame=0).frames.tolist() == [1, 2, 3, 4]
