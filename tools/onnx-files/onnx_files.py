"""Checks exported files with Python's onnx, and runs them with Python's onnxruntime: onnx_files.py <folder>.

`jobs.json` names the files and has the inputs; `answers.json` gets the outputs, or what was wrong.
"""

import numpy as np
import onnx
import onnxruntime

import jobs


def answer(job):
    path = str(jobs.FOLDER / job["file"])
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path, load_external_data=False)
    domains = [opset.domain for opset in model.opset_import]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    kinds = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(uint32)": np.uint32, "tensor(bool)": np.bool_}
    feeds = {
        one.name: np.array(x["data"], kinds[one.type]).reshape(x["shape"])
        for one, x in zip(session.get_inputs(), job["inputs"], strict=True)
    }
    outputs = [[float(x) for x in one.reshape(-1)] for one in session.run(None, feeds)]
    return {"outputs": outputs, "domains": domains, "opset": model.opset_import[0].version, "metadata": [p.key for p in model.metadata_props]}


jobs.run(answer)
