/** Products that sum, convolutions by im2col and BLAS, pooling. Arrays are [N, ...spatial, C]. */
export const windows: string = `
def dot_general(a, b, lhs_contract, rhs_contract, lhs_batch, rhs_batch):
    """One np.matmul: batch axes first, then one free and one contracted axis."""
    lhs_free = [i for i in range(a.ndim) if i not in lhs_contract and i not in lhs_batch]
    rhs_free = [i for i in range(b.ndim) if i not in rhs_contract and i not in rhs_batch]
    batch = tuple(a.shape[i] for i in lhs_batch)
    inner = math.prod(a.shape[i] for i in lhs_contract)
    rows = tuple(a.shape[i] for i in lhs_free)
    columns = tuple(b.shape[i] for i in rhs_free)
    left = a.transpose(*lhs_batch, *lhs_free, *lhs_contract).reshape(batch + (math.prod(rows), inner))
    right = b.transpose(*rhs_batch, *rhs_contract, *rhs_free).reshape(batch + (inner, math.prod(columns)))
    return np.matmul(left, right).reshape(batch + rows + columns)


def _pad_spatial(x, padding, fill=0):
    if all(low == 0 and high == 0 for low, high in padding):
        return x
    if any(low < 0 or high < 0 for low, high in padding):
        crop = tuple(slice(max(0, -low), n - max(0, -high)) for n, (low, high) in zip(x.shape[1:-1], padding))
        return _pad_spatial(x[(slice(None),) + crop], [(max(0, low), max(0, high)) for low, high in padding], fill)
    shape = (x.shape[0],) + tuple(n + low + high for n, (low, high) in zip(x.shape[1:-1], padding)) + (x.shape[-1],)
    out = np.zeros(shape, x.dtype) if fill == 0 else np.full(shape, fill, x.dtype)
    inside = tuple(slice(low, low + n) for n, (low, _) in zip(x.shape[1:-1], padding))
    out[(slice(None),) + inside] = x
    return out


def _crop_spatial(x, padding):
    return _pad_spatial(x, [(-low, -high) for low, high in padding])


def _out_sizes(padded, window, strides, dilation):
    return tuple(
        max(0, (n - ((w - 1) * d + 1)) // s + 1) for n, w, s, d in zip(padded, window, strides, dilation)
    )


def _offsets(window):
    """Places in a window, in row-major order."""
    return itertools.product(*(range(w) for w in window))


def _shifted(offset, out, strides, dilation):
    """Index of what every window has at this offset."""
    spatial = tuple(
        slice(o * d, o * d + (n - 1) * s + 1, s) if n > 0 else slice(0, 0)
        for o, n, s, d in zip(offset, out, strides, dilation)
    )
    return (slice(None),) + spatial


def _window_view(x, window, out, strides, dilation):
    """[N, ...out, ...window, C] without copying."""
    steps = x.strides[1:-1]
    shape = (x.shape[0],) + out + tuple(window) + (x.shape[-1],)
    moves = tuple(step * s for step, s in zip(steps, strides)) + tuple(step * d for step, d in zip(steps, dilation))
    return np.lib.stride_tricks.as_strided(
        x, shape, (x.strides[0],) + moves + (x.strides[-1],), writeable=False
    )


_COLUMN_BYTES = 1 << 23


def _batches(count, row_bytes):
    """Slices of the batch whose im2col matrix stays small."""
    step = max(1, _COLUMN_BYTES // max(1, row_bytes))
    return [slice(first, min(count, first + step)) for first in range(0, count, step)]


def _grouped(columns, groups):
    """[M, W, C] to [groups, M, W * C / groups]."""
    m, w, c = columns.shape
    return columns.reshape(m, w, groups, c // groups).transpose(2, 0, 1, 3).reshape(groups, m, -1)


def _grouped_kernel(kernel, groups):
    """[...window, C / groups, O] to [groups, W * C / groups, O / groups]."""
    o = kernel.shape[-1]
    return kernel.reshape(-1, groups, o // groups).transpose(1, 0, 2)


def conv(x, kernel, strides, padding, dilation, groups):
    rank = len(strides)
    window, depth, o = kernel.shape[:rank], kernel.shape[rank], kernel.shape[-1]
    x = _pad_spatial(x, padding)
    n, c = x.shape[0], x.shape[-1]
    out = _out_sizes(x.shape[1:-1], window, strides, dilation)
    if groups > 1 and depth == 1:
        return _depthwise(x, kernel, window, out, strides, dilation, groups)
    places, taps = math.prod(out), math.prod(window)
    result = np.empty((n, places, o), x.dtype)
    for part in _batches(n, places * taps * c * x.itemsize):
        view = _window_view(x[part], window, out, strides, dilation)
        m = view.shape[0] * places
        if groups == 1:
            product = view.reshape(m, taps * c) @ kernel.reshape(taps * c, o)
        else:
            product = np.matmul(_grouped(view.reshape(m, taps, c), groups), _grouped_kernel(kernel, groups))
            product = product.transpose(1, 0, 2)
        result[part] = product.reshape(-1, places, o)
    return result.reshape((n,) + out + (o,))


def _depthwise(x, kernel, window, out, strides, dilation, groups):
    """Each channel alone: one multiply-add for each place in the window, over as many images at once as stay in the cache."""
    each = kernel.shape[-1] // groups
    result = np.zeros((x.shape[0],) + out + (groups * each,), x.dtype)
    if each == 1 and strides[-1] == 1:
        # What stands side by side is one long axis, columns and channels.
        part_shape = out[:-1] + (out[-1] * groups,)
        taps = np.tile(kernel.reshape(window + (groups,)), out[-1])
    else:
        part_shape = out + (groups, each)
        taps = kernel.reshape(window + (groups, each))
    step = max(1, 16 * BLOCK // max(1, math.prod(part_shape)))
    for first in range(0, len(x), step):
        images = x[first : first + step]
        target = result[first : first + step].reshape((len(images),) + part_shape)
        product = np.empty_like(target)
        for offset in _offsets(window):
            part = images[_shifted(offset, out, strides, dilation)]
            part = part.reshape(product.shape) if product.ndim < part.ndim else part[..., None]
            target += np.multiply(part, taps[offset], out=product)
    return result


def conv_input_grad(g, kernel, strides, padding, dilation, groups, input_spatial):
    rank = len(strides)
    window, depth, o = kernel.shape[:rank], kernel.shape[rank], kernel.shape[-1]
    out = g.shape[1:-1]
    padded = tuple(n + low + high for n, (low, high) in zip(input_spatial, padding))
    buffer = np.zeros((g.shape[0],) + padded + (depth * groups,), g.dtype)
    rows = g.reshape(-1, o) if groups == 1 else g.reshape(-1, groups, o // groups).transpose(1, 0, 2)
    for offset in _offsets(window):
        if groups == 1:
            part = rows @ kernel[offset].T
        elif depth == 1:
            taps = kernel[offset].reshape(groups, 1, o // groups)
            part = (rows * taps).sum(axis=-1, dtype=g.dtype).T
        else:
            taps = kernel[offset].reshape(depth, groups, o // groups).transpose(1, 2, 0)
            part = np.matmul(rows, taps).transpose(1, 0, 2)
        buffer[_shifted(offset, out, strides, dilation)] += part.reshape((g.shape[0],) + out + (depth * groups,))
    return _crop_spatial(buffer, padding)


def conv_filter_grad(x, g, strides, padding, dilation, groups, kernel_spatial):
    x = _pad_spatial(x, padding)
    n, c, o = x.shape[0], x.shape[-1], g.shape[-1]
    out, window = g.shape[1:-1], tuple(kernel_spatial)
    depth, each = c // groups, o // groups
    if groups > 1 and depth == 1:
        kernel = np.empty(window + (1, o), x.dtype)
        for offset in _offsets(window):
            part = x[_shifted(offset, out, strides, dilation)][..., None] * g.reshape(g.shape[:-1] + (groups, each))
            kernel[offset] = part.sum(axis=tuple(range(g.ndim - 1)), dtype=x.dtype).reshape(1, o)
        return kernel
    places, taps = math.prod(out), math.prod(window)
    kernel = np.zeros((groups, taps * depth, each), x.dtype)
    for part in _batches(n, places * taps * c * x.itemsize):
        view = _window_view(x[part], window, out, strides, dilation)
        m = view.shape[0] * places
        rows = g[part].reshape(m, o)
        if groups == 1:
            kernel[0] += view.reshape(m, taps * c).T @ rows
        else:
            columns = _grouped(view.reshape(m, taps, c), groups)
            kernel += np.matmul(columns.transpose(0, 2, 1), rows.reshape(m, groups, each).transpose(1, 0, 2))
    return kernel.transpose(1, 0, 2).reshape(window + (depth, o))


def _lowest(dtype):
    if dtype.kind == "b":
        return False
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _ones(window):
    return (1,) * len(window)


def max_pool(x, window, strides, padding):
    x = _pad_spatial(x, padding, _lowest(x.dtype))
    out = _out_sizes(x.shape[1:-1], window, strides, _ones(window))
    result = None
    for offset in _offsets(window):
        part = x[_shifted(offset, out, strides, _ones(window))]
        result = np.array(part) if result is None else np.maximum(result, part, out=result)
    return result


def sum_pool(x, window, strides, padding):
    x = _pad_spatial(x, padding)
    out = _out_sizes(x.shape[1:-1], window, strides, _ones(window))
    result = np.zeros((x.shape[0],) + out + (x.shape[-1],), x.dtype)
    for offset in _offsets(window):
        result += x[_shifted(offset, out, strides, _ones(window))]
    return result


def _first_maxima(x, window, strides, padding):
    """For each place of a window: its index, and whether it holds the window's first maximum (the first nan if there is one)."""
    inside = _pad_spatial(np.ones((1,) + x.shape[1:-1] + (1,), bool), padding)
    maxima = max_pool(x, window, strides, padding)
    x = _pad_spatial(x, padding, _lowest(x.dtype))
    out, padded = maxima.shape[1:-1], not inside.all()
    has_nan = x.dtype.kind == "f" and bool((maxima != maxima).any())
    left = np.ones(maxima.shape, bool)
    for offset in _offsets(window):
        index = _shifted(offset, out, strides, _ones(window))
        part = x[index]
        first = part == maxima
        if has_nan:
            first |= part != part
        if padded:
            first &= inside[index]
        first &= left
        left ^= first
        yield index, first


def _padded_shape(x, padding):
    return (x.shape[0],) + tuple(n + low + high for n, (low, high) in zip(x.shape[1:-1], padding)) + (x.shape[-1],)


def max_pool_grad(x, g, window, strides, padding):
    buffer = np.zeros(_padded_shape(x, padding), g.dtype)
    apart = all(s >= w for s, w in zip(strides, window))
    for index, first in _first_maxima(x, window, strides, padding):
        if apart:
            buffer[index] = where_or_zero(first, g)
        else:
            buffer[index] += where_or_zero(first, g)
    return _crop_spatial(buffer, padding)


def max_pool_gather(x, values, window, strides, padding):
    values = _pad_spatial(values, padding)
    word = WORDS[values.dtype.itemsize]
    bits = 0
    for index, first in _first_maxima(x, window, strides, padding):
        bits = bits | where_or_zero(first, values[index]).view(word)
    return bits.view(values.dtype)


def sum_pool_grad(g, window, strides, padding, input_spatial):
    padded = tuple(n + low + high for n, (low, high) in zip(input_spatial, padding))
    buffer = np.zeros((g.shape[0],) + padded + (g.shape[-1],), g.dtype)
    for offset in _offsets(window):
        buffer[_shifted(offset, g.shape[1:-1], strides, _ones(window))] += g
    return _crop_spatial(buffer, padding)
`;
