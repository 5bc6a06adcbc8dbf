/**
 * Can the appliance work with this configuration at all? Asked before anything is written: a sign-in to each vCenter
 * and one to Azure. What fails here is told as a mistake in the configuration, with the key to look at.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError, defineErrors } from '#core/errors.ts';
import type { Transport } from '#core/net/transport.ts';
import { type Clock, deadline } from '#core/time/clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { SECOND } from '#core/units.ts';
import { APPLIANCE_VERSION } from './appliance.ts';
import { type ApplianceConfig, tlsOf } from './config.ts';
import type { Credentials } from './credentials.ts';
import type { Logger } from './log.ts';
import { vsphereSource } from './sources/vsphere/vsphere-source.ts';
import { azureCloud } from './targets/azure/azure-cloud.ts';

export const errors = defineErrors({
  'vcenter.unreachable': {
    blame: 'input',
    retry: 'after-change',
    why: 'No connection to that address could be made.',
    next: 'Check host and port of this vCenter in the configuration, name resolution, and firewalls on the way.',
  },
  'vcenter.untrusted': {
    blame: 'input',
    retry: 'after-change',
    why: 'The certificate of this vCenter was not issued by an authority that the appliance trusts, or is for another name.',
    next: 'Give its authority as "ca" of this vCenter, or as "fingerprint" the SHA-256 of exactly this certificate, after checking it with the owner.',
  },
  'azure.unreachable': {
    blame: 'input',
    retry: 'after-change',
    why: 'No connection to Azure could be made.',
    next: 'Check proxy and cloud.authorityHost in the configuration, and the URL allow-list of the proxy.',
  },
  'azure.untrusted': {
    blame: 'input',
    retry: 'after-change',
    why: 'The certificate that was presented for Azure is not trusted; a proxy that inspects TLS does this.',
    next: 'Add the authority of the proxy to "ca" of the configuration.',
  },
});

export interface PreflightOptions {
  config: ApplianceConfig;
  credentials: Credentials;
  clock: Clock;
  transport: Transport;
  entropy: Entropy;
  log: Logger;
  trust: readonly string[] | undefined;
  /** Told of each thing that is in order. */
  onFine: (what: string) => void;
  /** Told of what will not work although everything can be reached. */
  onWarning: (what: string) => void;
}

const PATIENCE_MS = 30 * SECOND;

/** @throws the first thing that is wrong: `vcenter.*`, `azure.*` */
export async function preflight(options: PreflightOptions): Promise<void> {
  const { config, credentials, clock, onFine, onWarning } = options;
  const counters = new Counters();
  for (const vcenter of config.vcenters) {
    using timer = deadline(clock, PATIENCE_MS, `preflight of ${vcenter.host}`);
    const source = vsphereSource({
      ...options,
      ...vcenter,
      password: credentials.passwords.get(vcenter.host)!,
      tls: tlsOf(vcenter, options.trust),
      life: timer.signal,
      counters,
    });
    try {
      const { version, instanceUuid } = await source.about(timer.signal);
      onFine(`vCenter ${vcenter.host}:${vcenter.port}: signed in, version ${version}, ${instanceUuid}`);
      for (const { message } of (await source.prerequisites(timer.signal)).values()) onWarning(message);
    } catch (error) {
      throw asInput(error, 'vcenter', `vCenter ${vcenter.host}:${vcenter.port}`);
    } finally {
      await source.close();
    }
  }
  using timer = deadline(clock, PATIENCE_MS, 'preflight of Azure');
  const cloud = azureCloud({
    ...options,
    clientSecret: credentials.clientSecret,
    version: APPLIANCE_VERSION,
    counters,
    incarnation: 0,
  });
  try {
    await cloud.signIn(timer.signal);
    onFine(`Azure: signed in at ${config.cloud.authorityHost} as ${config.cloud.clientId}`);
  } catch (error) {
    throw asInput(error, 'azure', `Azure (${new URL(config.cloud.authorityHost).host})`);
  } finally {
    cloud.close();
  }
}

/** Failures of the network, told as what they are here: an address or an authority that is wrong or missing. */
function asInput(error: unknown, who: 'vcenter' | 'azure', name: string): unknown {
  if (!(error instanceof DryliftError)) {
    if (error instanceof Error && error.name === 'DeadlineExceeded')
      return errors.make(`${who}.unreachable`, { what: `${name} did not answer in time.`, cause: error });
    return error;
  }
  if (error.code === 'net.tls.untrusted' || error.code === 'net.tls.name' || error.code === 'net.tls.expired')
    return errors.make(`${who}.untrusted`, { what: `${name}: ${error.what}`, why: error.why, cause: error });
  if (error.code.startsWith('net.') || error.code === 'vcenter.unavailable')
    return errors.make(`${who}.unreachable`, {
      what: `${name}: ${error.what}`,
      why: error.why,
      cause: error,
    });
  return error;
}
