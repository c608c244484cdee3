"""Complex numbers: every op that takes complex64, its gradients, dtypes beside complex64, and the ops that make them."""

import numpy as np

from call import array, case
from golden import values


def numbers(seed, shape, low=-1.0, high=1.0):
    return np.asarray(values(seed, shape, low, high) + 1j * values(seed + 50, shape, low, high), "complex64")


def unary():
    z = numbers(1, (5,), -2, 2)
    smooth = "negative absolute abs square reciprocal sqrt rsqrt exp exp2 expm1 log log10 log2 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh sinc sigmoid conj conjugate real imag angle deg2rad rad2deg copy view_as_real nan_to_num".split()
    cases = [case(op, z) for op in smooth] + [case(op, z, grad=False) for op in ("sign", "round", "isfinite", "isnan", "isinf", "isreal", "logical_not")]
    # Left of 0 JAX's derivative of arccosh has the wrong sign.
    cases += [case("arccosh", np.asarray(np.abs(z.real) + 1j * z.imag, "complex64")), case("arccosh", z, grad=False)]
    odd = np.array([0, 1, -1, 1j, -1j, 2, -2, complex("inf"), complex("nan")], "complex64")
    cases += [case(op, odd, grad=False) for op in ("absolute", "sign", "isfinite", "isnan", "isinf", "isreal", "angle", "conj", "real", "imag", "exp")]
    edge = np.array([0, 1, -1, 1j, -1j, 2, -2], "complex64")
    cases += [case(op, edge, grad=False) for op in ("sqrt", "log", "arcsin", "arccos", "arcsinh", "arccosh", "reciprocal", "square", "log1p", "expm1", "tanh")]
    cases += [case("absolute", np.array([0, 1e30 + 1e30j, 3e-30 - 4e-30j, 3 + 4j], "complex64")), case("divide", np.array([1e30j, 2e-30, 1], "complex64"), np.array([1e30 + 1e30j, 1e-30 + 1e-30j, 1e-20], "complex64"), grad=False)]
    cases += [case("log", np.array([1 + 1e-3j, 0.999 + 0.01j, 0.6 + 0.8j], "complex64")), case("round", numbers(2, (3,), -9, 9), decimals=1, grad=False), case("nan_to_num", np.array([complex("nan"), complex("inf"), 1 - 2j], "complex64"), nan=3.0, posinf=7.0, grad=False)]
    real = values(3, (4,))
    return cases + [case(op, x) for op in ("real", "imag", "conj", "isreal", "angle", "view_as_real") for x in (real, array([1, -2, 0], "int32"))] + [case("real", np.array(1 + 2j, "complex64")), case("abs", np.zeros((0, 2), "complex64"), grad=False)]


def binary():
    a, b = numbers(4, (2, 3), -2, 2), numbers(5, (3,), -2, 2)
    ops = "add subtract multiply divide true_divide power".split()
    cases = [case(op, a, b) for op in ops] + [case(op, a, values(6, (2, 1))) for op in ops] + [case(op, a, 2) for op in ops] + [case(op, 1.5, b) for op in ops]
    others = [array([1, 0, 1], "bool"), array([1, 2, 3], "uint8"), array([1, 2, 3], "int32"), values(7, (3,), dtype="float16"), values(8, (3,))]
    cases += [case(op, b, other, grad=False) for op in ("add", "multiply", "divide", "equal") for other in others] + [case("multiply", other, b, grad=False) for other in others]
    tied = np.array([1 + 2j, 1 + 1j, 2, 0], "complex64")
    right = np.array([1 + 2j, 1 + 2j, 1 + 5j, -1], "complex64")
    cases += [case(op, tied, right, grad=False) for op in "equal not_equal less less_equal greater greater_equal maximum minimum logical_and logical_or logical_xor".split()]
    cases += [case("power", np.array([0, 0, 2j], "complex64"), np.array([0, 2, -1], "complex64"), grad=False), case("power", a, 3), case("isclose", tied, tied + np.float32(1e-9), grad=False), case("isclose", tied, right, grad=False), case("allclose", tied, tied, grad=False)]
    m, n = numbers(9, (2, 2, 3)), numbers(10, (3, 2))
    cases += [case("matmul", m, n), case("dot", m, n), case("tensordot", m, n, axes=1), case("inner", b, numbers(11, (3,))), case("outer", b, numbers(12, (2,))), case("vdot", b, numbers(11, (3,))), case("kron", numbers(13, (1, 2)), numbers(14, (2, 1))), case("einsum", "bij,jk->bik", m, n), case("matmul", numbers(15, (2, 2)), values(16, (2, 2)))]
    return cases


def structural():
    z, m = numbers(20, (2, 3)), numbers(21, (4,))
    picks = array([1, 0, 1], "int32")
    tied = np.array([[2 + 1j, 1 - 1j, 2 - 3j, 1 + 4j, 2 + 1j], [0, 1j, -1j, -1, -1 + 2j]], "complex64")
    ordered = [case(op, tied) for op in ("max", "min")] + [case(op, tied, axis=1) for op in ("max", "min", "sort")] + [case("argsort", tied, axis=1), case("logsumexp", m), case("sort", z, axis=0)]
    mask = array([[True, False, True], [False, True, True]], "bool")
    cases = [case("reshape", z, [3, 2]), case("transpose", z), case("expand_dims", z, 1), case("concatenate", [z, z], axis=1), case("stack", [m, m]), case("flip", m), case("roll", m, 1), case("pad", z, [[1, 0], [0, 2]]), case("broadcast_to", m, [2, 4]), case("tile", m, 2), case("repeat", m, 2), case("split", m, 2)]
    cases += [case("sum", z), case("sum", z, axis=1, keepdims=True), case("mean", z, axis=0), case("prod", z), case("prod", z, axis=0), case("prod", numbers(22, (5,))), case("cumsum", z, axis=1), case("cumprod", numbers(23, (5,))), case("var", z), case("std", z, axis=1), case("any", z, grad=False), case("all", z, grad=False), case("count_nonzero", np.array([0, 1j, 1], "complex64"), grad=False)]
    cases += [case("where", mask, z, numbers(24, (2, 3))), case("where", mask, z, 0.0), case("take", m, picks), case("take_along_axis", z, array([[0, 2], [1, 1]], "int32"), axis=1), case("get_item", z, (slice(None), slice(0, 2))), case("get_item", m, picks), case("scatter", array([[0], [2], [0]], "int32"), numbers(25, (3,)), [3]), case("scatter_update", m, array([[1], [3]], "int32"), numbers(26, (2,))), case("slice", z, [0, 1], [2, 2]), case("slice_update", z, [1, 1], numbers(27, (1, 2)))]
    cases += [case("diag", m), case("trace", numbers(28, (3, 3))), case("tril", numbers(29, (3, 3))), case("zeros_like", m), case("ones_like", m), case("zeros", [2], dtype="complex64"), case("ones", [2], dtype="complex64"), case("full", [2], 1.5, dtype="complex64"), case("eye", 2, dtype="complex64")]
    kinds = ("bool", "int32", "uint8", "float16", "float32", "complex64", "complex128")
    cases += [case("cast", np.array([1.5 + 2j, -3j, 0, 300], "complex64"), kind, grad=False) for kind in kinds] + [case("cast", array([1, 0, 3], kind), "complex64", grad=False) for kind in kinds[:5]]
    cases += [case("cast", numbers(30, (3,)), "float32"), case("cast", values(31, (3,)), "complex64"), case("convert_to_tensor", numbers(32, (2,)))]
    cases += [case("polar", values(33, (3,), 0, 2), values(34, (3,), -3, 3)), case("polar", values(35, (2, 1), 0, 2), values(36, (3,), -3, 3)), case("polar", array([1, 2], "int32"), array([0, 3], "int32"))]
    return cases + ordered + [case("view_as_complex", values(37, (3, 2))), case("view_as_complex", values(38, (2,))), case("view_as_complex", array([[1, 2]], "int32"))]


def make():
    return unary() + binary() + structural()
