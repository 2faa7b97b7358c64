# A test on MPI-INF-3DHP's 2,929 frames alone, 16 joints, see ../test_sets/mpi_inf_3dhp_2929.py.
_base_ = ['./test_16j.py', '../test_sets/mpi_inf_3dhp_2929.py']

test_evaluator = dict(type='LiftingMetrics')
test_cfg = dict(type='MultiSetTestLoop', sets=dict(mpi_inf_3dhp={{_base_.mpi_inf_3dhp}}))
