"""Loads with real Keras what this repository saved, predicts, trains on, saves again: keras_files.py <folder>.

`jobs.json` names the files and has the inputs; `answers.json` gets what Keras makes of them, errors included.
"""

import json

import keras
import numpy as np

import jobs


def revive(value):
    if isinstance(value, dict) and "data" in value and "dtype" in value:
        return np.array(value["data"], value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: revive(item) for key, item in value.items()}
    return [revive(item) for item in value]


def numbers(tensors):
    return [[float(x) for x in np.asarray(one).reshape(-1)] for one in keras.tree.flatten(tensors)]


def train(model, x, y, steps):
    return [{key: float(value) for key, value in model.train_on_batch(x, y, return_dict=True).items()} for _ in range(steps)]


def answer(job):
    keras.utils.clear_session()
    keras.utils.set_random_seed(job["seed"])
    model = keras.saving.load_model(jobs.FOLDER / job["file"])
    x = revive(job["x"])
    result = {"predictions": numbers(model.predict(x, verbose=0)), "config": json.loads(model.to_json())}
    if job.get("y") is not None:
        y = revive(job["y"])
        result["losses"] = train(model, x, y, job["steps"])
    model.save(jobs.FOLDER / job["resaved"])
    result["later"] = numbers(model.predict(x, verbose=0))
    return result


jobs.run(answer)
