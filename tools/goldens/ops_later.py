"""Ops of Keras 3.16 that join and multiply matrices, computed by what they call in JAX: ops-later.json."""

import jax.numpy as jnp
import keras
import numpy as np

from call import array, case
from golden import integers, values

keras.ops.column_stack = lambda xs: jnp.column_stack(xs)
keras.ops.matrix_power = lambda x, n: jnp.linalg.matrix_power(x, n)


def make():
    a, b = values(310, (3,)), values(311, (3, 2))
    cases = [case("column_stack", [a, b]), case("column_stack", [b, b, b]), case("column_stack", [array(1.0), array(2.0)]), case("column_stack", [integers(312, (2,), 0, 5), values(313, (2,))]), case("column_stack", [np.zeros((0,), "float32"), np.zeros((0, 2), "float32")]), case("column_stack", [values(314, (2, 2, 3)), values(315, (2, 1, 3))])]
    x = np.round(values(316, (2, 3, 3)) + 2 * np.eye(3, dtype="float32"), 2)
    cases += [case("matrix_power", x, n) for n in (0, 1, 2, 3, 5, 10, -1, -2)]
    cases += [case("matrix_power", integers(317, (2, 2), -3, 4), n) for n in (0, 1, 4, -1)] + [case("matrix_power", array([[1.5, 2.0], [0.5, -1.0]], "float16"), 3), case("matrix_power", np.zeros((0, 2, 2), "float32"), 3), case("matrix_power", array([[2.0]]), 7)]
    return cases
