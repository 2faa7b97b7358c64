# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reading and writing files: nothing read here can run code, nothing written is half done."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .io import (
        UnpackedError,
        atomic_write,
        check_unpacked,
        join_root,
        load_json,
        load_npy,
        load_npz,
        load_pickle_restricted,
        make_writable_folder,
        most_unpacked,
        read_record,
        require_file,
        save_json,
        save_npy,
        save_npz,
        save_pickle,
        sha256_of,
    )
    from .manifest import Manifest, changes
    from .object_npz import load_object_npz, npz_entries
    from .progress import Track, say, track, untracked
    from .yaml_files import load_yaml

__all__ = [
    'Manifest',
    'Track',
    'UnpackedError',
    'atomic_write',
    'changes',
    'check_unpacked',
    'join_root',
    'load_json',
    'load_npy',
    'load_npz',
    'load_object_npz',
    'load_pickle_restricted',
    'load_yaml',
    'make_writable_folder',
    'most_unpacked',
    'npz_entries',
    'read_record',
    'require_file',
    'save_json',
    'save_npy',
    'save_npz',
    'save_pickle',
    'say',
    'sha256_of',
    'track',
    'untracked',
]

__getattr__, __dir__ = lazy_names(__name__)
