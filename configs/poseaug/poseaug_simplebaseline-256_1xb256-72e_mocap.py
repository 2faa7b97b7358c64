_base_ = ['./baseline_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='learned')
