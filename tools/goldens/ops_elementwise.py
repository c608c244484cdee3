"""Elementwise cases of ops-elementwise.json: each function over shapes, dtypes and the points where floats are special."""

import numpy as np

from call import array, case
from golden import integers, values

SIGNED = (
    "abs absolute arctan arcsinh sin cos tan sinh cosh tanh exp exp2 expm1 erf negative square sign sigmoid relu relu6 elu selu celu silu swish "
    "softplus softsign log_sigmoid leaky_relu hard_sigmoid hard_silu hard_swish hard_tanh hard_shrink soft_shrink tanh_shrink gelu squareplus "
    "sparse_plus sparse_sigmoid cbrt deg2rad rad2deg sinc erfc"
).split()
WITHIN_ONE = "arcsin arccos arctanh erfinv".split()
POSITIVE = "log log1p log2 log10 sqrt rsqrt reciprocal".split()
FLOAT_ONLY = "erf sigmoid silu swish rsqrt".split()  # Keras on JAX refuses other dtypes
STEPS = "ceil floor round trunc".split()
TESTS = "isfinite isinf isnan isposinf isneginf signbit logical_not isreal".split()
SPECIAL = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 100.0, -100.0, 1e-30]

BINARY = "add subtract multiply divide true_divide maximum minimum".split()
COMPARE = "equal not_equal less less_equal greater greater_equal".split()
LOGICAL = "logical_and logical_or logical_xor".split()


def unary():
    cases = []
    for op in SIGNED + WITHIN_ONE + POSITIVE + STEPS + ["arccosh"]:
        low, high = (-0.95, 0.95) if op in WITHIN_ONE else (0.1, 3.0) if op in POSITIVE else (1.1, 4.0) if op == "arccosh" else (-3.0, 3.0)
        x = values(1, (2, 3), low, high)
        cases += [case(op, x), case(op, values(2, (), low, high)), case(op, np.zeros((0, 3), "float32"))]
        if op in SIGNED:
            cases.append(case(op, values(3, (6,), -9.0, 9.0, 1)))
        cases.append(case(op, array(SPECIAL), grad=False))
        cases.append(case(op, values(4, (3,), low, high, dtype="float16"), grad=False))
        if op in FLOAT_ONLY:
            continue
        whole = integers(1, (3,), 1, 4) if op in POSITIVE + ["arccosh"] else array([0, 1, 0], "int32") if op in WITHIN_ONE else array([-2, 0, 3], "int32")
        cases.append(case(op, whole))
        if op not in ("negative", "sign", "log_sigmoid", "round"):
            cases.append(case(op, array([True, False], "bool") if op not in POSITIVE + ["arccosh"] else array([True], "bool")))
        cases.append(case(op, array([1, 2, 3] if op not in WITHIN_ONE else [0, 1], "uint8")))
    for op in TESTS:
        cases += [case(op, array(SPECIAL)), case(op, array([-1, 0, 2], "int32")), case(op, values(1, (2, 2)), grad=False)]
    cases += [case("round", values(5, (6,), -9, 9, 4), decimals=d) for d in (1, 2, -1)]
    cases += [case("round", array([0.5, 1.5, 2.5, -0.5, -1.5]), grad=False), case("round", array([15, 25, -35], "int32"), decimals=-1)]
    return cases


def options():
    x = values(6, (3, 4), -3, 3)
    cases = [case("gelu", x, approximate=False), case("elu", x, alpha=0.5), case("celu", x, alpha=2.0), case("leaky_relu", x, negative_slope=0.01)]
    cases += [case("hard_shrink", x, threshold=1.0), case("soft_shrink", x, threshold=1.0), case("threshold", x, 0.5, -1.0), case("squareplus", x, b=1)]
    cases += [case("clip", x, low, high) for low, high in ((-1.0, 1.0), (0.0, 0.5))]
    cases += [case("clip", x, values(7, (4,), -2, 0), values(8, (3, 1), 0, 2)), case("clip", array([1, 5, 9], "int32"), 2, 6)]
    cases += [case("nan_to_num", array(SPECIAL), grad=False), case("nan_to_num", array(SPECIAL), grad=False, nan=1.0, posinf=5.0, neginf=-5.0)]
    cases += [case("isclose", array([1.0, 1.00001, 2.0]), array([1.0, 1.0, 2.1]), grad=False), case("isclose", array([float("nan")]), array([float("nan")]), grad=False, equal_nan=True)]
    cases += [case("allclose", array([1.0, 2.0]), array([1.0, 2.000001]), grad=False), case("allclose", array([1.0, 2.0]), array([1.0, 2.1]), grad=False)]
    cases += [case("stop_gradient", x)]
    for dtype in ("int32", "bool", "uint8", "float16", "float32"):
        cases.append(case("cast", array([0.0, 1.7, 2.0, 100.9]), dtype, grad=False))
        cases.append(case("cast", array([0, 1, -3], "int32"), dtype))
        cases.append(case("cast", array([True, False], "bool"), dtype))
    cases += [case("saturate_cast", array([-5.0, 300.0, 17.5]), dtype, grad=False) for dtype in ("uint8", "int8", "int32")]
    return cases


def binary():
    cases = []
    for op in BINARY:
        cases += [
            case(op, values(1, (2, 3), 0.5, 3), values(2, (2, 3), 0.5, 3)), case(op, values(1, (2, 3)), values(3, (3,), 0.5, 3)),
            case(op, values(1, (2, 1)), values(3, (1, 3), 0.5, 3)), case(op, values(1, ()), values(3, (2, 2), 0.5, 3)),
            case(op, np.zeros((0, 3), "float32"), values(3, (3,), 0.5, 3)), case(op, values(1, (3,)), 2), case(op, 1.5, values(1, (3,), 0.5, 3)),
            case(op, array([1, -2, 7], "int32"), array([2, 3, -4], "int32")), case(op, array([1, -2, 7], "int32"), 2.5), case(op, array([1, 2], "int32"), values(4, (2,), 1, 2)),
            case(op, array([3, 200], "uint8"), array([2, 100], "uint8")), case(op, array([3, 200], "uint8"), array([-1, 5], "int32")),
            case(op, array([1.5, 2.5], "float16"), array([1, 2], "int32")), case(op, array([float("inf"), float("nan"), 0.0]), array([float("inf"), 1.0, 0.0]), grad=False),
        ]
        if op != "subtract":
            cases.append(case(op, array([True, False], "bool"), array([True, True], "bool")))
        cases.append(case(op, array([True, False], "bool"), array([3, 4], "int32")))
    equal = array([1.0, 2.0, 3.0])
    cases += [case(op, equal, equal, note="ties") for op in ("maximum", "minimum")]
    for op in COMPARE:
        cases += [
            case(op, array([[1.0, 2.0, 3.0]]), array([[2.0], [3.0]])), case(op, array([1, 2, 3], "int32"), 2), case(op, array([1.0, 2.0]), array([1, 3], "int32")),
            case(op, array([float("nan"), float("inf"), -0.0]), array([float("nan"), float("inf"), 0.0])), case(op, array([True, False], "bool"), array([True, True], "bool")), case(op, np.zeros((0,), "float32"), 1.0),
        ]
    for op in LOGICAL:
        cases += [case(op, array([True, True, False, False], "bool"), array([True, False, True, False], "bool")), case(op, array([0, 2], "int32"), array([1.0, 0.0]), grad=False)]
    for op in ("floor_divide", "mod", "fmod"):
        cases += [case(op, array([7.5, -7.5, 7.5, -7.5]), array([2.0, 2.0, -2.0, -2.0]), grad=op != "floor_divide"), case(op, array([7, -7, 7, -7], "int32"), array([2, 2, -2, -2], "int32")), case(op, array([7, 9], "uint8"), array([2, 4], "uint8")), case(op, array([5, -5], "int32"), 3)]
    cases += [case("power", values(1, (2, 3), 0.2, 2), values(2, (3,), -2, 2)), case("power", values(1, (4,), -2, 2), 2), case("power", values(1, (4,), -2, 2), 3.0), case("power", array([2, 3, -2], "int32"), array([3, 2, 3], "int32")), case("power", array([0.0, 0.0, 2.0]), array([0.0, 2.0, 0.0]), grad=False), case("power", array([4.0, 9.0]), 0.5)]
    x, y = values(11, (2, 3)), values(12, (2, 3))
    cases += [case(op, x, y) for op in ("arctan2", "hypot", "logaddexp", "logaddexp2", "fmax", "fmin", "divide_no_nan")]
    cases += [case("divide_no_nan", array([1.0, 2.0, 0.0]), array([0.0, 4.0, 0.0]))]
    cases += [case("arctan2", array([0.0, -0.0, 1.0, -1.0]), array([-1.0, -1.0, 0.0, 0.0]), grad=False), case("logaddexp", array([1000.0, -1000.0, float("-inf")]), array([1000.0, -1001.0, float("-inf")]), grad=False)]
    cases += [case("heaviside", array([-1.0, 0.0, 2.0]), array([0.5, 0.5, 0.5]), grad=False), case("nextafter", array([1.0, 0.0]), array([2.0, -1.0]), grad=False), case("ldexp", array([0.75, 1.5]), array([2, -1], "int32"), grad=False)]
    cases += [case(op, array([12, 18, 7], "int32"), array([8, 12, 21], "int32")) for op in ("gcd", "lcm")]
    a, b = array([12, -7, 255], "int32"), array([10, 3, 4], "int32")
    cases += [case(op, a, b) for op in ("bitwise_and", "bitwise_or", "bitwise_xor")] + [case(op, a, array([1, 2, 3], "int32")) for op in ("left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift")]
    cases += [case("bitwise_not", a), case("bitwise_invert", array([0, 5, 255], "uint8")), case("bitwise_and", array([12, 200], "uint8"), array([10, 100], "uint8"))]
    return cases


def make():
    return unary() + options() + binary()
