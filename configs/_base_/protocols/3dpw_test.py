# 3DPW's test set: P-MPJPE (PA-MPJPE) and MPJPE of 14 joints. Joints that the file marks as
# invisible do not count: 13 are left if they are SMPL's 24, which lack the top of the head.
# File: `python tools/dataset_converters/pw3d.py ... --joints 16` (docs/datasets.md).
_base_ = ['mmpose::_base_/default_runtime.py']
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=False
)
test_dataloader = dict(
    batch_size=1024,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='MocapDataset',
        metainfo=dict(from_file='{{ fileDirname }}/../datasets/h36m_16.py'),
        ann_file='3dpw_test.npz',
        camera_param_file='3dpw_test_cameras.pkl',
        data_root='{{$MMPOSEAUG_3DPW:data/3dpw/}}',
        pipeline=[
            dict(type='GenerateTarget', encoder=codec),
            dict(
                type='PackPoseInputs',
                meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
            ),
        ],
        test_mode=True,
    ),
)
test_evaluator = dict(
    type='LiftingMetrics',
    scores=('P-MPJPE', 'MPJPE'),
    joints=(
        *('head', 'thorax'),
        *('left_shoulder', 'left_elbow', 'left_wrist'),
        *('right_shoulder', 'right_elbow', 'right_wrist'),
        *('left_hip', 'left_knee', 'left_foot'),
        *('right_hip', 'right_knee', 'right_foot'),
    ),
    by=('action',),
)
test_cfg = dict(type='MultiSetTestLoop', sets=dict(pw3d=dict()))
# a test alone: MMEngine wants no part of a training then
train_cfg = None
val_cfg = None
