# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is not told by keypoints and lifter."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .option_names import BONES, WORLD_AXES


@dataclass(frozen=True)
class LiftingOptions:
    """How keypoints are read, followed, filled in and seen.

    Args:
        keypoint_set (str): Which keypoints they are: a name of
            :data:`mmposeaug.datasets.keypoints_2d.KEYPOINT_SETS`, or a JSON file. Defaults to
            ``'auto'``: by their names in the file, else by their number.
        tracker (str): See :func:`mmposeaug.lifting.assign_tracks`. Defaults to ``'auto'``.
        max_gap (int): Frames over which joints that were not found are interpolated. Defaults to
            10.
        score_thr (float): Joints below this score count as not found. Defaults to 0.3.
        stills (bool): The frames are single pictures, not a video: nobody is followed, nothing
            interpolated. Defaults to False.
        image_size (tuple[float, float], optional): Width and height of the images in pixels.
            Defaults to the file's, else the smallest common size that holds the keypoints.
        pad_portrait (bool): Whether images that are higher than wide count as padded to squares:
            lifters that normalise by the width then see people in the size that they have in
            other images. For lifters that were trained so, or on no portrait images. Defaults to
            False, as MMPose does it.
        camera_file (str, optional): File with the camera, as training sets have them.
        camera (str, optional): Which camera of it, ``'SUBJECT/CAMERA'``.
        focal (float, optional): Focal length in pixels, in place of a camera file.
        stature (float): Height of the people in metres, for lifters that cannot tell it
            (MotionBERT). Defaults to 1.7.
        bones (str): ``'constant'``: each person has one set of bone lengths, left and right equal,
            to which the poses are fitted, see :func:`mmposeaug.lifting.hold_bones`. Defaults
            to ``'free'``: as the lifter gives them, frame by frame.
        first_frame (int, optional): The number that a keypoint file gives to the first frame of
            the video, see :func:`mmposeaug.datasets.keypoints_2d.load_keypoints`.
        fps (float, optional): Frames a second. Defaults to the file's, if it says so.
        smooth (float, optional): Cutoff in hertz of smoothing over time, see
            :func:`mmposeaug.lifting.smooth_poses`. Defaults to None, none.
        causal (bool): Whether smoothing looks at earlier frames alone. Defaults to False.
        up (str | tuple[float, float], optional): Which way is up: ``'auto'``, the axis of the
            calibration's world, or pitch and roll of the camera in degrees, see
            :func:`mmposeaug.lifting.find_up`. Defaults to None, where it is not looked for
            unless feet are planted.
        feet (bool): Whether feet that stand are kept from sliding, see
            :func:`mmposeaug.lifting.plant_feet`. Defaults to False.

    Raises:
        ValueError: If ``stature`` is no height of a person, ``max_gap`` or ``score_thr`` is
            impossible, ``bones`` is unknown or constant in
            single pictures, ``fps``, ``smooth`` or ``up`` is impossible, or ``causal`` is without
            ``smooth`` or with ``feet``.
    """

    keypoint_set: str = 'auto'
    tracker: str = 'auto'
    max_gap: int = 10
    score_thr: float = 0.3
    stills: bool = False
    image_size: tuple[float, float] | None = None
    pad_portrait: bool = False
    camera_file: str | None = None
    camera: str | None = None
    focal: float | None = None
    stature: float = 1.7
    bones: str = 'free'
    first_frame: int | None = None
    fps: float | None = None
    smooth: float | None = None
    causal: bool = False
    up: str | tuple[float, float] | None = None
    feet: bool = False

    def __post_init__(self) -> None:
        if not 0.2 <= self.stature <= 3:
            raise ValueError(f'stature is {self.stature}; give metres, between 0.2 and 3.')
        if not (isinstance(self.max_gap, int) and self.max_gap >= 0):
            raise ValueError(f'max_gap is {self.max_gap}; give a number of frames, at least 0.')
        if not 0 <= self.score_thr <= 1:
            raise ValueError(f'score_thr is {self.score_thr}; give a score, 0 to 1.')
        if self.bones not in BONES:
            raise ValueError(f'bones is {self.bones!r}; use one of {", ".join(BONES)}.')
        if self.bones == 'constant' and self.stills:
            raise ValueError(
                "bones='constant' is for people who are followed over the frames of a video, which "
                'stills are not; leave out one of them.'
            )
        _check_refinement(self)


def _check_refinement(options: LiftingOptions) -> None:
    """Refuse what is done to lifted poses if it cannot be, before anything is lifted."""
    for name, unit in (('fps', 'frames a second'), ('smooth', 'hertz')):
        value = getattr(options, name)
        if value is not None and not (math.isfinite(value) and value > 0):
            raise ValueError(f'{name} is {value}; give {unit}, above 0.')
    if options.causal and options.smooth is None:
        raise ValueError('causal says how to smooth; give smooth, in hertz, too.')
    if options.causal and options.feet:
        raise ValueError(
            'causal and feet are both given, but feet are planted with what comes later; leave '
            'one of them out.'
        )
    if isinstance(options.up, str):
        if options.up not in ('auto', *WORLD_AXES):
            raise ValueError(
                f'up is {options.up!r}; give auto, an axis of the calibration '
                f'({", ".join(WORLD_AXES)}), or pitch and roll of the camera.'
            )
    elif options.up is not None:
        from .upright import up_of_tilt

        up_of_tilt(options.up)
