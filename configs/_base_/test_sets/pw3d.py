# 3DPW's test set: P-MPJPE (PA-MPJPE) and MPJPE of 14 joints, the file's own 2D. Joints that the
# file marks as invisible do not count: 13 are left if they are SMPL's 24, without the top of the
# head. Frames without a detected keypoint, of which there is nothing to lift, are left out, and
# the log says how many; portrait images are made square, so that a lifter sees keypoints in
# [-1, 1].
# File: `python tools/dataset_converters/pw3d.py ... --joints 16` (docs/datasets.md).
pw3d = dict(
    ann_file='3dpw_test.npz',
    camera_param_file='3dpw_test_cameras.pkl',
    data_root='{{$MMPOSEAUG_3DPW:data/3dpw/}}',
    keypoint_2d_src='gt',
    subjects=None,
    keep_frames='detected',
    pad_portrait=True,
    evaluator=dict(
        type='LiftingMetrics',
        scores=('P-MPJPE', 'MPJPE'),
        include_root=False,
        joints=(
            *('head', 'thorax'),
            *('left_shoulder', 'left_elbow', 'left_wrist'),
            *('right_shoulder', 'right_elbow', 'right_wrist'),
            *('left_hip', 'left_knee', 'left_foot'),
            *('right_hip', 'right_knee', 'right_foot'),
        ),
        by=('action',),
        group_results=False,
    ),
)
