# Learned on top of joints that turn as measured.
_base_ = ['./baseline_simplebaseline-256_1xb256-32e_hand.py']

train_cfg = dict(
    type='PoseAugTrainLoop',
    variant='learned',
    augmented_share=0.6,
    augmentor=dict(draw=dict(type='MeasuredPoseAugmentor', pitch_std=40, roll_std=30)),
)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
