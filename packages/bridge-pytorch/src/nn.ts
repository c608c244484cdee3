// The namespace `nn`: what modules are made of, and criteria.
export { BCEWithLogitsLoss, CrossEntropyLoss, MSELoss } from "./losses.ts";
export { Module } from "./module.ts";
export { Buffer, Parameter } from "./parameter.ts";
export { Sequential } from "./sequential.ts";
