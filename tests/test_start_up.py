# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is imported when: commands before their arguments are read, parts when they are needed."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import mmposeaug
from mmposeaug.compat.at_import import at_import

HEAVY = ('torch', 'mmpose', 'mmcv', 'mmengine.runner', 'scipy', 'matplotlib', 'roma')
"""tuple[str]: Packages that take from 0.2 to 4 seconds to import."""

IN_A_FRESH_PROCESS = """
import contextlib, importlib, io, json, os, pkgutil, runpy, sys
scripts, heavy, tools = json.loads(sys.argv[1])
path = list(sys.path)

def run(*words):
    sys.argv, sys.path = list(words), [os.path.dirname(words[0]), *path]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            runpy.run_path(words[0], run_name='__main__')
        except SystemExit as end:
            return end.code, said.getvalue()
    return None, said.getvalue()

result = {'help': {}, 'errors': []}
for script in scripts:
    code, said = run(script, '--help')
    result['help'][script] = [code, 'usage: ' in said, [n for n in heavy if n in sys.modules]]
for words in tools:
    code, said = run(*words)
    result['errors'].append([code, said, [n for n in heavy if n in sys.modules]])

import mmposeaug
from mmposeaug.lifting import LiftingInferencer
LiftingInferencer()
result['lifter'] = [n for n in ('mmpose.models', 'mmengine.model', *heavy) if n in sys.modules]

def registered():
    import mmengine.registry, mmpose.registry
    from mmengine.registry import Registry
    parts = (part for m in (mmengine.registry, mmpose.registry) for part in vars(m).values())
    registries = [part for part in parts if isinstance(part, Registry)]
    for registry in registries:
        registry.import_from_location()
    found = set()
    for registry in registries:
        ours = (n for n, c in registry.module_dict.items() if 'mmposeaug' in c.__module__)
        found |= {f'{registry.scope}.{registry.name}: {name}' for name in ours}
    return sorted(found)

result['asked'] = registered()
for each in pkgutil.walk_packages(mmposeaug.__path__, 'mmposeaug.'):
    if '__main__' not in each.name and '.mim' not in each.name:
        importlib.import_module(each.name)
result['all'] = registered()
print(json.dumps(result))
"""


@pytest.fixture(scope='module')
def fresh(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a process of its own does, from the help of each command to all registries."""
    scripts = [
        str(path)
        for folder in ('tools', 'demo')
        for path in sorted((repo_root / folder).rglob('*.py'))
        # without options of its own: torch's launcher, and what tools import
        if 'ArgumentParser(' in path.read_text() or path.stem == 'lift_keypoints_demo'
        if path.stem not in ('several_processes', 'common')
    ]
    scripts += [str(repo_root / 'tools' / f'{name}.py') for name in ('train', 'test')]
    lift = str(repo_root / 'demo' / 'lift_keypoints_demo.py')
    sample = str(repo_root / 'demo' / 'resources' / 'two_people_coco.json')
    tools = [
        [str(repo_root / 'tools' / 'train.py'), 'no.py'],
        [str(repo_root / 'tools' / 'test.py'), 'no.py', 'no.pth'],
        [str(repo_root / 'tools' / 'model_converters' / 'poseaug2mmpose.py'), 'a', 'b']
        + ['--lifter', 'mlpp'],
        [lift, 'no.json'],
        [lift, sample, '--config', 'no.py', '--checkpoint', 'no.pth'],
        [lift, sample, '--up', 'q'],
        [lift, sample, '--checkpoint', 'no.pth'],
    ]
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', IN_A_FRESH_PROCESS]
        + [json.dumps([sorted(set(scripts)), HEAVY, tools])],
        cwd=tmp_path_factory.mktemp('fresh'),
        env={**os.environ, 'PYTHONPATH': str(repo_root), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_help_and_errors_of_arguments_import_nothing_heavy(fresh: dict) -> None:
    assert len(fresh['help']) > 20
    assert {script: told for script, told in fresh['help'].items() if told != [0, True, []]} == {}
    for (code, said, heavy), sentence in zip(
        fresh['errors'],
        (
            "the config 'no.py' does not exist",
            "the config 'no.py' does not exist",
            "invalid choice: 'mlpp'",
            "The keypoint file 'no.json' does not exist",
            "The config 'no.py' does not exist",
            "up is 'q'; give auto",
            'The config of the lifter is missing',
        ),
    ):
        assert code in (1, 2) and sentence in said and heavy == []


def test_the_included_lifter_needs_none_of_mmposes_models(fresh: dict) -> None:
    assert not {'mmpose.models', 'mmengine.model', 'roma', 'scipy'} & set(fresh['lifter'])
    assert 'torch' in fresh['lifter']


def test_registries_find_all_that_any_module_registers(fresh: dict) -> None:
    assert fresh['asked'] == fresh['all'] and len(fresh['all']) > 40
    for name in (
        'mmpose.loop: PoseAugTrainLoop',
        'mmpose.hook: AugmentationVisualizationHook',
        'mmpose.dataset: MultiCameraDataset',
        'mmpose.transform: RandomFlipWithCamera',
        'mmpose.model: SemGCN',
        'mmpose.metric: LiftingMetrics',
        'mmpose.KEYPOINT_CODECS: CalibratedPoseLifting',
    ):
        assert name in fresh['asked']


def test_every_public_name_can_be_imported() -> None:
    packages = [
        module.name
        for module in pkgutil.walk_packages(mmposeaug.__path__, 'mmposeaug.')
        if module.ispkg and '.mim' not in module.name
    ]
    for name in ('mmposeaug', *packages):
        package = importlib.import_module(name)
        public = getattr(package, '__all__', ())
        assert set(public) <= set(dir(package))
        for each in public:
            found = getattr(package, each)
            assert name == 'mmposeaug' or not isinstance(found, ModuleType), f'{name}.{each}'
    assert mmposeaug.geometry.camera.project is mmposeaug.geometry.project
    with pytest.raises(AttributeError, match="'mmposeaug.geometry' has no attribute 'no_such'"):
        _ = mmposeaug.geometry.no_such


def test_functions_called_like_their_module_stay_functions() -> None:
    from mmposeaug.lifting import included_lifter

    importlib.reload(importlib.import_module('mmposeaug.lifting.included_lifter'))
    assert callable(included_lifter) and callable(mmposeaug.lifting.included_lifter)


def test_calls_around_the_first_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'waited_for.py').write_text('import builtins\nnames = list(builtins.told)\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    told: list[object] = []
    monkeypatch.setattr('builtins.told', told, raising=False)
    finders = list(sys.meta_path)
    at_import('waited_for', lambda: told.append('before'), told.append)
    assert importlib.util.find_spec('waited_for') is not None and told == []  # found, not imported
    module = importlib.import_module('waited_for')
    assert told == ['before', module] and module.names == ['before']
    assert sys.meta_path == finders
    assert (
        type(module.__spec__.loader).__name__
        == 'SourceFileLoader'
        == type(module.__loader__).__name__
    )
    at_import('waited_for', lambda: told.append('again'))
    assert told[2:] == ['again']
    del sys.modules['waited_for']
