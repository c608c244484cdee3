"""random.json: threefry bits and every `keras.random` function of the first slice, from int seeds and from SeedGenerators."""

import random

import jax
import jax.numpy as jnp
import keras
import numpy as np

import golden

SHAPES = ([], [1], [2], [3], [7], [8], [2, 3], [3, 3, 3], [0], [2, 0], [101])
SEEDS = (0, 1, 42, 1337, 2**31 + 5, 2**32 - 1)


def bits():
    keys = [(seed, 0) for seed in SEEDS] + [(42, 1), (42, 7), (0, 2**32 - 1)]
    cases = []
    for key in keys:
        for shape in SHAPES if key == (42, 0) else ([], [5], [2, 3]):
            drawn = jax.random.bits(jnp.array(key, dtype="uint32"), tuple(shape), "uint32")
            cases.append({"key": list(key), "output": drawn})
    for width in ("uint8", "uint16"):
        cases += [{"key": [42, 0], "output": jax.random.bits(jnp.array([42, 0], dtype="uint32"), shape, width)} for shape in ((5,), (2, 3))]
    return cases


def splits():
    """`jax.random.split` and `fold_in`-free derived keys: randint, truncated shuffles and others draw from them."""
    return [
        {"key": [seed, 0], "count": count, "output": jax.random.split(jnp.array([seed, 0], dtype="uint32"), count)}
        for seed in (0, 42) for count in (1, 2, 3, 5)
    ]


def both_ways(call, arguments, options, seeds=(0, 42, 1337)):
    function = getattr(keras.random, call)
    base = {"call": call, "arguments": arguments, "options": options}
    cases = [{**base, "seed": seed, "outputs": [function(*arguments, **options, seed=seed)]} for seed in seeds]
    generator = keras.random.SeedGenerator(seeds[-1])
    outputs = [function(*arguments, **options, seed=generator) for _ in range(2)]
    cases.append({**base, "seed_generator": seeds[-1], "outputs": outputs, "state": generator.state.value})
    return cases


def uniform():
    cases = []
    for shape in SHAPES:
        cases += both_ways("uniform", [shape], {}, (42,))
    for options in ({"minval": -1.0, "maxval": 1.0}, {"minval": 2.0, "maxval": 2.5}, {"minval": -0.05, "maxval": 0.05}, {"minval": 0.0, "maxval": 1000.0}):
        cases += both_ways("uniform", [[2, 3]], options, SEEDS)
    for dtype in ("float16", "bfloat16"):
        cases += both_ways("uniform", [[5]], {"dtype": dtype}, (42,))
    return cases


def normal():
    cases = []
    for call in ("normal", "truncated_normal"):
        for shape in SHAPES:
            cases += both_ways(call, [shape], {}, (42,))
        for options in ({"mean": 1.0, "stddev": 2.0}, {"mean": -3.5, "stddev": 0.01}):
            cases += both_ways(call, [[2, 3]], options, SEEDS)
        for dtype in ("float16", "bfloat16"):
            cases += both_ways(call, [[5]], {"dtype": dtype}, (42,))
    return cases


def randint():
    ranges = ((0, 2), (0, 10), (0, 7), (0, 256), (-5, 5), (-100, -3), (0, 1000003), (1, 10**9), (5, 5), (0, 2**31 - 1), (-(2**31), 2**31 - 1))
    cases = []
    for low, high in ranges:
        cases += both_ways("randint", [[9], low, high], {}, (0, 42))
    for shape in ([], [0], [2, 3]):
        cases += both_ways("randint", [shape, 0, 10], {}, (42,))
    for dtype, low, high in (("uint8", 0, 200), ("int8", -100, 100), ("int16", -300, 300), ("uint32", 5, 2000000000)):
        cases += both_ways("randint", [[6], low, high], {"dtype": dtype}, (42,))
    return cases


def dropout():
    inputs = golden.values(1, (4, 6))
    cases = []
    for rate in (0.0, 0.1, 0.25, 0.5, 0.8, 1.0):
        cases += both_ways("dropout", [inputs, rate], {}, (0, 42))
    for noise_shape in ([4, 1], [1, 6], [None, 1], [1, 1]):
        cases += both_ways("dropout", [inputs, 0.5], {"noise_shape": noise_shape}, (0, 1))
    return cases + both_ways("dropout", [golden.values(2, (2, 3, 5)), 0.3], {}, (7,))


def shuffle():
    cases = []
    for shape, axis in (([10], 0), ([1], 0), ([0], 0), ([6, 2], 0), ([6, 2], 1), ([3, 4, 2], 1), ([3, 4, 2], 0), ([3, 4, 2], 2), ([300], 0)):
        x = np.arange(int(np.prod(shape)), dtype="float32").reshape(shape)
        cases += both_ways("shuffle", [x], {"axis": axis}, (0, 42))
    return cases + both_ways("shuffle", [np.arange(12, dtype="int32")], {}, (3,))


def categorical():
    logits = golden.values(3, (3, 5), -2, 2)
    cases = both_ways("categorical", [logits, 7], {}, (0, 42)) + both_ways("categorical", [logits, 1], {}, (5,))
    cases += both_ways("categorical", [np.log(np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]], dtype="float32") + 1e-30), 6], {}, (9,))
    return cases + both_ways("categorical", [logits, 4], {"dtype": "uint8"}, (1,))


def gamma():
    cases = []
    for shape in ([], [1], [2, 3], [0], [2, 0], [101]):
        cases += both_ways("gamma", [shape, 1.5], {}, (42,))
    for alpha in (1e-3, 0.1, 0.5, 1.0, 2.0, 10.0, 1000.0):
        cases += both_ways("gamma", [[9], alpha], {}, (0, 1337))
    cases += both_ways("gamma", [[2, 3], np.array([0.3, 1.0, 4.0], "float32")], {}, (7,)) + both_ways("gamma", [[2, 2], np.array([[0.3], [5.0]], "float32")], {}, (8,))
    cases += both_ways("gamma", [[3], 2], {}, (42,)) + both_ways("gamma", [[3], -1.0], {}, (42,)) + both_ways("gamma", [[3], 0.0], {}, (42,))
    for dtype in ("float16", "bfloat16"):
        cases += both_ways("gamma", [[5], 2.5], {"dtype": dtype}, (42,))
    return cases


def beta():
    cases = []
    for shape in ([], [1], [2, 3], [0], [101]):
        cases += both_ways("beta", [shape, 2.0, 3.0], {}, (42,))
    for a, b in ((0.01, 0.01), (0.5, 0.5), (1.0, 1.0), (5.0, 1.0), (0.1, 20.0), (200.0, 300.0)):
        cases += both_ways("beta", [[7], a, b], {}, (0, 1337))
    cases += both_ways("beta", [[2, 3], np.array([0.3, 1.0, 4.0], "float32"), np.array([[2.0], [0.5]], "float32")], {}, (7,)) + both_ways("beta", [[3], 2, 3], {}, (42,))
    for dtype in ("float16", "bfloat16"):
        cases += both_ways("beta", [[5], 2.0, 3.0], {"dtype": dtype}, (42,))
    return cases


def binomial():
    cases = []
    for shape in ([], [1], [2, 3], [0], [101]):
        cases += both_ways("binomial", [shape, 10, 0.3], {}, (42,))
    for count, p in ((1, 0.5), (5, 0.0), (5, 1.0), (10, 0.9), (100, 0.05), (100, 0.5), (1000, 0.3), (1000, 0.98), (1000000, 0.001), (30.7, 0.4)):
        cases += both_ways("binomial", [[9], count, p], {}, (0, 1337))
    cases += both_ways("binomial", [[2, 3], np.array([5, 50, 500], "int32"), np.array([[0.1], [0.7]], "float32")], {}, (7,))
    cases += both_ways("binomial", [[4], np.array([-3.0, float("inf"), float("nan"), 5.0], "float32"), 0.3], {}, (1,)) + both_ways("binomial", [[4], 20, np.array([-0.2, 1.5, float("nan"), 0.5], "float32")], {}, (1,))
    for dtype in ("float16", "bfloat16"):
        cases += both_ways("binomial", [[5], 40, 0.25], {"dtype": dtype}, (42,))
    return cases


def many():
    """Thousands of numbers with transcendental functions in them, to be compared by bits."""
    base = {"arguments": [[2000]], "options": {}, "seed": 2026}
    return [{**base, "call": call, "outputs": [getattr(keras.random, call)((2000,), seed=2026)]} for call in ("normal", "truncated_normal")]


def slopes():
    """Derivatives of gamma and beta numbers at their parameters, of `sum(numbers)`."""
    alphas = np.array([0.01, 0.1, 0.5, 0.9, 1.0, 1.5, 3.0, 10.0, 50.0, 300.0], "float32")
    cases = [{"call": "gamma", "parameters": [alphas], "seed": seed, "gradients": [jax.grad(lambda a, s=seed: keras.random.gamma((10,), a, seed=s).sum())(alphas)]} for seed in range(4)]
    others = np.array([2.0, 0.2, 0.5, 5.0, 1.0, 0.3, 7.0, 2.0, 60.0, 100.0], "float32")
    for seed in (0, 1):
        found = jax.grad(lambda a, b, s=seed: keras.random.beta((10,), a, b, seed=s).sum(), argnums=(0, 1))(alphas, others)
        cases.append({"call": "beta", "parameters": [alphas, others], "seed": seed, "gradients": list(found)})
    return cases


def generators():
    """States of a generator, first of ordered draws, then of unordered ones (what an unseeded op takes from the global generator)."""
    cases = []
    for seed in (0, 42, 1337, 10**9, 2**32 - 1):
        generator = keras.random.SeedGenerator(seed)
        ordered = [generator.next() for _ in range(4)]
        unordered = [generator.next(ordered=False) for _ in range(6)]
        cases.append({"seed": seed, "ordered": ordered, "unordered": unordered, "state": generator.state.value})
    return cases


def unseeded():
    """After `set_random_seed`: unseeded draws share one global generator, made at the first of them from `random.randint(1, 10**9)`."""
    cases = []
    for seed in (0, 42, 1337):
        keras.utils.set_random_seed(seed)
        steps = [
            {"step": "SeedGenerator()", "state": keras.random.SeedGenerator().state.value},
            {"step": "GlorotUniform()([2, 3])", "output": keras.initializers.GlorotUniform()((2, 3))},
            {"step": "uniform([3])", "output": keras.random.uniform((3,))},
            {"step": "uniform([3])", "output": keras.random.uniform((3,))},
            {"step": "SeedGenerator()", "state": keras.random.SeedGenerator().state.value},
            {"step": "normal([2])", "output": keras.random.normal((2,))},
            {"step": "randint([3], 0, 100)", "output": keras.random.randint((3,), 0, 100)},
            {"step": "random.randint(1, 10**9)", "output": random.randint(1, 10**9)},
            {"step": "np.random.permutation(5)", "output": np.random.permutation(5).tolist()},
        ]
        cases.append({"seed": seed, "steps": steps})
    return cases


def make():
    cases = uniform() + normal() + randint() + dropout() + shuffle() + categorical() + gamma() + beta() + binomial() + many()
    golden.write(
        "random",
        {"bits": bits(), "splits": splits(), "cases": cases, "generators": generators(), "slopes": slopes(), "unseeded": unseeded()},
    )
