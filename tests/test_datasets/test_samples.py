# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Name and size of a sample's image."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmposeaug.datasets.samples import camera_image_size, image_name


def test_image_name():
    names = ['1.jpg', '2.jpg', '3.jpg']
    assert image_name(names) == '1.jpg'
    assert image_name(names, middle=True) == '2.jpg'
    assert image_name('4.jpg', middle=True) == '4.jpg'
    assert image_name([]) is image_name(None) is None


def no_such_camera(name):
    raise KeyError(name)


@pytest.mark.parametrize(
    ('sample', 'get_camera_param', 'expected'),
    [
        (dict(camera_param=dict(w=1000, h=1002)), no_such_camera, (1000.0, 1002.0)),
        (dict(target_img_path=['a', 'b']), lambda name: dict(w=ord(name), h=1), (97.0, 1.0)),
        (dict(target_img_path=['a']), no_such_camera, None),
        (dict(target_img_path=['a']), lambda name: dict(f=1), None),
        (dict(), no_such_camera, None),
    ],
)
def test_camera_image_size(sample, get_camera_param, expected):
    dataset = SimpleNamespace(camera_param='cameras.pkl', get_camera_param=get_camera_param)
    assert camera_image_size(sample, dataset) == expected
