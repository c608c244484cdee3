// A place to try things: edit and run with `npm run play`. Nothing depends on this file.
import * as keras from "@keras-ts/core";

console.log("@keras-ts/core exports:", Object.keys(keras).sort().join(", "));
