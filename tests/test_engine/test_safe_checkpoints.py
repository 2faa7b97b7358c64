# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checkpoints: kills, damaged and copied folders, full disks, and plain MMPose."""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.runner.checkpoint import _load_checkpoint
from train_runs import LOOPS, InterruptError, StopAfter, differing, make_runner, train, train_cfg

from mmposeaug.engine import SafeCheckpointHook, checkpoint_files
from mmposeaug.engine.checkpoint_files import (
    find_best_checkpoint,
    find_last_checkpoint,
    remove_temporaries,
)


@pytest.fixture
def folder(trained, tmp_path) -> Path:
    """A copy of a finished run with checkpoints of 4 epochs and the best one."""
    return Path(shutil.copytree(trained('tensor').folder, tmp_path / 'copy'))


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


@pytest.mark.parametrize(('variant', 'keep', 'kills'), [('learned', 1, 2), ('released', 2, 1)])
def test_random_kills_change_no_bit(
    repo_root, mocap_root, tmp_path, monkeypatch, variant, keep, kills
):
    """In the middle of writes too; ``benchmarks/resume_after_kills.py`` does more of them."""
    spec = importlib.util.spec_from_file_location(
        'resume_after_kills', repo_root / 'benchmarks' / 'resume_after_kills.py'
    )
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, tool)  # its dataclass looks there
    spec.loader.exec_module(tool)
    cfg = train_cfg(
        mocap_root,
        tmp_path / 'unused',
        LOOPS[variant],
        **{'default_hooks.checkpoint.max_keep_ckpts': keep, 'train_cfg.val_interval': 1},
        log_level='ERROR',
    )
    report = tool.compare(cfg, tmp_path, kills)
    assert report.kills >= 1 and report.starts == report.kills + 1 and report.lost == 0
    assert report.differing == []
    names = {path.name for path in (tmp_path / 'killed').glob('epoch_*.pth')}
    assert names == {f'epoch_{4 - i}.pth' for i in range(keep)}


# ------------------------------------------------------------------- what is written
@pytest.mark.parametrize('best', [False, True])
def test_the_old_checkpoint_is_deleted_after_the_new_one_is_written(
    mocap_root, tmp_path, monkeypatch, best
):
    """Every state of the folder at which a kill could strike holds whole checkpoints."""
    seen = []
    put = checkpoint_files.AtomicLocalBackend.put

    def watched(self, obj, filepath):
        there = sorted(path.name for path in Path(filepath).parent.glob('*.pth'))
        seen.append((Path(filepath).name, there))
        put(self, obj, filepath)

    monkeypatch.setattr(checkpoint_files.AtomicLocalBackend, 'put', watched)
    loop = dict(LOOPS['tensor'], max_epochs=3, val_interval=1 if best else 9)
    options = {'default_hooks.checkpoint.max_keep_ckpts': 1}
    run = train(train_cfg(mocap_root, tmp_path, loop, **options))
    (hook,) = [hook for hook in run.runner.hooks if isinstance(hook, CheckpointHook)]
    assert type(hook) is SafeCheckpointHook
    for number in (2, 3):
        first = next(there for name, there in seen if name == f'epoch_{number}.pth')
        assert f'epoch_{number - 1}.pth' in first
    assert [path.name for path in tmp_path.glob('epoch_*.pth')] == ['epoch_3.pth']
    if best:  # once there is a best one there always is
        begun = [i for i, (name, _) in enumerate(seen) if name.startswith('best_')][0] + 1
        assert all(there[0].startswith('best_') for _, there in seen[begun:])
        assert len(list(tmp_path.glob('best_*.pth'))) == 1
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_3.pth')


def test_best_checkpoints_hold_nothing_that_plain_torch_refuses(trained):
    (best,) = trained('learned').folder.glob('best_*.pth')
    admitted = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        checkpoint = _load_checkpoint(str(best))
        with pytest.raises(Exception, match='Weights only load failed'):
            torch.load(trained('learned').folder / 'epoch_4.pth')
    finally:
        torch.serialization.add_safe_globals(admitted)
    assert set(checkpoint) == {'meta', 'state_dict'}
    meta = checkpoint['meta']['dataset_meta']
    expected = trained('learned').runner.train_dataloader.dataset.metainfo
    assert set(meta) == set(expected)
    np.testing.assert_array_equal(meta['keypoint_colors'], expected['keypoint_colors'])


# ------------------------------------------------------------------- what is resumed
@pytest.mark.parametrize('pointer', ['as it is', 'empty', 'gone', 'nowhere', 'binary'])
@pytest.mark.parametrize('newest', ['whole', 'cut', 'empty', 'gone'])
def test_the_last_whole_checkpoint_is_found(folder, newest, pointer):
    path = folder / 'epoch_4.pth'
    if newest == 'gone':
        path.unlink()
    elif newest != 'whole':
        cut(path, dict(cut=0.9, empty=0)[newest])
    file = folder / 'last_checkpoint'
    if pointer == 'gone':
        file.unlink()
    elif pointer != 'as it is':
        file.write_bytes(dict(empty=b'', nowhere=b'/no/epoch_9.pth', binary=b'\xff\0')[pointer])
    (folder / '.epoch_5.pth.x1.tmp').write_bytes(b'half')
    if newest == 'gone' and pointer == 'as it is':
        # that of the folder which this one was copied from is there
        assert find_last_checkpoint(folder).path is not None
        return
    found = find_last_checkpoint(folder)
    assert found.path == str(folder / ('epoch_4.pth' if newest == 'whole' else 'epoch_3.pth'))
    named = newest in ('cut', 'empty')
    assert found.broken[:1] == ((str(path),) if named else ())
    assert ('epoch_4.pth cannot be read' in found.describe()) == named


def test_a_run_of_mmengines_own_kind_falls_back_and_says_so(mocap_root, folder, trained):
    """As MMPose's tool resumes: ``resume=True`` and nothing else."""
    for number in (3, 4):
        cut(folder / f'epoch_{number}.pth', 0.5)
    (folder / '.epoch_4.pth.x1.tmp').write_bytes(b'half')
    runner = make_runner(train_cfg(mocap_root, folder, LOOPS['tensor'], resume=True))
    said = []
    runner.logger.warning = lambda message, *rest: said.append(str(message))
    runner.train()
    assert any('epoch_4.pth, epoch_3.pth cannot be read' in text for text in said)
    assert differing(trained('tensor').runner.model, runner.model) == []
    assert not list(folder.glob('.*.tmp'))


@pytest.mark.parametrize('resume', [False, True])
def test_a_folder_with_checkpoints_is_not_started_anew(mocap_root, folder, resume):
    if resume:
        for path in folder.glob('epoch_*.pth'):
            cut(path, 0.5)
    before = {path.name: path.read_bytes() for path in folder.glob('*.pth')}
    runner = make_runner(train_cfg(mocap_root, folder, LOOPS['tensor'], resume=resume))
    with pytest.raises(ValueError, match=r'holds .*epoch_4.pth.*--work-dir.*restart=True'):
        runner.train()
    assert {path.name: path.read_bytes() for path in folder.glob('*.pth')} == before


def test_a_restart_keeps_the_earlier_checkpoints(mocap_root, folder):
    loop = dict(LOOPS['tensor'], max_epochs=1)
    train(train_cfg(mocap_root, folder, loop, **{'default_hooks.checkpoint.restart': True}))
    assert [path.name for path in folder.glob('epoch_*.pth')] == ['epoch_1.pth']
    (kept,) = folder.glob('before_*')
    assert len(list(kept.glob('epoch_*.pth'))) == 4 and len(list(kept.glob('best_*.pth'))) == 1


def test_a_named_checkpoint_that_is_damaged_is_refused(mocap_root, folder):
    cut(folder / 'epoch_4.pth', 0.5)
    named = str(folder / 'epoch_4.pth')
    runner = make_runner(
        train_cfg(mocap_root, folder, LOOPS['tensor'], resume=True, load_from=named)
    )
    with pytest.raises(ValueError, match=r'epoch_4.pth. cannot be read .*one is .*epoch_3.pth'):
        runner.train()


@pytest.mark.parametrize('best_is_copied', [True, False])
def test_a_copied_folder_leaves_the_original_alone(mocap_root, tmp_path, best_is_copied):
    loop = dict(LOOPS['tensor'], max_epochs=1, val_interval=1)
    options = {'default_hooks.checkpoint.max_keep_ckpts': 1}
    original = train(train_cfg(mocap_root, tmp_path / 'a', loop, **options)).folder
    files = {path.name: path.read_bytes() for path in original.glob('*.pth')}
    copy = Path(shutil.copytree(original, tmp_path / 'b'))
    if not best_is_copied:
        (copy / 'best_MPJPE_epoch_1.pth').unlink()
    loop = dict(loop, max_epochs=4)
    train(train_cfg(mocap_root, copy, loop, resume=True, **options))
    assert {path.name: path.read_bytes() for path in original.glob('*.pth')} == files
    assert len(list(copy.glob('best_*.pth'))) == 1
    assert [path.name for path in copy.glob('epoch_*.pth')] == ['epoch_4.pth']


def test_a_run_killed_before_its_validation_validates_first(mocap_root, tmp_path):
    loop = dict(LOOPS['tensor'], max_epochs=2, val_interval=1)
    full = train(train_cfg(mocap_root, tmp_path / 'a', loop))
    runner = make_runner(train_cfg(mocap_root, tmp_path / 'b', loop))
    runner.register_hook(StopAfter(2))
    with pytest.raises(InterruptError):
        runner.train()
    second = train(train_cfg(mocap_root, tmp_path / 'b', loop, resume=True)).runner
    names = [sorted(path.name for path in (tmp_path / run).glob('*.pth')) for run in 'ab']
    assert names[0] == names[1]
    histories = [
        run.message_hub.get_scalar('val/MPJPE').data[0].tolist() for run in (full.runner, second)
    ]
    assert histories[0] == histories[1]


# ------------------------------------------------------------------- what goes wrong
def test_a_full_disk_leaves_the_last_checkpoint(mocap_root, folder):
    """A limit on the size of files stands for it; the system refuses the write in the same way."""
    before = {path.name: path.read_bytes() for path in folder.glob('*.pth')}
    loop = dict(LOOPS['tensor'], max_epochs=5)
    runner = make_runner(
        train_cfg(
            mocap_root, folder, loop, resume=True, **{'default_hooks.checkpoint.max_keep_ckpts': 1}
        )
    )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r'File too large.*the last whole one is .*epoch_4.pth'):
            runner.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in folder.glob('*.pth')} == before
    assert not [name for name in os.listdir(folder) if name.endswith('.tmp')]


def test_only_temporaries_of_checkpoints_are_removed(tmp_path):
    for name in ('.epoch_1.pth.ab.tmp', '.last_checkpoint.ab.tmp', '.x.json.ab.tmp', 'a.tmp'):
        (tmp_path / name).touch()
    remove_temporaries(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ['.x.json.ab.tmp', 'a.tmp']


def test_the_best_checkpoint_is_that_of_the_score_itself(tmp_path):
    for name in (
        'best_a_MPJPE_epoch_3.pth',
        'best_a_MPJPE_epoch_12.pth',
        'best_a_MPJPE_with_root_epoch_20.pth',
        'best_a_MPJPE_epoch_30-0123abcd.pth',
        'best_b_a_MPJPE_epoch_40.pth',
    ):
        (tmp_path / name).touch()
    assert find_best_checkpoint(tmp_path, 'a/MPJPE').name == 'best_a_MPJPE_epoch_12.pth'
    found = find_best_checkpoint(tmp_path, 'a/MPJPE_with_root')
    assert found.name == 'best_a_MPJPE_with_root_epoch_20.pth'
    assert find_best_checkpoint(tmp_path, 'MPJPE') is None
