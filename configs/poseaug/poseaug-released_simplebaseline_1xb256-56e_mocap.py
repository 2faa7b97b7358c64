# See poseaug-released_simplebaseline-256_1xb256-56e_mocap.py.
_base_ = ['./baseline_simplebaseline_1xb256-72e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='released', max_epochs=56, pretrain_epochs=30)
param_scheduler = [dict(type='LinearLR', start_factor=1.0, end_factor=0.02)]
