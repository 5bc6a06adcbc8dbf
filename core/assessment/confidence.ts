/**
 * Confidence rating, later called performance coverage: how many of the points that sizing needs are there
 * (assessment.md §8, A13). Not given for imports nor for as-on-premises.
 */
export type Stars = 1 | 2 | 3 | 4 | 5;

export interface Confidence {
  readonly present: number;
  readonly expected: number;
  /** 0…100, unrounded. */
  readonly percent: number;
  readonly stars: Stars;
}

/** Bounds are inclusive: 20 is one star, 20.4 is two. */
export function starsOf(percent: number): Stars {
  if (percent <= 20) return 1;
  if (percent <= 40) return 2;
  if (percent <= 60) return 3;
  return percent <= 80 ? 4 : 5;
}

/** Undefined when nothing was expected. */
export function confidenceOf(present: number, expected: number): Confidence | undefined {
  if (expected === 0) return undefined;
  const percent = (present / expected) * 100;
  return { present, expected, percent, stars: starsOf(percent) };
}
