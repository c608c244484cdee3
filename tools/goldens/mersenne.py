"""mt19937.json: CPython's `random` and NumPy's legacy generator, both MT19937 with different seeding and draws."""

import random

import numpy as np

import golden


def python_stream(seed, script):
    random.seed(seed)
    draws = []
    for call, *args in script:
        count = args.pop()
        drawn = [getattr(random, call)(*args) for _ in range(count)]
        draws.append({"call": call, "args": args, "values": [str(v) if isinstance(v, int) and abs(v) > 2**53 else v for v in drawn]})
    return {"seed": seed if abs(seed) < 2**53 else str(seed), "draws": draws}


def numpy_stream(seed, script):
    np.random.seed(seed)
    draws = []
    for call, *args in script:
        if call == "permutation":
            draws.append({"call": call, "args": args, "values": np.random.permutation(*args).tolist()})
        else:
            count = args.pop()
            draws.append({"call": call, "args": args, "values": [getattr(np.random, call)(*args) for _ in range(count)]})
    return {"seed": seed, "draws": draws}


def both(seed, count):
    """What `set_random_seed` does, and then draws of both kinds in turn: neither may disturb the other."""
    random.seed(seed)
    np.random.seed(seed)
    draws = []
    for step in range(count):
        draws.append({"generator": "python", "call": "randint", "args": [1, 10**9], "values": [random.randint(1, 10**9)]})
        size = 5 + 3 * step
        draws.append({"generator": "numpy", "call": "permutation", "args": [size], "values": np.random.permutation(size).tolist()})
    return {"seed": seed, "draws": draws}


def make():
    seeds = [("randint", 1, 10**9, 30)]
    mixed = [
        ("randint", 1, 10**9, 3), ("random", 3), ("getrandbits", 1, 4), ("getrandbits", 32, 3), ("getrandbits", 33, 3),
        ("getrandbits", 53, 3), ("randint", 0, 0, 2), ("randint", -5, 5, 8), ("randint", 0, 255, 6), ("randint", 0, 256, 6),
        ("randint", 0, 2**32 - 1, 3), ("randint", 0, 2**40, 3), ("random", 2), ("randint", 1, 10**9, 3),
    ]
    long = [("getrandbits", 32, 1300)]  # passes two regenerations of the 624 words
    python = [python_stream(seed, seeds) for seed in (0, 1, 2, 7, 42, 123, 1337, 2024, 987654321, 2**31 - 1, 2**31, 2**32 - 1)]
    python += [python_stream(seed, mixed) for seed in (0, 42, -42, 2**32, 2**32 + 5, 2**40 + 12345, 2**53 - 1, 2**53, 10**25)]
    python.append(python_stream(3, long))
    numpy = [
        numpy_stream(seed, [("permutation", n) for n in (10, 10, 1, 0, 2, 3, 7, 16, 17, 33, 64)])
        for seed in (0, 1, 42, 123, 1337, 2**31, 2**32 - 1)
    ]
    numpy.append(numpy_stream(5, [("permutation", 1000), ("random_sample", 4), ("permutation", 257), ("random_sample", 3), ("permutation", 100)]))
    golden.write("mt19937", {"python": python, "numpy": numpy, "both": [both(seed, 8) for seed in (0, 42, 1337)]})
