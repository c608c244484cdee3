"""Regenerates the golden files with real Keras on JAX: `python main.py [family ...]`, all families if none is named."""

import importlib
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["PYTHONHASHSEED"] = "0"
os.environ["COLUMNS"] = "80"

FAMILIES = ["mersenne", "draws", "initializers", "small", "losses", "metrics", "optimizers", "promotion", "sweep", "layers", "curves", "models", "training", "mixed", "policies"]
# Each of these modules gives the cases of one family of `keras.ops`: ops_nn writes ops-nn.json.
# After them `specs`, which makes its calls of theirs.
OPS = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("ops_*.py"))


def main(names):
    import golden

    for name in names or [*FAMILIES, *OPS, "specs"]:
        for module in OPS if name == "ops" else [name]:
            made = importlib.import_module(module).make()
            if module in OPS:
                golden.write(module.replace("_", "-"), {"cases": made})


if __name__ == "__main__":
    main(sys.argv[1:])
