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


def in_rows(x):
    """A copy with the last axis contiguous. Large transposed matrices by parts, whose lines are in the cache when they are read again."""
    if x.ndim != 2 or x.size < BLOCK or not x.T.flags.c_contiguous:
        return np.array(x, order="C")
    out = np.empty(x.shape, x.dtype)
    for first in range(0, x.shape[1], 64):
        out[:, first : first + 64] = x[:, first : first + 64]
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


def _rows(x, indices):
    """Positions of what the indices name in x seen as rows."""
    rows = np.zeros(indices.shape[:-1], np.intp)
    for i in range(indices.shape[-1]):
        rows = rows * x.shape[i] + indices[..., i]
    return rows.reshape(-1)


_SCATTER = {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}


def scatter_nd(x, indices, updates, mode):
    if updates.size == 0:
        return np.array(x, order="C")
    width = math.prod(x.shape[indices.shape[-1] :])
    out = np.array(x, order="C").reshape(-1, width)
    rows, values = _rows(x, indices), np.asarray(updates).reshape(-1, width)
    if mode == "set":
        out[rows] = values
    else:
        # One flat axis: there NumPy has a fast loop for its unbuffered "at".
        places = (rows[:, None] * width + np.arange(width, dtype=np.intp)).reshape(-1)
        _SCATTER[mode].at(out.reshape(-1), places, values.reshape(-1))
    return out.reshape(x.shape)


def one_hot(x, axis, size, dtype):
    shape = x.shape[:axis] + (size,) + x.shape[axis:]
    out = np.zeros(shape, dtype)
    behind = math.prod(x.shape[axis:])
    classes = x.reshape(-1).astype(np.intp)
    known = np.flatnonzero((classes >= 0) & (classes < size))
    out.reshape(-1)[(known // behind * size + classes[known]) * behind + known % behind] = 1
    return out


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
    largest = np.partition(row, len(row) - k)[len(row) - k :]
    least = largest[0]
    if least != least:
        return np.flatnonzero(row != row)[:k]
    reached = row >= least
    if (largest != largest).any():
        reached |= row != row
    places = np.flatnonzero(reached)
    if len(places) > k:
        values = row[places]
        surplus = np.flatnonzero(values == least)[k - len(places) :]
        places = np.delete(places, surplus)
    return places[largest_first(row[places])]


def sort(x, axis):
    """Only zeros of both signs can tell whether equal elements kept their order."""
    keeps = x.dtype.kind == "f" and has_negative_zero(x)
    return np.sort(x, axis=axis, kind="stable" if keeps else None)


def top_k(x, k):
    n = x.shape[-1]
    if k * 8 > n or n < 4096 or k == 0:
        order = largest_first(x)[..., :k]
    else:
        rows = x.reshape(-1, n)
        order = np.stack([few_largest(row, k) for row in rows]).reshape(x.shape[:-1] + (k,))
    return np.take_along_axis(x, order, axis=-1), order.astype(np.int32)


_ROTATIONS = tuple(tuple((np.uint32(r), np.uint32(32 - r)) for r in row) for row in ((13, 15, 26, 6), (17, 29, 16, 24)))


def _threefry(keys, a, b):
    """Both words of threefry2x32 with 20 rounds, in the place of the counters with the keys added."""
    left = np.empty_like(b)
    for group in range(5):
        for rotation, rest in _ROTATIONS[group % 2]:
            a += b
            np.left_shift(b, rotation, out=left)
            b >>= rest
            b |= left
            b ^= a
        a += keys[(group + 1) % 3]
        b += keys[(group + 2) % 3] + np.uint32(group + 1)
    return a, b


def random_bits(key, shape, words):
    count = math.prod(shape)
    k0, k1 = np.uint32(key[0]), np.uint32(key[1])
    keys = (k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA))
    out = np.empty((count, words), np.uint32)
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        a = np.full(size, k0, np.uint32)
        b = np.arange(first, first + size, dtype=np.uint32)
        b += k1
        _threefry(keys, a, b)
        part = out[first : first + BLOCK]
        if words == 2:
            part[:, 0], part[:, 1] = a, b
        else:
            np.bitwise_xor(a, b, out=part[:, 0])
    return out.reshape(shape + (2,) if words == 2 else shape)


def encrypt(keys, count):
    """A key of its own for each element, under the counters (0, 0) to (0, count - 1)."""
    k0, k1 = np.asarray(keys[0]), np.asarray(keys[1])
    words = np.empty((count,) + keys.shape, np.uint32)
    counters = np.arange(count, dtype=np.uint32).reshape((count,) + (1,) * k0.ndim)
    words[:, 0] = k0
    words[:, 1] = counters + k1
    _threefry((k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA)), words[:, 0], words[:, 1])
    return words
`;
