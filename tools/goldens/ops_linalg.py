"""Linear algebra: decompositions, determinants, equations, norms of ops-linalg.json."""

import numpy as np

from call import array, case
from golden import integers, values

INF = float("inf")


def well(seed, shape, decimals=2):
    """Matrices with a heavy diagonal: well conditioned, spectra apart, float32 gradients good to the last digits."""
    x = values(seed, shape)
    for i in range(min(shape[-2:])):
        x[..., i, i] += 1.5 * (i + 1)
    return np.round(x, decimals).astype("float32")


def positive(seed, shape):
    x = well(seed, shape)
    return np.round(x + np.swapaxes(x, -1, -2) + 2 * np.eye(shape[-1], dtype="float32"), 2).astype("float32")


EMPTY = np.zeros((0, 3, 3), "float32")
NONE = np.zeros((0, 0), "float32")
ONE = array([[2.5]])
SINGULAR = array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
# Rank 3 of 4, with the last pivot exactly 0 in floating point; rank 2 of 4; zero.
RANK_3 = array([[4, 0, 0, 1], [2, 2, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
RANK_2 = array([[4, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


def factors():
    asymmetric = array([[4, 1, 0.5], [0, 5, 1], [1, 0, 6]])
    cases = []
    for x in (positive(1, (3, 3)), positive(2, (2, 4, 4)), asymmetric, ONE, integers(3, (2, 2), 0, 2) + 3 * np.eye(2, dtype="int32")):
        cases += [case("cholesky", x), case("cholesky", x, upper=True)]
    cases += [case("cholesky", x, grad=False) for x in (EMPTY, NONE)]
    lower = np.tril(well(4, (3, 3)))
    cases += [case("cholesky_inverse", lower), case("cholesky_inverse", lower.T.copy(), upper=True), case("cholesky_inverse", ONE), case("cholesky_inverse", well(4, (3, 3)))]
    for x in (well(5, (3, 3)), well(6, (4, 3)), well(7, (2, 3, 2)), well(8, (2, 2, 3, 3)), ONE):
        cases.append(case("qr", x))
    cases += [case("qr", well(5, (3, 3)), mode="complete"), case("qr", well(6, (4, 3)), mode="complete", grad=False, observe=["magnitude", "same"]), case("qr", well(6, (5, 3)), mode="complete", grad=False, observe=["shape", "same"])]
    cases += [case("qr", well(9, (2, 4)), grad=False), case("qr", well(9, (2, 4)), mode="complete", grad=False), case("qr", EMPTY, grad=False), case("qr", np.zeros((3, 0), "float32"), grad=False)]
    for x in (array([[0, 2], [1, 3]]), array([[0.1, 2, 1], [3, -1, 0.5], [1, 1.5, -2]]), well(10, (2, 3, 3)), well(11, (4, 3)), well(11, (2, 4)), well(12, (2, 2, 3, 2)), ONE, integers(13, (3, 3), -4, 5)):
        cases.append(case("lu_factor", x))
    cases += [case("lu_factor", SINGULAR, grad=False, observe=["same", "same"]), case("lu_factor", np.zeros((3, 3), "float32"), grad=False), case("lu_factor", EMPTY, grad=False)]
    return cases


def spectra():
    same = ["same", "magnitude"]
    cases = [case("eigh", x, observe=same) for x in (positive(20, (3, 3)), positive(21, (2, 4, 4)), well(22, (3, 3)), ONE, positive(23, (1, 2, 2, 2)))]
    cases += [case("eigh", np.eye(3, dtype="float32"), grad=False, observe=["same", "shape"]), case("eigh", EMPTY, grad=False), case("eigh", NONE, grad=False), case("eigh", integers(24, (3, 3), -4, 5), observe=same)]
    pairs = ["magnitude", "same", "magnitude"]
    for x in (well(25, (3, 3)), well(26, (2, 2, 2)), ONE):
        cases += [case("svd", x, observe=pairs), case("svd", x, full_matrices=False, observe=pairs), case("svd", x, compute_uv=False)]
    for x in (well(27, (4, 3)), well(28, (2, 3)), well(29, (2, 3, 2))):
        cases += [case("svd", x, grad=False, observe=pairs), case("svd", x, full_matrices=False, observe=pairs), case("svd", x, compute_uv=False)]
    cases += [case("svd", well(30, (5, 2)), grad=False, observe=["shape", "same", "magnitude"]), case("svd", well(30, (2, 5)), grad=False, observe=["magnitude", "same", "shape"])]
    cases += [case("svd", RANK_2, grad=False, observe=["shape", "same", "shape"]), case("svd", RANK_2, compute_uv=False, grad=False), case("svd", np.eye(2, dtype="float32"), compute_uv=False, grad=False)]
    cases += [case("svd", EMPTY, grad=False), case("svd", np.zeros((0, 3), "float32"), full_matrices=False, grad=False), case("svd", integers(31, (3, 2), -4, 5), observe=pairs, grad=False)]
    cases += [case("matrix_rank", x) for x in (well(32, (3, 3)), SINGULAR, RANK_2, well(33, (2, 3, 4)), np.zeros((2, 2), "float32"), ONE, integers(31, (3, 2), -4, 5))]
    return cases + [case("matrix_rank", array([[1, 0], [0, 0.001]]), tol=0.01), case("matrix_rank", EMPTY)]


def determinants():
    matrices = (ONE, well(40, (2, 2)), well(41, (3, 3)), well(42, (4, 4)), well(43, (2, 5, 5)), well(44, (2, 1, 3, 3)), SINGULAR, array([[1, 2], [2, 4]]), integers(45, (4, 4), -3, 4), np.zeros((3, 3), "float32"))
    cases = [case("det", x) for x in (*matrices, RANK_3, RANK_2, np.zeros((4, 4), "float32"))]
    swapped = well(42, (4, 4))[[1, 0, 3, 2]][:, [0, 1, 3, 2]]
    for op in ("slogdet", "logdet"):
        cases += [case(op, x) for x in (*matrices[:6], swapped)] + [case(op, np.zeros((3, 3), "float32"), grad=False), case(op, array([[1, 2], [2, 4]]), grad=False)]
        cases += [case(op, x, grad=False) for x in (EMPTY, NONE)]
    return cases + [case("det", swapped), case("det", EMPTY, grad=False), case("det", NONE, grad=False), case("det", np.zeros((0, 5, 5), "float32"), grad=False)]


def equations():
    cases = [case("inv", x) for x in (ONE, well(50, (3, 3)), well(51, (2, 4, 4)), array([[0, 2], [1, 0]]), integers(52, (2, 2), 1, 4) + 4 * np.eye(2, dtype="int32"))]
    cases += [case("inv", x, grad=False) for x in (EMPTY, NONE)]
    square = well(53, (3, 3))
    for a, b in ((square, (3,)), (square, (3, 2)), (square, (2, 3, 2)), (well(54, (2, 3, 3)), (3,)), (well(54, (2, 3, 3)), (2, 3, 1)), (well(55, (2, 1, 3, 3)), (1, 4, 3, 2)), (ONE, (1,)), (square[[2, 0, 1]], (3, 1))):
        if a.ndim != len(b) - 1 or a.shape[-1] == b[-1]:
            cases.append(case("solve", a, values(56, b)))
    cases += [case("solve", square, integers(57, (3,), -4, 5)), case("solve", EMPTY, np.zeros((0, 3, 2), "float32"), grad=False), case("solve", square, np.zeros((3, 0), "float32"), grad=False)]
    for lower in (True, False):
        for a, b in ((square, (3,)), (square, (3, 2)), (well(54, (2, 3, 3)), (2, 3, 2)), (well(54, (2, 3, 3)), (2, 3)), (ONE, (1, 1))):
            cases.append(case("solve_triangular", a, values(58, b), lower=lower))
    cases += [case("solve_triangular", square, values(58, (3,))), case("solve_triangular", EMPTY, np.zeros((0, 3, 2), "float32"), grad=False)]
    for a, b in ((well(60, (3, 3)), (3,)), (well(61, (5, 3)), (5,)), (well(61, (5, 3)), (5, 2)), (well(62, (2, 4)), (2, 2)), (well(63, (2, 4)), (2,)), (ONE, (1,))):
        cases.append(case("lstsq", a, values(64, b)))
    deficient = array([[3, 0, 0], [0, 2, 0], [0, 0, 0], [0, 0, 0]])
    cases += [case("lstsq", deficient, values(65, (4,)), grad=False), case("lstsq", array([[3, 0], [0, 0.01]]), values(65, (2,)), rcond=0.1, grad=False), case("lstsq", np.zeros((0, 3), "float32"), np.zeros((0,), "float32"), grad=False), case("lstsq", integers(66, (3, 2), 1, 5), integers(67, (3,), -4, 5))]
    cases += [case("pinv", x) for x in (ONE, well(68, (3, 3)), well(69, (4, 3)), well(70, (2, 3)), well(71, (2, 3, 2)), deficient, integers(66, (3, 2), 1, 5), np.zeros((2, 3), "float32"))]
    return cases + [case("pinv", array([[3, 0], [0, 0.01]]), rcond=0.1), case("pinv", EMPTY, grad=False), case("pinv", np.zeros((0, 3), "float32"), grad=False)]


def norms():
    x, symmetric, v = values(80, (2, 3, 4)), positive(81, (3, 3)), values(82, (5,))
    cases = [case("norm", x), case("norm", x, keepdims=True), case("norm", x, axis=-1), case("norm", x, axis=[1, 2]), case("norm", x, axis=[2, 0], keepdims=True), case("norm", integers(83, (2, 3), -4, 5)), case("norm", array([True, False, True], "bool")), case("norm", array([3.0, 4.0], "float16"))]
    for order in (INF, -INF, 0, 1, -1, 2, -2, 3, 0.5):
        cases += [case("norm", v, ord=order), case("norm", x, ord=order, axis=1), case("norm", x, ord=order, axis=-1, keepdims=True)]
    for order in ("fro", "nuc", INF, -INF, 1, -1, 2, -2):
        cases += [case("norm", symmetric, ord=order), case("norm", well(84, (2, 3, 4)), ord=order, axis=[1, 2]), case("norm", well(84, (3, 2, 4)), ord=order, axis=[2, 0], keepdims=True), case("norm", well(84, (3, 2, 4)), ord=order, axis=[-3, -1])]
    cases += [case("norm", np.zeros((2, 2), "float32"), grad=False), case("norm", np.zeros((0,), "float32")), case("norm", array([1e-30, 1e30]), ord=1)]
    cases += [case("normalize", x), case("normalize", x, axis=1, order=1), case("normalize", np.zeros((2, 2), "float32"))]
    cases += [case("cdist", values(85, (3, 2)), values(86, (2, 2))), case("cdist", values(85, (2, 3, 2)), values(86, (4, 2))), case("cdist", values(85, (2, 1, 3, 2)), values(86, (4, 1, 2))), case("cdist", integers(87, (2, 3), -4, 5), integers(88, (3, 3), 5, 9)), case("cdist", np.zeros((0, 2), "float32"), values(86, (2, 2)), grad=False)]
    return cases


def make():
    return factors() + spectra() + determinants() + equations() + norms()
