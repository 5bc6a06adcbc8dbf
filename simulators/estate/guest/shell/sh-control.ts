/** What unwinds the shell: exit, return, break and continue. */

/** `exit` unwinds to the shell it is in. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super('exit');
    this.code = code;
  }
}

/** `return` unwinds to the function or the script it is in. */
export class Return extends Error {
  readonly code: number;

  constructor(code: number) {
    super('return');
    this.code = code;
  }
}

export class LoopControl extends Error {
  readonly isBreak: boolean;
  /** Loops that are left, or gone on with, still. */
  levels: number;

  constructor(isBreak: boolean, levels: number) {
    super('loop');
    this.isBreak = isBreak;
    this.levels = levels;
  }
}
