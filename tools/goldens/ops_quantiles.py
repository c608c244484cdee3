"""Order statistics, and running totals and positions that pass over nan: ops-quantiles.json."""

import numpy as np

from call import array, case
from golden import integers, values

NAN = float("nan")


def make():
    x = values(120, (2, 3, 4))
    holes = array([[1.0, NAN, 3.0, 0.5], [NAN, NAN, NAN, NAN], [4.0, 2.0, 2.0, -1.0]])
    whole, small, flags = integers(121, (2, 5), -5, 9), array([[3, 250, 7], [9, 1, 200]], "uint8"), array([[True, False, True], [True, True, False]], "bool")
    special = array([2.0, float("inf"), -0.0, float("-inf"), 0.0])
    cases = []
    for op in ("median", "nanmedian"):
        cases += [case(op, x), case(op, x, axis=1), case(op, x, axis=[0, 2]), case(op, x, axis=[-1, 1], keepdims=True), case(op, x, keepdims=True), case(op, values(122, ())), case(op, values(123, (1,)))]
        cases += [case(op, whole, axis=1), case(op, small, axis=0), case(op, flags, axis=1), case(op, array([1.5, 2.5, 0.25], "float16")), case(op, holes, axis=1), case(op, holes, axis=0, grad=False), case(op, special, grad=False)]
        cases += [case(op, np.zeros((0, 3), "float32"), axis=1), case(op, array([[1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 3.0, 1.0]]), axis=1, note="ties")]
    cases += [case("quantile", x, array([0.1, 0.5, 1.0]), axis=[0, 2]), case("quantile", x, array([0.25, 0.7]), axis=1, keepdims=True), case("quantile", x, 0.4, keepdims=True), case("quantile", x, array([0.2]), keepdims=True)]
    cases += [case("quantile", array([1.0, 2.0, 3.0]), 1.5, grad=False), case("quantile", array([1.0, 2.0, 3.0]), np.zeros((0,), "float32"), grad=False), case("quantile", array([1.5, 2.5, 0.25, 4.0], "float16"), 0.3)]
    cases += [case("percentile", x, array([10.0, 95.0]), axis=-1), case("percentile", whole, array([25, 50], "int32"), axis=0), case("nanpercentile", holes, array([25.0, 60.0]), axis=1), case("nanpercentile", holes, 40.0)]
    cases += [case("nanquantile", holes, 0.3), case("nanquantile", holes, array([0.2, 0.8]), axis=0, keepdims=True), case("nanquantile", holes, array([0.2, 0.8]), keepdims=True), case("nanquantile", whole, 0.3, axis=1), case("nanquantile", holes, 0.6, axis=[0, 1])]
    for method in ("linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf"):
        cases += [case("quantile", x, array([0.0, 0.3, 0.5, 1.0]), axis=-1, method=method, grad=method != "inverted_cdf"), case("quantile", whole, 0.3, axis=1, method=method), case("quantile", holes, 0.45, axis=1, method=method, grad=False)]
        cases += [case("nanquantile", holes, array([0.0, 0.35, 1.0]), axis=1, method=method, grad=False), case("percentile", whole, 70.0, axis=[0, 1], method=method, keepdims=True)]
    for op in ("nancumsum", "nancumprod"):
        cases += [case(op, holes), case(op, holes, axis=1), case(op, holes, axis=-2), case(op, x, axis=1), case(op, whole, axis=1), case(op, small, axis=0), case(op, flags, axis=1), case(op, whole, axis=0, dtype="float32"), case(op, array([1.0, NAN, 2.5]), dtype="int32", grad=False), case(op, flags, dtype="bool"), case(op, np.zeros((0,), "float32")), case(op, values(124, ()))]
    for op in ("nanargmax", "nanargmin"):
        cases += [case(op, holes), case(op, holes, axis=1), case(op, holes, axis=0, keepdims=True), case(op, holes, keepdims=True), case(op, x, axis=-1), case(op, whole, axis=1), case(op, array([NAN, NAN])), case(op, array(3.0)), case(op, array([1.0, 5.0, 5.0, 1.0]), note="ties"), case(op, array([1.5, NAN, 0.5], "float16")), case(op, special)]
    return cases
