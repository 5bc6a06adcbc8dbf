/**
 * Which machine a row of a sheet is about. Sheets disagree on names (machines get renamed while the export
 * runs, and some sheets show the guest's name), so rows are joined by VM ID, then by UUID, then by name.
 */
import type { SheetName } from './rvtools-columns.ts';
import type { Findings, Table, TableRow } from './rvtools-table.ts';

/** Sheets that hold rows about machines. */
export type MachineSheet = 'vCPU' | 'vMemory' | 'vTools' | 'vDisk' | 'vPartition' | 'vNetwork';

/** What identifies one machine, from its row in vInfo. */
export interface MachineKey {
  readonly row: TableRow<'vInfo'>;
  readonly name: string;
  readonly vmId: string | undefined;
  readonly uuid: string | undefined;
  readonly datacenter: string | undefined;
  readonly folder: string | undefined;
}

export interface MachineIndex {
  readonly keys: readonly MachineKey[];
  readonly byVmId: ReadonlyMap<string, number>;
  readonly byUuid: ReadonlyMap<string, number>;
  readonly byName: ReadonlyMap<string, readonly number[]>;
}

/** Longest name that is taken; vCenter itself stops at 80 characters. */
const MAX_NAME = 255;

/**
 * The machines of vInfo in the order of its rows. Reports rows without a name and rows that are there twice:
 * same VM ID, same UUID, or same name in one datacenter. vCenter does allow one name in two folders: that is
 * accepted where both rows say so and have ids of their own.
 */
export function indexMachines(table: Table<'vInfo'>): MachineIndex {
  const keys: MachineKey[] = [];
  const byVmId = new Map<string, number>();
  const byUuid = new Map<string, number>();
  const byName = new Map<string, number[]>();
  for (const row of table.rows()) {
    const name = row.text('name', MAX_NAME);
    if (name === undefined) {
      if (row.isBlank('name')) row.report('name', 'is empty: the machine has no name');
      continue;
    }
    const key: MachineKey = {
      row,
      name,
      vmId: row.text('vmId', 64),
      uuid: row.uuid('instanceUuid'),
      datacenter: row.text('datacenter', MAX_NAME),
      folder: row.text('folder'),
    };
    const first = (index: number) => `the first one is in row ${keys[index]!.row.number}`;
    const sameId = key.vmId === undefined ? undefined : byVmId.get(key.vmId);
    const sameUuid = key.uuid === undefined ? undefined : byUuid.get(key.uuid);
    const sameName = byName.get(name.toLowerCase())?.find((index) => collide(keys[index]!, key));
    if (sameId !== undefined) row.report('vmId', `"${key.vmId}" is there twice; ${first(sameId)}`);
    else if (sameUuid !== undefined)
      row.report('instanceUuid', `"${key.uuid}" is there twice; ${first(sameUuid)}`);
    else if (sameName !== undefined)
      row.report('name', `"${name.slice(0, 60)}" is there twice; ${first(sameName)}`);
    else {
      const index = keys.push(key) - 1;
      if (key.vmId !== undefined) byVmId.set(key.vmId, index);
      if (key.uuid !== undefined) byUuid.set(key.uuid, index);
      byName.set(name.toLowerCase(), [...(byName.get(name.toLowerCase()) ?? []), index]);
    }
  }
  return { keys, byVmId, byUuid, byName };
}

function collide(a: MachineKey, b: MachineKey): boolean {
  if (a.datacenter !== b.datacenter) return false;
  const bothHaveIds =
    (a.vmId !== undefined && b.vmId !== undefined) || (a.uuid !== undefined && b.uuid !== undefined);
  const twoFolders = a.folder !== undefined && b.folder !== undefined && a.folder !== b.folder;
  return !(bothHaveIds && twoFolders);
}

/** Rows of a sheet by machine (its place in the index). Rows of machines that vInfo does not have are listed. */
export function joinRows<S extends MachineSheet>(
  table: Table<S>,
  index: MachineIndex,
  findings: Findings,
): Map<number, TableRow<S>[]> {
  const joined = new Map<number, TableRow<S>[]>();
  const renamed = new Map<number, string>();
  const strangers: string[] = [];
  for (const row of (table as unknown as Table<MachineSheet>).rows()) {
    const name = row.text('name', MAX_NAME);
    const vmId = row.text('vmId', 64);
    const uuid = row.text('instanceUuid', 64)?.toLowerCase();
    let machine = vmId === undefined ? undefined : index.byVmId.get(vmId);
    let by = 'VM ID';
    if (machine === undefined && uuid !== undefined) [machine, by] = [index.byUuid.get(uuid), 'VM UUID'];
    if (machine === undefined && name !== undefined) {
      const datacenter = row.text('datacenter', MAX_NAME);
      const namesakes = index.byName.get(name.toLowerCase()) ?? [];
      const nearer = namesakes.filter((each) => index.keys[each]!.datacenter === datacenter);
      const candidates = nearer.length > 0 ? nearer : namesakes;
      if (candidates.length > 1) {
        row.report(
          'name',
          `"${name.slice(0, 60)}" is the name of ${candidates.length} machines, and the row has no id`,
        );
        continue;
      }
      [machine, by] = [candidates[0], 'name'];
    }
    if (machine === undefined) {
      strangers.push(name ?? vmId ?? uuid ?? `row ${row.number}`);
      continue;
    }
    if (name !== undefined && name !== index.keys[machine]!.name && !renamed.has(machine)) {
      renamed.set(machine, name);
      findings.derive(
        `machine ${index.keys[machine]!.name}`,
        `name in ${table.sheet.name}`,
        name,
        `differs from vInfo; joined by ${by}`,
      );
    }
    const rows = joined.get(machine);
    if (rows) rows.push(row as unknown as TableRow<S>);
    else joined.set(machine, [row as unknown as TableRow<S>]);
  }
  if (strangers.length > 0)
    findings.derive(
      `sheet ${table.sheet.name}`,
      'rows',
      `${strangers.length} ignored`,
      `they are about machines that vInfo does not have: ${[...new Set(strangers)].slice(0, 5).join(', ')}`,
    );
  return joined;
}

/** The tables by sheet name, those that the workbook has. */
export type Tables = { readonly [S in SheetName]?: Table<S> };
