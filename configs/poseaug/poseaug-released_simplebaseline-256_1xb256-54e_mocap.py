# The released PoseAug: pretraining, then adversarial phase, augmented pass and real pass per epoch.
_base_ = ['./baseline_simplebaseline-256_1xb256-72e_mocap.py']

max_epochs = 54
train_cfg = dict(
    type='PoseAugTrainLoop', variant='released', max_epochs=max_epochs, pretrain_epochs=30
)
