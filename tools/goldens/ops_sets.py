"""Sets, counts and whole numbers: ops-sets.json."""

import numpy as np

from call import array, case
from golden import integers, values

NAN = float("nan")


def make():
    cases = []
    # Without a size JAX looks at the values, and gives a gradient of 0; here it flows as with a size.
    numbers = array([[3, 1, 3], [2, 1, 0]], "int32")
    rows = array([[1, 2], [1, 2], [0, 3], [1, 0]], "int32")
    everything = {"return_index": True, "return_inverse": True, "return_counts": True}
    cases += [case("unique", numbers), case("unique", numbers, **everything), case("unique", rows, axis=0, **everything), case("unique", rows, axis=1, **everything), case("unique", rows, axis=-1)]
    cases += [case("unique", array([3.0, NAN, 1.0, NAN, 3.0]), grad=False, **everything), case("unique", array([0.0, -0.0, float("inf"), 1.0]), grad=False, **everything), case("unique", array(3.0), grad=False, **everything), case("unique", array([2.0, 0.5, 2.0]), sorted=False, grad=False)]
    cases += [case("unique", numbers, size=n, **everything) for n in (0, 1, 4, 6)] + [case("unique", numbers, size=6, fill_value=9, **everything), case("unique", rows, axis=0, size=5, fill_value=-1, **everything), case("unique", rows, axis=0, size=2)]
    cases += [case("unique", array([3.0, 1.0, 3.0]), size=3), case("unique", array([3.0, 1.0, 3.0]), size=3, fill_value=0.5), case("unique", array([250, 3, 250], "uint8"), size=2, **everything), case("unique", array([True, False, True], "bool"), **everything)]
    cases += [case("unique", np.zeros((0,), "int32"), **everything), case("unique", np.zeros((0,), "int32"), size=2, fill_value=7, **everything), case("unique", np.zeros((3, 0), "int32"), axis=0, **everything), case("unique", np.zeros((3, 0), "int32"), axis=1, **everything)]
    cases += [case("isin", numbers, array([1, 3], "int32")), case("isin", numbers, array([1, 3], "int32"), invert=True), case("isin", numbers, array([1.5, 2.0]), assume_unique=True), case("isin", array([1.0, NAN, 0.0]), array([NAN, -0.0])), case("isin", array(2, "int32"), numbers), case("isin", numbers, np.zeros((0,), "int32")), case("isin", numbers, np.zeros((0,), "int32"), invert=True), case("isin", np.zeros((0, 2), "float32"), array([1.0])), case("isin", array([1, 255], "uint8"), array([-1, 1], "int8")), case("isin", array([True, False], "bool"), array([1], "int32"))]
    cases += [case("bincount", array([1, 2, 2, 5], "int32"), minlength=3), case("bincount", array([True, False, True], "bool")), case("bincount", np.zeros((0,), "int32"), minlength=2), case("bincount", np.zeros((0,), "int32")), case("bincount", array([-1, 2], "int8")), case("bincount", array([[0, 1], [1, 1]], "int32"))]
    cases += [case("bincount", array([[0, 1], [1, 2]], "int32"), weights=array([[0.5, 1.0], [1.0, 2.0]]), minlength=4, grad=False), case("bincount", array([0, 1, 1], "uint8"), weights=array([1, 2, 3], "int8")), case("bincount", array([0, 1, 1], "int32"), weights=array([1.5, 2.0, 0.25], "float16"), grad=False)]
    cases += [case("nonzero", array([[0.0, NAN], [-0.0, 2.0]])), case("nonzero", array([True, False, True], "bool")), case("nonzero", np.zeros((2, 0), "int32")), case("where", array([True, False], "bool"), 1.5, array([1, 2], "int32")), case("where", array([[0, 3], [1, 0]], "int32"))]
    pairs = [("int32", [12, 0, -18, 7], [18, 0, 12, -21]), ("int8", [12, 0, -18, 127], [18, 5, 12, -127]), ("uint8", [200, 0, 18, 255], [120, 9, 12, 85]), ("int16", [12, 0, -18, 7], [18, 0, 12, -21]), ("uint32", [4000000000, 0, 7, 1], [3000000000, 0, 21, 0])]
    for op in ("gcd", "lcm"):
        cases += [case(op, array(a, dtype), array(b, dtype)) for dtype, a, b in pairs if op == "gcd" or dtype != "uint32"]
        cases += [case(op, array([[4], [6]], "int32"), array([10, 15, 9], "int32")), case(op, array(12, "int32"), array([8, 0], "int32")), case(op, array([12, 30], "int8"), array([8, 45], "uint8")), case(op, np.zeros((0,), "int32"), array([3], "int32"))]
    data, ids = values(130, (5, 2)), array([2, 0, 2, -1, 7], "int32")
    for op in ("segment_sum", "segment_max", "segment_min", "segment_prod"):
        grad = op != "segment_prod"
        cases += [case(op, data, ids, num_segments=4, grad=grad), case(op, data, array([0, 0, 1, 1, 3], "int32"), num_segments=4, sorted=True, grad=grad), case(op, integers(131, (4,), -9, 9, "int8"), array([1, 1, 0, 1], "int32"), num_segments=3), case(op, array([1, 250, 3], "uint8"), array([0, 0, 2], "int32"), num_segments=3), case(op, array([0.5, 1.5], "float16"), array([1, 1], "int32"), num_segments=2), case(op, np.zeros((0, 2), "float32"), np.zeros((0,), "int32"), num_segments=2, grad=grad)]
    cases += [case("repeat", array([[1.0, 2.0], [3.0, 4.0]]), array([2, 0], "int32"), axis=0), case("repeat", array([1.0, 2.0]), array([3], "int32")), case("repeat", array([1, 2], "int32"), 0)]
    return cases
