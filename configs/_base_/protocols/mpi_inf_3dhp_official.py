# MPI-INF-3DHP's official test set: PCK under 150 mm and AUC of 14 joints, the pose root-aligned, by
# scene (studio with green screen, studio without, outdoor) and activity. No flip.
# File: `python tools/dataset_converters/mpi_inf_3dhp.py test ... --joints 16` (docs/datasets.md).
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
        ann_file='mpi_inf_3dhp_test_official.npz',
        camera_param_file='cameras.pkl',
        data_root='{{$MMPOSEAUG_3DHP_OFFICIAL:data/mpi_inf_3dhp/official/}}',
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
    scores=('PCK', 'AUC', 'MPJPE'),
    joints=(
        *('head', 'thorax'),
        *('left_shoulder', 'left_elbow', 'left_wrist'),
        *('right_shoulder', 'right_elbow', 'right_wrist'),
        *('left_hip', 'left_knee', 'left_foot'),
        *('right_hip', 'right_knee', 'right_foot'),
    ),
    by=('scene', 'action'),
    name_pattern=r'(?P<subject>[^_.]+)_(?P<action>[^_.]+)_(?P<scene>[^_.]+)\.',
    group_results=True,
)
test_cfg = dict(type='MultiSetTestLoop', sets=dict(mpi_inf_3dhp=dict()))
# a test alone: MMEngine wants no part of a training then
train_cfg = None
val_cfg = None
