# The augmentation of the released PoseAug: pretraining, then adversarial phase, augmented pass and
# real pass per epoch. Batch, pretraining and the lifter's optimizer are those of this benchmark,
# not of the release. 56 epochs make about the lifter steps of 72 without augmented passes; how many
# an epoch has depends on what is in view, so the learning rate goes down by epochs.
_base_ = ['./baseline_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='released', max_epochs=56, pretrain_epochs=30)
param_scheduler = [dict(type='LinearLR', start_factor=1.0, end_factor=0.02)]
