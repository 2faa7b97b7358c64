# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D keypoints of a target domain: from annotation files to COCO and into tensors."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scripts import load_script
from xtcocotools.coco import COCO

from mmposeaug.converters import convert_keypoints
from mmposeaug.datasets import load_target_keypoints
from mmposeaug.structures import H36M_16, H36M_17
from mmposeaug.synthetic import make_synthetic_mocap


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp('target')
    make_synthetic_mocap(folder, source_train=24, source_test=4, target_dev=24)
    convert_keypoints(folder / 'target_dev.npz', folder / 'cameras.pkl', folder / 'people.json')
    return folder


def normalised(root):
    """Keypoints (N, 17, 2) of the annotation file; the synthetic target's images are square."""
    keypoints = np.load(root / 'target_dev.npz')['part'][..., :2]
    size = json.loads((root / 'people.json').read_text())['images'][0]['width']
    return torch.from_numpy(2 * keypoints / size - 1).float()


def changed(root, tmp_path, change):
    """The file of people with a change."""
    content = json.loads((root / 'people.json').read_text())
    change(content)
    path = tmp_path / 'changed.json'
    path.write_text(json.dumps(content))
    return path


def test_the_file_holds_2d_alone_and_coco_reads_it(root):
    coco = COCO(str(root / 'people.json'))
    annotations = coco.loadAnns(coco.getAnnIds())
    part = np.load(root / 'target_dev.npz')['part']
    assert len(annotations) == len(part) == len(coco.imgs)
    found = np.array([each['keypoints'] for each in annotations]).reshape(-1, 17, 3)
    np.testing.assert_allclose(found[..., :2], part[..., :2], atol=1e-3)
    assert set(annotations[0]) == {
        *('id', 'image_id', 'category_id', 'iscrowd', 'keypoints', 'num_keypoints', 'bbox', 'area')
    }
    assert coco.cats[1]['keypoints'] == list(H36M_17.joint_names)


def test_round_trip_of_the_key_points(root):
    target = load_target_keypoints(root / 'people.json', H36M_17)
    expected = normalised(root)
    assert len(target) == len(expected)
    torch.testing.assert_close(target.keypoints_norm, expected, atol=1e-5, rtol=0)


def test_other_joints_are_made_of_them_by_name(root):
    target = load_target_keypoints('people.json', H36M_16, data_root=str(root))
    whole = load_target_keypoints(root / 'people.json', H36M_17)
    names = [H36M_17.index(name) for name in H36M_16.joint_names]
    torch.testing.assert_close(target.keypoints_norm, whole.keypoints_norm[:, names])


def test_several_files_are_one_domain(root):
    once = load_target_keypoints(root / 'people.json', H36M_17)
    twice = load_target_keypoints([root / 'people.json'] * 2, H36M_17)
    assert len(twice) == 2 * len(once)


def test_people_with_a_joint_missing_are_left_out(root, tmp_path):
    def hide(content):
        content['annotations'][3]['keypoints'][5] = 0

    target = load_target_keypoints(changed(root, tmp_path, hide), H36M_17)
    assert len(target) == len(normalised(root)) - 1


def test_mirrored_people_change_sides(root, generator):
    target = load_target_keypoints(root / 'people.json', H36M_17)
    plain = target.draw(6, torch.Generator().manual_seed(1))
    mirrored = target.draw(6, torch.Generator().manual_seed(1), flip_prob=1.0)
    left, right = H36M_17.index('left_wrist'), H36M_17.index('right_wrist')
    torch.testing.assert_close(mirrored[:, left, 0], -plain[:, right, 0])
    torch.testing.assert_close(mirrored[:, left, 1], plain[:, right, 1])
    some = target.draw(400, generator, flip_prob=0.5)
    assert some.shape == (400, 17, 2)


def _no_sizes(content):
    for image in content['images']:
        del image['width']


def _nobody_whole(content):
    for annotation in content['annotations']:
        annotation['keypoints'][2] = 0


@pytest.mark.parametrize(
    ('change', 'options', 'sentence'),
    [
        (_no_sizes, {}, 'does not tell the size of its images; set target_2d.image_size'),
        (_nobody_whole, {}, 'of nobody in .* all 17 joints were found with a score of 0.3'),
        (dict, dict(min_score=0), 'min_score is 0; give a score above 0'),
        (dict, dict(min_score=True), 'min_score is True; give a score'),
        (dict, dict(pad_portrait='no'), "pad_portrait is 'no'; give True or False"),
        (dict, dict(image_size=5), 'image_size is 5; give width and height'),
        (dict, dict(keypoint_set=5), 'keypoint_set is 5; give a text'),
        (dict, dict(data_root=5), 'data_root is 5; give a text'),
        (
            _no_sizes,
            dict(image_size=(320, 240)),
            'reach out of their images of 320 x 240 pixels; give the target_2d.image_size',
        ),
        (dict, dict(image_size=(0, 5)), r'image_size is \(0, 5\); give width and height'),
        (dict, dict(keypoint_set='cocoa'), "keypoint set is 'cocoa'"),
        (dict, dict(file_format='yaml'), "keypoint format is 'yaml'; use one of auto, coco"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(root, tmp_path, change, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_target_keypoints(changed(root, tmp_path, change), H36M_17, **options)


def test_a_given_size_stands_in_for_none(root, tmp_path):
    size = json.loads((root / 'people.json').read_text())['images'][0]
    target = load_target_keypoints(
        changed(root, tmp_path, _no_sizes), H36M_17, image_size=(size['width'], size['height'])
    )
    whole = load_target_keypoints(root / 'people.json', H36M_17)
    torch.testing.assert_close(target.keypoints_norm, whole.keypoints_norm)


def test_portraits_are_padded_to_squares(root, tmp_path):
    def narrow(content):
        for image in content['images']:
            image['width'] //= 2
        for annotation in content['annotations']:
            annotation['keypoints'][0::3] = [x / 2 for x in annotation['keypoints'][0::3]]

    path = changed(root, tmp_path, narrow)
    whole = load_target_keypoints(root / 'people.json', H36M_17).keypoints_norm
    padded = load_target_keypoints(path, H36M_17, pad_portrait=True).keypoints_norm
    torch.testing.assert_close(padded, whole * torch.tensor([0.5, 1.0]), atol=1e-5, rtol=0)
    plain = load_target_keypoints(path, H36M_17).keypoints_norm
    torch.testing.assert_close(plain, whole * torch.tensor([1.0, 2.0]), atol=1e-5, rtol=0)


def test_people_out_of_the_image_and_tiny_ones_are_left_out(root, tmp_path):
    def spoil(content):
        content['annotations'][0]['keypoints'][0] = -3.0
        values = np.array(content['annotations'][1]['keypoints']).reshape(-1, 3)
        values[:, :2] = 500 + 0.01 * values[:, :2]
        content['annotations'][1]['keypoints'] = values.flatten().tolist()

    target = load_target_keypoints(changed(root, tmp_path, spoil), H36M_17)
    assert len(target) == len(normalised(root)) - 2


def test_people_of_all_videos_are_taken(root, tmp_path):
    def two_videos(content):
        for number, image in enumerate(content['images']):
            image.update(video_id=number % 2, frame_id=number // 2)

    path = changed(root, tmp_path, two_videos)
    whole, half = (
        load_target_keypoints(path, H36M_17),
        load_target_keypoints(path, H36M_17, video_id=1),
    )
    assert len(whole) == len(normalised(root)) and len(half) == len(whole) // 2


def test_swapped_names_are_put_right_with_a_line_of_the_log(root, tmp_path, log_lines):
    def rename(content):
        names = content['categories'][0]['keypoints']
        names[0] = 'root (pelvis)'
        names[1:4], names[4:7] = names[4:7], names[1:4]

    renamed = load_target_keypoints(changed(root, tmp_path, rename), H36M_17)
    assert torch.equal(renamed.keypoints_norm, normalised_file(root))
    assert 'calls the right leg left' in log_lines[0]


def normalised_file(root):
    """Keypoints as the file without a change gives them."""
    return load_target_keypoints(root / 'people.json', H36M_17).keypoints_norm


def test_missing_files_are_named(root):
    with pytest.raises(FileNotFoundError, match=r"'nowhere\.json' does not exist"):
        load_target_keypoints('nowhere.json', H36M_17)
    for file in ([], 5, [5]):
        with pytest.raises(ValueError, match='give the path of a file, or a list'):
            load_target_keypoints(file, H36M_17)


def test_the_command_line(repo_root, root, tmp_path, capsys):
    main = load_script(repo_root / 'tools/dataset_converters/keypoints.py').main
    paths = [
        str(path) for path in (root / 'target_dev.npz', root / 'cameras.pkl', tmp_path / 'o.json')
    ]
    assert main([*paths, '--frame-step', '5']) == 0
    count = -(-len(np.load(paths[0])['part']) // 5)
    assert len(json.loads((tmp_path / 'o.json').read_text())['images']) == count
    assert main(paths) == 1
    assert 'was made with frame_step 5, not 1' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (('no.npz', 'cameras.pkl', 'out.json'), "The file 'no.npz' does not exist"),
        (('target_dev.npz', 'cameras.pkl', 'out.txt'), 'COCO files end in .json'),
        (('bad.npz', 'cameras.pkl', 'out.json'), "has no 'imgname'"),
        (('wide.npz', 'cameras.pkl', 'out.json'), r'of shape \(1, 5, 3\); it must be'),
        (('other.npz', 'cameras.pkl', 'out.json'), "of the camera '1' of 'S99'"),
    ],
)
def test_wrong_input_is_one_sentence(root, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    for name in ('target_dev.npz', 'cameras.pkl'):
        (tmp_path / name).symlink_to(root / name)
    names = np.array(['S99_Walk.1_000001.jpg'])
    np.savez('bad.npz', part=np.zeros((1, 17, 3)))
    np.savez('wide.npz', imgname=names, part=np.zeros((1, 5, 3)))
    np.savez('other.npz', imgname=names, part=np.arange(1.0, 52).reshape(1, 17, 3))
    with pytest.raises((ValueError, FileNotFoundError), match=sentence):
        convert_keypoints(*arguments)
    assert not (tmp_path / 'out.json').exists()
