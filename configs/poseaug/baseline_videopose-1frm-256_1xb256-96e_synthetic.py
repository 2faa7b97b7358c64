_base_ = ['./baseline_simplebaseline-256_1xb256-96e_synthetic.py']

model = dict(backbone=dict(num_blocks=4, kernel_sizes=(1, 1, 1, 1, 1)))
