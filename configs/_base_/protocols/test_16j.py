# What the test sets of 16 joints have in common: joints, codec, loader. A test alone.
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
        keep_frames='all',  # also those with keypoints outside the image
        metainfo=dict(from_file='{{ fileDirname }}/../datasets/h36m_16.py'),
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
# MMEngine wants no part of a training then
train_cfg = None
val_cfg = None
