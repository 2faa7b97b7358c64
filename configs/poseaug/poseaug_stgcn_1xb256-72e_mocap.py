_base_ = ['./baseline_stgcn_1xb256-72e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='learned')
