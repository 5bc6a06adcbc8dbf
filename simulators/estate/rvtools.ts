/**
 * An estate from an RVTools workbook. Only vInfo is required. What other sheets say is joined to it; what the
 * workbook lacks is derived and listed in `EstateFacts.derivations`; what is wrong is reported all at once,
 * by sheet, row and column, and then nothing is imported.
 *
 * Everything in vInfo becomes a machine: those that are off, suspended or templates, too.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import { defineErrors } from '#core/errors.ts';
import type { EstateFacts, Machine } from './model.ts';
import { SHEET_NAMES, type SheetName } from './rvtools-columns.ts';
import { Ids } from './rvtools-ids.ts';
import {
  indexMachines,
  joinRows,
  type MachineIndex,
  type MachineSheet,
  type Tables,
} from './rvtools-join.ts';
import { readMachine } from './rvtools-machines.ts';
import { statedMac } from './rvtools-nics.ts';
import { Places } from './rvtools-places.ts';
import { Findings, type Problem, Table, type TableRow } from './rvtools-table.ts';
import { readSheets } from './workbook.ts';

export const errors = defineErrors({
  'estate.workbook.noVInfo': {
    blame: 'input',
    why: 'The machines of an RVTools workbook are in its sheet vInfo (tabvInfo in older versions).',
    next: 'Export from RVTools with "Export all to Excel", or name the sheet vInfo and its column of names VM.',
  },
  'estate.workbook.noMachines': {
    blame: 'input',
    why: 'The sheet vInfo has no rows below its header.',
    next: 'Check that the export was made with an account that may see the machines.',
  },
  'estate.workbook.tooManyMachines': {
    blame: 'input',
    why: 'One workbook holds at most 20,000 machines, as in Azure Migrate.',
    next: 'Split the workbook.',
  },
  'estate.workbook.severalVcenters': {
    blame: 'input',
    why: 'An estate is what one vCenter shows; ids such as vm-12 repeat between vCenters.',
    next: 'Keep the rows of one vCenter (column "VI SDK Server") and import the others as estates of their own.',
  },
  'estate.workbook.badRows': {
    blame: 'input',
    why: 'These cells cannot be used.',
    next: 'Correct them, or delete the rows, and import again. Nothing has been imported.',
  },
});

export const MAX_MACHINES = 20_000;
const PROBLEMS_SHOWN = 20;

/**
 * Imports a workbook.
 *
 * @param options.fileName for messages, and the estate's name without its extension.
 * @param options.seed everything derived follows from it.
 * @throws the codes above (`estate.workbook.badRows` lists the first 20 problems in `why` and as
 *   `data.problem1` …, and their number as `data.problems`), and those of `readSheets`.
 */
export function importRvtools(file: Buffer, options: { fileName: string; seed: string }): EstateFacts {
  const { fileName, seed } = options;
  const findings = new Findings();
  const tables = readTables(file, fileName, findings);
  const vInfo = tables.vInfo;
  if (vInfo === undefined || !vInfo.has('name'))
    throw errors.make('estate.workbook.noVInfo', {
      what: vInfo
        ? `Sheet ${vInfo.sheet.name} of ${fileName} has no column VM.`
        : `${fileName} has no sheet vInfo.`,
      where: { file: fileName },
    });
  if (vInfo.sheet.rows.length > MAX_MACHINES) checkCount(vInfo, fileName);
  checkOneVcenter(vInfo, fileName);

  const index = indexMachines(vInfo);
  if (index.keys.length === 0 && findings.problems.length === 0)
    throw errors.make('estate.workbook.noMachines', {
      what: `Sheet ${vInfo.sheet.name} of ${fileName} lists no machines.`,
      where: { file: fileName },
    });
  const facts = build(tables, index, findings, fileName, seed);
  if (findings.problems.length > 0) throw badRows(findings.problems, fileName);
  return facts;
}

function build(
  tables: Tables,
  index: MachineIndex,
  findings: Findings,
  fileName: string,
  seed: string,
): EstateFacts {
  const entropy = new Entropy(seed);
  const places = new Places(entropy, findings);
  if (tables.vCluster) places.readClusters(tables.vCluster);
  if (tables.vHost) places.readHosts(tables.vHost);
  if (tables.vDatastore) places.readDatastores(tables.vDatastore);

  const join = <S extends MachineSheet>(sheet: S): Map<number, TableRow<S>[]> => {
    const table = tables[sheet] as Table<S> | undefined;
    return table ? joinRows(table, index, findings) : new Map();
  };
  const joined = {
    vCPU: join('vCPU'),
    vMemory: join('vMemory'),
    vTools: join('vTools'),
    vDisk: join('vDisk'),
    vPartition: join('vPartition'),
    vNetwork: join('vNetwork'),
  };
  const macs = new Set<string>();
  for (const rows of joined.vNetwork.values())
    for (const row of rows) {
      const mac = statedMac(row);
      if (mac !== undefined) macs.add(mac);
    }

  // Stated ids first, so that a derived one never takes the number of a machine further down.
  const ids = new Ids('vm-', 1001);
  const taken = index.keys.map(({ vmId }) => (vmId === undefined ? undefined : ids.take(vmId)));
  const context = { entropy, findings, places, paths: new Set<string>(), macs };
  const machines = index.keys.map((key, place): Machine => {
    const id = taken[place] ?? ids.take();
    if (id !== key.vmId)
      findings.derive(
        `machine ${key.name}`,
        'id',
        id,
        key.vmId ? `${key.vmId} is not of the form vm-123` : 'the workbook does not say',
      );
    return readMachine(context, key, place, id, {
      vCPU: joined.vCPU.get(place) ?? [],
      vMemory: joined.vMemory.get(place) ?? [],
      vTools: joined.vTools.get(place) ?? [],
      vDisk: joined.vDisk.get(place) ?? [],
      vPartition: joined.vPartition.get(place) ?? [],
      vNetwork: joined.vNetwork.get(place) ?? [],
    });
  });
  let vcenterUuid = index.keys[0]?.row.text('vcenterUuid', 64)?.toLowerCase();
  if (vcenterUuid === undefined || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(vcenterUuid)) {
    vcenterUuid = entropy.uuid('estate.vcenter');
    findings.derive('vCenter', 'instance UUID', vcenterUuid, 'the workbook does not say');
  }
  return {
    seed,
    name: fileName.replace(/^.*[/\\]/, '').replace(/\.[^.]*$/, ''),
    vcenterUuid,
    ...places.finish(),
    machines,
    cpuTraces: new Map(),
    derivations: findings.derivations,
  };
}

function readTables(file: Buffer, fileName: string, findings: Findings): Tables {
  // Exports of RVTools before version 4 name their sheets tabvInfo, tabvDisk …
  const sheets = readSheets(
    file,
    fileName,
    SHEET_NAMES.flatMap((name) => [name, `tab${name}`]),
  );
  const tables: { [S in SheetName]?: Table<S> } = {};
  const add = <S extends SheetName>(kind: S) => {
    const [sheet] = sheets.filter(
      ({ name }) => name.toLowerCase().replace(/^tab/, '') === kind.toLowerCase(),
    );
    if (sheet) (tables as Record<string, Table<S>>)[kind] = new Table(sheet, kind, findings);
  };
  for (const kind of SHEET_NAMES) add(kind);
  return tables;
}

function checkCount(vInfo: Table<'vInfo'>, fileName: string): void {
  const count = vInfo.sheet.rows.filter((row) => vInfo.cell(row, 'name') !== undefined).length;
  if (count > MAX_MACHINES)
    throw errors.make('estate.workbook.tooManyMachines', {
      what: `${fileName} lists ${count.toLocaleString('en')} machines; at most ${MAX_MACHINES.toLocaleString('en')} are imported.`,
      where: { file: fileName, sheet: vInfo.sheet.name },
    });
}

function checkOneVcenter(vInfo: Table<'vInfo'>, fileName: string): void {
  for (const field of ['vcenterUuid', 'vcenter'] as const) {
    const found = new Set<string>();
    for (const row of vInfo.sheet.rows) {
      const cell = vInfo.cell(row, field);
      if (cell) found.add(String(cell.value).toLowerCase());
    }
    if (found.size > 1)
      throw errors.make('estate.workbook.severalVcenters', {
        what: `${fileName} holds the machines of ${found.size} vCenters: ${[...found].slice(0, 5).join(', ')}.`,
        where: { file: fileName, sheet: vInfo.sheet.name },
      });
  }
}

function badRows(problems: readonly Problem[], fileName: string) {
  const ordered = [...problems].sort((a, b) => SHEET_ORDER(a.sheet) - SHEET_ORDER(b.sheet) || a.row - b.row);
  const shown = ordered.slice(0, PROBLEMS_SHOWN).map(formatProblem);
  if (ordered.length > shown.length) shown.push(`… and ${ordered.length - shown.length} more`);
  const rows = new Set(ordered.map(({ sheet, row }) => `${sheet}!${row}`)).size;
  const [first] = ordered;
  return errors.make('estate.workbook.badRows', {
    what: `${fileName} has ${count(ordered.length, 'bad cell')} in ${count(rows, 'row')}; nothing was imported.`,
    why: `These cells cannot be used:\n         ${shown.join('\n         ')}`,
    where: {
      file: fileName,
      sheet: first!.sheet,
      row: first!.row,
      ...(first!.column === '' ? {} : { column: first!.column }),
    },
    data: {
      problems: ordered.length,
      ...Object.fromEntries(
        ordered.slice(0, PROBLEMS_SHOWN).map((each, i) => [`problem${i + 1}`, formatProblem(each)]),
      ),
    },
  });
}

const SHEET_ORDER = (sheet: string) =>
  SHEET_NAMES.findIndex((name) => name.toLowerCase() === sheet.toLowerCase().replace(/^tab/, ''));

const count = (n: number, thing: string) => `${n} ${thing}${n === 1 ? '' : 's'}`;

function formatProblem({ sheet, row, column, header, what }: Problem): string {
  const place = column === '' ? `${sheet} row ${row}` : `${sheet} row ${row} column ${column} (${header})`;
  return `${place}: ${what}`;
}
