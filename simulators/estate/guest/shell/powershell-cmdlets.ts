/** Cmdlets of PowerShell, with their aliases. */
import { SECOND } from '#core/units.ts';
import {
  boolean,
  fieldOf,
  filterOf,
  type Item,
  item,
  notFound,
  rendered,
  type Scalar,
} from './powershell-objects.ts';
import { cimInstances, classOfQuery, registryItems } from './powershell-providers.ts';
import type { Session } from './shell.ts';

/** A cmdlet with its arguments. */
export interface Call {
  readonly name: string;
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string>;
}

export function runCall(call: Call, first: boolean, input: Item[], session: Session): Item[] {
  const { guest, now } = session.machine;
  const name = call.name.toLowerCase();
  const argument = (...names: string[]) =>
    names.map((each) => call.named.get(each)).find((value) => value !== undefined);
  switch (ALIASES[name] ?? name) {
    case 'get-wmiobject':
    case 'get-ciminstance':
      return cimInstances(
        argument('class', 'classname') ?? classOfQuery(argument('query')) ?? call.positional[0] ?? '',
        filterOf(argument('filter') ?? argument('query')?.split(/\bwhere\b/i)[1]),
        session,
      );
    case 'get-windowsfeature': {
      if (
        guest.os.family !== 'windows' ||
        !guest.os.server ||
        guest.os.release.startsWith('2008') ||
        guest.os.release === '2003'
      )
        throw notFound(call.name);
      return guest.features().map(({ name: id, displayName, type, parent, installed }) =>
        item({
          DisplayName: displayName,
          Name: id,
          FeatureType: type,
          Parent: parent === '' ? null : parent,
          Installed: installed,
          InstallState: installed ? 'Installed' : 'Available',
        }),
      );
    }
    case 'get-service':
      return guest.services(now).map((service) =>
        item({
          Status: service.state === 'running' ? 'Running' : 'Stopped',
          Name: service.name,
          DisplayName: service.displayName,
          StartType: service.start,
        }),
      );
    case 'get-process':
      return guest.processes(now).map((process) =>
        item({
          Id: process.pid,
          ProcessName: process.name.replace(/\.exe$/i, ''),
          Path: process.executable || null,
        }),
      );
    case 'get-itemproperty':
    case 'get-childitem':
      return registryItems(
        argument('path', 'literalpath') ?? call.positional[0] ?? '',
        name !== 'get-itemproperty' && name !== 'gp',
        session,
      );
    case 'write-output':
      return first ? [...call.positional] : input;
    case 'get-date':
      return [new Date(now).toISOString()];
    case 'start-sleep':
      session.machine.now +=
        Math.min(3600, Number(argument('seconds', 's') ?? call.positional[0]) || 0) * SECOND;
      return [];
    case 'hostname':
      return [guest.hostName];
    case 'select-object':
      return selected(call, input);
    case 'where-object':
      return input.filter(
        filterOf(
          call.positional.join(' ') + [...call.named].map(([key, value]) => ` -${key} ${value}`).join(''),
        ),
      );
    case 'sort-object': {
      const key = argument('property') ?? call.positional[0] ?? '';
      const of = (each: Item) =>
        (each instanceof Map ? (fieldOf(each, key) as Scalar) : (each as Scalar)) ?? '';
      return [...input].sort((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
    }
    case 'measure-object':
      return [item({ Count: input.length })];
    case 'out-string':
    case 'format-list':
    case 'format-table':
      return [rendered(input).replace(/\r\n$/, '')];
    case 'out-null':
      return [];
    case 'foreach-object': {
      const property = /^\{\s*\$_\.(\w+)\s*\}$/.exec(call.positional[0] ?? '')?.[1];
      if (property === undefined) throw notFound(call.name);
      return input.flatMap((each) => (fieldOf(each, property) ?? []) as Item | Item[]);
    }
    case 'convertto-json': {
      const plain = input.map((each) => (each instanceof Map ? Object.fromEntries(each) : each));
      return [
        JSON.stringify(
          plain.length === 1 ? plain[0] : plain,
          undefined,
          call.named.has('compress') ? undefined : 2,
        ).replaceAll('\n', '\r\n'),
      ];
    }
    case 'convertto-csv': {
      const names = input[0] instanceof Map ? [...input[0].keys()] : [];
      const cell = (value: unknown) =>
        value === null || value === undefined ? '' : `"${String(boolean(value)).replaceAll('"', '""')}"`;
      return [
        names.map(cell).join(','),
        ...input.map((each) => names.map((key) => cell(fieldOf(each, key))).join(',')),
      ];
    }
    default:
      throw notFound(call.name);
  }
}

export const ALIASES: Readonly<Record<string, string>> = {
  gwmi: 'get-wmiobject',
  gcim: 'get-ciminstance',
  gp: 'get-itemproperty',
  gci: 'get-childitem',
  dir: 'get-childitem',
  ls: 'get-childitem',
  gsv: 'get-service',
  gps: 'get-process',
  ps: 'get-process',
  echo: 'write-output',
  select: 'select-object',
  where: 'where-object',
  '?': 'where-object',
  sort: 'sort-object',
  measure: 'measure-object',
  fl: 'format-list',
  ft: 'format-table',
  '%': 'foreach-object',
  foreach: 'foreach-object',
  sleep: 'start-sleep',
  'hostname.exe': 'hostname',
};

function selected({ positional, named }: Call, input: Item[]): Item[] {
  const expand = named.get('expandproperty');
  if (expand !== undefined) return input.flatMap((each) => (fieldOf(each, expand) ?? []) as Item | Item[]);
  const properties = (named.get('property') ?? positional[0] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const first = named.get('first');
  const taken = first === undefined ? input : input.slice(0, Number(first));
  if (properties.length === 0 || properties[0] === '*') return taken;
  return taken.map((each) => new Map(properties.map((name) => [name, fieldOf(each, name) ?? null] as const)));
}
