# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
import importlib.metadata

import pytest

from mmposeaug import compat
from mmposeaug.compat.finding import format_report


def install(monkeypatch, **distributions):
    """Only these distributions are installed, with ``_`` for ``-`` in their names."""

    def version(name):
        if name.replace('-', '_') not in distributions:
            raise importlib.metadata.PackageNotFoundError(name)
        return distributions[name.replace('-', '_')]

    monkeypatch.setattr(importlib.metadata, 'version', version)


@pytest.mark.parametrize('build', ['mmengine', 'mmengine_lite', 'onedl_mmengine'])
@pytest.mark.parametrize(
    ('found', 'refused'), [('0.10.4', True), ('0.10.5', False), ('1.0', False)]
)
def test_an_old_mmengine_is_refused(monkeypatch, found, refused, build):
    install(monkeypatch, **{build: found})
    if refused:
        with pytest.raises(ImportError, match='MMEngine is 0.10.4.*0.10.5 or newer'):
            compat._refuse_old_mmengine()
    else:
        compat._refuse_old_mmengine()


def test_mmengine_without_metadata_passes(monkeypatch):
    install(monkeypatch)
    compat._refuse_old_mmengine()


def test_the_report_names_other_builds(monkeypatch):
    install(monkeypatch, mmcv_lite='2.1.0', onedl_mmengine='0.10.12', mmpose='1.3.2')
    report = format_report([])
    assert '  mmengine: 0.10.12 (onedl-mmengine)\n  mmcv: 2.1.0 (mmcv-lite)\n' in report
    assert '  mmdet: not installed\n  mmpose: 1.3.2\n' in report
