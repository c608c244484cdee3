import { describeBackend } from "@keras-ts/conformance";
import { jaxBackend } from "./backend.ts";
import { loadJax } from "./library.ts";
import { limitations } from "./limitations.ts";

describeBackend("jax-js", async () => jaxBackend(await loadJax()), { limitations });
