/** Linear algebra where numpy.linalg raises, or has nothing; transforms; composites; control flow. */
export const linalg: string = `
def cholesky(x):
    """nan for matrices that are not positive definite, where numpy.linalg raises, or in WebAssembly fills the upper triangle too."""
    try:
        return np.tril(np.linalg.cholesky(x))
    except np.linalg.LinAlgError:
        if x.ndim == 2:
            return np.tril(np.full_like(x, np.nan))
        flat = x.reshape((-1,) + x.shape[-2:])
        return np.stack([cholesky(matrix) for matrix in flat]).reshape(x.shape)


def triangular_solve(a, b, lower, transpose_a, unit_diagonal):
    """Substitution, one row at a time for all matrices and columns together."""
    if transpose_a:
        a, lower = a.swapaxes(-1, -2), not lower
    n = a.shape[-1]
    x = np.array(b)
    for i in range(n) if lower else range(n - 1, -1, -1):
        known = slice(0, i) if lower else slice(i + 1, n)
        if known.start < known.stop:
            x[..., i, :] -= np.matmul(a[..., i, None, known], x[..., known, :])[..., 0, :]
        if not unit_diagonal:
            x[..., i, :] /= a[..., i, i, None]
    return x


def lu(x):
    """Partial pivoting by the first largest element; a column of zeros is left as it is."""
    m, n = x.shape[-2:]
    k = min(m, n)
    batch = x.shape[:-2]
    factors = np.array(x).reshape(int(np.prod(batch)), m, n)
    pivots = np.zeros((factors.shape[0], k), np.int32)
    order = np.tile(np.arange(m, dtype=np.int32), (factors.shape[0], 1))
    for matrix, pivot, rows in zip(factors, pivots, order):
        for j in range(k):
            best = j + int(np.argmax(np.abs(matrix[j:, j])))
            pivot[j] = best
            if best != j:
                matrix[[j, best]] = matrix[[best, j]]
                rows[[j, best]] = rows[[best, j]]
            if matrix[j, j] != 0:
                matrix[j + 1 :, j] /= matrix[j, j]
            matrix[j + 1 :, j + 1 :] -= np.outer(matrix[j + 1 :, j], matrix[j, j + 1 :])
    return factors.reshape(x.shape), pivots.reshape(batch + (k,)), order.reshape(batch + (m,))


def solve(a, b, transpose_a):
    try:
        x = np.linalg.solve(a.swapaxes(-1, -2) if transpose_a else a, b)
        if not np.isnan(x).any():
            return x
    except np.linalg.LinAlgError:
        pass
    # A matrix without an inverse, for which WebAssembly has nan and no error: what our own factors give when divided by.
    factors, _, order = lu(a)

    def rows(x, places):
        return np.take_along_axis(x, np.broadcast_to(places[..., None], x.shape), -2)

    if transpose_a:
        x = triangular_solve(factors, triangular_solve(factors, b, False, True, False), True, True, True)
        return rows(x, np.argsort(order, axis=-1))
    return triangular_solve(factors, triangular_solve(factors, rows(b, order), True, False, True), False, False, False)


def _nan_on_failure(decompose, x):
    """Each matrix on its own, nan for those that do not converge (they hold nan or inf)."""
    try:
        return tuple(decompose(x))
    except np.linalg.LinAlgError:
        if x.ndim == 2:
            shapes = decompose(np.zeros_like(x))
            return tuple(np.full_like(part, np.nan) for part in shapes)
        parts = [_nan_on_failure(decompose, matrix) for matrix in x.reshape((-1,) + x.shape[-2:])]
        stacked = (np.stack(part) for part in zip(*parts))
        return tuple(part.reshape(x.shape[:-2] + part.shape[1:]) for part in stacked)


def eigh(x):
    return _nan_on_failure(lambda a: np.linalg.eigh(a, UPLO="L"), x)


def eig(x):
    """Real and imaginary parts of the values, then of the vectors."""
    parts = _nan_on_failure(np.linalg.eig, x)
    return tuple(half.astype(x.dtype) for part in parts for half in (part.real, part.imag))


def svd(x, full_matrices):
    return _nan_on_failure(lambda a: np.linalg.svd(a, full_matrices=full_matrices), x)


def fft(re, im, inverse):
    if re.size == 0:
        return re, im
    joined = np.empty(re.shape, np.complex128 if re.dtype == np.float64 else np.complex64)
    joined.real, joined.imag = re, im
    out = np.fft.ifft(joined, axis=-1) if inverse else np.fft.fft(joined, axis=-1)
    return out.real.astype(re.dtype), out.imag.astype(re.dtype)


def softmax(x, axes):
    powers = np.asarray(x - np.max(x, axis=axes, keepdims=True, initial=-np.inf))
    np.exp(powers, out=powers)
    powers /= np.sum(powers, axis=axes, keepdims=True)
    return powers


def log_softmax(x, axes):
    shifted = np.asarray(x - np.max(x, axis=axes, keepdims=True, initial=-np.inf))
    shifted -= np.log(np.sum(np.exp(shifted), axis=axes, keepdims=True))
    return shifted


def normalize(x, axes, epsilon):
    count = x.dtype.type(math.prod(x.shape[i] for i in axes))
    centered = np.asarray(x - np.sum(x, axis=axes, keepdims=True) / count)
    variance = np.sum(np.square(centered), axis=axes, keepdims=True) / count
    centered /= np.sqrt(variance + x.dtype.type(epsilon))
    return centered


def multiply_add(a, b, c):
    """Rounded once where the dtype is narrow: products of float32 are exact in float64."""
    return (np.multiply(a, b, dtype=np.float64) + c).astype(a.dtype)


def while_loop(condition, body, consts, carry):
    while condition(*consts, *carry)[0]:
        carry = body(*consts, *carry)
    return carry


def scan(body, consts, carry, xs, length, backwards, ys):
    """ys: shape and dtype of each stacked result."""
    stacked = [np.empty(shape, dtype) for shape, dtype in ys]
    count = len(carry)
    for step in range(length - 1, -1, -1) if backwards else range(length):
        results = body(*consts, *carry, *(x[step] for x in xs))
        carry = results[:count]
        for array, value in zip(stacked, results[count:]):
            array[step] = value
    return (*carry, *stacked)
`;
