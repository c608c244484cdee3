// What users reach as `dtypePolicies`.
import { type SerializedObject, serializeKerasObject } from "../registry/index.ts";
import { type DTypePolicy, getDtypePolicy } from "./dtype-policy.ts";

export { DTypePolicy, DTypePolicyMap, type DTypePolicyMapConfig, getDtypePolicy as get } from "./dtype-policy.ts";

/** The JSON form of a policy. Source: keras.dtype_policies.serialize. */
export const serialize = (policy: DTypePolicy): SerializedObject => serializeKerasObject(policy);

/** The policy that a JSON form stands for. @throws ConfigError for anything else. Source: keras.dtype_policies.deserialize. */
export const deserialize = (serialized: SerializedObject): DTypePolicy => getDtypePolicy(serialized);
