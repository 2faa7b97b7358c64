# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
import importlib.metadata

import pytest

from mmposeaug import compat


@pytest.mark.parametrize(
    ('found', 'refused'), [('0.10.4', True), ('0.10.5', False), ('1.0', False)]
)
def test_an_old_mmengine_is_refused(monkeypatch, found, refused):
    monkeypatch.setattr(compat, 'version', lambda name: found)
    if refused:
        with pytest.raises(ImportError, match='MMEngine is 0.10.4.*0.10.5 or newer'):
            compat._refuse_old_mmengine()
    else:
        compat._refuse_old_mmengine()


def test_mmengine_without_metadata_passes(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(compat, 'version', missing)
    compat._refuse_old_mmengine()
