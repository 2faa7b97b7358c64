# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Loading of MMEngine checkpoints under torch's ``weights_only`` protection.

Since torch 2.6 ``torch.load`` admits only tensors and plain containers unless told more, and
MMEngine calls it without arguments; its checkpoints also hold log histories and numpy arrays. Those
few types are admitted here; the protection itself stays on.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from .finding import Finding

_SUBJECT = 'torch.load of MMEngine checkpoints'


def _statistics_method(owner: Any, name: str) -> Any:
    """Stand in for ``getattr`` in checkpoints, where only log histories use it.

    The real one would open every attribute of every admitted object to a forged file.
    """
    from mmengine.logging import HistoryBuffer

    if owner is HistoryBuffer and name in HistoryBuffer._statistics_methods:
        return getattr(owner, name)
    raise pickle.UnpicklingError(
        f'The checkpoint asks for attribute {name!r} of {owner!r}, which is not admitted; '
        'load it with weights_only=False only if you trust its source'
    )


def _empty_bytes() -> bytes:
    """Stand in for ``bytes``, which is how an empty numpy array pickles its content."""
    return b''


def safe_globals() -> list[Any]:
    """List what an MMEngine checkpoint holds beyond tensors and plain containers.

    Some come with the name under which they were pickled: numpy 1 and 2 call a function by two.
    """
    import numpy as np
    from mmengine.logging import HistoryBuffer

    # How the installed numpy itself pickles an array and a scalar.
    functions: tuple[Any, ...] = (np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0])
    named = [
        (function, f'numpy.{core}.multiarray.{function.__name__}')
        for function in functions
        for core in ('core', '_core')
    ]
    named += [(_statistics_method, 'builtins.getattr'), (_empty_bytes, 'builtins.bytes')]
    dtypes = {type(np.dtype(code)) for code in '?bBhHiIlLqQefdU'}
    return [HistoryBuffer, np.ndarray, np.dtype, *named, *sorted(dtypes, key=lambda t: t.__name__)]


def _probe() -> io.BytesIO:
    """Save in memory what stands for an MMEngine checkpoint."""
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    file = io.BytesIO()
    content = {
        'log': [HistoryBuffer([0.5], [1]), HistoryBuffer()],
        'lr': np.float64(0.1),
        'index': np.arange(2),
        'names': np.array(['a']),
    }
    torch.save(content, file)
    file.seek(0)
    return file


def admit_checkpoint_types() -> Finding:
    """Admit the types of MMEngine's checkpoints to ``torch.load``, if it refuses them."""
    import torch

    found = f'torch {torch.__version__}'
    try:
        torch.load(_probe())
    except pickle.UnpicklingError:
        torch.serialization.add_safe_globals(safe_globals())
        torch.load(_probe())
        return Finding(
            _SUBJECT,
            f'{found} admits tensors only',
            'admitted log histories and numpy arrays; the protection stays on',
        )
    return Finding(_SUBJECT, f'{found} admits them')
