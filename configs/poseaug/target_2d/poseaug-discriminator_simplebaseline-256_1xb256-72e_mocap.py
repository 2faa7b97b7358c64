# PoseAug with view and place learned too, against a 2D discriminator that takes the
# target's keypoints for real.
_base_ = [
    '../ablations/poseaug-with-rigid_simplebaseline-256_1xb256-72e_mocap.py',
    '../../_base_/datasets/mocap_target_2d.py',
]

train_cfg = dict(
    target_2d={{_base_.target_2d}},
    discriminator_2d=dict(type='Keypoint2DDiscriminator'),
    weights=dict(adversarial_2d=1.0),
)
