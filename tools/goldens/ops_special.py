"""Special functions, windows, bits and signals: ops-special.json."""

import jax
import keras
import numpy as np

from call import array, case
from golden import integers, values

NAN, INF = float("nan"), float("inf")
# Keras 3.16 has it, and this is what it computes with JAX.
keras.ops.gammainc = lambda x1, x2: jax.scipy.special.gammainc(x1, x2)


def make():
    cases = []
    for op in ("bartlett", "blackman", "hamming", "hanning"):
        cases += [case(op, n) for n in (0, 1, 3, 5, 8)]
    cases += [case("kaiser", n, beta) for n, beta in ((0, 2.0), (1, 2.0), (2, 5.0), (7, 0.0), (7, 8.6), (6, 14.0))] + [case("kaiser", 6, array(3.0), grad=False)]
    x = values(140, (2, 5), -6, 6)
    for op in ("i0", "erfc"):
        cases += [case(op, x), case(op, array(0.5)), case(op, array(0.0)), case(op, np.zeros((0, 2), "float32")), case(op, integers(141, (4,), -3, 4)), case(op, array([3, 1], "uint8")), case(op, array([0.5, -2.0, 3.0], "float16")), case(op, array([True, False], "bool")), case(op, array([NAN, INF, -INF, -0.0]), grad=False)]
    cases += [case("i0", array([14.5, 15.5, 20.0, -30.0])), case("i0", array([88.0, 60.0]), grad=False), case("erfc", array([0.49, 0.51, 1.0, 2.0, 3.0])), case("erfc", array([8.0, 9.0]), grad=False), case("erfc", array([4.0, 4.5, 5.0])), case("erfc", array([-9.0, 6.0, 7.0]), grad=False)]
    cases += [case("gammainc", values(142, (2, 3), 0.2, 6), values(143, (2, 3), 0.1, 9)), case("gammainc", array([[0.5], [3.0]]), array([0.1, 1.0, 5.0])), case("gammainc", array(2.0), array(1.5)), case("gammainc", np.zeros((0,), "float32"), array([1.0])), case("gammainc", array([0.0, 0.0, 1.0, 2.0, -1.0, NAN, 2.0, 3.0]), array([2.0, 0.0, -1.0, 0.0, 1.0, 1.0, NAN, INF]), grad=False)]
    cases += [case("gammainc", array([0.05, 10.0, 10.0, 20.0]), array([0.5, 9.5, 10.5, 30.0])), case("gammainc", array([1.5, 2.0], "float16"), array([1.0, 3.0], "float16"))]
    edges = [0.0, -0.0, 1.0, -1.5, INF, -INF, 3.4028234663852886e38, 2.0**-126, -(2.0**-149), 3.0e-41]
    cases += [case("view", array(edges), dtype=dtype) for dtype in ("int32", "uint32", "int16", "uint8", "float16", "float32")] + [case("view", array(edges))]
    cases += [case("view", array([1.5, -2.0, 6e-8, 65504.0, -0.0, INF], "float16"), dtype=dtype) for dtype in ("int16", "uint16", "uint8", "int32")] + [case("view", array([[0, 1, 0x3C00, -1024], [1, 2, -32768, 100]], "int16"), dtype=dtype) for dtype in ("float16", "int32", "int8", "bfloat16")]
    cases += [case("view", array([[1, 2, 3, 4, 255, 254, 60, 128]], "uint8"), dtype=dtype) for dtype in ("int8", "uint16", "int32", "float32", "bool", "float16")] + [case("view", array([True, False, True, True], "bool"), dtype=dtype) for dtype in ("uint8", "int32")] + [case("view", array(1.5), dtype="int32"), case("view", array([3000000000, 1], "uint32"), dtype="int32"), case("view", np.zeros((2, 0), "float32"), dtype="uint8"), case("view", array([1, -2], "int32"), dtype="uint8")]
    cases += [case("nextafter", array([1.0, 0.0, -1.0, 1.0, 2.0]), array([2.0, 1.0, 0.0, -5.0, 2.0]), grad=False), case("nextafter", array([0.0, -0.0, 1e-45, 0.0, INF, 3.4028235e38, NAN, 1.0]), array([-0.0, 0.0, 0.0, -1.0, 0.0, INF, 1.0, NAN]), grad=False), case("nextafter", array([[1.0], [-3.0]]), array([2.0, -9.0]), grad=False), case("nextafter", array(1.0), array(0.0), grad=False)]
    cases += [case("nextafter", array([1, 2], "int32"), array([2, 1], "int32")), case("nextafter", array([1.0, 0.0, -0.0, 65504.0], "float16"), array([2.0, -1.0, 1.0, INF], "float16")), case("nextafter", keras.ops.convert_to_tensor([1.0, 2.0, -1.0], "bfloat16"), keras.ops.convert_to_tensor([2.0, -1.0, 0.0], "bfloat16")), case("nextafter", np.zeros((0,), "float32"), array([1.0]), grad=False)]
    a, b = values(144, (5,)), values(145, (3,))
    for mode in ("valid", "same", "full"):
        cases += [case("correlate", a, b, mode=mode), case("correlate", b, a, mode=mode), case("correlate", a, values(146, (2,)), mode=mode), case("correlate", values(147, (4,)), a[:4], mode=mode)]
    cases += [case("correlate", array([1, 2, 3], "int32"), array([1, 2], "int32")), case("correlate", array([1.0, 2.0, 3.0], "float16"), array([1, 2], "int32")), case("correlate", array([2.0]), array([3.0]))]
    cases += [case("corrcoef", values(148, (3, 5))), case("corrcoef", values(149, (5,)), grad=False), case("corrcoef", integers(150, (2, 4), -5, 5)), case("corrcoef", np.zeros((0, 3), "float32")), case("corrcoef", array([[1.0, 1.0], [2.0, 3.0]]), grad=False), case("corrcoef", array([[1.0, 2.0]]), grad=False), case("corrcoef", array(1.0), grad=False)]
    sample = array([0.1, 0.9, 0.5, -1.0, 2.0, 0.5, 1.0])
    cases += [case("histogram", sample, bins=4, grad=False), case("histogram", sample, bins=5, range=(0.0, 1.0), grad=False), case("histogram", array([1, 2, 3, 9], "int32"), bins=3), case("histogram", sample, bins=0, grad=False), case("histogram", array([1.0, NAN]), bins=2, grad=False), case("histogram", array([2.0, 2.0]), bins=2, grad=False), case("histogram", array(3.0), bins=2, grad=False), case("histogram", array([1.0, NAN, INF, 0.5]), bins=2, range=(0.0, 1.0), grad=False), case("histogram", np.zeros((0,), "float32"), bins=2, range=(0.0, 1.0), grad=False), case("histogram", array([1.0, 2.0, 3.0], "float16"), bins=2, range=(0, 2)), case("histogram", np.arange(0, 12, dtype="float32") / np.float32(10), bins=11, range=(0.0, 1.1), grad=False)]
    cases += [case("geomspace", 1, 1000, num=4), case("geomspace", array([1.0, -2.0]), array([8.0, -16.0]), num=3, axis=-1, endpoint=False), case("geomspace", array([1.0, 2.0]), 5.0, num=4), case("geomspace", 2.0, 32.0, num=5, dtype="float16"), case("geomspace", 0, 1, num=3), case("geomspace", 1.0, 4.0, num=0), case("geomspace", 1.0, 4.0, num=1)]
    cases += [case("vander", array([0.5, -2.0, 1.5])), case("vander", array([0.5, -2.0, 0.0]), N=2, grad=False), case("vander", array([2, 3], "int8"), N=4, increasing=True), case("vander", array([2, 3], "int32"), N=0), case("vander", np.zeros((0,), "float32"), N=2)]
    image = values(151, (2, 4, 6, 3))
    cases += [case("rearrange", image[:, :2, :2], "b h w c -> b c h w"), case("rearrange", image[:1], "b h w c -> (b h) w c"), case("rearrange", image[:1], "b (h1 h) (w1 w) c -> (b h1 w1) h w c", h1=2, w1=2), case("rearrange", image[:1], "b (h h1) (w w1) c -> b h w (c h1 w1)", h1=2, w1=3), case("rearrange", integers(152, (2, 3), 0, 9), "a b -> (b a)"), case("rearrange", integers(152, (6,), 0, 9), "(a b) -> b a", b=2)]
    return cases
