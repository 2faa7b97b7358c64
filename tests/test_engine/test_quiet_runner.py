# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the tools show on the console, and what is in the log file alone."""

from __future__ import annotations

import importlib
import sys
import uuid

import pytest
from mmengine.fileio import FileClient

from mmposeaug.engine.quiet_runner import SET_UP
from mmposeaug.fileio import progress


@pytest.fixture
def train(repo_root, monkeypatch, lifting_config, tmp_path, capsys):
    """Lines on the console and in the log file of a training of one epoch."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools'))
    monkeypatch.setenv('LOCAL_RANK', '0')
    for name in ('train', 'common'):
        monkeypatch.delitem(sys.modules, name, raising=False)

    def run(name: str, *options: object) -> tuple[list[str], str]:
        folder = tmp_path / name
        # MMEngine's loggers of one name and second are one, and so their files
        unique = f'experiment_name=run_{uuid.uuid4().hex}'
        words = ['--work-dir', folder, '--cfg-options', 'train_cfg.max_epochs=1', unique, *options]
        monkeypatch.setattr(FileClient, '_instances', {})  # it warns once a process
        capsys.readouterr()
        try:
            importlib.import_module('train').main([str(lifting_config), *map(str, words)])
        except SystemExit as ended:
            assert ended.code == 1
        (log,) = folder.glob('*/*.log')
        streams = capsys.readouterr()
        return (streams.out + streams.err).splitlines(), log.read_text()

    yield run
    for name in ('train', 'common'):
        sys.modules.pop(name, None)


def test_the_console_shows_what_happens_and_the_log_file_everything(train, monkeypatch):
    monkeypatch.setattr(progress, 'LINE_SECONDS', 0)
    shown, log = train('quiet')
    left = [line for line in shown if line.startswith('Validation: ')]
    assert 'Validation: 100 % done, about 00:00 left' in left and len(left) < 6
    shown = [line for line in shown if line not in left]
    out = '\n'.join(shown)
    assert 'Epoch(train) [1][3/3]' in out and 'MPJPE: ' in out and len(shown) < 10
    assert len(shown[0].split('all messages: ')[1].splitlines()) == 1
    for part in SET_UP:
        # said by MMEngine as it is today, or the list would hide nothing
        assert part.strip() in log and part.strip() not in out

    shown, log = train('verbose', '--verbose')
    for part in SET_UP:
        assert part.strip() in '\n'.join(shown)


def test_a_refusal_stands_behind_one_line(train, lifting_config):
    loop = "train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=1)\n"
    lifting_config.write_text(
        lifting_config.read_text().replace('train_cfg = dict(max_epochs=2, val_interval=1)\n', loop)
    )
    shown, log = train('refused')
    assert len(shown) == 2 and 'all messages: ' in shown[0]
    assert 'error: ' in shown[1] and 'camera_param_file' in shown[1]
    assert 'Hooks will be executed' in log
