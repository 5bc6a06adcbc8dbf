/**
 * An assessment in chunks of a fixed number of machines. Who works on a chunk, and when, does not matter: results are
 * put together in the order of the machines, and sums are added chunk by chunk, so that every number of threads gives
 * the same bytes.
 */
import { type AssessedMachine, type Assessment, assessMachine } from '#core/assessment/assess.ts';
import { confidenceOf } from '#core/assessment/confidence.ts';
import type { MachineFacts, PointSource } from '#core/assessment/machine-facts.ts';
import { type AssessmentPlan, builtInCatalogue, planAssessment } from '#core/assessment/plan.ts';
import { diskRow, machineRow, type WorkbookCell } from '#core/assessment/portal-workbook.ts';
import type { PriceSheet } from '#core/assessment/price-sheet.ts';
import { assessmentProperties } from '#core/assessment/properties.ts';
import { csvRow, machineJson, tableRow } from '#core/assessment/table.ts';
import { addMachine, emptyTotals, type Totals } from '#core/assessment/totals.ts';
import type { UnixMillis } from '#core/units.ts';
import { asGiven, type PropertySet } from './property-words.ts';

export const CHUNK_MACHINES = 250;
/** Rows that a terminal is given. */
export const TABLE_ROWS = 40;

/** What a chunk is to bring; anything but the totals costs time and memory. */
export interface Wants {
  readonly json: 'no' | 'plain' | 'explained';
  readonly csv: boolean;
  readonly workbook: boolean;
  readonly table: boolean;
}

export interface ChunkResult {
  readonly totals: Totals;
  /** Objects, one a line, parted by ",\n". */
  readonly json: string;
  readonly csv: string;
  readonly machineRows: WorkbookCell[][];
  readonly diskRows: WorkbookCell[][];
  readonly tableRows: string[][];
}

/** @throws as `assessmentProperties` and `planAssessment` */
export function planOf(set: PropertySet, prices: PriceSheet | undefined, asOf: UnixMillis): AssessmentPlan {
  const plan = planAssessment(assessmentProperties(asGiven(set)), builtInCatalogue(prices), asOf);
  return set.percentile === undefined ? plan : { ...plan, percentile: set.percentile };
}

export async function assessChunk(
  plan: AssessmentPlan,
  machines: AsyncIterable<{ facts: MachineFacts; points: PointSource }>,
  wants: Wants,
): Promise<ChunkResult> {
  const totals = emptyTotals();
  const json: string[] = [];
  let csv = '';
  const machineRows: WorkbookCell[][] = [];
  const diskRows: WorkbookCell[][] = [];
  const tableRows: string[][] = [];
  for await (const { facts, points } of machines) {
    const machine: AssessedMachine = assessMachine(plan, facts, points);
    addMachine(totals, machine);
    if (wants.json !== 'no')
      json.push(JSON.stringify(machineJson(plan, machine, wants.json === 'explained')));
    if (wants.csv) csv += csvRow(plan, machine);
    if (wants.table && tableRows.length < TABLE_ROWS) tableRows.push(tableRow(plan, machine));
    if (!wants.workbook) continue;
    machineRows.push(machineRow(machine));
    for (const disk of machine.disks) diskRows.push(diskRow(machine, disk));
  }
  return { totals, json: json.join(',\n'), csv, machineRows, diskRows, tableRows };
}

/** Adds the sums of a chunk to those of the chunks before it. */
export function addTotals(into: Totals, chunk: Totals): void {
  const add = <T extends object>(to: T, from: T): void => {
    for (const key of Object.keys(from) as Array<keyof T>) {
      const value = from[key];
      if (typeof value === 'number') (to[key] as number) += value;
      else if (typeof value === 'object' && value !== null) add(to[key] as object, value);
    }
  };
  add(into, chunk);
}

export function summaryOf(
  plan: AssessmentPlan,
  totals: Totals,
): Pick<Assessment, 'plan' | 'totals' | 'confidence'> {
  return { plan, totals, confidence: confidenceOf(totals.pointsPresent, totals.pointsExpected) };
}
