/**
 * StdRegProv: the registry of the server from afar. It reads; what writes is refused as to somebody without the right,
 * since nobody who looks at servers from outside should need it. Return values are those of the provider: 0 done, 1 no
 * such value, 2 no such key, 5 access denied, 6 no such hive, wbemErrTypeMismatch where the value is of another type.
 */
import type { Registry, RegistryData, RegistryKey } from '../estate/guest/registry.ts';
import type { CimMethod, MethodCall, MethodResult } from '../winrm/cim/cim-service.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import type { WindowsServer } from './windows-server.ts';

const DONE = 0;
const NO_VALUE = 1;
const NO_KEY = 2;
const ACCESS_DENIED = 5;
const INVALID_HANDLE = 6;
const TYPE_MISMATCH = 0x80041005;

const HKLM = 0x80000002;
const HIVES: Readonly<Record<number, string>> = {
  2147483648: 'HKEY_CLASSES_ROOT',
  2147483649: 'HKEY_CURRENT_USER',
  [HKLM]: 'HKEY_LOCAL_MACHINE',
  2147483651: 'HKEY_USERS',
  2147483653: 'HKEY_CURRENT_CONFIG',
};
const TYPES: Readonly<Record<RegistryData['type'], number>> = {
  REG_SZ: 1,
  REG_EXPAND_SZ: 2,
  REG_BINARY: 3,
  REG_DWORD: 4,
  REG_MULTI_SZ: 7,
  REG_QWORD: 11,
};
/** Query, enumerate, notify and read the security: what everybody may do to most keys. */
const READ_RIGHTS = 0x1 | 0x8 | 0x10 | 0x20000;
/** What CheckAccess asks for when it is not told: query and set. */
const USUAL_RIGHTS = 3;
/** Hives of passwords are the system's own. */
const SECRET = /^HKEY_LOCAL_MACHINE\\(?:SAM|SECURITY)(?:\\|$)/i;

const WRITES = [
  'CreateKey',
  'DeleteKey',
  'DeleteValue',
  'SetBinaryValue',
  'SetDWORDValue',
  'SetExpandedStringValue',
  'SetMultiStringValue',
  'SetQWORDValue',
  'SetStringValue',
  'SetSecurityDescriptor',
];

export function registryMethods(server: WindowsServer): CimMethod[] {
  return ['root/cimv2', 'root/default'].flatMap((namespace) => {
    const of = cimClass(namespace, 'StdRegProv');
    const method = (
      name: string,
      outputs: CimMethod['outputs'],
      run: (key: RegistryKey, call: MethodCall) => MethodResult,
    ): CimMethod => ({
      class: of,
      name,
      static: true,
      outputs,
      run: (call) => {
        const key = keyOf(server.guest.registry, call);
        return typeof key === 'number' ? failed(key) : run(key, call);
      },
    });
    const value = (
      name: string,
      output: CimMethod['outputs'][number],
      types: ReadonlyArray<RegistryData['type']>,
      read: (data: RegistryData) => CimValue,
    ): CimMethod =>
      method(name, [output], (key, call) => {
        const wanted = (call.texts('sValueName')[0] ?? '').toLowerCase();
        const found = [...key.values].find(([each]) => each.toLowerCase() === wanted)?.[1];
        if (!found) return failed(NO_VALUE);
        if (!types.includes(found.type)) return failed(TYPE_MISMATCH);
        return { returnValue: DONE, outputs: { [output.name]: read(found) } };
      });
    const text = { name: 'sValue', type: 'string', array: false } as const;
    return [
      method('EnumKey', [{ name: 'sNames', type: 'string', array: true }], (key) => ({
        returnValue: DONE,
        outputs: {
          sNames: server.guest.registry!.below(key.path).map(({ path }) => path.slice(key.path.length + 1)),
        },
      })),
      method(
        'EnumValues',
        [
          { name: 'sNames', type: 'string', array: true },
          { name: 'Types', type: 'sint32', array: true },
        ],
        ({ values }) => ({
          returnValue: DONE,
          outputs: { sNames: [...values.keys()], Types: [...values.values()].map(({ type }) => TYPES[type]) },
        }),
      ),
      value('GetStringValue', text, ['REG_SZ'], (data) => String(data.value)),
      value('GetExpandedStringValue', text, ['REG_SZ', 'REG_EXPAND_SZ'], (data) =>
        expanded(String(data.value)),
      ),
      value(
        'GetMultiStringValue',
        { name: 'sValue', type: 'string', array: true },
        ['REG_MULTI_SZ'],
        (data) => (Array.isArray(data.value) ? data.value : []),
      ),
      value('GetDWORDValue', { name: 'uValue', type: 'uint32', array: false }, ['REG_DWORD'], (data) =>
        Number(data.value),
      ),
      value('GetQWORDValue', { name: 'uValue', type: 'uint64', array: false }, ['REG_QWORD'], (data) =>
        Number(data.value),
      ),
      value('GetBinaryValue', { name: 'uValue', type: 'uint8', array: true }, ['REG_BINARY'], (data) => [
        ...(data.value as Buffer),
      ]),
      method('CheckAccess', [{ name: 'bGranted', type: 'boolean', array: false }], (_key, call) => {
        const rights = Number(call.texts('uRequired')[0]?.trim() ?? USUAL_RIGHTS);
        const granted = (rights & ~READ_RIGHTS) === 0 || call.account.groups.includes('Administrators');
        return { returnValue: granted ? DONE : ACCESS_DENIED, outputs: { bGranted: granted } };
      }),
      ...WRITES.map(
        (name): CimMethod => ({
          class: of,
          name,
          static: true,
          outputs: [],
          run: () => failed(ACCESS_DENIED),
        }),
      ),
    ];
  });
}

function failed(returnValue: number): MethodResult {
  return { returnValue, outputs: {} };
}

/** The key that a call names, or why there is none. */
function keyOf(registry: Registry | undefined, call: MethodCall): RegistryKey | number {
  const given = call.texts('hDefKey')[0]?.trim();
  const hive = HIVES[given === undefined || given === '' ? HKLM : Number(given)];
  if (hive === undefined) return INVALID_HANDLE;
  const below = (call.texts('sSubKeyName')[0] ?? '').split('\\').filter((part) => part !== '');
  const path = [hive, ...below].join('\\');
  if (SECRET.test(path)) return ACCESS_DENIED;
  return registry?.key(path) ?? NO_KEY;
}

const VARIABLES: Readonly<Record<string, string>> = {
  systemroot: 'C:\\Windows',
  windir: 'C:\\Windows',
  systemdrive: 'C:',
  programfiles: 'C:\\Program Files',
  programdata: 'C:\\ProgramData',
  userprofile: 'C:\\Windows\\ServiceProfiles\\NetworkService',
};

function expanded(text: string): string {
  return text.replace(/%(\w+)%/g, (whole, name: string) => VARIABLES[name.toLowerCase()] ?? whole);
}
