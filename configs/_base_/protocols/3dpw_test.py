# A test on 3DPW alone, 16 joints, see ../test_sets/pw3d.py.
_base_ = ['./test_16j.py', '../test_sets/pw3d.py']

test_evaluator = dict(type='LiftingMetrics')
test_cfg = dict(type='MultiSetTestLoop', sets=dict(pw3d={{_base_.pw3d}}))
