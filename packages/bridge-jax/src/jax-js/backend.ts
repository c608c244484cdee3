import type { Backend, HostArray } from "@keras-ts/core/backend";
import { kernelsFor } from "./kernels.ts";
import type { JaxArray, JaxModule } from "./library.ts";
import { limitations } from "./limitations.ts";
import { upload } from "./rows.ts";

/** jax-js as core sees an engine: what interprets a model's graph on arrays and tracers. */
export function jaxBackend(jax: JaxModule): Backend<JaxArray> {
  return {
    name: "jax-js",
    dtypes: new Set(["float32", "int32", "uint32", "bool"]),
    limitations,
    kernels: kernelsFor(jax),
    upload: (host) => upload(jax, host),
    download: async (handle) => {
      const { shape } = handle;
      const dtype = String(handle.dtype) as HostArray["dtype"];
      const values = await handle.ref.data();
      const data = dtype === "bool" ? Uint8Array.from(values, Number) : values;
      return { shape, dtype, data: data as HostArray["data"] };
    },
    release: (handle) => handle.dispose(),
  };
}
