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


def logistic(x):
    one = x.dtype.type(1)
    return one / (one + np.exp(-x))


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


def _erf_ratio(square):
    x = math.sqrt(square)
    return math.erf(x) / x if x > 0 else 2 / math.sqrt(math.pi)


# erf(x) / x is entire in x^2. From 4 (6) on erf is 1 in float32 (float64).
_ERF32 = _fit(_erf_ratio, 0.0, 16.0, 28)
_ERF64 = _fit(_erf_ratio, 0.0, 36.0, 60)


def erf(x):
    single = x.dtype != np.float64
    bound = 4.0 if single else 6.0
    wide = np.clip(np.asarray(x, np.float64), -bound, bound)
    inside = wide * _series(wide * wide, _ERF32 if single else _ERF64)
    return np.where(np.abs(wide) == bound, np.sign(wide), inside).astype(x.dtype)


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


def erf_inv(x):
    wide = np.asarray(x, np.float64)
    s = np.sqrt(-np.log1p(-wide * wide))
    inside = wide * _series(np.minimum(s, 6.2), _ERF_INV)
    return np.where(np.abs(wide) == 1, wide * np.inf, inside).astype(x.dtype)


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


def lgamma(x):
    wide = np.atleast_1d(np.asarray(x, np.float64))
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
    value = np.where(_is_pole(wide) | (wide == np.inf), np.inf, np.where(np.isfinite(wide), value, np.nan))
    return value.astype(x.dtype).reshape(x.shape)


def digamma(x):
    wide = np.atleast_1d(np.asarray(x, np.float64))
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
    return np.where(usual, value, np.where(wide == np.inf, np.inf, np.nan)).astype(x.dtype).reshape(x.shape)


def trigamma(x):
    wide = np.atleast_1d(np.asarray(x, np.float64))
    usual = np.isfinite(wide) & ~_is_pole(wide)
    safe = np.where(usual, wide, 0.25)
    reflected = safe < 0.5
    shifted, total = _raise(np.where(reflected, 1 - safe, safe), lambda y: 1 / (y * y))
    tail = _odd_powers(shifted, [c * (2 * k + 1) * (2 * k + 2) for k, c in enumerate(_STIRLING)]) / (shifted * shifted)
    value = 1 / shifted + 0.5 / (shifted * shifted) + tail + total
    value = np.where(reflected, (np.pi / _sin_pi(np.where(reflected, safe, 0.5))) ** 2 - value, value)
    value = np.where(usual, value, np.where(_is_pole(wide), np.inf, np.where(wide == np.inf, 0.0, np.nan)))
    return value.astype(x.dtype).reshape(x.shape)
`;
