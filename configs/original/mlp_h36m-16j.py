# The original's SimpleBaseline; it predicts 15 joints, the root is put before them.
_base_ = ['../_base_/datasets/h36m_16j.py', '../_base_/lifters/simplebaseline.py']

codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=True
)
model = dict(
    backbone=dict(in_channels=2 * 16),
    head=dict(num_joints=15, decoder=codec),
)
test_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs', meta_keys=('id', 'target_img_path', 'target_root')),
        ]
    )
)
