"""Special values: nan, infinities, zeros of both signs, ends of the range, ties, empty reductions. Signs of zeros count where XLA defines them (`strict`)."""

import itertools

import numpy as np

from call import array
from call import case as call_case

NAN, INF = float("nan"), float("inf")
SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0]
SIZES = [1e-30, -1e-30, 1e-8, -1e-8, 1e-3, 8.0, -8.0, 17.0, -17.0, 50.0, -50.0, 88.5, -87.0, 100.0, -100.0, 1e4, -1e4, 1e30, -1e30, 3.4e38]

UNARY = (
    "abs absolute angle arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil celu conjugate cos cosh deg2rad elu erf erfinv exp exp2 expm1 fabs floor gelu "
    "hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh isfinite isinf isnan isneginf isposinf leaky_relu log log10 log1p log2 log_sigmoid logical_not "
    "nan_to_num negative rad2deg reciprocal relu relu6 round rsqrt selu sigmoid sign signbit silu sin sinc sinh soft_shrink softplus softsign sparse_plus "
    "sparse_sigmoid sqrt square squareplus swish tan tanh tanh_shrink trunc"
).split()
PERIODIC = "sin cos tan sinc".split()  # of huge arguments: the error of the argument itself decides
BINARY = (
    "add subtract multiply divide divide_no_nan floor_divide fmod mod power maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2 heaviside equal "
    "not_equal less less_equal greater greater_equal isclose"
).split()
REDUCTIONS = "sum prod mean max min std var logsumexp nanmax nanmin nansum nanprod nanmean nanstd nanvar any all argmax argmin count_nonzero norm ptp".split()


# The larger of 0 and -0 is either, and so is the sum of nothing but -0.
EITHER_ZERO = set("maximum minimum max min amax amin relu relu6 celu nanmax nanmin segment_max segment_min max_pool cumsum sum mean nansum nanmean matmul average_pool".split())


def case(op, *args, **kwargs):
    made = call_case(op, *args, grad=False, **kwargs)
    made["strict"] = "values" if op in EITHER_ZERO else "zeros"
    return made


def elementwise():
    cases = []
    for op in UNARY:
        sizes = [x for x in SIZES if abs(x) < 20] if op in PERIODIC else SIZES
        cases.append(case(op, array(SPECIAL + sizes)))
    cases += [case("gelu", array(SPECIAL + SIZES), approximate=False)]
    cases += [case("clip", array(SPECIAL), -1.0, 1.0), case("clip", array(SPECIAL), 0.0, INF, note="a negative zero at the limit"), case("clip", array([1.0, 2.0]), NAN, 1.5)]
    pairs = list(itertools.product([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.5, -3.0], repeat=2))
    left, right = array([a for a, _ in pairs]), array([b for _, b in pairs])
    cases += [case(op, left, right) for op in BINARY]
    cases += [case("where", array([True, False, True], "bool"), array([NAN, NAN, -0.0]), array([1.0, 2.0, 3.0]))]
    cases += [case("power", array([0.0, -0.0, 0.0, -0.0, 2.0, -8.0, -8.0, -2.0]), array([-1.0, -1.0, -2.0, 3.0, 200.0, 1 / 3, 3.0, 127.0]))]
    return cases


ROWS = [
    [1.0, NAN, 3.0, -2.0], [NAN, NAN, NAN, NAN], [INF, -INF, 1.0, 0.0], [INF, INF, 1.0, 0.0], [-INF, -INF, -INF, -INF],
    [0.0, -0.0, 0.0, -0.0], [-0.0, -0.0, -0.0, -0.0], [2.0, 2.0, 1.0, 2.0], [3e38, 3e38, 1.0, 2.0], [-1.0, -1.0, -3.0, -3.0],
]


def rows():
    x = array(ROWS)
    cases = [case(op, x, axis=1) for op in REDUCTIONS]
    cases += [case(op, x, axis=1) for op in "sort argsort cumsum cumprod softmax log_softmax flip diff".split()]
    cases += [case("top_k", x[2:], 3), case("top_k", x[:2], 3, note="nan"), case("norm", x, ord=np.inf, axis=1), case("norm", x, ord=1, axis=1), case("max", x, axis=0), case("min", x, axis=0)]
    cases += [case("normalize", array(ROWS[5:]), axis=1), case("sparsemax", array(ROWS[5:8])), case("in_top_k", array([1, 2, 3], "int32"), array(ROWS[5:8]), 2)]
    ties = array([[3, 1, 3, 1, 2, 3], [1, 1, 1, 1, 1, 1]], "int32")
    cases += [case(op, ties, axis=1) for op in ("sort", "argsort", "argmax", "argmin")] + [case("top_k", ties, 4)]
    cases += [case("searchsorted", array([1.0, 2.0, 2.0, 3.0]), array([0.0, 2.0, 3.0, INF, NAN]), side=side) for side in ("left", "right")]
    cases += [case("digitize", array([0.0, 1.0, NAN, INF, -INF]), array([0.0, 1.0, 2.0]))]
    return cases


def empty():
    none = np.zeros((2, 0), "float32")
    ops = "sum prod mean any all logsumexp nansum nanprod var std count_nonzero norm".split()
    cases = [case(op, none, axis=1) for op in ops if op not in ("logsumexp",)]
    cases += [case(op, none, axis=0) for op in "sum prod mean max min".split()]
    cases += [case(op, none, axis=1) for op in "sort argsort cumsum cumprod softmax".split()]
    cases += [case("matmul", none, np.zeros((0, 3), "float32")), case("concatenate", [none, array([[1.0], [2.0]])], axis=1)]
    return cases


def windows():
    image = np.array([[1, 5, 5, NAN], [5, 5, 2, 1], [-INF, 0, 3, 3], [0, -0.0, 3, 3]], "float32").reshape(1, 4, 4, 1)
    finite = np.where(np.isfinite(image), image, 4).astype("float32")
    cases = [case("max_pool", finite, 2, strides=1), case("max_pool", finite, 3, strides=1, padding="same"), case("average_pool", finite, 3, strides=1, padding="same")]
    cases += [case("average_pool", image, 2, strides=2), case("max_pool", image, 2, strides=2, note="nan in a window")]
    segments = array([0, 0, 2, 2, 1, 1], "int32")
    cases += [case(op, array([1.0, NAN, INF, -INF, -0.0, 0.0]), segments, num_segments=5) for op in ("segment_sum", "segment_max", "segment_min", "segment_prod")]
    logits = array([[1000.0, -1000.0, 0.0], [INF, 0.0, 0.0], [-INF, 0.0, 1.0]])
    cases += [case("softmax", logits), case("log_softmax", logits), case("logsumexp", logits, axis=1), case("sigmoid", logits)]
    cases += [case("binary_crossentropy", array([0.0, 1.0, 1.0, 0.0]), array([0.0, 0.0, 1.0, 1.0])), case("binary_crossentropy", array([0.0, 1.0]), array([1000.0, -1000.0]), from_logits=True)]
    cases += [case("categorical_crossentropy", array([[1.0, 0.0], [0.0, 1.0]]), array([[0.0, 1.0], [0.0, 0.0]]))]
    cases += [case("one_hot", array([0, -1, 3, 2], "int32"), 3), case("take", array([1.0, 2.0, 3.0]), array([0, -1, 3, -4], "int32"))]
    cases += [case("cast", array([NAN, INF, -INF, 3e9, -3e9, -1.5, 300.7]), target) for target in ("int32", "uint8", "int8", "uint32", "bool", "float16", "bfloat16", "int16")]
    cases += [case("isclose", array([NAN, INF, INF, 0.0]), array([NAN, INF, -INF, -0.0]), equal_nan=True)]
    return cases


def make():
    return elementwise() + rows() + empty() + windows()
