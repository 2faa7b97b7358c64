# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Groups of samples by file name."""

from __future__ import annotations

import pytest

from mmposeaug.evaluation import NameGroups


def test_human36m_names():
    names = [
        'S9/images/S9_Walking_1.54138969_000001.jpg',
        'S11_RunActive_012.60457274_000002.jpg',
        'S9_Walking.54138969_000001.jpg',
        'frame.jpg',
        None,
    ]
    groups = NameGroups(('subject', 'action', 'camera')).split(names)
    found = {key: {k: v.tolist() for k, v in rows.items()} for key, rows in groups.items()}
    assert found == {
        'subject': {'S11': [1], 'S9': [0, 2]},
        'action': {'RunActive': [1], 'Walking': [0, 2]},
        'camera': {'54138969': [0, 2], '60457274': [1]},
    }


def test_own_pattern():
    groups = NameGroups('clip', r'(?P<clip>\w+)-\d+')
    assert list(groups.split(['a/jump-1.png', 'a/run-2.png'])['clip']) == ['jump', 'run']


@pytest.mark.parametrize(
    'by, pattern, message',
    [
        (('actor',), None, "by names 'actor', but name_pattern has the groups subject, action"),
        (('action',), '(?P<action', 'is not a regular expression'),
        (('action',), 'x', r'has the groups none; add \(\?P<action>'),
    ],
)
def test_unusable_patterns_are_named(by: tuple, pattern: str | None, message: str):
    with pytest.raises(ValueError, match=message):
        NameGroups(by, pattern) if pattern else NameGroups(by)
