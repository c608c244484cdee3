"""Cases of what slides over space: adaptive pooling, blocks, and every option of convolutions and pooling, for ops-windows.json."""

import numpy as np

from call import array, case
from golden import integers, values


def first(x):
    """Channels first."""
    return np.moveaxis(x, -1, 1).copy()


def adaptive():
    line, image, volume = values(250, (2, 7, 2)), values(251, (2, 5, 6, 2)), values(252, (1, 4, 3, 5, 2))
    cases = []
    for op in ("adaptive_average_pool", "adaptive_max_pool"):
        cases += [case(op, line, 3, data_format="channels_last"), case(op, first(line), 2, data_format="channels_first"), case(op, image, [2, 3], data_format="channels_last"), case(op, image, [3, 4], data_format="channels_last"), case(op, image, 1, data_format="channels_last"), case(op, first(image), [4, 2], data_format="channels_first"), case(op, volume, [2, 2, 3], data_format="channels_last"), case(op, first(volume), 2, data_format="channels_first"), case(op, line[:, :2].copy(), 3, data_format="channels_last")]
    return cases + [case("adaptive_max_pool", array([1.0, 1.0, 0.0, 1.0, 1.0]).reshape(1, 5, 1), 2, data_format="channels_last", note="ties")]


def blocks():
    x = values(253, (2, 4, 6, 8))
    cases = [case("depth_to_space", x, 2), case("space_to_depth", x, 2), case("depth_to_space", values(254, (1, 8, 2, 3)), 2, data_format="channels_first"), case("space_to_depth", values(255, (1, 2, 6, 3)), 3, data_format="channels_first"), case("depth_to_space", values(256, (1, 2, 1, 9)), 3), case("space_to_depth", integers(257, (1, 2, 2, 1), 0, 9), 2)]
    image = values(258, (2, 2, 5, 6))
    cases += [case("unfold", image, 2), case("unfold", image, [3, 2], stride=2), case("unfold", image, 2, dilation=2, padding=1), case("unfold", image, [2, 3], dilation=[2, 1], padding=[0, 2], stride=[1, 2])]
    cases += [case("fold", values(259, (2, 8, 20)), [5, 6], 2), case("fold", values(260, (1, 12, 6)), [5, 6], [3, 2], stride=2), case("fold", values(261, (1, 4, 30)), [5, 6], 2, dilation=2, padding=1), case("fold", values(262, (2, 6, 9)), [5, 6], [2, 3], dilation=[2, 1], padding=[0, 1], stride=[1, 2]), case("fold", values(262, (1, 4, 9)), 6, 2, stride=2)]
    return cases + [case("psnr", values(263, (2, 3, 2), 0, 1), values(264, (2, 3, 2), 0, 1), 2.5), case("psnr", integers(265, (4,), 0, 9), integers(266, (4,), 0, 9), 255), case("psnr", values(263, (3,)).astype("float16"), values(264, (3,)).astype("float16"), 1.0)]


def convolutions():
    cases = []
    line, image, volume = values(270, (2, 8, 4)), values(271, (1, 5, 6, 4)), values(272, (1, 4, 4, 3, 4))
    for x, window in ((line, (3,)), (image, (3, 2)), (volume, (2, 3, 2))):
        rank = len(window)
        kernel, grouped = values(273 + rank, (*window, 4, 2)), values(276 + rank, (*window, 2, 4))
        for padding in ("valid", "same"):
            cases += [case("conv", first(x), kernel, padding=padding, data_format="channels_first", strides=2), case("conv", x, grouped, padding=padding)]
            depth = values(280 + rank, (*window, 4, 2))
            if rank < 3:
                cases += [case("depthwise_conv", first(x), depth, padding=padding, data_format="channels_first"), case("separable_conv", first(x), depth, values(284, (*(1,) * rank, 8, 3)), padding=padding, data_format="channels_first")]
            back = values(285 + rank, (*window, 3, 4))
            cases += [case("conv_transpose", first(x), back, strides=2, padding=padding, data_format="channels_first")]
        cases += [case("conv", x, grouped, dilation_rate=2, padding="same"), case("conv", first(x), grouped, data_format="channels_first"), case("conv_transpose", x, back, dilation_rate=2, padding="same"), case("conv_transpose", x, back, strides=2, output_padding=1, padding="valid")]
        if rank < 3:
            cases += [case("depthwise_conv", x, depth, dilation_rate=2, padding="same"), case("separable_conv", x, depth, values(284, (*(1,) * rank, 8, 3)), strides=2)]
    square = values(290, (1, 5, 5, 4))
    cases += [case("conv", image, values(291, (2, 2, 1, 4)), padding="same", strides=[1, 2]), case("depthwise_conv", square, values(292, (2, 2, 4, 1)), strides=2, padding="same"), case("conv_transpose", square, values(293, (2, 2, 3, 4)), strides=[2, 2], output_padding=[1, 0], padding="same"), case("conv_transpose", square, values(294, (3, 3, 1, 4)), strides=3, padding="same")]
    return cases


def pools():
    cases = []
    line, image, volume = values(300, (2, 7, 3)), values(301, (1, 5, 6, 2)), values(302, (1, 4, 5, 3, 2))
    for op in ("max_pool", "average_pool"):
        for x, sizes, strides in ((line, 3, 2), (image, [2, 3], [2, 1]), (volume, [2, 3, 1], 1)):
            for padding in ("valid", "same"):
                cases += [case(op, x, sizes, strides=strides, padding=padding), case(op, first(x), sizes, strides=1, padding=padding, data_format="channels_first")]
    return cases


def attention():
    q, k, v = values(310, (2, 3, 4, 2)), values(311, (2, 5, 2, 2)), values(312, (2, 5, 2, 2))
    mask = integers(313, (2, 4, 3, 5), 0, 2).astype("bool")
    mask[:, :, :, 0] = True
    bias = values(314, (1, 4, 3, 5))
    cases = [case("dot_product_attention", q, k, v), case("dot_product_attention", q, k, v, mask=mask, bias=bias, scale=0.7, is_causal=True), case("dot_product_attention", q, k, v, bias=bias, is_causal=True, flash_attention=False), case("dot_product_attention", q.astype("float16"), k.astype("float16"), v.astype("float16"), mask=mask)]
    hidden = mask.copy()
    hidden[0, 0, 1] = False
    return cases + [case("dot_product_attention", q, k, v, mask=hidden, note="a row with nothing allowed")]


def encodings():
    cases = [case("one_hot", array([0, 2, 3, -1], "int32"), 3), case("one_hot", array([[0, 1], [2, 1]], "int32"), 3, axis=0), case("one_hot", array([[0, 1], [2, 1]], "int32"), 3, axis=1, dtype="int32"), case("one_hot", array(1, "uint8"), 4, dtype="bool")]
    cases += [case("multi_hot", array([0, 2, 2], "int32"), num_classes=4), case("multi_hot", array([[0, 2], [1, 1]], "int32"), num_classes=3), case("multi_hot", array([[0, 2], [1, 1]], "int32"), num_classes=3, dtype="int32"), case("multi_hot", array([[[0, 2], [1, 1]]], "int32"), num_classes=3), case("multi_hot", array([[0, 2], [1, 1]], "int32"), num_classes=3, axis=1)]
    x = values(320, (2, 3, 4))
    cases += [case("moments", x, [0, 1]), case("moments", x, -1, keepdims=True), case("moments", x, [0, 2], synchronized=False), case("moments", x.astype("float16"), [1]), case("moments", integers(321, (2, 3), 0, 9), [0])]
    cases += [case("rms_normalization", x, axis=[1, 2]), case("layer_normalization", x, axis=1, gamma=values(322, (3,)), beta=values(323, (3,))), case("layer_normalization", x.astype("float16")), case("batch_normalization", x.astype("float16"), values(324, (4,)).astype("float16"), values(325, (4,), 0.5, 2).astype("float16"), -1)]
    return cases


def make():
    return adaptive() + blocks() + convolutions() + pools() + attention() + encodings()
