_base_ = ['./baseline_simplebaseline-256_1xb256-96e_synthetic.py']

train_cfg = dict(augmentor=dict(type='RandomPoseAugmentor', roll_std=20, place=0.4))
