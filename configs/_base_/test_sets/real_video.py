# A real detector's keypoints of a person before calibrated cameras, against keypoints that were
# triangulated from all of them (docs/own_cameras.md): cameras.json, CAMERA.json for each camera and
# reference.npz. 12 joints where the reference is valid, relative to the middle of the hips; the
# mean over each camera's joints, then over the cameras. Where the files are not there the set is
# left out, which the log says.
real_video = dict(
    type='MultiCameraDataset',
    ann_file='reference.npz',
    camera_param_file='cameras.json',
    data_root='{{$MMPOSEAUG_REALVIDEO:data/realvideo/}}',
    score_thr=0.0,  # keypoints count as they were detected, also those with low scores
    optional=True,
    evaluator=dict(
        type='LiftingMetrics',
        joints=(
            *('left_hip', 'left_knee', 'left_foot', 'right_hip', 'right_knee', 'right_foot'),
            *('left_shoulder', 'left_elbow', 'left_wrist'),
            *('right_shoulder', 'right_elbow', 'right_wrist'),
        ),
        by=('camera',),
        mean_over='camera',
        min_joints=6,
        group_results=True,
    ),
)
