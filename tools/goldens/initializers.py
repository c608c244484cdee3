"""initializers.json: values of every initializer for given shapes and seeds, with their configs."""

import itertools

import keras

import golden

SHAPES = {
    "dense": (4, 3), "bias": (5,), "scalar": (), "conv2d": (3, 3, 2, 4), "depthwise": (3, 3, 2, 1), "conv1d": (3, 2, 4), "embedding": (7, 3),
    "attention": (4, 2, 3), "lstm": (3, 16), "square": (5, 5), "wide": (3, 8), "tall": (8, 3),
}


def case(initializer, shape, dtype=None):
    output = initializer(shape, dtype=dtype) if dtype else initializer(shape)
    return {"initializer": keras.initializers.serialize(initializer), "shape": list(shape), "dtype": dtype, "output": output}


def make():
    init = keras.initializers
    cases = [case(make(), shape) for make in (init.Zeros, init.Ones) for shape in ((), (3,), (2, 3))]
    cases += [case(make(), (3,), dtype) for make in (init.Zeros, init.Ones) for dtype in ("int32", "bool", "float16")]
    cases += [case(init.Constant(value), (2, 2)) for value in (0.0, 0.1, -3.5)]
    cases += [case(init.Identity(gain=gain), shape) for gain in (1.0, 0.5) for shape in ((3, 3), (2, 4), (4, 2))]
    for make in (init.RandomUniform, init.RandomNormal, init.TruncatedNormal):
        cases += [case(make(seed=seed), shape) for seed in (0, 42) for shape in ((), (5,), (2, 3), (3, 3, 2, 1))]
    cases += [case(init.RandomUniform(minval=-2.0, maxval=0.5, seed=7), (2, 3)), case(init.RandomUniform(seed=7), (2, 3), "float16")]
    cases += [case(make(mean=0.3, stddev=2.0, seed=7), (2, 3)) for make in (init.RandomNormal, init.TruncatedNormal)]
    modes = itertools.product((0.5, 2.0), ("fan_in", "fan_out", "fan_avg"), ("truncated_normal", "untruncated_normal", "uniform"))
    for scale, mode, distribution in modes:
        initializer = init.VarianceScaling(scale=scale, mode=mode, distribution=distribution, seed=11)
        cases += [case(initializer, SHAPES[name]) for name in ("dense", "conv1d")]
    named = (init.GlorotUniform, init.GlorotNormal, init.HeUniform, init.HeNormal, init.LecunUniform, init.LecunNormal)
    for make in named:
        cases += [case(make(seed=42), shape) for name, shape in SHAPES.items() if name not in ("square", "wide", "tall")]
        cases.append(case(make(seed=1337), (2, 3)))
    orthogonal = ("dense", "square", "wide", "tall", "lstm", "conv1d")
    cases += [case(init.Orthogonal(seed=seed, gain=gain), SHAPES[name]) for seed, gain in ((0, 1.0), (42, 0.5)) for name in orthogonal]
    drawn_twice = init.GlorotUniform(seed=3)  # an int seed gives the same values every time, a generator does not
    generator = keras.random.SeedGenerator(3)
    from_generator = init.GlorotUniform(seed=generator)
    repeats = [
        {"seed": 3, "outputs": [drawn_twice((2, 2)), drawn_twice((2, 2))]},
        {"seed_generator": 3, "outputs": [from_generator((2, 2)), from_generator((2, 2))], "state": generator.state.value},
    ]
    names = sorted({name for name in dir(init) if name.islower() and not name.startswith("_")} - {"get", "serialize", "deserialize", "constant", "stft"})
    identifiers = {}
    for name in names:
        found = init.get(name)
        identifiers[name] = type(found).__name__
    golden.write("initializers", {"cases": cases, "repeats": repeats, "identifiers": identifiers})
