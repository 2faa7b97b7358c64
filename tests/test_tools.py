# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The command lines: training, going on, testing, several processes, and what they refuse."""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import json
import os
import pickle
import socket
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.runner import find_latest_checkpoint

from mmposeaug.structures import get_skeleton


@pytest.fixture
def tools(repo_root, monkeypatch):
    """The tools' main functions; they run in this process, which has MMPose imported."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools'))
    monkeypatch.setenv('LOCAL_RANK', '0')
    # loggers of earlier tests write to what pytest had put in the place of stdout for these
    monkeypatch.setattr(MMLogger, '_instance_dict', OrderedDict())

    def run(name: str, *args: object) -> None:
        importlib.import_module(name).main([str(arg) for arg in args])

    # Their plain names must not shadow anything in later tests.
    names = ('train', 'test', 'common')
    for name in names:
        sys.modules.pop(name, None)
    yield run
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def run_env(repo_root):
    """Environment variables for tools in processes of their own."""
    return {
        **os.environ,
        'PYTHONPATH': str(repo_root),
        'PYTHON': sys.executable,
        'OMP_NUM_THREADS': '1',
    }


def test_train_resume_and_test(tools, lifting_config, tmp_path, capsys):
    work_dir = tmp_path / 'run'
    tools('train', lifting_config, '--work-dir', work_dir, '--resume', '--auto-scale-lr')
    assert 'No checkpoint in' in capsys.readouterr().out
    first = torch.load(work_dir / 'epoch_2.pth')
    # 1e-3 for a batch of 32, and 16 here
    assert first['optimizer']['param_groups'][0]['lr'] == pytest.approx(5e-4)

    more = ('--cfg-options', 'train_cfg.max_epochs=3')
    tools('train', lifting_config, '--work-dir', work_dir, '--resume', '--no-validate', *more)
    last = find_latest_checkpoint(str(work_dir))
    assert last is not None and last.endswith('epoch_3.pth')
    assert torch.load(last)['meta']['iter'] == 9

    out, dump = tmp_path / 'new' / 'metrics.json', tmp_path / 'predictions.pkl'
    more = ('--work-dir', work_dir, '--out', out, '--dump', dump)
    pictures = tmp_path / 'pictures'  # of samples that have no image, where MMPose's own hook fails
    tools('test', lifting_config, last, *more, '--show-dir', pictures, '--interval', 20)
    assert len(list(pictures.glob('*.png'))) == 2
    metrics = json.loads(out.read_text())
    assert metrics['MPJPE'] > 0
    assert os.listdir(out.parent) == ['metrics.json']
    assert dump.stat().st_size > 0

    more = ('--work-dir', work_dir, '--out', out.with_name('no.json'))
    with pytest.raises(SystemExit):
        tools(
            'test',
            lifting_config,
            last,
            *more,
            '--cfg-options',
            'test_dataloader.dataset.seq_len=3',
        )
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert 'test_dataloader.dataset: The backbone sees 1 frame(s)' in said
    assert 'gives 3; set seq_len=1' in said and os.listdir(out.parent) == ['metrics.json']


def test_resume_takes_a_named_checkpoint(tools, lifting_config, tmp_path):
    tools('train', lifting_config, '--work-dir', tmp_path / 'a', '--no-validate')
    more = (
        '--work-dir',
        tmp_path / 'b',
        '--no-validate',
        '--cfg-options',
        'train_cfg.max_epochs=3',
    )
    tools('train', lifting_config, '--resume', tmp_path / 'a' / 'epoch_1.pth', *more)
    assert sorted(path.name for path in (tmp_path / 'b').glob('*.pth')) == [
        'epoch_2.pth',
        'epoch_3.pth',
    ]


def test_a_training_is_not_lost_by_a_second_one(tools, lifting_config, tmp_path, capsys):
    """Of MMEngine's own loop too."""
    work_dir = tmp_path / 'run'
    command = ('train', lifting_config, '--work-dir', work_dir, '--no-validate')
    tools(*command)

    def refused(*options: object) -> str:
        with pytest.raises(SystemExit) as caught:
            tools(*command, *options)
        assert caught.value.code == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    assert 'holds checkpoints of a training (epoch_2.pth, epoch_1.pth)' in refused()
    (work_dir / 'last_checkpoint').write_text('')
    whole = (work_dir / 'epoch_2.pth').read_bytes()
    (work_dir / 'epoch_2.pth').write_bytes(whole[:-100])
    sentence = refused('--resume', work_dir / 'epoch_2.pth')
    assert "epoch_2.pth' cannot be read" in sentence and 'epoch_1.pth' in sentence
    tools(*command, '--resume')
    out = capsys.readouterr().out
    assert 'epoch_2.pth cannot be read (empty, cut off or damaged); the last whole' in out
    metas = [torch.load(file)['meta'] for file in (io.BytesIO(whole), work_dir / 'epoch_2.pth')]
    assert [(meta['epoch'], meta['iter']) for meta in metas] == [(2, 6)] * 2
    for path in work_dir.glob('*.pth'):
        path.write_bytes(b'')
    assert 'but no whole checkpoint to resume from' in refused('--resume')
    tools(*command, '--restart', '--cfg-options', 'train_cfg.max_epochs=1')
    assert [path.name for path in work_dir.glob('*.pth')] == ['epoch_1.pth']
    assert len(list(work_dir.glob('before_*/*.pth'))) == 2


def test_a_work_folder_that_cannot_be_written_to(tools, lifting_config, tmp_path, capsys):
    (tmp_path / 'file').write_text('kept')
    with pytest.raises(SystemExit) as caught:
        tools('train', lifting_config, '--work-dir', tmp_path / 'file')
    assert caught.value.code == 2
    assert 'nothing can be written to' in capsys.readouterr().err.strip().splitlines()[-1]
    assert (tmp_path / 'file').read_text() == 'kept'


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_fills_up_ends_in_one_sentence(tools, capsys, code):
    """Wherever the write is: in MMEngine's logs for instance."""
    from common import plain_errors

    parser = argparse.ArgumentParser(prog='tool')
    with pytest.raises(SystemExit), plain_errors(parser, None):
        raise OSError(code, os.strerror(code), 'x.json')
    assert "nothing more can be written to 'x.json'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ('name', 'args', 'sentence'),
    [
        ('train', ['no.py'], "the config 'no.py' does not exist"),
        ('train', ['{config}', '--resume', 'no.pth'], "the checkpoint 'no.pth' does not exist"),
        (
            'train',
            ['{config}', '--show-dir', 'x', '--cfg-options', 'default_hooks.visualization=None'],
            'need the hook that draws',
        ),
        (
            'train',
            ['{config}', '--auto-scale-lr', '--cfg-options', 'auto_scale_lr={{}}'],
            'set auto_scale_lr=dict(base_batch_size=...)',
        ),
        (
            'train',
            ['{config}', '--cfg-options', 'test_cfg.type=MultiSetTestLop'],
            "test_cfg.type='MultiSetTestLop', but nothing is registered as that; did you mean",
        ),
        (
            'train',
            ['{config}', '--cfg-options', 'val_dataloader.dataset.ann_file=no.npz'],
            "no.npz' of val_dataloader does not exist; correct it or data_root",
        ),
        (
            'train',
            ['{config}', '--cfg-options', 'load_from=no.pth'],
            "the checkpoint 'no.pth' does not exist",
        ),
        ('test', ['no.py', 'no.pth'], "the config 'no.py' does not exist"),
        ('test', ['{config}', 'no.pth'], "the checkpoint 'no.pth' does not exist"),
        ('test', ['{config}', '{config}', '--out', 'm.txt'], '--out must end in .json or'),
        ('test', ['{config}', '{config}', '--dump', 'p.json'], '--dump must end in .pkl or'),
    ],
)
def test_bad_input_is_one_sentence(tools, lifting_config, capsys, name, args, sentence):
    with pytest.raises(SystemExit) as caught:
        tools(name, *[arg.format(config=lifting_config) for arg in args])
    assert caught.value.code == 2
    last_line = capsys.readouterr().err.strip().splitlines()[-1]
    assert 'error: ' in last_line and sentence in last_line


@pytest.mark.parametrize(
    ('error', 'code', 'sentence'),
    [
        (KeyboardInterrupt(), 130, 'go on'),
        (pickle.UnpicklingError('weights only'), 1, "'x.pth' is not a checkpoint of weights alone"),
    ],
)
def test_interruptions_and_foreign_files_end_in_one_sentence(tools, capsys, error, code, sentence):
    from common import plain_errors

    parser = argparse.ArgumentParser(prog='tool')
    with pytest.raises(SystemExit) as caught, plain_errors(parser, 'x.pth', 'go on'):
        raise error
    assert caught.value.code == code
    assert sentence in capsys.readouterr().err


class Evil:
    def __reduce__(self):
        return os.system, ('touch hacked',)


def test_mistakes_before_a_run_are_one_sentence(tools, tmp_path, capsys, monkeypatch):
    import common

    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser(prog='tool')
    common.add_cfg_options(parser)

    def said(call, *args) -> str:
        with pytest.raises(SystemExit) as caught:
            call(*args)
        assert caught.value.code in (1, 2)
        error = capsys.readouterr().err
        assert error.count('error: ') == 1 and error.strip().splitlines()[-1].startswith('tool: ')
        return error

    for word in ('foo', '=3'):
        assert f'takes KEY=VALUE, not {word!r}' in said(parser.parse_args, ['--cfg-options', word])
    for word, sentence in {
        'train_cfg.max_epochs=': 'train_cfg.max_epochs= has no value; give one, or train_cfg.max_e',
        'a.b=[1,2': 'cannot be read (Imbalanced brackets exist in [1,2); close the brackets',
    }.items():
        assert sentence in said(parser.parse_args, ['--cfg-options', word])
    for content, sentence in (
        (b'model = dict(', r"(SyntaxError: '(' was never closed, line 1)"),
        (b'\xe9\xff\x00', '(UnicodeDecodeError: '),
        (b"_base_ = ['./none.py']", '(FileNotFoundError: '),
        (b'raise RuntimeError("no")', '(RuntimeError: no)'),
    ):
        (tmp_path / 'c.py').write_bytes(content)
        assert sentence in said(common.merged_config, parser, 'c.py', None)
    (tmp_path / 'list.pth').touch()
    torch.save([1], tmp_path / 'list.pth')
    (tmp_path / 'text.pth').write_text('hello')
    (tmp_path / 'evil.pth').write_bytes(pickle.dumps(Evil()))
    (tmp_path / 'half.pth').write_bytes((tmp_path / 'list.pth').read_bytes()[:300])
    (tmp_path / 'empty.pth').touch()
    torch.save(dict(state_dict={'a': 'b'}), tmp_path / 'words.pth')
    for name in ('list', 'text', 'evil', 'half', 'empty', 'words'):
        assert 'is not a checkpoint of weights alone (' in said(
            common.require_checkpoint, parser, f'{name}.pth'
        )
    torch.save(dict(state_dict={}), tmp_path / 'good.pth')
    common.require_checkpoint(parser, 'good.pth')
    assert not (tmp_path / 'hacked').exists()


def test_a_misspelt_type_is_named_with_its_key(tools, repo_root, capsys):
    from mmpose.registry import MODELS

    import common

    path = repo_root / 'configs/poseaug/baseline_simplebaseline-256_1xb256-96e_synthetic.py'
    parser = argparse.ArgumentParser(prog='tool')
    cfg = common.merged_config(parser, str(path), {'model.backbone.type': 'TCNN'})
    with pytest.raises(SystemExit), common.plain_errors(parser, None):
        MODELS.build(cfg.model)
    assert capsys.readouterr().err == (
        "tool: error: the config has model.backbone.type='TCNN', but nothing is registered as "
        "that; did you mean 'TCN'?\n"
    )
    for name in (
        'poseaug/baseline_simplebaseline-256_1xb256-96e_synthetic',
        'original/mlp_h36m-16j',
    ):
        cfg = common.merged_config(parser, str(repo_root / f'configs/{name}.py'), None)
        assert common.unknown_type(cfg) == ''


def test_the_packages_refusals_end_in_one_sentence_and_other_errors_do_not(tools, capsys):
    from common import plain_errors

    parser = argparse.ArgumentParser(prog='tool')
    with pytest.raises(SystemExit), plain_errors(parser, None):
        get_skeleton('coco')
    assert capsys.readouterr().err.startswith("tool: error: The skeleton is 'coco'")
    with pytest.raises(ValueError, match='a fault'), plain_errors(parser, None):
        raise ValueError('a fault of this test')


def test_scores_of_another_model_are_refused(tools, lifting_config, tmp_path, capsys):
    checkpoint = tmp_path / 'other.pth'
    torch.save(dict(state_dict={}, meta={}), checkpoint)
    with pytest.raises(SystemExit):
        tools('test', lifting_config, str(checkpoint), '--work-dir', str(tmp_path / 'w'))
    said = capsys.readouterr().err
    assert 'The checkpoint is of another lifter: 0%' in said
    assert "; name a checkpoint of this config's model" in said and 'load_from' not in said


def test_an_inherited_by_epoch_is_explained(tools, lifting_config, capsys):
    with pytest.raises(SystemExit):
        tools('train', lifting_config, '--cfg-options', 'train_cfg.type=A', 'train_cfg.by_epoch=1')
    assert '_delete_=True' in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason='--amp is float16 here')
def test_amp_without_a_gpu_is_bfloat16(tools, monkeypatch, lifting_config, capsys):
    train = importlib.import_module('train')
    ours = lifting_config.with_name('ours.py')
    deleted = "train_cfg = dict(_delete_=True, type='TensorTrainLoop', "
    ours.write_text(lifting_config.read_text().replace('train_cfg = dict(', deleted))

    def prepared(config: Path, *options: str) -> Any:
        parser = train.build_parser()
        args = [str(config), '--amp', '--no-validate']
        args += ['--cfg-options', *options] if options else []
        return train.prepare_config(parser, parser.parse_args(args)).optim_wrapper

    refusal = 'mmposeaug.engine.mixed_precision.refusal_of_bfloat16'
    monkeypatch.setattr(refusal, lambda: None)
    bfloat16 = 'optim_wrapper.type=BFloat16OptimWrapper'
    amp = ('optim_wrapper.type=AmpOptimWrapper', 'optim_wrapper.loss_scale=dynamic')
    for options in ((), amp):
        wrapper = prepared(ours, *options)
        assert wrapper.type == 'BFloat16OptimWrapper' and 'loss_scale' not in wrapper
    monkeypatch.setattr(refusal, lambda: 'a reason')
    for config, options, said in (
        (ours, (), 'a reason; train without --amp'),
        (lifting_config, (), 'cannot be logged by MMPose in the EpochBasedTrainLoop'),
        (lifting_config, (bfloat16,), 'cannot be logged by MMPose in the EpochBasedTrainLoop'),
        (ours, ('optim_wrapper.type=Other',), 'replaces a plain OptimWrapper, not the Other'),
    ):
        with pytest.raises(SystemExit):
            prepared(config, *options)
        assert said in capsys.readouterr().err


def test_mmposes_own_tool_runs_the_config(lifting_config, tmp_path, run_env):
    import mmpose

    tool = Path(mmpose.__file__).parent / '.mim' / 'tools' / 'train.py'
    result = subprocess.run(
        [sys.executable, str(tool), str(lifting_config), '--work-dir', str(tmp_path / 'run')],
        env=run_env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert (tmp_path / 'run' / 'epoch_2.pth').is_file()


@pytest.mark.skipif(torch.cuda.is_available(), reason='tests the gloo path of machines without GPU')
def test_dist_train_runs_two_processes_on_cpus(repo_root, lifting_config, tmp_path, run_env):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    script = repo_root / 'tools' / 'dist_train.sh'
    result = subprocess.run(
        ['bash', str(script), str(lifting_config), '2', '--work-dir', str(tmp_path / 'run')],
        env={**run_env, 'PORT': port},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    checkpoint = torch.load(tmp_path / 'run' / 'epoch_2.pth')
    # 40 samples in two processes of batch 16: two iterations an epoch, not three
    assert checkpoint['meta']['iter'] == 4


@pytest.mark.skipif(torch.cuda.is_available(), reason='tests the gloo path of machines without GPU')
def test_an_error_of_two_processes_is_said_once(repo_root, lifting_config, tmp_path, run_env):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    options = ['--work-dir', 'run', '--cfg-options', 'train_dataloader.dataset.ann_file=no.npz']
    result = subprocess.run(
        ['bash', str(repo_root / 'tools/dist_train.sh'), str(lifting_config), '2', *options],
        env={**run_env, 'PORT': port},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    said = result.stderr
    assert result.returncode == 2 and said.count('error: ') == 1, said
    assert (
        "no.npz' of train_dataloader does not exist" in said
        and 'Traceback' not in said
        and '=====' not in said
    )


def test_other_processes_wait_for_the_first_to_speak(tools, capsys, monkeypatch):
    import common
    import several_processes

    waited: list[float] = []
    monkeypatch.setattr('several_processes.time.sleep', waited.append)
    for rank, count in (('0', 0), ('1', 1)):
        monkeypatch.setenv('RANK', rank)
        with pytest.raises(SystemExit) as caught:
            several_processes.ToolParser(prog='tool').exit(1, 'tool: error: a sentence\n')
        assert caught.value.code == 1 and len(waited) == count
    monkeypatch.setenv('RANK', '0')
    monkeypatch.setenv('WORLD_SIZE', '2')
    with (
        pytest.raises(SystemExit),
        common.plain_errors(several_processes.ToolParser(prog='tool'), None),
    ):
        raise RuntimeError('[../gloo/pair.cc:534] Connection closed by peer [127.0.0.1]:3456')
    assert waited == [several_processes.PATIENCE] * 2
    cause = RuntimeError('NCCL error: Duplicate GPU detected : rank 0 and rank 1')
    assert not several_processes.waited_in_vain(cause)
    assert capsys.readouterr().err.endswith('error: another process of this run has ended\n')


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh'])
def test_scripts_without_arguments_tell_how_to_use_them(repo_root, script):
    result = subprocess.run(
        ['bash', str(repo_root / 'tools' / script)], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr.startswith('usage: ') and 'CONFIG' in result.stderr
