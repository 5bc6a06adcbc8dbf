/** A broken invariant of drylift itself. Never thrown for input, peers or the environment. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** States what must hold. Stays on in production: a wrong answer costs more than a check. */
export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new AssertionFailed(mustHold);
}

/** Marks a branch the types exclude; reaching it means a table and a union disagree. */
export function unreachable(value: never, context: string): never {
  throw new AssertionFailed(`${context}: unexpected ${JSON.stringify(value)}`);
}
