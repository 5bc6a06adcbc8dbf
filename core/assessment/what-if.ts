/**
 * What if: the same machines assessed under several sets of properties side by side, and what a percentile costs.
 * Machines are added one at a time, so that an estate of any size needs the memory of what differs.
 */
import { type AssessedMachine, assessMachine } from './assess.ts';
import { type Confidence, confidenceOf } from './confidence.ts';
import type { MachineFacts, PointSource } from './machine-facts.ts';
import type { AssessmentPlan } from './plan.ts';
import { addMachine, emptyTotals, type Totals } from './totals.ts';
import type { Suitability } from './vocabulary.ts';

export interface NamedPlan {
  readonly name: string;
  readonly plan: AssessmentPlan;
}

export interface ComparedSet {
  readonly name: string;
  readonly totals: Totals;
  /** Compute, storage and security together. */
  readonly monthlyTotal: number;
  readonly confidence: Confidence | undefined;
}

/** What one set says of a machine. */
export interface Outcome {
  readonly suitability: Suitability;
  readonly size: string | undefined;
  /** Recommended disks in the order of the machine's. */
  readonly disks: readonly string[];
  readonly monthly: number;
}

/** A machine of which not every set says the same; outcomes in the order of the sets. */
export interface ChangedMachine {
  readonly id: string;
  readonly displayName: string;
  readonly outcomes: readonly Outcome[];
}

export interface CurvePoint {
  readonly percentile: number;
  readonly monthlyComputeCost: number;
  readonly monthlyStorageCost: number;
  readonly recommendedCores: number;
  /** Machines that are given a size. */
  readonly sized: number;
}

export interface Comparison {
  readonly machines: number;
  readonly sets: readonly ComparedSet[];
  readonly changed: readonly ChangedMachine[];
  /** Machines that come out otherwise under each set than under the first. */
  readonly differing: readonly number[];
  /** Cost of the first set at each percentile asked for, ascending. */
  readonly curve: readonly CurvePoint[];
}

export class WhatIf {
  readonly #sets: ReadonlyArray<NamedPlan & { readonly totals: Totals }>;
  readonly #curve: ReadonlyArray<{ readonly plan: AssessmentPlan; readonly totals: Totals; sized: number }>;
  readonly #changed: ChangedMachine[] = [];
  readonly #differing: number[];

  /**
   * @param sets the first is the one that the others are compared with.
   * @param percentiles whole numbers from 1 to 100 at which the first set is assessed for the curve.
   */
  constructor(sets: readonly NamedPlan[], percentiles: readonly number[] = []) {
    this.#sets = sets.map((set) => ({ ...set, totals: emptyTotals() }));
    this.#differing = sets.map(() => 0);
    const base = sets[0]?.plan;
    this.#curve = base
      ? percentiles.map((percentile) => ({ plan: { ...base, percentile }, totals: emptyTotals(), sized: 0 }))
      : [];
  }

  add(facts: MachineFacts, points: PointSource): void {
    const outcomes = this.#sets.map(({ plan, totals }) => {
      const machine = assessMachine(plan, facts, points);
      addMachine(totals, machine);
      return outcomeOf(machine);
    });
    let isChanged = false;
    for (const [i, outcome] of outcomes.entries()) {
      if (same(outcome, outcomes[0]!)) continue;
      isChanged = true;
      this.#differing[i]!++;
    }
    if (isChanged) this.#changed.push({ id: facts.id, displayName: facts.displayName, outcomes });
    for (const point of this.#curve) {
      const machine = assessMachine(point.plan, facts, points);
      addMachine(point.totals, machine);
      if (machine.recommendedSize !== undefined) point.sized++;
    }
  }

  result(): Comparison {
    return {
      machines: this.#sets[0]?.totals.machines ?? 0,
      sets: this.#sets.map(({ name, totals }) => ({
        name,
        totals,
        monthlyTotal: totals.monthlyComputeCost + totals.monthlyStorageCost + totals.monthlySecurityCost,
        confidence: confidenceOf(totals.pointsPresent, totals.pointsExpected),
      })),
      changed: this.#changed,
      differing: this.#differing,
      curve: this.#curve.map(({ plan, totals, sized }) => ({
        percentile: plan.percentile,
        monthlyComputeCost: totals.monthlyComputeCost,
        monthlyStorageCost: totals.monthlyStorageCost,
        recommendedCores: totals.recommendedCores,
        sized,
      })),
    };
  }
}

function outcomeOf(machine: AssessedMachine): Outcome {
  const sized = machine.recommendedSize !== undefined;
  return {
    suitability: machine.suitability,
    size: machine.recommendedSize,
    disks: sized ? machine.disks.map(({ choice }) => choice?.name ?? 'none') : [],
    monthly: machine.monthlyComputeCost + machine.monthlyStorageCost + (machine.security?.monthlyCost ?? 0),
  };
}

/** A change of price alone (a reservation) is no change of the machine. */
function same(a: Outcome, b: Outcome): boolean {
  return (
    a.suitability === b.suitability &&
    a.size === b.size &&
    a.disks.length === b.disks.length &&
    a.disks.every((name, i) => name === b.disks[i])
  );
}
