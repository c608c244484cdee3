"""Cases of `keras.ops.image`, for ops-image.json."""

import numpy as np

from call import array, case
from golden import integers, values


def bytes_of(seed, shape):
    return integers(seed, shape, 0, 256).astype("uint8")


def colors():
    image = values(200, (2, 2, 3, 3), 0, 1)
    special = array([[[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.2]], [[0.2, 0.7, 0.7], [0.7, 0.2, 0.7], [1e-8, 0.3, 0.1]]])
    hue = values(201, (2, 2, 3, 3), -0.5, 1.5)
    cases = [case("image.rgb_to_grayscale", image), case("image.rgb_to_grayscale", image[0]), case("image.rgb_to_grayscale", image[..., :1].copy()), case("image.rgb_to_grayscale", bytes_of(202, (2, 2, 3))), case("image.rgb_to_grayscale", image.transpose(0, 3, 1, 2).copy(), data_format="channels_first"), case("image.rgb_to_grayscale", image[0].astype("float16"))]
    for op in ("image.rgb_to_hsv", "image.hsv_to_rgb"):
        cases += [case(op, image), case(op, special, grad=False), case(op, image[0].transpose(2, 0, 1).copy(), data_format="channels_first"), case(op, image[0].astype("float16"))]
    return cases + [case("image.hsv_to_rgb", hue)]


def frames():
    image = values(203, (2, 3, 4, 1))
    cases = [case("image.pad_images", image, top_padding=1, left_padding=2, target_height=6, target_width=7), case("image.pad_images", image, top_padding=1, bottom_padding=0, left_padding=2, right_padding=1), case("image.pad_images", image[0], bottom_padding=2, right_padding=0, target_height=5, target_width=4), case("image.pad_images", bytes_of(204, (1, 2, 2)), top_padding=1, left_padding=1, target_height=4, target_width=3, data_format="channels_first")]
    cases += [case("image.crop_images", image, top_cropping=1, left_cropping=0, target_height=2, target_width=3), case("image.crop_images", image, top_cropping=0, bottom_cropping=1, left_cropping=1, right_cropping=1), case("image.crop_images", image[0], bottom_cropping=1, right_cropping=2, target_height=1, target_width=2), case("image.crop_images", bytes_of(204, (1, 3, 3)), top_cropping=1, left_cropping=1, target_height=2, target_width=1, data_format="channels_first")]
    return cases


def patches():
    image, volume = values(205, (2, 5, 6, 2)), values(206, (1, 3, 4, 4, 2))
    cases = [case("image.extract_patches", image, 2), case("image.extract_patches", image, [2, 3]), case("image.extract_patches", image, 3, strides=2, padding="same"), case("image.extract_patches", image, [2, 2], strides=[1, 2], dilation_rate=2), case("image.extract_patches", image[0], 2, padding="same"), case("image.extract_patches", image.transpose(0, 3, 1, 2).copy(), 2, data_format="channels_first"), case("image.extract_patches", image[0].transpose(2, 0, 1).copy(), 3, strides=1, padding="same", data_format="channels_first"), case("image.extract_patches", volume, [2, 2, 2], strides=[1, 2, 2]), case("image.extract_patches", integers(207, (4, 4, 1), 0, 9), 2)]
    return cases + [case("image.extract_patches_3d", volume, 2), case("image.extract_patches_3d", volume[0], [2, 3, 2], strides=1, padding="same"), case("image.extract_patches_3d", volume.transpose(0, 4, 1, 2, 3).copy(), 2, data_format="channels_first", dilation_rate=2, strides=1)]


def resizing():
    image, tiny = values(208, (2, 5, 4, 2)), values(209, (3, 4, 1))
    cases = []
    for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
        cases += [case("image.resize", image, [7, 9], interpolation=name), case("image.resize", image, [3, 2], interpolation=name), case("image.resize", image, [3, 9], interpolation=name, antialias=True), case("image.resize", bytes_of(210, (4, 5, 3)), [3, 8], interpolation=name)]
    cases += [case("image.resize", image, [5, 4]), case("image.resize", image.transpose(0, 3, 1, 2).copy(), [3, 6], data_format="channels_first", antialias=True), case("image.resize", image[0].transpose(2, 0, 1).copy(), [8, 3], data_format="channels_first", interpolation="bicubic"), case("image.resize", tiny, [1, 1], antialias=True), case("image.resize", tiny, [6, 8], interpolation="nearest")]
    for name in ("bilinear", "nearest"):
        cases += [case("image.resize", image, [4, 8], crop_to_aspect_ratio=True, interpolation=name), case("image.resize", image, [8, 4], crop_to_aspect_ratio=True, interpolation=name), case("image.resize", image, [4, 8], pad_to_aspect_ratio=True, interpolation=name, fill_value=0.5), case("image.resize", image, [8, 4], pad_to_aspect_ratio=True, interpolation=name)]
    cases += [case("image.resize", bytes_of(211, (4, 6, 1)), [8, 4], pad_to_aspect_ratio=True, fill_value=9.0), case("image.resize", bytes_of(211, (4, 6, 1)), [8, 4], pad_to_aspect_ratio=True, interpolation="nearest"), case("image.resize", tiny[..., 0][None].copy(), [2, 8], pad_to_aspect_ratio=True, data_format="channels_first", fill_value=1.0)]
    cases += [case("image.resize", image[0].astype(dtype), [6, 3]) for dtype in ("float16", "bfloat16", "int32", "int8")] + [case("image.resize", array([[[250], [255], [0]]], "uint8"), [1, 7], interpolation="bicubic"), case("image.resize", integers(212, (2, 2, 1), 0, 2).astype("bool"), [4, 4], interpolation="nearest")]
    x = values(213, (4, 5, 2))
    for name in ("linear", "cubic", "lanczos3", "lanczos5"):
        cases += [case("image.scale_and_translate", x, [6, 4, 2], array([1.3, 0.7]), array([0.4, -0.6]), [0, 1], name), case("image.scale_and_translate", x, [6, 4, 2], array([1.3, 0.7]), array([0.4, -0.6]), [0, 1], name, antialias=False)]
    return cases + [case("image.scale_and_translate", x, [4, 8, 2], array([1.6]), array([0.2]), [1], "bilinear"), case("image.scale_and_translate", bytes_of(214, (3, 3)), [6, 3], array([2.0]), array([0.0]), [-2], "trilinear"), case("image.scale_and_translate", x, [4, 5, 2], array([1.0, 1.0]), array([0.0, 0.0]), [0, 1], "bicubic")]


def sampling():
    x = values(215, (4, 5))
    inner, outer = values(216, (2, 3, 2), 0.1, 2.9), values(217, (2, 7), -2, 6)
    cases = []
    for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        cases += [case("image.map_coordinates", x, outer, order, fill_mode=mode, fill_value=0.5) for order in (0, 1)]
    cases += [case("image.map_coordinates", x, inner, 1), case("image.map_coordinates", values(218, (3,)), values(219, (1, 4), 0.1, 1.9), 1), case("image.map_coordinates", values(220, (2, 3, 2)), values(221, (3, 5), 0.1, 0.9), 1), case("image.map_coordinates", bytes_of(222, (4, 5)), outer, 1), case("image.map_coordinates", bytes_of(222, (4, 5)), outer, 0, fill_value=7), case("image.map_coordinates", x, integers(223, (2, 4), 0, 4), 0), case("image.map_coordinates", x, integers(223, (2, 4), 0, 4), 1), case("image.map_coordinates", x, array([[0.5, 1.5, 2.5, -0.5], [0.5, 1.5, 2.5, 4.5]]), 0), case("image.map_coordinates", x.astype("float16"), inner, 1)]
    image = values(224, (2, 4, 5, 2))
    turn = array([[0.8, -0.3, 0.7, 0.25, 0.9, -0.4, 0, 0], [1.1, 0.2, -0.55, -0.15, 1.2, 0.35, 0, 0]])
    for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        cases += [case("image.affine_transform", image, turn, fill_mode=mode, fill_value=0.3), case("image.affine_transform", image, turn, fill_mode=mode, interpolation="nearest")]
    cases += [case("image.affine_transform", image[0], turn[0]), case("image.affine_transform", image.transpose(0, 3, 1, 2).copy(), turn, data_format="channels_first"), case("image.affine_transform", bytes_of(225, (4, 5, 3)), turn[0], fill_value=9), case("image.affine_transform", image, turn + array([0, 0, 0, 0, 0, 0, 0.3, -0.2])), case("image.affine_transform", image.astype("float16"), turn)]
    start = array([[[0, 0], [0, 4], [3, 0], [3, 4]], [[0.5, 0.25], [0, 3.5], [3, 0.5], [2.75, 4]]])
    end = array([[[0.25, 0.5], [0.4, 3.6], [2.7, 0.3], [3.2, 3.9]], [[0, 0], [0, 4], [3, 0], [3, 4]]])
    cases += [case("image.perspective_transform", image, start, end, interpolation=name, fill_value=0.2) for name in ("bilinear", "nearest")]
    return cases + [case("image.perspective_transform", image[0], start[0], end[0]), case("image.perspective_transform", image.transpose(0, 3, 1, 2).copy(), start, end, data_format="channels_first"), case("image.perspective_transform", bytes_of(226, (4, 4, 1)), start[1] + array(0.07), end[1])]


def filters():
    image = values(227, (2, 5, 6, 2))
    first = {"data_format": "channels_first"}
    cases = [case("image.gaussian_blur", image, data_format="channels_last"), case("image.gaussian_blur", image, kernel_size=[5, 3], sigma=array([0.8, 2.0]), data_format="channels_last"), case("image.gaussian_blur", image[0], kernel_size=[4, 2], sigma=[1.5, 0.5], data_format="channels_last"), case("image.gaussian_blur", image.transpose(0, 3, 1, 2).copy(), **first), case("image.gaussian_blur", image.astype("float16"), data_format="channels_last")]
    cases += [case("image.sobel_edges", image), case("image.sobel_edges", image.transpose(0, 3, 1, 2).copy(), **first)]
    one, two = values(228, (2, 12, 13, 2), 0, 1), values(229, (2, 12, 13, 2), 0, 1)
    small, other = one[:1, :5, :5].copy(), two[:1, :5, :5].copy()
    cases += [case("image.ssim", one, two, grad=False), case("image.ssim", one[0], one[0], grad=False), case("image.ssim", small, other, filter_size=3, filter_sigma=0.8), case("image.ssim", small, other, filter_size=4, max_val=2.0, k1=0.02, k2=0.05), case("image.ssim", small.transpose(0, 3, 1, 2).copy(), other.transpose(0, 3, 1, 2).copy(), filter_size=3, **first), case("image.ssim", bytes_of(230, (5, 5, 1)).astype("float32"), bytes_of(231, (5, 5, 1)).astype("float32"), max_val=255.0, filter_size=3, grad=False)]
    return cases


def make():
    return colors() + frames() + patches() + resizing() + sampling() + filters()
