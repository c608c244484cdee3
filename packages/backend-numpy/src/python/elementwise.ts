/** Elementwise functions that NumPy lacks, or defines otherwise for integers and edge cases than the primitives do. */
export const elementwise: string = `
def int_div(a, b):
    """Quotient toward zero; by zero all bits set, as XLA."""
    a, b = np.broadcast_arrays(a, b)
    safe = np.where(b == 0, b.dtype.type(1), b)
    quotient = a // safe
    if a.dtype.kind == "i":
        # Floor division rounds down: one more where signs differ and something is left.
        inexact = (quotient * safe != a) & ((a < 0) != (safe < 0))
        quotient = quotient + inexact.astype(a.dtype)
    ones = a.dtype.type(-1) if a.dtype.kind == "i" else np.iinfo(a.dtype).max
    return np.where(b == 0, a.dtype.type(ones), quotient)


def int_rem(a, b):
    """Remainder with the sign of the dividend; by zero the dividend."""
    a, b = np.broadcast_arrays(a, b)
    safe = np.where(b == 0, b.dtype.type(1), b)
    return np.where(b == 0, a, np.fmod(a, safe))


def sign(x):
    """-1, 1, or the zero itself."""
    return np.copysign(np.sign(x), x)


def int_pow(a, b):
    """Powers that wrap; a negative exponent gives the truncated reciprocal, 0 for a base of 0."""
    a, b = np.broadcast_arrays(a, b)
    if b.dtype.kind == "u":
        return np.power(a, b)
    positive = np.power(a, np.maximum(b, b.dtype.type(0)))
    odd = (b & b.dtype.type(1)) == 1
    reciprocal = np.where(a == 1, 1, np.where(a == -1, np.where(odd, -1, 1), 0)).astype(a.dtype)
    return np.where(b < 0, reciprocal, positive)


def _shift_right_as(kind, a, b):
    """The top bit is a sign in XLA even for unsigned dtypes, and NumPy goes by the dtype; so both are viewed as the wanted kind."""
    if a.dtype.kind == kind or a.dtype.kind == "b":
        return np.right_shift(a, b)
    other = a.dtype.str.replace(a.dtype.kind, kind)
    shifted = np.right_shift(np.asarray(a).view(other), np.minimum(np.asarray(b).view(a.dtype.str.replace("i", "u")), 127).view(other))
    return shifted.view(a.dtype)


def shift_right_logical(a, b):
    return _shift_right_as("u", a, b)


def shift_right_arithmetic(a, b):
    return _shift_right_as("i", a, b)


def to_int(x, dtype):
    """Floats to integers: toward zero, clipped to the range, nan to 0."""
    limits = np.iinfo(dtype)
    wide = np.clip(np.asarray(x, np.float64), limits.min, limits.max)
    return np.where(np.isnan(wide), 0.0, wide).astype(dtype)


def logistic(x, out=None):
    powers = np.asarray(np.negative(x, out=out))
    np.exp(powers, out=powers)
    powers += 1
    return np.divide(1, powers, out=powers)


def rsqrt(x, out=None):
    root = np.asarray(np.sqrt(x, out=out))
    return np.reciprocal(root, out=root)


WORDS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


def where_or_zero(condition, a):
    """By bits: np.where takes branches, and a processor that guesses wrong is six times as slow."""
    word = WORDS[a.dtype.itemsize]
    mask = np.asarray(condition).astype(word)
    np.negative(mask, out=mask)
    return _over(np.bitwise_and, mask, a.view(word)).view(a.dtype)


def where(condition, a, b):
    word = WORDS[a.dtype.itemsize]
    if b.ndim == 0 and b.view(word) == 0:
        return where_or_zero(condition, a)
    mask = np.asarray(condition).astype(word)
    np.negative(mask, out=mask)
    chosen = _over(np.bitwise_and, mask, a.view(word) ^ b.view(word))
    return _over(np.bitwise_xor, chosen, b.view(word)).view(a.dtype)


def _over(ufunc, temporary, other):
    """Written over the first operand if it has the shape of the result."""
    return ufunc(temporary, other, out=temporary if np.broadcast(temporary, other).shape == temporary.shape else None)


def where_nearly_all(condition, a, b):
    """For conditions with few elements that mostly hold. The result may be a itself."""
    return a if condition.all() else where(condition, a, b)


def has_negative_zero(x):
    """-0 is the lowest of all integers."""
    word = WORDS[x.dtype.itemsize]
    return x.size > 0 and bool(x.view(word).min() == np.iinfo(word).min)


def separate_zeros(x, below):
    """below in place of -0; x itself if there is none."""
    return np.where((x == 0) & np.signbit(x), x.dtype.type(below), x) if has_negative_zero(x) else x


# Functions of mathematical physics are computed in float64 and rounded once. Smooth ones are Chebyshev series fitted here, at import.


def _fit(function, low, high, degree):
    """Chebyshev coefficients that interpolate function on [low, high]."""
    angles = (np.arange(degree + 1) + 0.5) * (math.pi / (degree + 1))
    values = np.array([function(low + (high - low) * (1 + math.cos(angle)) / 2) for angle in angles])
    rows = np.cos(np.outer(np.arange(degree + 1), angles))
    coefficients = rows @ values * (2 / (degree + 1))
    coefficients[0] /= 2
    return low, high, [float(c) for c in coefficients]


def _series(x, fit):
    """Clenshaw's recurrence."""
    low, high, coefficients = fit
    t = (2 * x - (low + high)) / (high - low)
    twice = 2 * t
    ahead = np.zeros_like(t)
    behind = np.zeros_like(t)
    for c in coefficients[:0:-1]:
        ahead, behind = twice * ahead - behind + c, ahead
    return t * ahead - behind + coefficients[0]


# So many elements at once are worked on where many steps follow each other: their temporaries stay in the cache.
BLOCK = 16384


def _in_blocks(function, x):
    """function, from float64 to float64, over all of x."""
    flat = np.asarray(x).reshape(-1)
    out = np.empty_like(flat)
    for start in range(0, flat.size, BLOCK):
        part = slice(start, start + BLOCK)
        out[part] = function(np.asarray(flat[part], np.float64))
    return out.reshape(x.shape)


def _erf_ratio(square):
    x = math.sqrt(square)
    return math.erf(x) / x if x > 0 else 2 / math.sqrt(math.pi)


def _fit_quotient(function, high, above, below):
    """Coefficients, highest powers first, of p(s) / q(s) with q(0) = 1: least squares of p - f q relative to f q, a few times over."""
    s = (1 - np.cos(np.linspace(0, math.pi, 600))) / 2
    f = np.array([function(high * t) for t in s])
    q = np.ones_like(s)
    top, bottom = s[:, None] ** np.arange(above + 1), s[:, None] ** np.arange(1, below + 1)
    for _ in range(8):
        scale = 1 / (f * q)
        rows = np.concatenate([top, -f[:, None] * bottom], axis=1) * scale[:, None]
        found = np.linalg.lstsq(rows, f * scale, rcond=None)[0]
        q = 1 + bottom @ found[above + 1 :]
    numerator = found[: above + 1] / high ** np.arange(above + 1)
    denominator = np.append(1.0, found[above + 1 :] / high ** np.arange(1, below + 1))
    return [[float(c) for c in part[::-1]] for part in (numerator, denominator)]


def _polynomial(x, coefficients):
    """Horner's rule, the highest power first."""
    total = coefficients[0] * x
    for c in coefficients[1:-1]:
        total += c
        total *= x
    total += coefficients[-1]
    return total


# erf(x) / x is entire in x^2. From 4 (6) on erf is 1 in float32 (float64).
_ERF32 = _fit_quotient(_erf_ratio, 16.0, 6, 5)
_ERF64 = _fit(_erf_ratio, 0.0, 36.0, 60)


def _erf_to_float32(x):
    bounded = np.maximum(x, -4.0)
    np.minimum(bounded, 4.0, out=bounded)
    square = bounded * bounded
    bounded *= _polynomial(square, _ERF32[0])
    bounded /= _polynomial(square, _ERF32[1])
    return bounded


def _erf_to_float64(x):
    bounded = np.clip(x, -6.0, 6.0)
    inside = bounded * _series(bounded * bounded, _ERF64)
    return np.where(np.abs(bounded) == 6.0, np.sign(bounded), inside)


def erf(x):
    return _in_blocks(_erf_to_float64 if x.dtype == np.float64 else _erf_to_float32, x)


def _erf_inv_ratio(s):
    # With s = sqrt(-log(1 - x^2)): Newton's method on erfc, which keeps its digits in the tail.
    tail = math.exp(-s * s)
    if s < 1e-3:
        return math.sqrt(math.pi) / 2 * (1 + (math.pi / 12) * s * s)
    x = math.sqrt(-math.expm1(-s * s))
    rest = tail / (1 + x)
    y = s if s > 2 else x * 0.9
    for _ in range(60):
        slope = 2 / math.sqrt(math.pi) * math.exp(-y * y)
        miss = (rest - math.erfc(y)) if x > 0.5 else (math.erf(y) - x)
        step = miss / slope
        # Halley's correction: erf'' = -2 y erf'
        y -= step / (1 + y * step)
        if abs(step) < 1e-16 * y:
            break
    return y / x


_ERF_INV = _fit(_erf_inv_ratio, 0.0, 6.2, 60)


def _erf_inv(x):
    s = np.sqrt(-np.log1p(-x * x))
    inside = x * _series(np.minimum(s, 6.2), _ERF_INV)
    return np.where(np.abs(x) == 1, x * np.inf, inside)


def erf_inv(x):
    return _in_blocks(_erf_inv, x)


# 1/12, -1/360, ...: Stirling's series of log gamma and its derivatives, good to float64 from 10 on.
_STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156]


def _raise(x, shift_by):
    """x moved up to 10 or more, with what the recurrence over the steps says."""
    shifted = x.copy()
    total = np.zeros_like(x)
    while True:
        low = shifted < 10
        if not low.any():
            return shifted, total
        total = np.where(low, total + shift_by(np.where(low, shifted, 1.0)), total)
        shifted = np.where(low, shifted + 1, shifted)


def _odd_powers(x, coefficients):
    inverse = 1 / x
    square = inverse * inverse
    total = np.zeros_like(x)
    for c in reversed(coefficients):
        total = total * square + c
    return total * inverse


def _sin_pi(x):
    nearest = np.rint(x)
    return np.sin(np.pi * (x - nearest)) * np.where(np.mod(nearest, 2) == 0, 1.0, -1.0)


def _is_pole(x):
    return (x <= 0) & (x == np.floor(x))


def _lgamma(wide):
    reflected = wide < 0.5
    positive = np.where(np.isfinite(wide), np.where(reflected, 1 - wide, wide), 1.0)
    product = np.ones_like(positive)
    shifted = positive.copy()
    for _ in range(10):
        low = shifted < 10
        product = np.where(low, product * shifted, product)
        shifted = np.where(low, shifted + 1, shifted)
    value = (shifted - 0.5) * np.log(shifted) - shifted + 0.5 * math.log(2 * math.pi)
    value = value + _odd_powers(shifted, _STIRLING) - np.log(product)
    # Gamma(x) Gamma(1 - x) = pi / sin(pi x)
    safe = np.where(np.isfinite(wide), wide, 0.5)
    value = np.where(reflected, math.log(math.pi) - np.log(np.abs(_sin_pi(safe))) - value, value)
    return np.where(_is_pole(wide) | (wide == np.inf), np.inf, np.where(np.isfinite(wide), value, np.nan))


def lgamma(x):
    return _in_blocks(_lgamma, x)


def _digamma(wide):
    usual = np.isfinite(wide) & ~_is_pole(wide)
    safe = np.where(usual, wide, 0.25)
    reflected = safe < 0.5
    shifted, total = _raise(np.where(reflected, 1 - safe, safe), lambda y: -1 / y)
    # The derivative of c / x^(2k-1) is -(2k-1) c / x^(2k).
    tail = _odd_powers(shifted, [c * (2 * k + 1) for k, c in enumerate(_STIRLING)]) / shifted
    value = np.log(shifted) - 0.5 / shifted - tail + total
    fraction = safe - np.rint(safe)
    tangent = np.tan(np.pi * fraction)
    value = np.where(reflected, value - np.pi / np.where(reflected, tangent, 1.0), value)
    return np.where(usual, value, np.where(wide == np.inf, np.inf, np.nan))


def digamma(x):
    return _in_blocks(_digamma, x)


def _trigamma(wide):
    usual = np.isfinite(wide) & ~_is_pole(wide)
    safe = np.where(usual, wide, 0.25)
    reflected = safe < 0.5
    shifted, total = _raise(np.where(reflected, 1 - safe, safe), lambda y: 1 / (y * y))
    tail = _odd_powers(shifted, [c * (2 * k + 1) * (2 * k + 2) for k, c in enumerate(_STIRLING)]) / (shifted * shifted)
    value = 1 / shifted + 0.5 / (shifted * shifted) + tail + total
    value = np.where(reflected, (np.pi / _sin_pi(np.where(reflected, safe, 0.5))) ** 2 - value, value)
    return np.where(usual, value, np.where(_is_pole(wide), np.inf, np.where(wide == np.inf, 0.0, np.nan)))


def trigamma(x):
    return _in_blocks(_trigamma, x)
`;
