# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What make says before it is busy for minutes."""

from __future__ import annotations

import shutil
import subprocess

import pytest


@pytest.mark.skipif(shutil.which('make') is None, reason='there is no make')
def test_the_cost_of_the_environment_is_told_before_pip_begins(repo_root, tmp_path):
    venv = tmp_path / 'venv'
    command = ['make', '-n', 'env', f'VENV={venv}', f'PYTHON={venv}/bin/python']
    result = subprocess.run(command, cwd=repo_root, capture_output=True, text=True, check=True)
    told, _, work = result.stdout.partition(f'-m venv {venv}')
    assert 'about 3 minutes' in told and 'GB to download' in told and 'GB of disk' in told
    for step in ('1 of 3', '2 of 3', '3 of 3'):
        assert step in work
    # where there is no terminal pip says nothing, and the report is in a file
    assert (
        work.count('pip install --quiet') == work.count('pip install') == 5
        and f'> {venv}/environment.txt' in work
    )
