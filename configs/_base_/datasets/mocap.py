# Motion capture in MMPose's Human3.6M format: source_train.npz, source_test.npz, target_dev.npz and
# cameras.pkl under data_root. A tenth of the source sequences is held out to choose checkpoints.
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

data_root = '{{$MMPOSEAUG_MOCAP:data/mocap/}}'
codec = dict(
    type='VideoPoseLifting', num_keypoints=17, zero_center=True, root_index=0, remove_root=False
)

train_pipeline = [
    dict(type='RandomFlipAroundRoot', keypoints_flip_cfg=dict(), target_flip_cfg=dict()),
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
val_pipeline = train_pipeline[1:]

train_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='MocapDataset',
        ann_file='source_train.npz',
        camera_param_file='cameras.pkl',
        data_root=data_root,
        split=dict(part='train', val_fraction=0.1, seed=0),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=512,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='MocapDataset',
        ann_file='source_train.npz',
        camera_param_file='cameras.pkl',
        data_root=data_root,
        split=dict(part='val', val_fraction=0.1, seed=0),
        frame_step=4,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=512,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='MocapDataset',
        ann_file='source_test.npz',
        camera_param_file='cameras.pkl',
        data_root=data_root,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)

val_evaluator = dict(type='LiftingMetrics', scores=('MPJPE', 'P-MPJPE'))
test_evaluator = dict(type='LiftingMetrics', by=('subject',), group_results=True)
