export { hasFiles, readFile, saveBlob, writeFileAtomic } from "./atomic-file.ts";
export { readWeightsH5, type WeightGroup, writeWeightsH5 } from "./h5.ts";
export {
  type KerasFile,
  type KerasMetadata,
  kerasMetadata,
  kerasVersion,
  packKerasFile,
  unpackKerasFile,
} from "./keras-file.ts";
export { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";
