# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Packaging, with the extension that lets MIM find configs, tools and indices."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
MIM_PARTS = ('tools', 'configs', 'demo', 'model-index.yml', 'dataset-index.yml')


def read_version() -> str:
    """Reads the version without importing the package (torch may be absent at build time)."""
    scope: dict[str, str] = {}
    exec((ROOT / 'mmposeaug' / 'version.py').read_text(encoding='utf-8'), scope)
    return scope['__version__']


def read_requirements(name: str) -> list[str]:
    """Reads one file of ``requirements/``, following ``-r`` lines."""
    found: list[str] = []
    for line in (ROOT / 'requirements' / name).read_text(encoding='utf-8').splitlines():
        line = line.split('#')[0].strip()
        if line.startswith('-r'):
            found += read_requirements(line[2:].strip())
        elif line:
            found.append(line)
    return found


def add_mim_extension() -> None:
    """Puts configs, tools and indices under ``mmposeaug/.mim``, where MIM looks for them.

    A development install gets relative links, so that edits are seen at once; where links are
    not possible, and in a built distribution, files are copied.
    """
    commands = set(sys.argv)
    link = bool(commands & {'develop', 'editable_wheel'})
    if not link and not commands & {'sdist', 'bdist_wheel'}:
        return
    target_dir = ROOT / 'mmposeaug' / '.mim'
    target_dir.mkdir(exist_ok=True)
    for name in MIM_PARTS:
        source, target = ROOT / name, target_dir / name
        if not source.exists():
            continue
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.is_dir():
            shutil.rmtree(target)
        if link:
            try:
                target.symlink_to(os.path.relpath(source, target_dir))
                continue
            except OSError:  # Windows without developer mode, some network drives
                pass
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)


if __name__ == '__main__':
    add_mim_extension()
    setup(
        name='mmposeaug',
        version=read_version(),
        description='PoseAug for MMPose: 3D human pose lifters that generalise across scenarios',
        long_description=(ROOT / 'README.md').read_text(encoding='utf-8')
        if (ROOT / 'README.md').exists()
        else '',
        long_description_content_type='text/markdown',
        author='mmposeaug contributors',
        license='Apache-2.0',
        keywords='3D human pose estimation, pose lifting, data augmentation, MMPose',
        classifiers=[
            'Development Status :: 4 - Beta',
            'Intended Audience :: Science/Research',
            'Operating System :: OS Independent',
            'Programming Language :: Python :: 3',
            'Programming Language :: Python :: 3.9',
            'Programming Language :: Python :: 3.10',
            'Programming Language :: Python :: 3.11',
            'Programming Language :: Python :: 3.12',
            'Topic :: Scientific/Engineering :: Artificial Intelligence',
        ],
        packages=find_packages(include=['mmposeaug', 'mmposeaug.*']),
        include_package_data=True,
        python_requires='>=3.9',
        install_requires=read_requirements('runtime.txt'),
        extras_require={
            'tests': read_requirements('tests.txt'),
            'datasets': read_requirements('datasets.txt'),
            'detect': read_requirements('detect.txt'),
            'mediapipe': read_requirements('mediapipe.txt'),
            'onnx': read_requirements('onnx.txt'),
            'optional': read_requirements('optional.txt'),
            'all': read_requirements('tests.txt') + read_requirements('optional.txt'),
        },
        entry_points={'console_scripts': ['mmposeaug-lift=mmposeaug.lifting.command:main']},
        zip_safe=False,
    )
