/** `drylift assess`: the engine on anybody's machines and points, without a world. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import {
  diskHeader,
  machineHeader,
  propertiesSheet,
  summarySheet,
  type WorkbookCell,
} from '#core/assessment/portal-workbook.ts';
import { csvHeader, renderTable, summaryJson } from '#core/assessment/table.ts';
import { defineErrors } from '#core/errors.ts';
import { type ChunkResult, planOf, summaryOf, type Wants } from '../assess/chunk.ts';
import { type AssessOptions, asOfOf, pricesOf, sheetOf, sourceOf, wordsOf } from '../assess/options.ts';
import { propertiesOf } from '../assess/property-words.ts';
import { runAssessment } from '../assess/run.ts';
import { workbookFile } from '../assess/workbook-file.ts';

export const errors = defineErrors({
  'assess.tooManyForWorkbook': {
    blame: 'input',
    why: 'A workbook is made in memory; so many rows are better read from CSV or JSON.',
    next: 'Use --csv FILE, or --json with --out FILE.',
  },
});

/** Every size and disk that was considered is told of so many machines; of more when asked for. */
const EXPLAINED_MAX = 1_000;
const WORKBOOK_MAX = 20_000;

interface Options extends AssessOptions {
  readonly json?: boolean;
  readonly out?: string;
  readonly csv?: string;
  readonly xlsx?: string;
  readonly explain?: boolean;
  readonly threads?: string;
  readonly name?: string;
}

export async function assess(options: Options): Promise<void> {
  const source = await sourceOf(options);
  try {
    const set = propertiesOf(wordsOf(options));
    const prices = pricesOf(options);
    const asOf = asOfOf(options, source);
    const plan = planOf(set, sheetOf(prices), asOf);
    if (options.xlsx !== undefined && source.count > WORKBOOK_MAX)
      throw errors.make('assess.tooManyForWorkbook', {
        what: `There are ${source.count.toLocaleString('en')} machines.`,
      });
    for (const warning of source.warnings) process.stderr.write(`note: ${warning}\n`);

    const explained = options.explain === true || source.count <= EXPLAINED_MAX;
    const wants: Wants = {
      json: options.json ? (explained ? 'explained' : 'plain') : 'no',
      csv: options.csv !== undefined,
      workbook: options.xlsx !== undefined,
      table: !options.json,
    };
    const json = options.json ? new Output(options.out) : undefined;
    const csv = options.csv === undefined ? undefined : new Output(options.csv);
    const machineRows: WorkbookCell[][] = [machineHeader(plan)];
    const diskRows: WorkbookCell[][] = [diskHeader(plan)];
    const tableRows: string[][] = [];
    let isFirst = true;
    json?.write('{"assessedMachines":[\n');
    csv?.write(csvHeader());
    const take = (result: ChunkResult): void => {
      if (result.json !== '') json?.write(isFirst ? result.json : `,\n${result.json}`);
      isFirst = false;
      csv?.write(result.csv);
      machineRows.push(...result.machineRows);
      diskRows.push(...result.diskRows);
      tableRows.push(...result.tableRows);
    };
    const threads = Number(options.threads ?? Math.min(availableParallelism(), 4));
    const totals = await runAssessment(plan, source, { set, prices, asOf, wants }, threads, take);
    const summary = summaryOf(plan, totals);
    json?.write(`\n],\n${JSON.stringify(summaryJson(summary)).slice(1)}\n`);
    json?.close();
    csv?.close();
    if (options.xlsx !== undefined) {
      const name = options.name ?? basename(options.points ?? options.machines ?? 'assessment');
      const sheets = [
        summarySheet(name, plan, totals, summary.confidence),
        { name: 'All_Assessed_Machines', rows: machineRows },
        { name: 'All_Assessed_Disks', rows: diskRows },
        propertiesSheet(plan),
      ];
      writeFileSync(options.xlsx, workbookFile(sheets));
    }
    if (!options.json) process.stdout.write(renderTable(tableRows, summary));
  } finally {
    await source.close();
  }
}

/** A file, or standard output when none is named. */
class Output {
  readonly #file: number | undefined;

  constructor(path: string | undefined) {
    this.#file = path === undefined ? undefined : openSync(path, 'w');
  }

  write(text: string): void {
    if (this.#file === undefined) process.stdout.write(text);
    else writeSync(this.#file, text);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
