import {
  resolveIdentifier,
  type SerializableClass,
  type SerializedObject,
  serializeKerasObject,
} from "../../registry/index.ts";
import { CosineDecay, CosineDecayRestarts } from "./cosine.ts";
import { ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay } from "./decays.ts";
import { LearningRateSchedule } from "./learning-rate-schedule.ts";

/** The built-in schedules by Keras' names. */
export const scheduleClasses: Readonly<Record<string, SerializableClass<LearningRateSchedule>>> = {
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
  CosineDecay,
  CosineDecayRestarts,
};

/** A schedule as Keras writes it. */
export const serialize = (schedule: LearningRateSchedule): SerializedObject => serializeKerasObject(schedule);
/** The schedule that Keras' form of it describes. @throws ConfigError for an unknown class. */
export const deserialize = (config: SerializedObject): LearningRateSchedule =>
  resolveIdentifier(
    "schedules.deserialize",
    config,
    scheduleClasses,
    (x): x is LearningRateSchedule => x instanceof LearningRateSchedule,
  );
