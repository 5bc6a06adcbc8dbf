/** GuestWindowsRegistryManager. wowBitness WOW32 shows what 32-bit programs see of SOFTWARE. */
import {
  type Registry,
  type RegistryData,
  type RegistryKey,
  registryPath,
} from '../../estate/guest/registry.ts';
import { type VimFault, vimFault } from '../faults.ts';
import { type Call, defineMethod, type Method } from '../methods/method.ts';
import type { Data, Value } from '../values.ts';
import { type Access, enterGuest, GUEST_FAULTS, type GuestArgs } from './access.ts';

const NOT_FOUND = 2;
const ALREADY_EXISTS = 183;
const KEYS_MAX = 5000;

function method<Args>(
  name: string,
  takes: string,
  privilege: 'Query' | 'Modify',
  run: (args: Args, registry: Registry, call: Call, access: Access) => Value | undefined,
  returns?: string,
): Method {
  return defineMethod<Args & GuestArgs>({
    on: 'GuestWindowsRegistryManager',
    name,
    since: '6.0',
    takes: `vm &VirtualMachine, auth GuestAuthentication, ${takes}`,
    ...(returns === undefined ? {} : { returns }),
    faults: GUEST_FAULTS,
    run(args, call) {
      const access = enterGuest(call, args, privilege);
      const { registry } = access.guest;
      if (!registry)
        throw vimFault(
          'OperationNotSupportedByGuest',
          'The operation is not supported by the guest operating system.',
        );
      if (privilege === 'Modify' && !access.user.isRoot)
        throw vimFault('GuestPermissionDenied', 'Permission to perform this operation was denied.');
      return run(args, registry, call, access);
    },
  });
}

/** @throws VimFault GuestRegistryKeyInvalid */
function pathOf(keyName: Data): string {
  const given = String(keyName.registryPath);
  const path = registryPath(given);
  if (path === undefined) throw keyInvalid(given);
  return keyName.wowBitness === 'WOW32' && !/wow6432node/i.test(path)
    ? path.replace(/^(HKEY_LOCAL_MACHINE\\SOFTWARE)(\\|$)/i, '$1\\WOW6432Node$2')
    : path;
}

function keyInvalid(keyName: string): VimFault {
  return vimFault('GuestRegistryKeyInvalid', `The registry key ${keyName} is not valid.`, {
    windowsSystemErrorCode: NOT_FOUND,
    keyName,
  });
}

/** @throws VimFault GuestRegistryKeyInvalid */
function keyOf(registry: Registry, keyName: Data): RegistryKey {
  const key = registry.key(pathOf(keyName));
  if (!key) throw keyInvalid(String(keyName.registryPath));
  return key;
}

const nameData = (path: string, wowBitness: Value | undefined): Data => ({
  $: 'GuestRegKeyNameSpec',
  registryPath: path,
  wowBitness: wowBitness ?? 'WOWNative',
});

function matches(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined || pattern === '') return () => true;
  let test: RegExp;
  try {
    test = new RegExp(pattern, 'i');
  } catch (cause) {
    throw vimFault(
      'InvalidArgument',
      `A specified parameter was not correct: matchPattern (${(cause as Error).message.slice(0, 80)})`,
      { invalidProperty: 'matchPattern' },
    );
  }
  return (name) => test.test(name);
}

function valueData({ type, value }: RegistryData): Data {
  switch (type) {
    case 'REG_SZ':
      return { $: 'GuestRegValueStringSpec', value };
    case 'REG_EXPAND_SZ':
      return { $: 'GuestRegValueExpandStringSpec', value };
    case 'REG_MULTI_SZ':
      return { $: 'GuestRegValueMultiStringSpec', value };
    case 'REG_DWORD':
      return { $: 'GuestRegValueDwordSpec', value: value | 0 };
    case 'REG_QWORD':
      return { $: 'GuestRegValueQwordSpec', value };
    case 'REG_BINARY':
      return { $: 'GuestRegValueBinarySpec', value: value.toString('base64') };
  }
}

const TYPES: Readonly<Record<string, RegistryData['type']>> = {
  GuestRegValueStringSpec: 'REG_SZ',
  GuestRegValueExpandStringSpec: 'REG_EXPAND_SZ',
  GuestRegValueMultiStringSpec: 'REG_MULTI_SZ',
  GuestRegValueDwordSpec: 'REG_DWORD',
  GuestRegValueQwordSpec: 'REG_QWORD',
  GuestRegValueBinarySpec: 'REG_BINARY',
};

function writeOrFail(
  registry: Registry,
  path: string,
  values: ReadonlyMap<string, RegistryData | undefined>,
  now: number,
): void {
  if (!registry.write(path, values, now))
    throw vimFault('GuestOperationsFault', 'The registry of this guest takes no more changes.');
}

export const GUEST_REGISTRY_METHODS: readonly Method[] = [
  method<{ keyName: Data; isVolatile: boolean; classType?: string }>(
    'CreateRegistryKeyInGuest',
    'keyName GuestRegKeyNameSpec, isVolatile boolean, classType string?',
    'Modify',
    ({ keyName }, registry, { now }) => {
      const path = pathOf(keyName);
      const above = path.slice(0, path.lastIndexOf('\\'));
      if (!registry.key(above)) throw keyInvalid(String(keyName.registryPath));
      if (registry.key(path))
        throw vimFault('GuestRegistryKeyAlreadyExists', `The registry key ${path} already exists.`, {
          windowsSystemErrorCode: ALREADY_EXISTS,
          keyName: path,
        });
      writeOrFail(registry, path, new Map(), now);
      return undefined;
    },
  ),
  method<{ keyName: Data; recursive: boolean; matchPattern?: string }>(
    'ListRegistryKeysInGuest',
    'keyName GuestRegKeyNameSpec, recursive boolean, matchPattern string?',
    'Query',
    ({ keyName, recursive, matchPattern }, registry) => {
      const isWanted = matches(matchPattern);
      const found: RegistryKey[] = [];
      const walk = (path: string): void => {
        for (const key of registry.below(path)) {
          if (found.length >= KEYS_MAX) return;
          if (isWanted(key.path.slice(key.path.lastIndexOf('\\') + 1))) found.push(key);
          if (recursive) walk(key.path);
        }
      };
      walk(keyOf(registry, keyName).path);
      return found.map((key) => ({
        $: 'GuestRegKeyRecordSpec',
        key: {
          $: 'GuestRegKeySpec',
          keyName: nameData(key.path, keyName.wowBitness as Value),
          classType: '',
          lastWritten: key.writtenAt,
        },
      }));
    },
    'GuestRegKeyRecordSpec[]',
  ),
  method<{ keyName: Data; recursive: boolean }>(
    'DeleteRegistryKeyInGuest',
    'keyName GuestRegKeyNameSpec, recursive boolean',
    'Modify',
    ({ keyName, recursive }, registry) => {
      const { path } = keyOf(registry, keyName);
      if (!recursive && registry.below(path).length > 0)
        throw vimFault('GuestRegistryKeyHasSubkeys', `The registry key ${path} has keys below it.`, {
          windowsSystemErrorCode: 5,
          keyName: path,
        });
      registry.remove(path);
      return undefined;
    },
  ),
  method<{ value: Data }>(
    'SetRegistryValueInGuest',
    'value GuestRegValueSpec',
    'Modify',
    ({ value }, registry, { now }) => {
      const name = value.name as Data;
      const data = value.data as Data;
      const type = TYPES[data.$];
      if (!type)
        throw vimFault('InvalidArgument', 'A specified parameter was not correct: value.data', {
          invalidProperty: 'value.data',
        });
      const { path } = keyOf(registry, name.keyName as Data);
      const given = data.value ?? (type === 'REG_MULTI_SZ' ? [] : '');
      const content = type === 'REG_BINARY' ? Buffer.from(String(given), 'base64') : given;
      writeOrFail(
        registry,
        path,
        new Map([[String(name.name), { type, value: content } as RegistryData]]),
        now,
      );
      return undefined;
    },
  ),
  method<{ keyName: Data; expandStrings: boolean; matchPattern?: string }>(
    'ListRegistryValuesInGuest',
    'keyName GuestRegKeyNameSpec, expandStrings boolean, matchPattern string?',
    'Query',
    ({ keyName, expandStrings, matchPattern }, registry, _call, { guest, user }) => {
      const key = keyOf(registry, keyName);
      const isWanted = matches(matchPattern);
      const environment = guest.environment(user);
      return [...key.values].flatMap(([name, data]): Data[] => {
        if (!isWanted(name)) return [];
        const expanded: RegistryData =
          expandStrings && data.type === 'REG_EXPAND_SZ'
            ? {
                type: 'REG_SZ',
                value: data.value.replace(
                  /%(\w+)%/g,
                  (whole, variable: string) =>
                    [...environment].find(([known]) => known.toLowerCase() === variable.toLowerCase())?.[1] ??
                    whole,
                ),
              }
            : data;
        const inner = valueData(expanded);
        return [
          {
            $: 'GuestRegValueSpec',
            name: {
              $: 'GuestRegValueNameSpec',
              keyName: nameData(key.path, keyName.wowBitness as Value),
              name,
            },
            data: inner,
          },
        ];
      });
    },
    'GuestRegValueSpec[]',
  ),
  method<{ valueName: Data }>(
    'DeleteRegistryValueInGuest',
    'valueName GuestRegValueNameSpec',
    'Modify',
    ({ valueName }, registry, { now }) => {
      const key = keyOf(registry, valueName.keyName as Data);
      const name = String(valueName.name);
      if (![...key.values.keys()].some((known) => known.toLowerCase() === name.toLowerCase()))
        throw vimFault('GuestRegistryValueNotFound', `The registry value ${name} was not found.`, {
          windowsSystemErrorCode: NOT_FOUND,
          keyName: key.path,
          valueName: name,
        });
      writeOrFail(registry, key.path, new Map([[name, undefined]]), now);
      return undefined;
    },
  ),
];
