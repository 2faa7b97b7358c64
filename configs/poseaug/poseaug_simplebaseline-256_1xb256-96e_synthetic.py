_base_ = ['./baseline_simplebaseline-256_1xb256-96e_synthetic.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='learned')
