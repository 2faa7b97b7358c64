# Epochs have an augmented pass beside the real one: about the lifter steps of the others.
_base_ = ['./baseline_simplebaseline-256_1xb256-32e_hand.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='released', max_epochs=25, pretrain_epochs=13)
param_scheduler = [dict(type='LinearLR', start_factor=1.0, end_factor=0.02)]
