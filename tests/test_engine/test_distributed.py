# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Two processes on CPUs: they run, keep in step, and end with the same networks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from distributed_run import plain_cfg
from train_runs import differing, make_runner, tensors_of


@pytest.mark.skipif(torch.cuda.is_available(), reason='tests the gloo path of machines without GPU')
def test_two_processes_keep_in_step(mocap_root, tmp_path, repo_root):
    """With ``sync_bn`` they compute what one process does with the whole batch."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    script = Path(__file__).with_name('distributed_run.py')
    launch = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2']
    result = subprocess.run(
        [*launch, '--master_port', port, str(script), str(mocap_root), str(tmp_path)],
        env={**os.environ, 'PYTHONPATH': str(repo_root), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "set sync_bn='torch' in the config" in result.stdout + result.stderr
    alone = make_runner(plain_cfg(mocap_root, tmp_path / 'alone', 1))
    alone.train()
    first, second = (torch.load(tmp_path / f'sync_bn_{rank}.pth') for rank in range(2))
    assert differing(first, second) == []
    for name, value in tensors_of(alone.model).items():
        torch.testing.assert_close(first[name], value, rtol=1e-3, atol=1e-4)
    first, second = (torch.load(tmp_path / f'sync_bn_released_{rank}.pth') for rank in range(2))
    assert differing(first, second) == []  # running statistics too
    for variant in ('learned', 'released'):
        first, second = (torch.load(tmp_path / f'{variant}_{rank}.pth') for rank in range(2))
        assert first['iter'] == second['iter'] > 0
        assert first['recoveries'] == second['recoveries']
        assert differing(first['networks'], second['networks']) == []
        weights = [
            {name: value for name, value in state['lifter'].items() if 'running_' not in name}
            for state in (first, second)
        ]
        assert differing(*weights) == []
        # each process augments its own samples with its own noise
        assert differing(first['pools'], second['pools'])
