/** The service's configuration as a resource (`winrm/config`), with Windows' defaults: some clients size packets by it. */
import type { ServiceSettings } from './authentication/http-authentication.ts';
import { NS } from './wsman/names.ts';

export function configDocument({ basic, allowUnencrypted }: ServiceSettings): string {
  const leaf = (name: string, value: string | number | boolean): string =>
    `<cfg:${name}>${value}</cfg:${name}>`;
  return (
    `<cfg:Config xmlns:cfg="${NS.cfg}">${leaf('MaxEnvelopeSizekb', 500)}${leaf('MaxTimeoutms', 60_000)}` +
    `${leaf('MaxBatchItems', 32_000)}${leaf('MaxProviderRequests', 4_294_967_295)}` +
    `<cfg:Service>${leaf('MaxConcurrentOperations', 4_294_967_295)}${leaf('MaxConcurrentOperationsPerUser', 1500)}` +
    `${leaf('EnumerationTimeoutms', 240_000)}${leaf('MaxConnections', 300)}${leaf('MaxPacketRetrievalTimeSeconds', 120)}` +
    `${leaf('AllowUnencrypted', allowUnencrypted)}<cfg:Auth>${leaf('Basic', basic)}${leaf('Kerberos', true)}` +
    `${leaf('Negotiate', true)}${leaf('Certificate', false)}${leaf('CredSSP', false)}` +
    `${leaf('CbtHardeningLevel', 'Relaxed')}</cfg:Auth>` +
    `<cfg:DefaultPorts>${leaf('HTTP', 5985)}${leaf('HTTPS', 5986)}</cfg:DefaultPorts></cfg:Service>` +
    `<cfg:Winrs>${leaf('AllowRemoteShellAccess', true)}${leaf('IdleTimeout', 7_200_000)}` +
    `${leaf('MaxConcurrentUsers', 2_147_483_647)}${leaf('MaxShellRunTime', 2_147_483_647)}` +
    `${leaf('MaxProcessesPerShell', 25)}${leaf('MaxMemoryPerShellMB', 2_147_483_647)}` +
    `${leaf('MaxShellsPerUser', 30)}</cfg:Winrs></cfg:Config>`
  );
}
