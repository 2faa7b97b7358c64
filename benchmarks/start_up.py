# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""CPU seconds until something happens, each time in a process of its own, as a table in Markdown.

    python benchmarks/start_up.py [--config CONFIG] [--json FILE]

Imports, the help of each command, a sample that is lifted to a written file with torch, and with
numpy and onnxruntime alone, and with --config the first lifter update of a training of that config.
Medians over rounds; each round does everything once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from mmposeaug.evaluation import format_table
from mmposeaug.fileio import save_json

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = 'demo/resources/two_people_coco.json'
IMPORTS = {
    'python': 'pass',
    'import numpy': 'import numpy',
    'import torch': 'import torch',
    'import mmpose.registry': 'import mmposeaug.compat, mmpose.registry',
    'import mmpose.models': 'import mmposeaug.compat, mmpose.models',
    'import mmposeaug': 'import mmposeaug',
    'mmposeaug.register_all_modules()': 'import mmposeaug; mmposeaug.register_all_modules()',
}
FIRST_UPDATE = """
import sys
sys.path.insert(0, 'tools')
from mmposeaug.engine import TensorTrainLoop
import train
update = TensorTrainLoop.update_lifter
def stop(*args, **options):
    update(*args, **options)
    raise KeyboardInterrupt
TensorTrainLoop.update_lifter = stop
train.main()
"""


def lines_without_torch() -> str:
    """The lines of docs/without_torch.md, for the file that comes with the package."""
    text = (ROOT / 'docs' / 'without_torch.md').read_text(encoding='utf-8')
    found = re.search(r'```python\n(.*?)```', text, re.DOTALL)
    assert found is not None
    model = ROOT / 'mmposeaug' / 'lifting' / 'included' / 'lifter.onnx'
    code = found[1].replace("'lifter.onnx'", repr(str(model)))
    return code.replace(f"'{SAMPLE}'", repr(str(ROOT / SAMPLE)))


def commands(out: Path, config: str | None) -> dict[str, list[str]]:
    """What is timed, as arguments of Python, and where it writes."""
    found = {name: ['-c', code] for name, code in IMPORTS.items()}
    for folder in ('tools', 'demo'):
        for path in sorted((ROOT / folder).rglob('*.py')):
            if path.stem not in ('common', 'config_types', 'several_processes'):
                name = str(path.relative_to(ROOT))
                found[f'{name} --help'] = [name, '--help']
    lift = ['demo/lift_keypoints_demo.py', SAMPLE, '--out-dir', str(out), '--fps', '25']
    found['lift to files, torch'] = [*lift, '--image-size', '1280', '720', '--focal', '1000']
    found['lift to a file, onnxruntime alone'] = ['-c', lines_without_torch()]
    if config is not None:
        found['first lifter update'] = ['-c', FIRST_UPDATE, config, '--work-dir', str(out / 'run')]
    return found


def cpu_seconds(words: list[str], folder: Path) -> float:
    """CPU seconds of a process, with those that it starts."""
    here = ROOT if words[0] != '-c' or 'tools' in words[1] else folder
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    before = os.times()
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', *words], cwd=here, env=env, capture_output=True, text=True
    )
    after = os.times()
    if done.returncode not in (0, 130):
        raise RuntimeError(f'{words} failed: {done.stderr[-2000:]}')
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--config', help='config whose first lifter update is timed, too')
    parser.add_argument('--rounds', type=int, default=5, help='(default: %(default)s)')
    parser.add_argument('--only', nargs='+', default=[''], help='words of what is timed')
    parser.add_argument('--json', metavar='FILE', help='file to write')
    args = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.rounds):
            out = Path(folder) / str(number)
            out.mkdir()
            for name, words in commands(out, args.config).items():
                if any(word in name for word in args.only):
                    times.setdefault(name, []).append(cpu_seconds(words, out))
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(format_table('what', {name: {'CPU s': f'{t:.2f}'} for name, t in medians.items()}))
    if args.json:
        record = dict(
            medians=medians, seconds=times, machine=platform.processor() or platform.machine(),
            python=platform.python_version(), rounds=args.rounds,
        )  # fmt: skip
        save_json(Path(args.json), json.loads(json.dumps(record)))


if __name__ == '__main__':
    main()
