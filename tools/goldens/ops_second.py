"""Second derivatives of the smooth ops: the Hessian of a weighted sum of the outputs, times a direction."""

from call import case
from golden import values

ANYWHERE = (
    "arctan arcsinh sin cos tan sinh cosh tanh exp exp2 expm1 erf square sigmoid silu swish softplus log_sigmoid gelu squareplus tanh_shrink sinc celu elu selu softsign"
).split()
WITHIN_ONE = "arcsin arccos arctanh erfinv".split()
POSITIVE = "log log1p log2 log10 sqrt rsqrt reciprocal cbrt arccosh".split()
REDUCTIONS = "logsumexp mean prod std var norm average sum nanmean nanvar nanstd".split()
ROWWISE = "softmax log_softmax cumprod cumsum".split()


def make():
    cases = [case(op, values(1, (5,), -1.5, 1.5), second=True) for op in ANYWHERE]
    cases += [case(op, values(2, (4,), -0.9, 0.9), second=True) for op in WITHIN_ONE]
    cases += [case(op, values(3, (4,), 1.2, 3.0), second=True) for op in POSITIVE]
    x, y = values(4, (2, 3), 0.3, 2.0), values(5, (2, 3), 0.3, 2.0)
    cases += [case(op, x, y, second=True) for op in "multiply divide true_divide divide_no_nan power arctan2 hypot logaddexp logaddexp2".split()]
    cases += [case("power", x, 3, second=True), case("power", x, 0.5, second=True), case("gelu", values(1, (5,)), approximate=False, second=True)]
    rows = values(6, (2, 4), -1.0, 2.0)
    cases += [case(op, rows, axis=1, second=True) for op in REDUCTIONS + ROWWISE] + [case("norm", rows, ord=3, axis=1, second=True)]
    cases += [case("moments", rows, axes=[1], second=True), case("glu", rows, second=True), case("normalize", rows, axis=1, second=True)]
    cases += [case("layer_normalization", rows, second=True), case("rms_normalization", rows, second=True)]
    square = values(7, (3, 3))
    cases += [case("matmul", values(8, (2, 3)), square, second=True), case("einsum", "ij,jk->ik", values(8, (2, 3)), square, second=True), case("outer", values(9, (2,)), values(10, (3,)), second=True)]
    cases += [case("cross", values(11, (3,)), values(12, (3,)), second=True), case("kron", values(9, (2,)), values(10, (2,)), second=True)]
    cases += [case("conv", values(13, (1, 4, 2)), values(14, (2, 2, 2)), second=True), case("depthwise_conv", values(15, (1, 3, 3, 1)), values(16, (2, 2, 1, 2)), second=True)]
    cases += [case("conv_transpose", values(13, (1, 3, 2)), values(14, (2, 2, 2)), 2, second=True)]
    cases += [case("dot_product_attention", values(17, (1, 2, 1, 2)), values(18, (1, 3, 1, 2)), values(19, (1, 3, 1, 2)), second=True)]
    cases += [case("batch_normalization", rows, values(20, (4,)), values(21, (4,), 0.5, 1.5), 1, second=True)]
    labels = values(22, (2, 3), 0.1, 0.9)
    cases += [case("binary_crossentropy", labels, values(23, (2, 3), 0.2, 0.8), second=True), case("binary_crossentropy", labels, values(23, (2, 3)), from_logits=True, second=True)]
    cases += [case("categorical_crossentropy", labels, values(23, (2, 3)), from_logits=True, second=True)]
    return cases
