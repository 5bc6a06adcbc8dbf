/**
 * Microsoft.OffAzure spells properties differently from version to version, and clients are case-sensitive
 * (azure.md, section 5): every answer is written in the spelling of the version that was asked for.
 */
export const OFF_AZURE_API_VERSIONS = ['2024-12-01-preview', '2023-06-06', '2020-07-07'] as const;

export type Spelling = 'early' | 'late';

export function spellingOf(apiVersion: string): Spelling {
  return apiVersion < '2023' ? 'early' : 'late';
}

/** Property names that changed, as 2020-07-07 spells them → as later versions do. */
const LATE_NAMES: Readonly<Record<string, string>> = {
  allocatedMemoryInMB: 'allocatedMemoryInMb',
  guestOSDetails: 'guestOsDetails',
  vCenterFQDN: 'vCenterFqdn',
  maxMemoryMB: 'maxMemoryMb',
};

/** Renames the top level of a map of properties given in the early spelling. */
export function spelt(
  properties: Readonly<Record<string, unknown>>,
  spelling: Spelling,
): Record<string, unknown> {
  if (spelling === 'early') return { ...properties };
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [LATE_NAMES[name] ?? name, value]),
  );
}
