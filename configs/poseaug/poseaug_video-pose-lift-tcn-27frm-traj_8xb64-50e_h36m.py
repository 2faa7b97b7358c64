# VideoPose3D with the trajectory head of MMPose's 27frm-semi-supv, a config without a training.
# Pose and trajectory learn from labelled and augmented clips, nothing from unlabelled ones.
_base_ = ['./poseaug_video-pose-lift-tcn-27frm_8xb128-50e_h36m.py']

model = dict(
    traj_backbone={{_base_.model.backbone}},
    traj_head=dict(
        type='TrajectoryRegressionHead',
        in_channels=1024,
        num_joints=1,
        loss=dict(type='MPJPELoss', use_target_weight=True),
        decoder={{_base_.codec}},
    ),
)
train_dataloader = dict(batch_size=64)
val_dataloader = dict(batch_size=64)
