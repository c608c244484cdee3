/** The Python side of the protocol: values and programs by number. See protocol.ts for the messages. */
export const worker: string = `
DTYPES = {
    "bool": np.dtype(np.bool_), "uint8": np.dtype("<u1"), "uint16": np.dtype("<u2"), "uint32": np.dtype("<u4"),
    "int8": np.dtype("<i1"), "int16": np.dtype("<i2"), "int32": np.dtype("<i4"),
    "float32": np.dtype("<f4"), "float64": np.dtype("<f8"),
}


class Failure:
    """Stands for the results of a program that failed: whoever reads them gets the error."""

    def __init__(self, error):
        self.error = error


def describe(error, filename=None, source=None):
    """What went wrong, and which line of the written program was running."""
    line = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == filename:
            line = frame.lineno
    if line is None and isinstance(error, SyntaxError) and error.filename == filename:
        line = error.lineno
    text = source.splitlines()[line - 1].strip() if line and source else None
    return {"type": type(error).__name__, "message": str(error), "line": line, "text": text}


def own(value):
    """An array of its own: views would keep their whole base alive, broadcasts have no memory for each element."""
    array = np.asarray(value)
    base = array.base
    if base is not None and (not array.flags.c_contiguous or getattr(base, "nbytes", array.nbytes) > array.nbytes):
        return in_rows(array)
    return array


class Worker:
    def __init__(self):
        self.values = {}
        self.programs = {}

    def read(self, spec, body):
        start, dtype = spec["offset"], DTYPES[spec["dtype"]]
        count = math.prod(spec["shape"])
        return np.frombuffer(body, dtype, count, start).reshape(spec["shape"])

    def handle(self, header, body):
        """The answer (header and buffers) to a message, or None if it needs none."""
        for number in header.get("release", ()):
            self.values.pop(number, None)
        kind = header["kind"]
        if kind == "upload":
            self.values[header["id"]] = self.read(header, body)
        elif kind == "define":
            self.define(header, body)
        elif kind == "run":
            self.run(header)
            if "seq" not in header:
                return None
            return {"reply": header["seq"]}, []
        elif kind == "settle":
            return {"reply": header["seq"]}, []
        elif kind == "download":
            return self.download(header)
        elif kind == "memory":
            held = [v for v in self.values.values() if isinstance(v, np.ndarray)]
            total = sum(v.nbytes for v in held)
            return {"reply": header["seq"], "handles": len(self.values), "bytes": total, "programs": len(self.programs)}, []
        elif kind == "forget":
            self.programs.pop(header["program"], None)
        elif kind == "hello":
            versions = {"numpy": np.__version__, "python": sys.version.split()[0]}
            return {"reply": header["seq"], "protocol": 1, **versions}, []
        return None

    def define(self, header, body):
        filename, source = "<" + header["label"] + ">", header["source"]
        namespace = {"np": np, "kt": kt}
        try:
            for name, spec in header["literals"].items():
                namespace[name] = self.read(spec, body)
            exec(compile(source, filename, "exec"), namespace)
            function = namespace["program"]
        except Exception as error:
            function = Failure(describe(error, filename, source))
        self.programs[header["program"]] = (function, filename, source, header["donate"])

    def run(self, header):
        """Fills the outputs, with a failure if there was one: who reads them is told."""
        function, filename, source, donated = self.programs[header["program"]]
        try:
            if isinstance(function, Failure):
                raise_failure = function
            else:
                inputs = [self.values[number] for number in header["inputs"]]
                raise_failure = next((x for x in inputs if isinstance(x, Failure)), None)
            for place in donated:
                self.values.pop(header["inputs"][place], None)
            if raise_failure is None:
                for number, value in zip(header["outputs"], function(inputs)):
                    self.values[number] = own(value)
                return
            failure = raise_failure
        except Exception as error:
            failure = Failure(describe(error, filename, source))
        for number in header["outputs"]:
            self.values[number] = failure

    def download(self, header):
        value = self.values.get(header["id"])
        if not isinstance(value, np.ndarray):
            missing = {"type": "KeyError", "message": "no value has this id", "line": None, "text": None}
            return {"reply": header["seq"], "error": value.error if isinstance(value, Failure) else missing}, []
        dtype = next(name for name, known in DTYPES.items() if known == value.dtype)
        array = np.ascontiguousarray(value)
        return {"reply": header["seq"], "dtype": dtype, "shape": list(value.shape)}, [array.reshape(-1).view(np.uint8)]

    def receive(self, frame):
        """One whole message as bytes to one whole answer, for engines in the same process."""
        frame = memoryview(frame)
        size = int.from_bytes(frame[:4], "little")
        with np.errstate(all="ignore"):
            answer = self.handle(json.loads(bytes(frame[12 : 12 + size])), frame[12 + size :])
        if answer is None:
            return None
        return b"".join(encode(*answer))


def encode(header, buffers):
    text = json.dumps(header).encode()
    total = sum(buffer.nbytes for buffer in buffers)
    return [len(text).to_bytes(4, "little"), total.to_bytes(8, "little"), text, *buffers]


def serve(source, sink):
    """Messages from one stream, answers to the other, until the stream ends (so the worker ends with its parent)."""
    worker = Worker()
    np.seterr(all="ignore")
    while True:
        prefix = source.read(12)
        if len(prefix) < 12:
            return
        header = json.loads(source.read(int.from_bytes(prefix[:4], "little")))
        size = int.from_bytes(prefix[4:], "little")
        body = bytearray(size)
        view, done = memoryview(body), 0
        while done < size:
            got = source.readinto(view[done:])
            if not got:
                return
            done += got
        if header["kind"] == "exit":
            return
        answer = worker.handle(header, body)
        if answer is not None:
            for part in encode(*answer):
                sink.write(part)
            sink.flush()
`;
