# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reading the weights of a checkpoint, and telling whether they are a model's."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmposeaug import compat
from mmposeaug.fileio import sha256_of
from mmposeaug.structures import Skeleton

from .lifter_files import require_checkpoint

_UNUSED = 'num_batches_tracked'  # counted while training, absent from old checkpoints


def read_checkpoint(path: Path) -> tuple[dict[str, Any], str]:
    """Read a checkpoint, one of MMEngine too, without running code from it."""
    require_checkpoint(path)
    compat.apply()  # which admits the plain types that MMEngine's hold
    return read_weights(path)


def read_weights(path: Path) -> tuple[dict[str, Any], str]:
    """Read a checkpoint of tensors and plain containers, and the SHA-256 of its bytes."""
    require_checkpoint(path)
    content = path.read_bytes()
    try:
        with warnings.catch_warnings():
            # torch asks for an issue where a file is no checkpoint
            warnings.filterwarnings('ignore', 'Detected pickle protocol', UserWarning)
            loaded = torch.load(io.BytesIO(content), map_location='cpu', weights_only=True)
    except pickle.UnpicklingError:  # torch's advice is to run what the file holds
        raise ValueError(
            f"The checkpoint '{path}' holds more than weights and plain values, or is none at all, "
            'and is refused; save its state_dict alone.'
        ) from None
    except Exception as error:  # a broken file raises nearly anything
        raise ValueError(
            f"The file '{path}' cannot be read as a checkpoint ({first_line(error)}); check that "
            'it is complete.'
        ) from None
    if not isinstance(loaded, dict):
        raise ValueError(
            f"The file '{path}' holds a {type(loaded).__name__}, not a state dict; give a "
            'checkpoint.'
        )
    return loaded, sha256_of(content)


def load_weights(model: nn.Module, checkpoint: Mapping[str, Any], path: Path) -> None:
    """Give a model all of its weights."""
    given: Any = checkpoint.get('state_dict', checkpoint)
    values = list(given.values()) if isinstance(given, Mapping) else []
    if not values or not all(isinstance(value, Tensor) for value in values):
        raise ValueError(
            f"The checkpoint '{path}' has no state_dict and is none; give one of MMEngine, or the "
            'state_dict of a lifter.'
        )
    state = {str(name).removeprefix('module.'): value for name, value in given.items()}
    needed = model.state_dict()
    for name, weight in needed.items():
        if name in state and tuple(state[name].shape) != tuple(weight.shape):
            raise _misfit(
                path,
                f'{name} is of size {tuple(state[name].shape)} in the checkpoint, of '
                f'{tuple(weight.shape)} in the model',
            )
    # the model may rename the weights of old releases, so only now is known what is missing
    try:
        result = model.load_state_dict(state, strict=False)
    except RuntimeError as error:  # a renamed one is of another size; the last line names it
        raise _misfit(path, str(error).splitlines()[-1].strip(' \t.')) from None
    missing = [name for name in result.missing_keys if not name.endswith(_UNUSED)]
    if missing:
        raise _misfit(path, f'the checkpoint lacks {_several(missing)} of the model')
    if result.unexpected_keys:
        raise _misfit(
            path, f'the checkpoint has {_several(result.unexpected_keys)}, the model has not'
        )


def check_joints(checkpoint: Mapping[str, Any], skeleton: Skeleton, path: Path) -> None:
    """Refuse a checkpoint that was trained on other joints, where it tells them."""
    meta = checkpoint.get('meta')
    dataset_meta = meta.get('dataset_meta') if isinstance(meta, Mapping) else None
    names = dataset_meta.get('keypoint_id2name') if isinstance(dataset_meta, Mapping) else None
    if not isinstance(names, Mapping) or set(names) != set(range(len(names))):
        return
    trained = tuple(str(names[joint]) for joint in range(len(names)))
    if trained == skeleton.joint_names:
        return
    if len(trained) != skeleton.num_joints:
        how = f'{len(trained)} joints, the data set of the config has {skeleton.num_joints}'
    else:
        joint = next(j for j, name in enumerate(trained) if name != skeleton.joint_names[j])
        how = (
            f'joints whose number {joint} is {trained[joint]!r}, in the config it is '
            f'{skeleton.joint_names[joint]!r}'
        )
    raise ValueError(
        f"The checkpoint '{path}' was trained on {how}; give the config that it was trained with."
    )


def _misfit(path: Path, what: str) -> ValueError:
    return ValueError(
        f"The checkpoint '{path}' does not fit the config's model: {what}; give the config that "
        'it was trained with.'
    )


def _several(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f'{names[0]} and {len(names) - 1} more weights'


def first_line(error: BaseException) -> str:
    """What an error says, as a part of a sentence."""
    lines = str(error).strip().splitlines() or ['']
    said = lines[0].rstrip('. ')
    # the text of some errors is a number or nothing
    return said if any(letter.isalpha() for letter in said) else type(error).__name__
