# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import pytest
from scripts import load_script

SIZES = ['--source-train', '60', '--source-test', '30', '--target-dev', '40']


@pytest.fixture(scope='module')
def tool(repo_root):
    return load_script(repo_root / 'tools' / 'make_synthetic_mocap.py')


def test_files_and_table(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path / 'set'), *SIZES]) == 0
    printed = capsys.readouterr().out
    lines = [line.replace('|', '').split() for line in printed.splitlines()]
    assert ['source_train', '60'] in [line[:2] for line in lines]
    assert ['target_dev', '40'] in [line[:2] for line in lines]
    assert (tmp_path / 'set' / 'cameras.pkl').is_file()
    assert tool.main([str(tmp_path / 'set'), *SIZES]) == 0
    assert 'already holds' in capsys.readouterr().out
    assert tool.main([str(tmp_path / 'set'), *SIZES, '--overwrite']) == 0
    assert 'already holds' not in capsys.readouterr().out


def test_wrong_input_ends_with_one_sentence(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path), '--source-train', '0']) == 1
    error = capsys.readouterr().err
    assert 'source_train' in error and 'at least 1' in error and error.count('\n') == 1
    with pytest.raises(SystemExit, match='2'):
        tool.main([])


def test_picture(tool, tmp_path):
    path = tmp_path / 'motions.png'
    assert tool.main(['--picture', str(path)]) == 0
    assert path.read_bytes().startswith(b'\x89PNG') and path.stat().st_size < 200_000
