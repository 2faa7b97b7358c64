# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of predictions, of data sets without images and with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from mmposeaug.fileio import save_json
from mmposeaug.lifting.visualization_hook import LiftingVisualizationHook
from mmposeaug.structures.metainfo_files import whole_metainfo


@pytest.fixture
def run_test(lifting_config, tmp_path):
    """Tests an untrained lifter on 40 samples with the hook; returns the runner."""

    def run(**changes):
        cfg = Config.fromfile(lifting_config)
        cfg.work_dir = str(tmp_path / 'work')
        cfg.default_hooks.visualization = dict(
            type='LiftingVisualizationHook', enable=True, interval=20, out_dir=str(tmp_path / 'out')
        )
        cfg.visualizer.name = str(tmp_path)  # MMEngine keeps one instance for each name
        cfg.merge_from_dict(changes)
        runner = Runner.from_cfg(cfg)
        runner.test()
        return runner

    return run


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*.*'))


def test_draws_without_images(run_test, tmp_path):
    run_test()
    assert names(tmp_path / 'out') == [
        'S1_Walking_1.54138969_000001.png',
        'S1_Walking_1.54138969_000021.png',
    ]
    with Image.open(tmp_path / 'out' / 'S1_Walking_1.54138969_000001.png') as picture:
        assert picture.width > 2 * picture.height  # 2D input, prediction, truth


def test_a_root_of_another_name_is_known_in_mmengines_own_loop(run_test, tmp_path):
    """MMPose's data set drops ``root`` of its metainfo; the hook asks the config."""
    info = whole_metainfo(dict(from_file='configs/_base_/datasets/h36m.py'))
    renamed = repr(info).replace("'root'", "'middle'")
    (tmp_path / 'own.py').write_text(f'dataset_info = {renamed}')
    metainfo = dict(from_file=str(tmp_path / 'own.py'), root='middle')
    run_test(test_dataloader=dict(dataset=dict(metainfo=metainfo)))
    assert len(names(tmp_path / 'out')) == 2


def test_each_named_set_has_its_folder(run_test, tmp_path):
    loop = dict(type='MultiSetTestLoop', sets=dict(one=dict(), two=dict()))
    run_test(test_cfg=dict(loop, _delete_=True))
    assert [name.split('/')[0] for name in names(tmp_path / 'out')] == ['one'] * 2 + ['two'] * 2


def test_an_image_that_exists_is_drawn(run_test, tmp_path):
    green = np.zeros((1000, 1000, 3), np.uint8)
    green[..., 1] = 255
    Image.fromarray(green).save(tmp_path / 'S1_Walking_1.54138969_000001.jpg')
    run_test()
    shares = []
    for name in names(tmp_path / 'out'):
        with Image.open(tmp_path / 'out' / name) as picture:
            pixels = np.asarray(picture.convert('RGB')).astype(int)
        shares.append(((pixels[..., 1] > 240) & (pixels[..., 0] < 30)).mean())
    assert shares[0] > 0.05 > shares[1]


def test_a_padded_portrait_image_is_as_wide_as_its_key_points(run_test, tmp_path):
    pixels = np.zeros((1000, 600, 3), np.uint8)
    pixels[..., 1] = 255
    Image.fromarray(pixels).save(tmp_path / 'S1_Walking_1.54138969_000001.jpg')
    camera = dict(f=[1000, 1000], c=[500, 500], w=600, h=1000)
    save_json(tmp_path / 'cameras.json', {'S1/54138969': camera})
    options = dict(type='MocapDataset', pad_portrait=True, camera_param_file='cameras.json')
    runner = run_test(test_dataloader=dict(dataset=options))
    dataset = runner.test_dataloader.dataset
    assert len(names(tmp_path / 'out')) == 2
    image = LiftingVisualizationHook()._image(
        str(tmp_path / 'S1_Walking_1.54138969_000001.jpg'), dataset
    )
    assert image.shape == (1000, 1000, 3)
    green = np.flatnonzero((image[..., 1] > 240).all(axis=0))
    np.testing.assert_array_equal(green, np.arange(200, 800))


def test_without_folder_pictures_go_to_the_visualizer(run_test):
    runner = run_test(**{'default_hooks.visualization.out_dir': None})
    assert len(list(Path(runner.log_dir).rglob('*.png'))) == 2


def test_bad_interval_is_one_sentence():
    with pytest.raises(ValueError, match='is 0; set it to 1 or more'):
        LiftingVisualizationHook(interval=0)
