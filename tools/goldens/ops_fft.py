"""Fourier transforms of every length and option, with gradients."""

import numpy as np

from call import array, case
from golden import values


def pair(seed, shape):
    return (values(seed, shape), values(seed + 50, shape))


def make():
    cases = [case("fft", pair(n, (n,))) for n in (1, 2, 3, 4, 5, 7, 8, 12)] + [case("fft", pair(20, (2, 3, 6))), case("fft", (np.ones((0, 4), "float32"), np.ones((0, 4), "float32")), grad=False)]
    cases += [case(op, pair(21, shape)) for op in ("fft2", "ifft2") for shape in ((2, 2), (3, 4), (2, 4, 5), (1, 3))]
    cases += [case("rfft", values(22 + n, (n,))) for n in (1, 2, 5, 8)] + [case("rfft", values(31, (2, 6)), fft_length=length) for length in (1, 4, 5, 6, 9)] + [case("rfft", array([1, 2, 3, 4], "int32"))]
    cases += [case("irfft", pair(32 + m, (m,))) for m in (2, 3, 5)] + [case("irfft", pair(40, (2, 4)), fft_length=length) for length in (1, 2, 5, 6, 7, 10)]
    x = values(41, (2, 20))
    window = values(42, (4,), 0.2, 1)
    for options in ({}, {"center": False}, {"window": "hamming"}, {"window": None}, {"window": window}, {"window": None, "center": False}):
        cases += [case("stft", x, 4, 2, 6, **options), case("istft", pair(43, (2, 5, 4)), 4, 2, 6, **options)]
    cases += [case("stft", x[0], 5, 3, 5), case("stft", x[0], 8, 4, 8), case("stft", x, 3, 4, 7), case("stft", values(44, (5,)), 4, 1, 4), case("stft", x, 1, 1, 2)]
    cases += [case("istft", pair(45, (5, 5)), 8, 4, 8), case("istft", pair(46, (3, 3)), 5, 3, 5), case("istft", pair(47, (4, 4)), 4, 2, 6, length=7), case("istft", pair(48, (4, 4)), 4, 2, 6, length=9, center=False), case("istft", pair(49, (4, 4)), 4, 2, 6, length=50), case("istft", pair(50, (1, 4)), 4, 2, 6)]
    cases += [case("extract_sequences", values(51, (8,)), 3, 2), case("extract_sequences", x, 4, 5), case("extract_sequences", values(52, (2, 2, 5)), 5, 1), case("extract_sequences", values(53, (6,)), 2, 3)]
    return cases
