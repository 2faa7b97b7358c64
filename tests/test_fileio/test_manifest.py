# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whose a folder is, and whether it is complete."""

from __future__ import annotations

import pytest

from mmposeaug.fileio import Manifest, changes, sha256_of


def test_a_record_says_whose_files_are(tmp_path):
    manifest = Manifest(tmp_path / 'made.json', 'by this test', 'delete them', KeyError)
    file = tmp_path / 'a.txt'
    assert manifest.read() is None and not manifest.owns(None, dict(seed=0), [file])
    file.write_text('one')
    for broken in (None, '{', '[]'):
        if broken is not None:
            manifest.path.write_text(broken)
        assert manifest.read() is None
        with pytest.raises(KeyError, match="a.txt' was not made by this test; delete them"):
            manifest.owns(manifest.read(), dict(seed=0), [file])
    manifest.save(dict(seed=0, options=dict(lr=1, epochs=2), more=3))
    now = dict(seed=0, options=dict(lr=1, epochs=2))
    assert manifest.owns(manifest.read(), now, [file])
    with pytest.raises(KeyError, match='made with epochs 2, not None and steps None, not 9; del'):
        manifest.owns(manifest.read(), dict(options=dict(lr=1, steps=9)), [file])


def test_complete_by_size_or_content(tmp_path):
    manifest = Manifest(tmp_path / 'made.json', 'by this test')
    file = tmp_path / 'a.txt'
    file.write_text('one')
    assert manifest.is_complete({'a.txt': 3}) and manifest.is_complete({'a.txt': sha256_of(b'one')})
    file.write_text('two')
    assert manifest.is_complete({'a.txt': 3})
    assert not manifest.is_complete({'a.txt': sha256_of(b'one')})
    assert not manifest.is_complete({'a.txt': None}) and not manifest.is_complete({'b.txt': 3})


def test_many_changes_are_counted():
    before, now = ({'inputs': dict.fromkeys('abcdef', value)} for value in (1, 2))
    assert changes(before, now)['inputs'].endswith('d 1, not 2 and 2 more')
