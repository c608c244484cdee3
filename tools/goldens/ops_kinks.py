"""Gradients where functions have kinks, poles and ties, and of every differentiable op that no other family differentiates."""

import numpy as np

from call import array, case
from golden import integers, values

NAN, INF = float("nan"), float("inf")


def points():
    """Where one-argument functions are not smooth, or their usual formula is not defined."""
    kinks = {
        "abs": [0.0, -0.0, 1.0, -2.0], "absolute": [0.0, -1.0], "fabs": [0.0, -1.0], "relu": [0.0, -0.0, 1.0, -1.0], "relu6": [0.0, 6.0, 3.0, 7.0, -1.0],
        "leaky_relu": [0.0, -1.0, 1.0], "elu": [0.0, -1.0, 200.0], "selu": [0.0, -1.0, 200.0], "celu": [0.0, -1.0, 200.0], "sqrt": [0.0, 1.0, 4.0], "rsqrt": [1.0, 4.0],
        "hard_sigmoid": [-3.0, 3.0, 0.0, 4.0], "hard_silu": [-3.0, 3.0, 0.0, 4.0], "hard_swish": [-3.0, 3.0, 1.0], "hard_tanh": [-1.0, 1.0, 0.5, 2.0],
        "hard_shrink": [-0.5, 0.5, 1.0, 0.0], "soft_shrink": [-0.5, 0.5, 1.0, 0.0], "sparse_plus": [-1.0, 1.0, 0.5, 2.0], "sparse_sigmoid": [-1.0, 1.0, 0.5],
        "softsign": [0.0, -1.0, 50.0], "sign": [0.0, 1.0], "sinc": [0.0, 1.0, 0.5], "cbrt": [1.0, -8.0], "log": [1e-3, 1.0], "log1p": [0.0, 1e-6],
        "softplus": [0.0, 100.0, -100.0], "sigmoid": [0.0, 100.0, -100.0], "log_sigmoid": [0.0, 100.0, -100.0], "tanh": [0.0, 20.0, -20.0], "erf": [0.0, 5.0, -5.0],
        "gelu": [0.0, 10.0, -10.0], "silu": [0.0, 100.0, -100.0], "exp": [0.0, -100.0], "expm1": [0.0, 1e-6, -50.0], "square": [0.0, 1.0], "reciprocal": [1e-3, -2.0],
        "arcsin": [0.0, 0.999], "arccos": [0.0, 0.999], "arccosh": [1.001, 3.0], "arctanh": [0.0, 0.999], "nan_to_num": [NAN, INF, -INF, 2.0], "floor": [1.5, 2.0],
        "round": [1.5, 2.2], "ceil": [1.5, 2.0], "trunc": [1.5, -2.0], "squareplus": [0.0, 50.0, -50.0], "tanh_shrink": [0.0, 1.0], "exp2": [0.0, -3.0],
        "log10": [0.5, 10.0], "log2": [0.5, 8.0], "angle": [1.0, -1.0], "conjugate": [1.0, -1.0], "erfinv": [0.0, 0.9, -0.999], "copy": [1.0],
        "array": [1.0], "convert_to_tensor": [1.0], "swish": [0.0, 2.0],
    }
    return [case(op, array(x)) for op, x in kinks.items()]


def pairs():
    a, b = array([1.0, 2.0, 2.0, -1.0, 0.0]), array([2.0, 2.0, 1.0, -1.0, -0.0])
    cases = [case(op, a, b) for op in ("maximum", "minimum", "fmax", "fmin")]
    cases += [case(op, array([NAN, 1.0]), array([1.0, NAN])) for op in ("fmax", "fmin", "maximum", "minimum")]
    cases += [case("clip", array([-1.0, 1.0, 0.5, 2.0, -3.0]), -1.0, 1.0), case("clip", array([1.0, 2.0, 3.0]), array([1.0, 1.0, 1.0]), array([2.0, 2.0, 2.0]))]
    cases += [case("where", array([True, False, True], "bool"), array([1.0, 2.0, 3.0]), array([NAN, INF, 4.0])), case("threshold", array([0.5, 1.0, 0.0]), 0.5, 0.0)]
    cases += [case("power", array([0.0, 0.0, 0.0, 2.0, -2.0]), array([2.0, 1.0, 3.0, 0.0, 3.0])), case("power", array([0.0, 1.0, -2.0]), 2), case("power", array([0.0, 1.0, 2.0]), 1), case("power", array([0.0, 1.0, 2.0]), 0)]
    cases += [case("hypot", array([3.0, 0.0, 1.0]), array([4.0, 2.0, 0.0])), case("arctan2", array([0.0, 1.0]), array([1.0, 0.0]))]
    cases += [case("divide_no_nan", array([1.0, 2.0]), array([0.0, 4.0])), case("logaddexp", array([0.0, 1.0, 100.0]), array([0.0, 1.0, -100.0])), case("logaddexp2", array([0.0, 1.0]), array([0.0, 2.0]))]
    cases += [case("fmod", array([5.5, -5.5]), array([2.0, 3.0])), case("mod", array([5.5, -5.5]), array([-2.0, 3.0])), case("heaviside", array([1.0, 0.0]), array([0.5, 0.5]))]
    cases += [case("true_divide", array([1.0, 2.0]), array([4.0, 0.5])), case("ldexp", array([0.5, 3.0]), array([2, -1], "int32"))]
    return cases


def reductions():
    ties = array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [5.0, 1.0, 0.0]])
    zeros = array([[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    same = array([[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]])
    holes = array([[NAN, 1.0, 2.0], [3.0, NAN, 3.0]])
    cases = [case(op, ties, axis=1) for op in ("max", "min", "amax", "amin", "ptp", "logsumexp", "sort")] + [case("top_k", ties, 2)]
    cases += [case("max", ties), case("max", ties, initial=3.0)]
    cases += [case("prod", zeros, axis=1), case("cumprod", zeros, axis=1), case("cumsum", zeros, axis=1), case("nanprod", zeros, axis=1)]
    cases += [case(op, same, axis=1) for op in ("var", "std", "mean", "average")]
    cases += [case(op, holes, axis=1) for op in ("nanmax", "nanmin", "nansum", "nanmean", "nanvar", "nanstd", "nanprod")]
    vectors = array([[3.0, 4.0], [0.5, -1.0]])
    cases += [case("norm", vectors, axis=1), case("norm", vectors), case("norm", array([[0.0, 0.0], [3.0, 4.0]]), axis=1)]
    cases += [case("norm", array([[1.0, -1.0], [0.0, 2.0]]), ord=order, axis=1) for order in (1, 2, np.inf, -np.inf, 3)]
    cases += [case("norm", vectors, ord=order) for order in ("fro", 1, np.inf)]
    cases += [case("normalize", array([[0.0, 0.0], [3.0, 4.0]]), axis=1), case("moments", same, axes=[1]), case("sparsemax", array([[0.0, 0.0, 0.0], [2.0, 0.5, 0.5]]))]
    return cases


def others():
    """Ops that move, pick and join: each element's gradient must come back to its place."""
    x, y, row = values(1, (2, 3)), values(2, (2, 3)), values(3, (4,))
    cube, square, indices = values(4, (2, 2, 2)), values(5, (3, 3)), array([0, 2, 2], "int32")
    cases = [case(op, x) for op in ("fliplr", "flipud", "ravel", "rot90", "transpose", "trace", "tril", "triu", "diagonal", "stop_gradient", "zeros_like", "ones_like")]
    cases += [case("diag", row), case("diag", square), case("diagflat", row), case("diff", row), case("flip", x, axis=1), case("roll", x, 2), case("moveaxis", cube, 0, 2)]
    cases += [case("swapaxes", x, 0, 1), case("expand_dims", x, 0), case("squeeze", values(6, (1, 3))), case("broadcast_to", values(7, (3,)), [2, 3]), case("reshape", x, [3, 2])]
    cases += [case("repeat", row, 2), case("tile", x, [2, 1]), case("split", row, 2), case("array_split", row, 3), case("hsplit", values(8, (2, 4)), 2), case("vsplit", values(8, (2, 4)), 2), case("dsplit", cube, 2)]
    cases += [case("unstack", x), case("concatenate", [x, y], axis=1), case("stack", [x, y]), case("vstack", [x, y]), case("hstack", [x, y]), case("dstack", [x, y]), case("append", row, row), case("meshgrid", row, values(9, (2,)))]
    cases += [case("pad", x, [[1, 0], [0, 2]], mode=mode) for mode in ("constant", "reflect", "edge", "symmetric", "wrap")] if hasattr(np, "pad") else []
    cases += [case("take", row, indices), case("take", x, indices, axis=1), case("take_along_axis", x, array([[0, 0], [2, 1]], "int32"), axis=1)]
    cases += [case("slice", x, [0, 1], [2, 2]), case("slice_update", x, [0, 1], values(10, (1, 2))), case("scatter", array([[1], [1], [0]], "int32"), values(11, (3,)), [4]), case("scatter_update", row, array([[1], [3]], "int32"), values(12, (2,)))]
    segments = array([0, 0, 1, 1, 1, 3], "int32")
    cases += [case(op, array([1.0, 1.0, 2.0, 0.0, 2.0, 5.0]), segments, num_segments=4) for op in ("segment_sum", "segment_max", "segment_min")]
    cases += [case("select", [array([True, False], "bool"), array([True, True], "bool")], [values(13, (2,)), values(14, (2,))]), case("get_item", x, (slice(None), 1))]
    cases += [case("matmul", x, square), case("dot", x, square), case("inner", x, y), case("outer", row, row), case("kron", values(15, (2,)), values(16, (3,))), case("cross", values(17, (3,)), values(18, (3,))), case("vdot", row, row)]
    cases += [case("tensordot", x, y, axes=[[1], [1]]), case("einsum", "ij,kj->ik", x, y), case("trapezoid", row), case("linspace", values(19, (2,)), values(20, (2,)), 3), case("logspace", values(21, (2,)), values(22, (2,)), 3)]
    cases += [case("cast", x, "float16"), case("saturate_cast", x, "float16"), case("full_like", x, 2.0)]
    pool = np.array([[1, 2, 2, 0], [2, 2, 1, 0], [0, 0, 3, 3], [0, 0, 3, 3]], "float32").reshape(1, 4, 4, 1)
    cases += [case("max_pool", pool, 2, strides=1), case("max_pool", pool, 2, strides=2), case("average_pool", pool, 3, strides=2, padding="same")]
    labels = array([[0.0, 1.0], [1.0, 0.0]])
    cases += [case("binary_crossentropy", labels, array([[0.0, 1.0], [0.3, 0.6]])), case("categorical_crossentropy", labels, array([[0.2, 0.8], [0.5, 0.5]])), case("sparse_categorical_crossentropy", integers(1, (2,), 0, 2), array([[2.0, -1.0], [0.0, 0.0]]), from_logits=True)]
    cases += [case("glu", values(23, (2, 4))), case("dot_product_attention", values(24, (1, 2, 1, 2)), values(25, (1, 3, 1, 2)), values(26, (1, 3, 1, 2)))]
    return cases


def make():
    return points() + pairs() + reductions() + others()
