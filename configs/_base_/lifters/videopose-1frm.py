# VideoPose3D (Pavllo et al. 2019) for single frames: four residual blocks, as MMPose's TCN.
_base_ = ['./simplebaseline.py']

model = dict(backbone=dict(num_blocks=4, kernel_sizes=(1, 1, 1, 1, 1), dropout=0.25))
