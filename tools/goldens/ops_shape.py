"""Shape, indexing and creation cases of ops-shape.json."""

import numpy as np

from call import array, case
from golden import integers, values


def movement():
    x, v = values(30, (2, 3, 4)), values(31, (4,))
    whole = integers(32, (2, 3), 0, 9)
    cases = [case("reshape", x, shape) for shape in ([6, 4], [2, -1], [-1], [1, 24, 1])] + [case("reshape", values(33, ()), [1, 1]), case("reshape", np.zeros((0, 3), "float32"), [3, 0])]
    cases += [case("transpose", x), case("transpose", x, axes=[0, 2, 1]), case("transpose", x, axes=[2, 0, 1]), case("transpose", v), case("swapaxes", x, 0, 2), case("swapaxes", x, -1, -2), case("moveaxis", x, 0, -1), case("moveaxis", x, [0, 1], [-1, -2])]
    cases += [case("expand_dims", x, axis) for axis in (0, 1, -1, [0, 2], [-1, 1])] + [case("squeeze", values(34, (1, 3, 1))), case("squeeze", values(34, (1, 3, 1)), axis=0), case("squeeze", values(34, (1, 3, 1)), axis=[0, 2]), case("squeeze", values(34, (1, 3, 1)), axis=-1)]
    cases += [case("broadcast_to", v, [3, 4]), case("broadcast_to", values(35, (2, 1)), [4, 2, 3]), case("broadcast_to", values(35, ()), [2, 2]), case("ravel", x), case("ravel", whole), case("copy", x)]
    cases += [case("flip", x), case("flip", x, axis=1), case("flip", x, axis=[0, 2]), case("fliplr", x), case("flipud", x), case("roll", x, 1), case("roll", x, -1, axis=1), case("roll", x, [1, 2], axis=[0, 2]), case("roll", v, 7), case("rot90", x), case("rot90", x, k=2), case("rot90", x, k=-1, axes=[1, 2])]
    cases += [case("tile", v, 2), case("tile", x, [1, 2, 1]), case("tile", v, [2, 2]), case("tile", x, [2]), case("repeat", x, 2), case("repeat", x, 2, axis=1), case("repeat", x, array([1, 2, 0], "int32"), axis=1), case("repeat", v, array([1, 0, 2, 1], "int32"), axis=0)]
    cases += [case("concatenate", [x, x]), case("concatenate", [x, values(36, (2, 1, 4))], axis=1), case("concatenate", [x, x], axis=-1), case("concatenate", [whole, whole.astype("float32")]), case("concatenate", [v, np.zeros((0,), "float32")]), case("append", x, v), case("append", whole, whole, axis=0)]
    cases += [case("stack", [v, v]), case("stack", [v, v], axis=1), case("stack", [v, v], axis=-1), case("stack", [values(1, ()), values(2, ())]), case("hstack", [v, v]), case("hstack", [whole, whole]), case("vstack", [v, v]), case("vstack", [whole, whole]), case("dstack", [v, v])]
    cases += [case("split", x, 2), case("split", x, 2, axis=2), case("split", x, [1, 2], axis=1), case("split", v, [1, 3]), case("array_split", v, 3), case("unstack", x), case("unstack", x, axis=1), case("unstack", whole, axis=-1), case("hsplit", x, 3), case("vsplit", x, 2), case("dsplit", x, 2)]
    pads = ([[1, 1], [0, 2], [1, 0]], 1, [1, 2])
    cases += [case("pad", x, width) for width in pads] + [case("pad", x, [[0, 0], [1, 1], [2, 1]], mode=mode) for mode in ("reflect", "symmetric", "edge")] + [case("pad", x, [[1, 0], [0, 0], [0, 1]], constant_values=7.0), case("pad", whole, 1, constant_values=3)]
    cases += [case("meshgrid", array([1.0, 2.0, 3.0]), array([4.0, 5.0])), case("meshgrid", array([1.0, 2.0]), array([4.0, 5.0, 6.0]), indexing="ij"), case("meshgrid", array([1, 2], "int32"), array([3], "int32"), array([4, 5], "int32"), indexing="ij")]
    cases += [case("shape", x), case("ndim", x), case("size", x, grad=False), case("rearrange", x, "a b c -> c (a b)"), case("rearrange", x, "a b (c d) -> a (b c) d", c=2)]
    image = values(37, (1, 4, 4, 4))
    cases += [case("space_to_depth", image, 2), case("depth_to_space", image, 2), case("space_to_depth", image, 2, data_format="channels_first"), case("depth_to_space", image, 2, data_format="channels_first")]
    return cases


def indexing():
    x, m = values(40, (3, 4)), values(41, (2, 3, 4))
    picks = array([2, 0, 2], "int32")
    cases = [case("take", x, picks, axis=0), case("take", x, picks, axis=1), case("take", x, array([5, 11, 0], "int32")), case("take", x, array([[0, 1], [2, -1]], "int32"), axis=0), case("take", x, 1, axis=0), case("take", x, array([-1, -3], "int32"), axis=-1), case("take", integers(1, (5,), 0, 9), picks, axis=0)]
    cases += [case("take", x, array([7, -9], "int32"), axis=0, note="out of bounds")]
    along = array([[0, 1, 2, 0], [2, 2, 0, 1]], "int32")
    cases += [case("take_along_axis", x, along, axis=0), case("take_along_axis", x, array([[3], [0], [1]], "int32"), axis=1), case("take_along_axis", x, array([5, 0, 11], "int32"), axis=None), case("take_along_axis", x, array([[-1], [0], [-2]], "int32"), axis=-1)]
    keys = (0, -1, slice(1, 3), slice(None, None, -1), slice(None, None, 2), [slice(None), 1], [slice(1, None), slice(None, -1)], [Ellipsis, 0], [Ellipsis, None], [None, 0], picks, [picks, array([1, 1, 0], "int32")], [slice(None), picks])
    for key in keys:
        cases.append(case("get_item", x, tuple(key) if isinstance(key, list) else key))
    cases += [case("get_item", m, (slice(None), picks, slice(0, 2))), case("get_item", m, (Ellipsis, slice(1, 4, 2)))]
    condition = array([[True, False, True, False], [False, False, True, True], [True, True, True, False]], "bool")
    cases += [case("where", condition, x, values(42, (3, 4))), case("where", condition, x, 0.0), case("where", array([True, False, True, True], "bool"), values(43, (3, 1)), values(44, (4,))), case("where", condition, 1, 0), case("where", condition), case("nonzero", condition), case("where", array([1, 0, 2], "int32"), array([1, 2, 3], "int32"), array([4.5, 5.5, 6.5]))]
    cases += [case("select", [x > 0.5, x < 0], [x, -x], default=0.25)]
    spots = array([[0, 1], [2, 3], [0, 1]], "int32")
    updates = values(45, (3,))
    cases += [case("scatter", spots, updates, [3, 4]), case("scatter", array([[1], [0], [1]], "int32"), values(46, (3, 2)), [3, 2]), case("scatter", array([[4], [0]], "int32"), array([3, 5], "int32"), [6])]
    cases += [case("scatter_update", x, array([[0, 1], [2, 3]], "int32"), values(47, (2,))), case("scatter_update", x, array([[1], [0]], "int32"), values(48, (2, 4)))]
    cases += [case("scatter_update", x, spots, updates, reduction=reduction, grad=reduction != "mul") for reduction in ("add", "max", "min", "mul")]
    cases += [case("slice", x, [1, 0], [2, 3]), case("slice", m, [0, 1, 1], [1, 2, 2]), case("slice", x, array([1, 1], "int32"), [2, 2]), case("slice_update", x, [1, 1], values(49, (2, 2))), case("slice_update", m, [0, 0, 2], values(50, (1, 3, 2)))]
    square = values(51, (3, 3))
    cases += [case("diag", values(52, (3,))), case("diag", values(52, (3,)), k=1), case("diag", square), case("diag", square, k=-1), case("diagonal", x), case("diagonal", m, offset=1, axis1=1, axis2=2), case("diagflat", square), case("trace", square), case("trace", m, offset=1, axis1=1, axis2=2)]
    cases += [case(op, x, k=k) for op in ("tril", "triu") for k in (0, 1, -1)] + [case("tril", m), case("triu", integers(53, (3, 3), 1, 9))]
    classes = array([0, 2, 1, -1, 5], "int32")
    cases += [case("one_hot", classes, 3), case("one_hot", classes, 3, axis=0), case("one_hot", array([[0, 1], [2, 0]], "int32"), 3, dtype="int32"), case("one_hot", array([[0, 1], [2, 0]], "int32"), 3, axis=1), case("multi_hot", array([[0, 2], [1, 1]], "int32"), num_classes=4), case("multi_hot", array([1, 3], "int32"), num_classes=5)]
    return cases + [case("isin", array([1, 2, 3], "int32"), array([2, 5], "int32")), case("isin", array([1, 2, 3], "int32"), array([2, 5], "int32"), invert=True), case("unravel_index", array([5, 11, 0], "int32"), [3, 4])]


def creation():
    cases = [case(op, shape) for op in ("zeros", "ones") for shape in ([2, 3], [], [0, 2])] + [case(op, [2], dtype=dtype) for op in ("zeros", "ones") for dtype in ("int32", "bool", "float16")]
    cases += [case("full", [2, 2], 1.5), case("full", [2], 3), case("full", [2, 3], values(54, (3,))), case("full", [2], 3, dtype="float32"), case("full", [2], True)]
    x, whole = values(55, (2, 3)), integers(56, (3,), 0, 5)
    cases += [case(op, item) for op in ("zeros_like", "ones_like") for item in (x, whole)] + [case("zeros_like", x, dtype="int32"), case("ones_like", whole, dtype="bool"), case("full_like", x, 2.5), case("full_like", whole, 2), case("full_like", x, 2, dtype="int32")]
    cases += [case("arange", 5), case("arange", 2, stop=7), case("arange", 2, stop=11, step=3), case("arange", 5, stop=0, step=-2), case("arange", 0.5, stop=3.0), case("arange", 0, stop=1, step=0.25), case("arange", 5, dtype="float32"), case("arange", 0)]
    cases += [case("linspace", 0.0, 1.0, num=5), case("linspace", 0.0, 1.0, num=4, endpoint=False), case("linspace", 0, 10, num=6, dtype="int32"), case("linspace", values(57, (2,)), values(58, (2,)), num=3), case("linspace", values(57, (2,)), values(58, (2,)), num=3, axis=-1), case("linspace", 0.0, 1.0, num=3, retstep=True), case("linspace", 1.0, 2.0, num=1), case("logspace", 0.0, 2.0, num=3), case("logspace", 0.0, 3.0, num=4, base=2)]
    cases += [case("eye", 3), case("eye", 3, M=4, k=1), case("eye", 4, M=3, k=-1, dtype="int32"), case("identity", 3), case("identity", 2, dtype="int32"), case("tri", 3), case("tri", 3, M=4, k=1), case("tri", 3, k=-1, dtype="int32")]
    cases += [case(op, 5) for op in ("bartlett", "blackman", "hamming", "hanning")] + [case("vander", array([1.0, 2.0, 3.0])), case("vander", array([1.0, 2.0, 3.0]), N=2, increasing=True)]
    return cases + [case("convert_to_tensor", item) for item in ([1, 2, 3], [1.5, 2], [[True], [False]], 3, 2.5, True, [[1, 2], [3, 4]], [])] + [case("convert_to_tensor", [1, 2], dtype="float32"), case("array", [[1, 2], [3, 4]], dtype="int32")]


def make():
    return movement() + indexing() + creation()
