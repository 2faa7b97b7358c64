# SimpleBaseline (Martinez et al. 2017): two residual blocks of linear layers, as MMPose's TCN.
model = dict(
    type='PoseLifter',
    backbone=dict(
        type='TCN',
        in_channels=2 * 17,
        stem_channels=1024,
        num_blocks=2,
        kernel_sizes=(1, 1, 1),
        dropout=0.5,
    ),
    head=dict(
        type='TemporalRegressionHead',
        in_channels=1024,
        num_joints=17,
        loss=dict(type='MPJPELoss'),
        decoder=dict(
            type='VideoPoseLifting',
            num_keypoints=17,
            zero_center=True,
            root_index=0,
            remove_root=False,
        ),
    ),
)
