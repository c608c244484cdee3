import { elementwise } from "./elementwise.ts";
import { linalg } from "./linalg.ts";
import { structural } from "./structural.ts";
import { windows } from "./windows.ts";
import { worker } from "./worker.ts";

const head = `
import itertools
import json
import math
import sys
import traceback

import numpy as np

if int(np.__version__.split(".")[0]) < 2:
    raise ImportError("NumPy 2 or newer is needed, this is " + np.__version__)
`;

/** The Python module that written programs call as `kt`, and the worker that runs them. Expects `kt` to name itself. */
export const runtimeSource: string = [head, elementwise, structural, windows, linalg, worker].join("\n");
