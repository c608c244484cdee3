"""Regenerates the golden files with real Keras on JAX: `python main.py [family ...]`, all families if none is named."""

import importlib
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["PYTHONHASHSEED"] = "0"
os.environ["COLUMNS"] = "80"

FAMILIES = ["mersenne", "draws", "initializers", "small", "losses", "metrics", "optimizers", "ops", "layers", "curves", "models", "training"]


def main(names):
    for name in names or FAMILIES:
        importlib.import_module(name).make()


if __name__ == "__main__":
    main(sys.argv[1:])
