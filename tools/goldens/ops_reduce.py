"""Reductions, sorting and scans of ops-reduce.json."""

import numpy as np

from call import array, case
from golden import integers, values


def make():
    x = values(20, (2, 3, 4))
    empty = np.zeros((0, 3), "float32")
    whole, small, flags = integers(21, (2, 3), -5, 9), array([[3, 250, 7], [9, 1, 200]], "uint8"), array([[True, False, True], [True, True, True]], "bool")
    cases = []
    for op in ("sum", "mean", "prod", "max", "min", "amax", "amin", "std", "var", "logsumexp", "ptp"):
        cases += [case(op, x), case(op, x, axis=0), case(op, x, axis=-1, keepdims=True), case(op, x, axis=[0, 2]), case(op, x, axis=[1, -1], keepdims=True), case(op, values(22, ())), case(op, values(23, (5,)), keepdims=True)]
        cases.append(case(op, whole, axis=1))
        if op != "logsumexp":
            cases.append(case(op, small, axis=0))
        if op not in ("logsumexp", "ptp"):
            cases.append(case(op, flags))
        if op in ("sum", "prod", "logsumexp"):
            cases += [case(op, empty, axis=0), case(op, empty)]
        cases.append(case(op, array([[1.5, 2.5], [0.25, 8.0]], "float16"), axis=0))
    cases += [case(op, empty, axis=1) for op in ("max", "min", "sum", "mean")] + [case("sum", x, axis=[])]
    cases += [case("max", empty, axis=0, initial=-1.0), case("max", x, axis=1, initial=0.5), case("min", x, axis=1, initial=-0.5), case("prod", whole, dtype="float32")]
    ties = array([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]])
    cases += [case(op, ties, axis=1, note="ties") for op in ("max", "min", "argmax", "argmin")]
    cases += [case("logsumexp", array([1000.0, 1000.0])), case("logsumexp", array([float("-inf"), float("-inf")]), grad=False), case("sum", array([1.0, float("nan"), float("inf")]), grad=False), case("max", array([1.0, float("nan")]), grad=False)]
    for op in ("any", "all"):
        cases += [case(op, flags), case(op, flags, axis=1), case(op, flags, axis=0, keepdims=True), case(op, whole), case(op, x > 5, axis=[0, 1]), case(op, np.zeros((0, 2), "bool"), axis=0)]
    for op in ("argmax", "argmin"):
        cases += [case(op, x, grad=False), case(op, x, axis=1), case(op, x, axis=-1, keepdims=True), case(op, x, keepdims=True), case(op, whole, axis=0), case(op, array([1.0, float("nan"), 3.0]))]
    cases += [case("count_nonzero", whole), case("count_nonzero", flags, axis=1), case("average", x), case("average", x, axis=1, weights=values(24, (3,), 0.1, 1)), case("median", x), case("median", x, axis=1), case("median", x, axis=-1, keepdims=True)]
    cases += [case("quantile", x, array([0.1, 0.5]), axis=1, grad=False), case("quantile", x, 0.25), case("percentile", x, 30.0, axis=0)]
    cases += [case("quantile", x, 0.3, axis=-1, method=method) for method in ("lower", "higher", "nearest", "midpoint")]
    cases += [case("moments", x, axes) for axes in ([0], [0, 1], [-1])] + [case("moments", x, [0, 1, 2], keepdims=True)]
    for op in ("cumsum", "cumprod"):
        cases += [case(op, x), case(op, x, axis=1), case(op, x, axis=-1), case(op, whole, axis=1), case(op, flags, axis=1), case(op, small, axis=0), case(op, whole, axis=0, dtype="float32"), case(op, np.zeros((0,), "float32"))]
    shuffled = array([[3.0, 1.0, 2.0, 1.0], [-1.0, 5.0, 0.0, 5.0]])
    for op in ("sort", "argsort"):
        cases += [case(op, shuffled), case(op, shuffled, axis=0), case(op, shuffled, axis=None) if op == "argsort" else case(op, x, axis=1), case(op, whole), case(op, array([2.0, float("nan"), 1.0]), grad=False)]
    cases += [case("top_k", shuffled, 2), case("top_k", shuffled, 1, sorted=False), case("top_k", whole, 2), case("top_k", values(25, (2, 6)), 6)]
    cases += [case("in_top_k", array([1, 0, 2], "int32"), values(26, (3, 4)), k, grad=False) for k in (1, 2, 4)]
    cases += [case("in_top_k", array([1, 0], "int32"), array([[0.5, 0.5, 0.1], [0.2, 0.2, 0.2]]), 1, grad=False, note="ties")]
    cases += [case("searchsorted", array([1.0, 2.0, 2.0, 5.0]), array([0.0, 2.0, 3.0, 9.0]), side=side, grad=False) for side in ("left", "right")]
    cases += [case("digitize", array([0.2, 6.4, 3.0]), array([0.0, 1.0, 2.5, 4.0, 10.0]), grad=False), case("bincount", array([1, 2, 2, 5], "int32")), case("bincount", array([1, 2, 2], "int32"), minlength=6), case("bincount", array([0, 1, 1], "int32"), weights=array([0.5, 1.0, 2.0]), grad=False)]
    cases += [case("histogram", values(27, (20,)), bins=4, grad=False), case("diff", x), case("diff", x, n=2, axis=1), case("diff", whole, axis=0)]
    for op in ("nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanstd", "nanvar"):
        cases += [case(op, array([[1.0, float("nan"), 3.0], [4.0, 5.0, 6.0]]), grad=False), case(op, array([[1.0, float("nan"), 3.0], [4.0, 5.0, 6.0]]), axis=1, grad=False)]
    data, ids = values(28, (6, 2)), array([0, 0, 1, 2, 2, 2], "int32")
    cases += [case(op, data, ids, num_segments=4) for op in ("segment_sum", "segment_max")]
    cases += [case("segment_sum", array([1.0, 2.0, 3.0]), array([1, 0, 1], "int32"), num_segments=2), case("trapezoid", x, axis=1), case("trapezoid", values(29, (5,)), dx=0.5), case("unique", array([3, 1, 3, 2], "int32"))]
    return cases
