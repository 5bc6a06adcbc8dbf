/**
 * What guests tell through the data exchange service (key-value pairs): strings of CIM-XML, written by the guest itself,
 * so that nothing of them is trusted. [Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems]
 */
import { DryliftError } from '#core/errors.ts';
import type { SourceOs } from '../../app/source-machines.ts';
import { readEmbedded, text } from '../winrm/cim.ts';

export interface GuestData {
  readonly fqdn: string;
  readonly os: SourceOs;
  readonly integrationServicesVersion: string;
}

const ITEMS_MAX = 200;
const VALUE_CHARACTERS_MAX = 256;
/** The form that Windows writes; others are parsed in full. */
const PLAIN = /<PROPERTY NAME="(Name|Data)" TYPE="string"(?: [^<>]*)?><VALUE>([^<&]*)<\/VALUE><\/PROPERTY>/g;

export function readGuestData(items: readonly string[]): GuestData | undefined {
  const pairs = new Map<string, string>();
  for (const item of items.slice(0, ITEMS_MAX)) {
    const pair = plainPair(item) ?? parsedPair(item);
    if (pair) pairs.set(pair[0], pair[1].trim().slice(0, VALUE_CHARACTERS_MAX));
  }
  if (pairs.size === 0) return undefined;
  const of = (name: string): string => pairs.get(name) ?? '';
  return {
    fqdn: of('FullyQualifiedDomainName'),
    os: osOf(of),
    integrationServicesVersion: of('IntegrationServicesVersion'),
  };
}

function plainPair(item: string): readonly [string, string] | undefined {
  let name: string | undefined;
  let data: string | undefined;
  for (const [, property, value] of item.matchAll(PLAIN))
    if (property === 'Name') name = value;
    else data = value;
  return name === undefined || data === undefined ? undefined : [name, data];
}

function parsedPair(item: string): readonly [string, string] | undefined {
  try {
    const instance = readEmbedded(item);
    const name = text(instance, 'Name');
    return name === undefined ? undefined : [name, text(instance, 'Data') ?? ''];
  } catch (error) {
    if (error instanceof DryliftError) return undefined; // a guest wrote nonsense
    throw error;
  }
}

/** PROCESSOR_ARCHITECTURE of Windows; Linux tells a word. */
const ARCHITECTURES: Readonly<Record<string, string>> = { '0': 'x86', '5': 'ARM', '9': 'x64', '12': 'ARM64' };

function osOf(of: (name: string) => string): SourceOs {
  const name = of('OSName');
  const distribution = of('OSDistributionName');
  const release = of('OSDistributionData');
  const family =
    distribution !== '' || of('OSKernelVersion') !== '' || /linux|ubuntu|debian|centos|suse|bsd/i.test(name)
      ? 'linux'
      : of('OSPlatformId') === '2' || /windows/i.test(name)
        ? 'windows'
        : 'other';
  const own = distribution || name;
  const version = family === 'linux' ? release || of('OSVersion') : of('OSVersion');
  const architecture = of('ProcessorArchitecture');
  return {
    family,
    name: family === 'linux' && release !== '' && !own.includes(release) ? `${own} ${release}` : own,
    ...(version === '' ? {} : { version }),
    ...(architecture === '' ? {} : { architecture: ARCHITECTURES[architecture] ?? architecture }),
  };
}
