import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that run the conformance corpus: a minute and more, each. */
const isLong = ({ moduleId }: TestSpecification): boolean =>
  /\/(conformance(-\w+)?|reference)\.test\.ts$/.test(moduleId);

/** Whole corpora first, so that the end of a run does not wait for one of them while other workers are idle. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
