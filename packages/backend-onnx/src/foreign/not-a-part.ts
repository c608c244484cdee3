/** Why a model cannot go into a program with others, and what to do. */
export class NotAPart extends Error {
  readonly todo: string;

  constructor(why: string, todo: string) {
    super(why);
    this.todo = todo;
  }
}
