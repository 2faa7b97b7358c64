# The released PoseAug: pretraining, then adversarial phase, augmented pass and real pass per epoch.
# 54 epochs make about the lifter steps of 72 without augmented passes. The number of steps of an
# epoch depends on what is in view, so the learning rate goes down by epochs.
_base_ = ['./baseline_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='released', max_epochs=54, pretrain_epochs=30)
param_scheduler = [dict(type='LinearLR', start_factor=1.0, end_factor=0.02)]
