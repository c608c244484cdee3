"""The calls whose dtypes are swept: `(op, args, kwargs)`, with an `Input` where a value of the swept dtype stands."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Input:
    """The first values of a table, in a shape; inputs of the same operand have the same dtype."""

    name: str
    shape: tuple = (8,)
    operand: int = 0


X, Y = Input("x"), Input("y", operand=1)
S = Input("s")
ROWS, SMALL_ROWS = Input("x", (2, 4)), Input("s", (2, 4))
FIRST, SECOND = Input("s", (2, 4)), Input("s", (4, 2), 1)
VECTOR, OTHER = Input("s", (3,)), Input("s", (3,), 1)
SEQUENCE, IMAGE = Input("s", (1, 4, 2)), Input("s", (1, 3, 3, 1))
INDICES = np.array([1, 0, 3], "int32")

ELEMENTWISE = (
    "abs absolute angle arccos arccosh arcsin arcsinh arctan arctanh bitwise_invert bitwise_not cbrt ceil celu conj conjugate copy cos cosh deg2rad elu "
    "erf erfinv exp exp2 expm1 fabs floor gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh isfinite isinf isnan isneginf isposinf isreal "
    "leaky_relu log log10 log1p log2 log_sigmoid logical_not nan_to_num negative rad2deg reciprocal relu relu6 round rsqrt selu sigmoid sign signbit silu "
    "sin sinc sinh soft_shrink softplus softsign sparse_plus sparse_sigmoid sqrt square squareplus swish tan tanh tanh_shrink trunc stop_gradient array "
    "convert_to_tensor zeros_like ones_like empty_like"
).split()
REDUCTIONS = (
    "all amax amin any argmax argmin average count_nonzero logsumexp max mean min prod ptp std sum var nanmax nanmean nanmin nanprod nanstd nansum nanvar norm"
).split()
ROWWISE = "argsort cumprod cumsum diff sort softmax log_softmax sparsemax glu normalize rms_normalization layer_normalization".split()
MOVES = "fliplr flipud ravel rot90 transpose diag diagonal trace tril triu unstack".split()
TARGETS = "bool uint8 uint16 uint32 int8 int16 int32 float16 bfloat16 float32".split()

UNARY = [
    *((op, [X], {}) for op in ELEMENTWISE),
    *((op, [ROWS], {"axis": 1}) for op in REDUCTIONS),
    *((op, [SMALL_ROWS], {"axis": 0}) for op in REDUCTIONS if op not in ("all", "any", "count_nonzero")),
    *((op, [ROWS], {**({"axis": 1} if op not in ("sparsemax", "rms_normalization", "layer_normalization", "glu", "normalize") else {})}) for op in ROWWISE),
    *((op, [SMALL_ROWS], {"axis": 1}) for op in ("cumprod", "cumsum", "diff", "softmax", "log_softmax")),
    *((op, [ROWS], {}) for op in MOVES),
    *(("cast", [X, target], {}) for target in TARGETS),
    *(("saturate_cast", [X, target], {}) for target in TARGETS),
    ("gelu", [X], {"approximate": False}),
    ("round", [X], {"decimals": 1}),
    ("round", [X], {"decimals": -1}),
    ("clip", [X, 0, 3], {}),
    ("clip", [X, -1.5, 2.5], {}),
    ("threshold", [X, 1, 2], {}),
    ("moments", [SMALL_ROWS], {"axes": [1]}),
    ("norm", [SMALL_ROWS], {}),
    ("norm", [SMALL_ROWS], {"ord": 1, "axis": 1}),
    ("norm", [SMALL_ROWS], {"ord": np.inf, "axis": 1}),
    ("argpartition", [SMALL_ROWS, 2], {"axis": 1}),
    ("top_k", [ROWS, 2], {}),
    ("in_top_k", [np.array([1, 3], "int32"), Input("s", (2, 4)), 2], {}),
    ("diagflat", [VECTOR], {}),
    ("flip", [ROWS], {"axis": 1}),
    ("roll", [ROWS, 1], {"axis": 1}),
    ("moveaxis", [ROWS, 0, 1], {}),
    ("swapaxes", [ROWS, 0, 1], {}),
    ("reshape", [X, [2, 4]], {}),
    ("expand_dims", [X, 0], {}),
    ("squeeze", [Input("x", (1, 8))], {}),
    ("broadcast_to", [X, [2, 8]], {}),
    ("pad", [X, [[1, 2]]], {}),
    ("pad", [X, [[2, 1]]], {"mode": "reflect"}),
    ("repeat", [X, 2], {}),
    ("tile", [X, 2], {}),
    ("split", [X, 2], {}),
    ("array_split", [X, 3], {}),
    ("hsplit", [ROWS, 2], {}),
    ("vsplit", [ROWS, 2], {}),
    ("dsplit", [Input("x", (2, 2, 2)), 2], {}),
    ("full_like", [X, 3], {}),
    ("full_like", [X, 2.5], {}),
    ("one_hot", [S, 4], {}),
    ("multi_hot", [Input("s", (2, 4)), 6], {}),
    ("take", [X, INDICES], {}),
    ("take", [Input("x", (8,)), np.array([-1, 2], "int32")], {}),
    ("take", [np.array([5.0, 6.0, 7.0, 8.0, 9.0, 1.0], "float32"), S], {}),
    ("take_along_axis", [ROWS, np.array([[0, 3], [2, 1]], "int32")], {"axis": 1}),
    ("scatter", [np.array([[1], [3], [1]], "int32"), VECTOR, [5]], {}),
    ("scatter_update", [X, np.array([[1], [3]], "int32"), Input("s", (2,))], {}),
    ("slice", [ROWS, [0, 1], [2, 2]], {}),
    ("slice_update", [ROWS, [0, 1], Input("s", (1, 2))], {}),
    *((op, [X, np.array([0, 0, 1, 1, 1, 2, 2, 2], "int32")], {"num_segments": 4}) for op in ("segment_sum", "segment_max", "segment_min", "segment_prod")),
    ("unravel_index", [Input("s", (4,)), [3, 4]], {}),
    ("digitize", [S, np.array([1.0, 2.5, 4.0], "float32")], {}),
    ("searchsorted", [np.array([1, 2, 4], "int32"), S], {}),
    ("select", [[np.array([True, False, False]), np.array([False, True, False])], [VECTOR, VECTOR]], {}),
    ("meshgrid", [VECTOR, VECTOR], {}),
    ("vstack", [[VECTOR, VECTOR]], {}),
    ("hstack", [[VECTOR, VECTOR]], {}),
    ("dstack", [[VECTOR, VECTOR]], {}),
    ("trapezoid", [S], {}),
    ("einsum", ["ij->j", SMALL_ROWS], {}),
    ("max_pool", [IMAGE, 2], {"strides": 1}),
    ("average_pool", [IMAGE, 2], {"strides": 1, "padding": "same"}),
    ("conv", [SEQUENCE, Input("s", (2, 2, 2))], {}),
    ("conv_transpose", [SEQUENCE, Input("s", (2, 2, 2)), 2], {}),
    ("depthwise_conv", [IMAGE, Input("s", (2, 2, 1, 2))], {}),
    ("separable_conv", [IMAGE, Input("s", (2, 2, 1, 1)), Input("s", (1, 1, 1, 2))], {}),
    ("dot_product_attention", [Input("s", (1, 2, 2, 2)), Input("s", (1, 2, 2, 2)), Input("s", (1, 2, 2, 2))], {}),
    ("batch_normalization", [SMALL_ROWS, Input("s", (4,)), Input("s", (4,)), 1], {}),
    ("binary_crossentropy", [Input("s", (3,)), Input("s", (3,))], {"from_logits": True}),
    ("categorical_crossentropy", [Input("s", (2, 4)), Input("s", (2, 4))], {"from_logits": True}),
    ("sparse_categorical_crossentropy", [np.array([1, 3], "int32"), Input("s", (2, 4))], {"from_logits": True}),
    *(("arange", [0, 5, 2], {"dtype": target}) for target in TARGETS if target != "bool"),
    *((op, [[2]], {"dtype": target}) for op in ("zeros", "ones") for target in TARGETS),
    *(("full", [[2], 3], {"dtype": target}) for target in TARGETS),
    *((op, [2], {"dtype": target}) for op in ("eye", "identity", "tri") for target in TARGETS),
    *((op, [0, 3, 4], {"dtype": target}) for op in ("linspace", "logspace") for target in TARGETS if target != "bool"),
    *(("prod", [SMALL_ROWS], {"axis": 0, "dtype": target}) for target in ("int32", "float16", "uint8")),
    *((op, [SMALL_ROWS], {"axis": 0, "dtype": target}) for op in ("cumsum", "cumprod") for target in ("int32", "float16", "uint8")),
]

PAIRS = (
    "add arctan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor divide divide_no_nan equal floor_divide fmax fmin fmod greater "
    "greater_equal heaviside hypot isclose ldexp left_shift less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod "
    "multiply not_equal power right_shift subtract true_divide"
).split()
SMALLS = (S, Input("s", operand=1))
BINARY = [
    *((op, [X, Y], {}) for op in PAIRS),
    ("power", list(SMALLS), {}),
    ("where", [np.array([True, False, True, False, True, False, True, False]), X, Y], {}),
    ("matmul", [FIRST, SECOND], {}),
    ("matmul", [Input("x", (1, 8)), Input("y", (8, 1), 1)], {}),
    ("dot", [FIRST, SECOND], {}),
    ("einsum", ["ij,jk->ik", FIRST, SECOND], {}),
    ("tensordot", [VECTOR, OTHER], {"axes": 1}),
    ("inner", [VECTOR, OTHER], {}),
    ("vdot", [VECTOR, OTHER], {}),
    ("outer", [VECTOR, OTHER], {}),
    ("kron", [VECTOR, OTHER], {}),
    ("cross", [VECTOR, OTHER], {}),
    ("concatenate", [[VECTOR, OTHER]], {}),
    ("stack", [[VECTOR, OTHER]], {}),
    ("append", [VECTOR, OTHER], {}),
    ("average", [VECTOR], {"weights": OTHER}),
    ("linspace", [VECTOR, Input("y", (3,), 1), 3], {}),
    ("clip", [Input("x", (8,)), Input("y", (8,), 1), 100], {}),
    ("allclose", [VECTOR, OTHER], {}),
]
