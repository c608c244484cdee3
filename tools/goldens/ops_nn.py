"""Contractions and neural-network cases of ops-nn.json."""

import itertools

import numpy as np

from call import array, case
from golden import integers, values


def contractions():
    shapes = (((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((4, 2, 3), (3, 2)), ((4, 2, 3), (4, 3, 2)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (2, 3, 4)), ((0, 3), (3, 2)), ((2, 0), (0, 3)))
    cases = [case("matmul", values(60, a), values(61, b)) for a, b in shapes]
    whole = integers(62, (2, 3), -4, 5)
    cases += [case("matmul", whole, whole.T.copy()), case("matmul", whole, values(61, (3, 2))), case("matmul", array([[100, 100]], "uint8"), array([[2], [3]], "uint8")), case("matmul", array([[100, 100]], "int8"), array([[2], [3]], "int8")), case("matmul", array([[True, False]], "bool"), array([[True], [True]], "bool"))]
    cases += [case("dot", values(60, a), values(61, b)) for a, b in (((3,), (3,)), ((2, 3), (3, 4)), ((2, 3), ()), ((2, 3), (3,)), ((2, 3), (4, 3, 2)))]
    cases += [case("inner", values(60, (2, 3)), values(61, (4, 3))), case("outer", values(60, (2, 3)), values(61, (4,))), case("vdot", values(60, (2, 3)), values(61, (2, 3))), case("kron", values(60, (2, 2)), values(61, (1, 3))), case("cross", values(60, (2, 3)), values(61, (2, 3))), case("cross", values(60, (3,)), values(61, (3,)))]
    cases += [case("tensordot", values(60, (2, 3, 4)), values(61, (3, 4, 5))), case("tensordot", values(60, (2, 3, 4)), values(61, (4, 2)), axes=1), case("tensordot", values(60, (2, 3, 4)), values(61, (4, 5, 2)), axes=[[0, 2], [2, 0]]), case("tensordot", values(60, (2,)), values(61, (3,)), axes=0)]
    subscripts = {"ij,jk->ik": ((2, 3), (3, 4)), "ij,jk": ((2, 3), (3, 4)), "bij,bjk->bik": ((2, 3, 4), (2, 4, 2)), "ij->ji": ((2, 3),), "ii->i": ((3, 3),), "ii": ((3, 3),), "ij->": ((2, 3),), "i,j->ij": ((2,), (3,)), "ij,ij->i": ((2, 3), (2, 3)), "...ij,...jk->...ik": ((2, 2, 3), (2, 3, 1)), "abc,cde->abde": ((2, 2, 3), (3, 2, 2)), "aecd,abcd->acbe": ((2, 3, 2, 4), (2, 5, 2, 4)), "acbe,aecd->abcd": ((2, 2, 5, 3), (2, 3, 2, 4)), "ij,jk,kl->il": ((2, 3), (3, 2), (2, 2)), "b...,b...->b": ((2, 3), (2, 3))}
    cases += [case("einsum", spec, *[values(63 + i, shape) for i, shape in enumerate(given)]) for spec, given in subscripts.items()]
    return cases + [case("einsum", "ij,jk->ik", whole, whole.T.copy()), case("correlate", values(60, (5,)), values(61, (3,))), case("correlate", values(60, (5,)), values(61, (3,)), mode="same"), case("corrcoef", values(60, (3, 4)), grad=False)]


def soft():
    x = values(80, (3, 5), -4, 4)
    cases = []
    for op in ("softmax", "log_softmax"):
        cases += [case(op, x), case(op, x, axis=0), case(op, values(81, (2, 3, 4)), axis=[1, 2]), case(op, values(81, (2, 3, 4)), axis=1), case(op, array([[1000.0, -1000.0, 999.0]])), case(op, values(82, (4,))), case(op, array([1.0, 2.0], "float16"))]
    cases += [case("softmax", array([[1.0, float("-inf"), 2.0]]), grad=False), case("sparsemax", x), case("glu", values(83, (2, 6))), case("glu", values(83, (4, 3)), axis=0)]
    labels, rows = array([1, 0, 4], "int32"), np.eye(5, dtype="float32")[[1, 0, 4]]
    soft_labels = array([[0.1, 0.2, 0.3, 0.2, 0.2], [0, 0, 1, 0, 0], [0.5, 0.5, 0, 0, 0]])
    probabilities = np.round(np.exp(x) / np.exp(x).sum(-1, keepdims=True), 3).astype("float32")
    for target in (rows, soft_labels):
        cases += [case("categorical_crossentropy", target, probabilities), case("categorical_crossentropy", target, x, from_logits=True)]
    cases += [case("categorical_crossentropy", rows.T.copy(), x.T.copy(), from_logits=True, axis=0), case("categorical_crossentropy", rows[:1], array([[0.0, 1.0, 0.0, 0.0, 0.0]]), note="certain and right")]
    cases += [case("sparse_categorical_crossentropy", labels, probabilities), case("sparse_categorical_crossentropy", labels, x, from_logits=True), case("sparse_categorical_crossentropy", labels[:, None], x, from_logits=True), case("sparse_categorical_crossentropy", array([0], "int32"), array([[0.0, 1.0]]))]
    for target, out in ((array([[1.0, 0.0], [0.3, 1.0]]), values(84, (2, 2), 0.05, 0.95)), (array([1.0, 0.0, 1.0, 0.0]), array([0.0, 1.0, 1.0, 0.0]))):
        cases += [case("binary_crossentropy", target, out), case("binary_crossentropy", target, out * 6 - 3, from_logits=True)]
    cases += [case("psnr", values(85, (2, 3), 0, 1), values(86, (2, 3), 0, 1), 1.0)]
    return cases


def normalisations():
    x = values(90, (2, 3, 4))
    mean, variance = values(91, (4,)), values(92, (4,), 0.2, 2)
    offset, scale = values(93, (4,)), values(94, (4,), 0.5, 2)
    cases = [case("batch_normalization", x, mean, variance, -1), case("batch_normalization", x, mean, variance, -1, offset=offset, scale=scale, epsilon=0.01), case("batch_normalization", values(95, (2, 4, 3)), mean, variance, 1, offset=offset)]
    cases += [case("layer_normalization", x), case("layer_normalization", x, gamma=scale, beta=offset, epsilon=0.01), case("layer_normalization", x, axis=[1, 2]), case("rms_normalization", x), case("rms_normalization", x, scale=scale, axis=-1, epsilon=0.01)]
    return cases


def windows():
    cases = []
    image, kernel = values(100, (2, 5, 6, 4)), values(101, (3, 2, 4, 2))
    for strides, padding, dilation in itertools.product((1, [2, 1], 2), ("valid", "same"), (1, 2)):
        if strides != 1 and dilation != 1:
            continue
        cases.append(case("conv", image, kernel, strides=strides, padding=padding, dilation_rate=dilation))
    cases += [case("conv", image, values(102, (2, 2, 2, 4))), case("conv", image.transpose(0, 3, 1, 2).copy(), kernel, padding="same", data_format="channels_first"), case("conv", values(103, (2, 7, 3)), values(104, (3, 3, 2)), strides=2, padding="same"), case("conv", values(103, (1, 4, 4, 3, 2)), values(104, (2, 2, 2, 2, 2)))]
    cases += [case("depthwise_conv", image, values(105, (3, 3, 4, m)), strides=s, padding=p) for m, s, p in ((1, 1, "valid"), (2, 1, "same"), (1, 2, "same"))] + [case("depthwise_conv", image, values(105, (2, 2, 4, 1)), dilation_rate=2), case("separable_conv", values(106, (1, 4, 4, 2)), values(107, (2, 2, 2, 2)), values(108, (1, 1, 4, 3)), padding="same")]
    small = values(109, (1, 3, 4, 2))
    cases += [case("conv_transpose", small, values(110, (3, 2, 3, 2)), strides=s, padding=p) for s in (1, 2, [2, 1]) for p in ("valid", "same")] + [case("conv_transpose", small, values(110, (3, 3, 3, 2)), strides=2, padding="same", output_padding=1), case("conv_transpose", values(111, (1, 4, 2)), values(112, (3, 3, 2)), strides=2)]
    for op in ("max_pool", "average_pool"):
        cases += [case(op, image, 2, strides=2), case(op, image, [2, 3], strides=1), case(op, image, 3, strides=2, padding="same"), case(op, image, 2, strides=[1, 2], padding="same"), case(op, image, 2, strides=2, data_format="channels_first"), case(op, values(113, (2, 7, 3)), 3, strides=2, padding="same"), case(op, values(113, (1, 4, 4, 4, 1)), 2, strides=2)]
    cases.append(case("max_pool", array([1.0, 1.0, 0.0, 1.0]).reshape(1, 2, 2, 1), 2, strides=2, note="ties"))
    q, k, v = values(114, (2, 3, 2, 4)), values(115, (2, 5, 2, 4)), values(116, (2, 5, 2, 4))
    mask = integers(117, (2, 1, 3, 5), 0, 2).astype("bool") | np.eye(3, 5, dtype="bool")
    cases += [case("dot_product_attention", q, k, v), case("dot_product_attention", q, k, v, scale=0.3), case("dot_product_attention", q, k, v, is_causal=True), case("dot_product_attention", q, k, v, mask=mask), case("dot_product_attention", q, k, v, bias=values(118, (2, 2, 3, 5)))]
    return cases + [case("unfold", values(119, (1, 2, 4, 4)), 2), case("extract_sequences", values(120, (9,)), 4, 2)]


def make():
    return contractions() + soft() + normalisations() + windows()
