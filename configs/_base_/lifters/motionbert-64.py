# MotionBERT (Zhu et al. 2023) as in MMPose's configs, reduced: width 64 of 512, depth 2 of 5.
model = dict(
    type='PoseLifter',
    backbone=dict(
        type='DSTFormer',
        in_channels=3,
        feat_size=64,
        depth=2,
        num_heads=4,
        mlp_ratio=2,
        seq_len=27,
        att_fuse=True,
    ),
    head=dict(
        type='MotionRegressionHead',
        in_channels=64,
        out_channels=3,
        embedding_size=64,
        loss=dict(type='MPJPEVelocityJointLoss'),
        decoder=dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, rootrel=True),
    ),
)
