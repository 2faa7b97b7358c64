# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The demo end to end, with a lifter of random weights; wrong input ends in one sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from scripts import load_script, random_lifter

from mmposeaug.apis import load_lifted
from mmposeaug.converters.mocap.bvh import read_bvh
from mmposeaug.evaluation.motion import side_difference
from mmposeaug.lifting import command_run


@pytest.fixture(scope='module')
def demo(repo_root: Path) -> ModuleType:
    return load_script(repo_root / 'demo' / 'lift_keypoints_demo.py')


@pytest.fixture(scope='module')
def lifter(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return random_lifter(repo_root, tmp_path_factory.mktemp('lifter'))


@pytest.fixture
def sample(repo_root: Path, tmp_path: Path) -> Path:
    """The first frames of the sample."""
    entries = json.loads((repo_root / 'demo/resources/two_people_coco.json').read_text())
    path = tmp_path / 'sample.json'
    path.write_text(json.dumps([entry for entry in entries if entry['image_id'] <= 8]))
    return path


def test_all_outputs(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / 'out'
    options = ['--image-size', '1280', '720', '--fps', '25', '--out-dir', str(out)]
    saved = ['--save', 'json', 'npz', 'page', 'frames', 'mp4', 'gif']
    assert demo.main([str(sample), *lifter, *options, *saved]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert '16 poses of 2 people in 8 frames' in printed[-9]
    assert any(line.startswith('Camera assumed') for line in printed)
    assert not any('Image size assumed' in line for line in printed)
    assert printed[-1] == str(out / 'sample.html')  # the page comes last
    lifted = load_lifted(out / 'sample.npz')
    content = json.loads((out / 'sample.json').read_text())
    assert len(content['instance_info']) == 8 and len(lifted) == 16
    assert content['meta_info']['made_with'] == lifted.info
    person = content['instance_info'][7]['instances'][1]
    np.testing.assert_allclose(person['keypoints'], lifted.poses_rel[15], atol=1e-5)
    assert len(list((out / 'sample_frames').glob('*.png'))) == 8
    video = cv2.VideoCapture(str(out / 'sample.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 8 and video.get(cv2.CAP_PROP_FPS) == 25
    assert (out / 'sample.gif').read_bytes()[:3] == b'GIF'
    assert '<html' in (out / 'sample.html').read_text()


def test_one_line_lifts_with_the_included_lifter_for_other_programs(
    demo: ModuleType, sample: Path, tmp_path: Path, capsys: Any
) -> None:
    out = ['--out-dir', str(tmp_path / 'out'), '--image-size', '1280', '720']
    saved = ['--save', 'npz', 'bvh', 'trc']
    assert demo.main([str(sample), *out, *saved]) == 1
    assert 'which bvh files need; give --fps' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()
    done = ['--fps', '25', '--smooth', '4', '--up', '5', '0', '--feet']
    assert demo.main([str(sample), *out, *saved, *done]) == 0
    printed = capsys.readouterr().out
    for said in ('Bones held constant', 'Smoothing: ', 'Up: given: pitch 5, roll 0', 'Feet: '):
        assert said in printed
    lifted = load_lifted(tmp_path / 'out' / 'sample.npz')
    assert lifted.info['config'] == 'lifter.json' and lifted.up_cam is not None
    assert side_difference(lifted.poses_rel[lifted.tracks == 0], lifted.skeleton) < 0.1
    for track in (0, 1):
        motion = read_bvh(str(tmp_path / 'out' / f'sample_person{track}.bvh'))
        assert motion.frame_rate == pytest.approx(25, abs=0.01)
        assert (tmp_path / 'out' / f'sample_person{track}.trc').exists()
    assert demo.main([str(sample), *out, '--up', 'five', '0']) == 1
    assert '--up is five 0; give auto, an axis, or pitch and roll' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (['--up', '-y'], 'give a camera file with rotations'),
        (['--stature', '1.2'], '--stature is 1.2, but this lifter tells the size'),
        (['--name', '../other'], 'give a name without folders'),
        (['--pose-model', 'none.onnx'], '--pose-model is for detection in pictures'),
        (['--stills', '--fps', '60', '--save', 'bvh'], 'no motion that a BVH file could hold'),
        (['--bones', 'constant', '--stills'], 'leave out one of them'),
        (['--max-frames', '0'], '--max-frames is 0; give a number of pictures'),
    ],
)
def test_what_would_be_ignored_is_refused(
    demo: ModuleType, sample: Path, tmp_path: Path, capsys: Any, options: list[str], said: str
) -> None:
    args = [str(sample), '--image-size', '1280', '720', '--out-dir', str(tmp_path / 'out')]
    try:
        assert demo.main([*args, *options]) == 1
    except SystemExit as stopped:
        assert stopped.code == 2
    assert said in capsys.readouterr().err


def test_max_frames_bounds_pictures_and_says_what_is_left_out(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    args = [str(sample), *lifter, '--out-dir', str(tmp_path), '--save', 'frames', 'gif']
    assert demo.main([*args, '--max-frames', '3']) == 0
    printed = capsys.readouterr().out
    assert '3 of 8 frames are drawn, evenly spread; 5 are left out by --max-frames 3.' in printed
    pictures = sorted(path.name for path in (tmp_path / 'sample_frames').iterdir())
    assert pictures == ['frame_000000.png', 'frame_000004.png', 'frame_000007.png']
    with Image.open(tmp_path / 'sample.gif') as gif:
        assert gif.n_frames == 3
    monkeypatch.setattr(command_run, 'MANY_FRAMES', 7)
    assert demo.main([*args[:-1], '--name', 'all']) == 0
    assert '8 pictures are drawn, one for each frame; --max-frames 7' in capsys.readouterr().out
    assert len(list((tmp_path / 'all_frames').iterdir())) == 8


def test_a_single_image_is_no_video(demo: ModuleType, tmp_path: Path, capsys: Any) -> None:
    cv2.imwrite(str(tmp_path / 'picture.png'), np.zeros((48, 64, 3), np.uint8))
    args = [str(tmp_path / 'picture.png'), '--bones', 'constant', '--detector', 'mediapipe']
    assert demo.main([*args, '--out-dir', str(tmp_path)]) == 1
    assert "bones='constant' is for people who are followed" in capsys.readouterr().err


def test_images_behind_the_key_points_tell_the_size(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any
) -> None:
    video = tmp_path / 'clip.mp4'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'mp4v'), 30, (1280, 720))
    for _ in range(5):  # it ends before the keypoints do
        writer.write(np.full((720, 1280, 3), 90, np.uint8))
    writer.release()
    entries = json.loads(sample.read_text())
    named = [dict(entry, image_id=f'{entry["image_id"]}.jpg') for entry in entries]
    options = ['--video', str(video), '--out-dir', str(tmp_path), '--save', 'npz', 'mp4']
    numbers = write(tmp_path / 'named.json', named)  # from 1, as the sample counts
    told = "The image '1.jpg' is taken for picture 1 of the video, counted from 0; give --first-"
    assert demo.main([numbers, *lifter, *options, '--save', 'npz']) == 0
    assert told in capsys.readouterr().out
    assert told in load_lifted(tmp_path / 'named.npz').info['notices'][0]
    assert demo.main([numbers, *lifter, *options, '--save', 'npz', '--first-frame', '1']) == 0
    assert told not in capsys.readouterr().out
    assert load_lifted(tmp_path / 'named.npz').frames[0] == 0
    assert demo.main([str(sample), *lifter, *options, '--name', 'lifted']) == 0
    printed = capsys.readouterr().out
    assert 'Image size assumed' not in printed
    assert '3 frames, from frame 5 on, have no picture' in printed
    lifted = load_lifted(tmp_path / 'lifted.npz')
    assert lifted.fps == 30 and (lifted.image_sizes == [1280, 720]).all()
    assert lifted.info['image_size'] == 'file'
    assert cv2.VideoCapture(str(tmp_path / 'lifted.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 8


def test_what_is_assumed_is_said(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any
) -> None:
    options = ['--out-dir', str(tmp_path / 'out'), '--save', 'json', '--focal', '1000']
    assert demo.main([str(sample), *lifter, *options]) == 0
    printed = capsys.readouterr().out
    assert 'Image size assumed: 1280 x 720. The poses depend on it; give --image-size' in printed
    assert 'Camera assumed' not in printed
    assert 'Keypoints: assumed: coco, by its 17 keypoints. People: followed over' in printed
    assert 'by the overlap of their boxes (tracker iou).' in printed


def test_what_is_assumed_of_frames_is_said(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any
) -> None:
    def lines(content: Any, *options: str) -> list[str]:
        path = write(tmp_path / 'k.json', content)
        common = ['--out-dir', str(tmp_path / 'out'), '--save', 'npz', *options]
        assert demo.main([path, *lifter, *common]) == 0
        return capsys.readouterr().out.splitlines()

    entries = [e for e in json.loads(sample.read_text()) if e['image_id'] not in (3, 4)]
    first = (
        'Frames: assumed: image ids, which count from 1 (the lowest is 1). Give --first-frame if '
        'the first frame of the video has another number.'
    )
    assert first in lines(entries)
    assert 'Frames: image ids; the first frame has 0.' in lines(entries, '--first-frame', '0')
    assert load_lifted(tmp_path / 'out' / 'k.npz').frames.max() == 8
    named = [dict(entry, image_id=f'frame_{entry["image_id"]:06d}.jpg') for entry in entries]
    text = "Frames: the numbers in the images' names: 'frame_000008.jpg' is frame 8."
    assert text in lines(named)
    assert load_lifted(tmp_path / 'out' / 'k.npz').frame_numbers.tolist() == list(range(1, 9))
    lettered = [dict(entry, image_id=f'{"abcdefghi"[entry["image_id"]]}.jpg') for entry in entries]
    assert any(
        line.startswith("Frames: assumed: the order of the images' names, one frame after the ")
        and line.endswith('number the images, or give --stills for single pictures.')
        for line in lines(lettered)
    )
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for i in range(9):
        cv2.imwrite(str(folder / f'{i + 1}.png'), np.zeros((720, 1280, 3), np.uint8))
    notice = f"The pictures in '{folder}' are taken for the frames 0, 1, 2 and so on"
    assert any(line.startswith(notice) for line in lines(entries, '--images', str(folder)))
    assert load_lifted(tmp_path / 'out' / 'k.npz').info['notices'][0].startswith(notice)
    with pytest.raises(SystemExit):
        demo.main([*lifter, '--images', str(folder), '--first-frame', '1'])
    assert '--first-frame is for files of keypoints' in capsys.readouterr().err


def write(path: Path, content: Any) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def person(count: int, score: Any = 0.9) -> dict[str, Any]:
    points = [value for i in range(count) for value in (300.0, 200.0 + 10 * i, score)]
    return dict(image_id=1, category_id=1, keypoints=points)


@pytest.mark.parametrize(
    ('content', 'options', 'message'),
    [
        ([], [], 'is empty: it holds no keypoints'),
        ([dict(image_id=1, keypoints=[])], [], 'holds no person with keypoints'),
        ([person(15)], [], '15 keypoints a person and does not name them'),
        ([person(17), person(15)], [], 'has 15 keypoints, the others have 17'),
        ([person(17, None)], [], 'holds no keypoint with a position and a score above 0'),
        ([person(17)], ['--image-size', '100', '100'], 'outside of the image of 100 x 100'),
        ([person(17)], ['--keypoint-set', 'halpe26'], "the keypoint set 'halpe26' has 26"),
        ([person(17)], ['--camera-file', 'none.json'], "'none.json' does not exist"),
        ([person(17)], ['--images', 'none'], "The images 'none' do not exist"),
        ([person(17)], ['--device', 'tpu'], "The device 'tpu' cannot be used"),
        ([person(17)], ['--score-thr', '3'], 'score_thr is 3'),
        ([person(17)], ['--first-frame', '2'], 'first_frame is 2, but'),
        (
            [dict(person(17), keypoints=[0.4, 0.5, 0.9, 0.1, 0.9, 0.9] * 9)],
            [],
            'are normalised, not pixels',
        ),
        ('{', [], 'is not valid JSON'),
    ],
)
def test_wrong_input_is_one_sentence(
    content: Any,
    options: list[str],
    message: str,
    demo: ModuleType,
    lifter: list[str],
    tmp_path: Path,
    capsys: Any,
) -> None:
    path = write(tmp_path / 'k.json', content)
    out = tmp_path / 'out'
    assert demo.main([path, *lifter, '--out-dir', str(out), *options]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and message in error[0] and ': error: ' in error[0]
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_said_at_once(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / 'file').touch()
    wrong = ['--config', 'none.py', '--checkpoint', 'none.pth']  # not looked at before
    assert demo.main([str(sample), *wrong, '--out-dir', str(tmp_path / 'file')]) == 1
    assert 'error:' in capsys.readouterr().err
    assert demo.main([str(sample), *wrong, '--out-dir', str(tmp_path / 'out')]) == 1
    assert "The config 'none.py' does not exist" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        demo.main(lifter)
    assert 'give a file of keypoints, or a video' in capsys.readouterr().err


def test_nothing_that_is_read_is_written_over(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path, capsys: Any
) -> None:
    before = sample.read_bytes()
    assert demo.main([str(sample), *lifter, '--out-dir', str(tmp_path)]) == 1
    assert 'would be written over keypoints' in capsys.readouterr().err
    assert sample.read_bytes() == before
    (tmp_path / 'out' / 'sample.json').mkdir(parents=True)
    assert demo.main([str(sample), *lifter, '--out-dir', str(tmp_path / 'out')]) == 1
    assert "sample.json' is a folder already" in capsys.readouterr().err


def test_the_detector_is_the_one_that_was_asked_for(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setitem(sys.modules, 'mediapipe.python.solutions.pose', None)
    cv2.imwrite(str(tmp_path / 'picture.png'), np.zeros((48, 64, 3), np.uint8))
    args = ['--image', str(tmp_path / 'picture.png'), '--out-dir', str(tmp_path / 'out')]
    args += ['--detector', 'mediapipe']
    assert demo.main(args) == 1
    assert 'run `pip install mediapipe==0.10.21`' in capsys.readouterr().err


def test_single_pictures_with_numbers_far_apart(
    demo: ModuleType, lifter: list[str], sample: Path, tmp_path: Path
) -> None:
    entries = json.loads(sample.read_text())
    for entry in entries:
        entry['image_id'] = 100_000 * entry['image_id']
    path = write(tmp_path / 'stills.json', entries)
    options = ['--stills', '--out-dir', str(tmp_path / 'out'), '--save', 'frames', 'page']
    assert demo.main([path, *lifter, *options]) == 0
    assert len(list((tmp_path / 'out' / 'stills_frames').iterdir())) == 8


def test_the_sample_is_made_anew(repo_root: Path, tmp_path: Path, capsys: Any) -> None:
    script = load_script(repo_root / 'demo' / 'make_sample_keypoints.py')
    path = tmp_path / 'a.json'
    assert script.main(['--out', str(path), '--frames', '30', '--motions', 'Kick']) == 0
    assert 20 < len(json.loads(path.read_text())) < 30
    assert script.main(['--out', str(path), '--motions', 'Swim']) == 1
    assert "motion is 'Swim'" in capsys.readouterr().err
