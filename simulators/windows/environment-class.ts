/**
 * Win32_Environment: the system's variables as the registry has them. One of the few classes whose instances clients make,
 * change and delete by themselves: Create, Put and Delete.
 */
import { type Registry, type RegistryKey, registryPath } from '../estate/guest/registry.ts';
import { alreadyExists, invalidParameter } from '../winrm/cim/errors.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance, CimValue } from '../winrm/cim/values.ts';
import type { WindowsServer } from './windows-server.ts';

const KEY = registryPath('HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment')!;
/** To whom variables of the system belong. */
const SYSTEM = '<SYSTEM>';
const NAME = /^[^=\0]{1,255}$/;

export function environmentClass({ guest, clock }: WindowsServer): ClassSource {
  const of = cimClass('root/cimv2', 'Win32_Environment');
  const registry = (): Registry => guest.registry!;
  const key = (): RegistryKey['values'] => registry().key(KEY)?.values ?? new Map();
  const instance = (name: string, value: string): CimInstance => ({
    class: of,
    values: {
      Caption: `${SYSTEM}\\${name}`,
      Description: `${SYSTEM}\\${name}`,
      Name: name,
      Status: 'OK',
      SystemVariable: true,
      UserName: SYSTEM,
      VariableValue: value,
    },
  });
  const write = (name: string, value: string | undefined): void => {
    const data = value === undefined ? undefined : ({ type: 'REG_SZ', value } as const);
    if (!registry().write(KEY, new Map([[name, data]]), clock.wall())) throw invalidParameter();
  };
  const textOf = (value: CimValue | undefined): string => {
    if (typeof value !== 'string') throw invalidParameter();
    return value;
  };
  return {
    class: of,
    instances: () => [...key()].map(([name, { value }]) => instance(name, String(value))),
    put({ values }, change) {
      if (change['VariableValue'] !== undefined)
        write(String(values['Name']), textOf(change['VariableValue']));
    },
    create(values) {
      const name = textOf(values['Name']);
      const value = textOf(values['VariableValue']);
      if (!NAME.test(name) || values['UserName'] !== SYSTEM) throw invalidParameter();
      if ([...key().keys()].some((known) => known.toLowerCase() === name.toLowerCase()))
        throw alreadyExists();
      write(name, value);
      return instance(name, value);
    },
    delete({ values }) {
      write(String(values['Name']), undefined);
    },
  };
}
