/** Moving, padding, reading and writing, sorting, random bits. */
export const structural: string = `
def pad(x, low, high, interior):
    """Zeros before, after and between elements; negative amounts crop."""
    spread = [n + max(0, n - 1) * between for n, between in zip(x.shape, interior)]
    out = np.zeros([n + a + b for n, a, b in zip(spread, low, high)], x.dtype)
    target, source = [], []
    for n, a, step, size in zip(x.shape, low, (between + 1 for between in interior), out.shape):
        first = max(0, -(a // step)) if a < 0 else 0
        last = min(n, max(0, -(-(size - a) // step)))
        last = max(first, last)
        source.append(slice(first, last))
        start = a + first * step
        target.append(slice(start, start + (last - first - 1) * step + 1, step) if last > first else slice(0, 0))
    out[tuple(target)] = x[tuple(source)]
    return out


def iota(shape, axis, dtype):
    along = [1] * len(shape)
    along[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis]).astype(dtype).reshape(along), shape)


def cumulative(ufunc, x, axis, backwards):
    if backwards:
        x = np.flip(x, axis)
    out = ufunc.accumulate(x, axis=axis, dtype=x.dtype)
    return np.flip(out, axis) if backwards else out


def gather_nd(x, indices):
    depth = indices.shape[-1]
    if depth == 0:
        return np.broadcast_to(x, indices.shape[:-1] + x.shape)
    return x[tuple(indices[..., i] for i in range(depth))]


def _flat_places(x, indices):
    """Positions in x.reshape(-1) of every element that the indices name."""
    depth = indices.shape[-1]
    rows = np.zeros(indices.shape[:-1], np.intp)
    for i in range(depth):
        rows = rows * x.shape[i] + indices[..., i]
    width = math.prod(x.shape[depth:])
    return (rows.reshape(-1, 1) * width + np.arange(width, dtype=np.intp)).reshape(-1)


_SCATTER = {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}


def scatter_nd(x, indices, updates, mode):
    # One flat axis: there NumPy has a fast loop for its unbuffered "at".
    out = np.array(x).reshape(-1)
    places, values = _flat_places(x, indices), np.asarray(updates).reshape(-1)
    if mode == "set":
        out[places] = values
    else:
        _SCATTER[mode].at(out, places, values)
    return out.reshape(x.shape)


def _block(shape, starts, sizes):
    firsts = [min(max(int(start), 0), n - size) for n, start, size in zip(shape, starts, sizes)]
    return tuple(slice(first, first + size) for first, size in zip(firsts, sizes))


def dynamic_slice(x, starts, sizes):
    return x[_block(x.shape, starts, sizes)]


def dynamic_update_slice(x, update, starts):
    out = np.array(x)
    out[_block(x.shape, starts, update.shape)] = update
    return out


def largest_first(x):
    """Places by value, largest first; of equal ones the first comes first (so the stable sort runs over the reversed axis)."""
    return x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]


def few_largest(row, k):
    """The places of the k largest of a long row, without sorting it: those above the k-th value, and the first that equal it."""
    least = np.partition(row, len(row) - k)[len(row) - k]
    if least != least:
        return np.flatnonzero(row != row)[:k]
    above = np.flatnonzero((row > least) | (row != row))
    places = np.sort(np.concatenate([above, np.flatnonzero(row == least)[: k - len(above)]]))
    return places[largest_first(row[places])]


def top_k(x, k):
    n = x.shape[-1]
    if k * 8 > n or n < 4096:
        order = largest_first(x)[..., :k]
    else:
        rows = x.reshape(-1, n)
        order = np.stack([few_largest(row, k) for row in rows]).reshape(x.shape[:-1] + (k,))
    return np.take_along_axis(x, order, axis=-1), order.astype(np.int32)


_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _threefry(k0, k1, a, b):
    """Both words of threefry2x32 with 20 rounds, in the place of the counters with the keys added."""
    keys = (k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA))
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            a += b
            left = b << np.uint32(rotation)
            b >>= np.uint32(32 - rotation)
            b |= left
            b ^= a
        a += keys[(group + 1) % 3]
        b += keys[(group + 2) % 3] + np.uint32(group + 1)
    return a, b


def random_bits(key, shape, words):
    """Over the counters (0, i)."""
    count = math.prod(shape)
    k0, k1 = np.uint32(key[0]), np.uint32(key[1])
    a, b = _threefry(k0, k1, np.full(count, k0, np.uint32), np.arange(count, dtype=np.uint32) + k1)
    if words == 2:
        return np.stack((a, b), axis=-1).reshape(shape + (2,))
    a ^= b
    return a.reshape(shape)


def encrypt(keys, count):
    """A key of its own for each element, under the counters (0, 0) to (0, count - 1)."""
    k0, k1 = np.asarray(keys[0]), np.asarray(keys[1])
    words = np.empty((count,) + keys.shape, np.uint32)
    counters = np.arange(count, dtype=np.uint32).reshape((count,) + (1,) * k0.ndim)
    words[:, 0] = k0
    words[:, 1] = counters + k1
    _threefry(k0, k1, words[:, 0], words[:, 1])
    return words
`;
