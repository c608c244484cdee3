import { reference } from "@keras-ts/core/backend";
import { describeBackend } from "./index.ts";

describeBackend("reference", () => reference());
