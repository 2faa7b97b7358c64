# SimpleBaseline as PoseAug trains it: 16 joints in, 15 out, before which the root is put.
_base_ = ['./simplebaseline.py']

codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=True
)
pipeline = [
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
model = dict(
    backbone=dict(in_channels=2 * 16, dropout=0.25),
    # the original's mean counts the root, whose error is 0
    head=dict(num_joints=15, loss=dict(type='MSELoss', loss_weight=15 / 16), decoder=codec),
)
