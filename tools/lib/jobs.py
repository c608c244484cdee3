"""Jobs that a check hands to Python: `jobs.json` in the folder of the first argument lists them, `answers.json` gets what came of each."""

import json
import sys
import traceback
from pathlib import Path

FOLDER = Path(sys.argv[1])


def run(answer):
    """Writes `answer(job)` for each job by its name, or `{"error": ...}` with the end of the trace."""
    answers = {}
    for job in json.loads((FOLDER / "jobs.json").read_text()):
        try:
            answers[job["name"]] = answer(job)
        except Exception:
            answers[job["name"]] = {"error": traceback.format_exc(limit=3)}
    (FOLDER / "answers.json").write_text(json.dumps(answers))
