/**
 * Can the appliance work with this configuration at all? Asked before anything is written: a sign-in to each source
 * and one to Azure. What fails here is told as a mistake in the configuration, with the key to look at.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError, defineErrors } from '#core/errors.ts';
import type { Transport } from '#core/net/transport.ts';
import { type Clock, deadline } from '#core/time/clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { inParallel } from './app/applications.ts';
import type { LiveSource, ReplicationSource } from './app/ports.ts';
import { APPLIANCE_VERSION } from './appliance.ts';
import type { ApplianceConfig, VcenterConfig } from './config.ts';
import type { Credentials } from './credentials.ts';
import type { Logger } from './log.ts';
import { openSources } from './sources/open-sources.ts';
import type { SourceMemory } from './sources/servers/memory.ts';
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
/** For a first look at all machines of a source. */
const LOOK_MS = 10 * MINUTE;
const HOSTS_AT_ONCE = 20;

/** @throws the first thing that is wrong: `vcenter.*`, `azure.*`, `hyperv.*`, `winrm.*`, `net.*` */
export async function preflight(options: PreflightOptions): Promise<void> {
  const { config, credentials, clock } = options;
  const counters = new Counters();
  const end = new AbortController();
  const sources = openSources({ ...options, life: end.signal, counters, memory: forgetful });
  try {
    for (const [i, source] of sources.vmware.entries())
      await checkVcenter(source, config.vcenters[i]!, options);
    const failures: unknown[] = [];
    await inParallel(sources.hyperv, HOSTS_AT_ONCE, (source) =>
      checkLive(source, options).catch((error: unknown) => void failures.push(error)),
    );
    // of many hosts some are always away: that is told, and holds nobody up
    if (failures.length > 0 && failures.length === sources.hyperv.length) throw failures[0];
    for (const error of failures) options.onWarning(toldOf(error));
    for (const source of sources.servers) await checkLive(source, options);
  } finally {
    await sources.close();
    end.abort();
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
    options.onFine(`Azure: signed in at ${config.cloud.authorityHost} as ${config.cloud.clientId}`);
  } catch (error) {
    throw asInput(error, 'azure', `Azure (${new URL(config.cloud.authorityHost).host})`);
  } finally {
    cloud.close();
  }
}

async function checkVcenter(
  source: ReplicationSource,
  vcenter: VcenterConfig,
  { clock, onFine, onWarning }: PreflightOptions,
): Promise<void> {
  const place = `vCenter ${vcenter.host}:${vcenter.port}`;
  using timer = deadline(clock, PATIENCE_MS, `preflight of ${vcenter.host}`);
  try {
    const { version, instanceUuid } = await source.about(timer.signal);
    onFine(`${place}: signed in, version ${version}, ${instanceUuid}`);
    for (const { message } of (await source.prerequisites(timer.signal)).values()) onWarning(message);
  } catch (error) {
    throw asInput(error, 'vcenter', place);
  }
}

/** Looks at all of its machines once: which of them answer can be told in no other way. */
async function checkLive(source: LiveSource, { clock, onFine, onWarning }: PreflightOptions): Promise<void> {
  const place = source.kind === 'server' ? 'Servers' : `Hyper-V ${source.name}`;
  using timer = deadline(clock, LOOK_MS, `preflight of ${source.name}`);
  const about = await source.about(timer.signal);
  const { machines, unreached } = await source.changes(0, timer.signal);
  const who =
    about.kind === 'hyperv'
      ? `signed in as ${about.credential}, ${about.type} ${about.fqdn}, version ${about.version}, `
      : '';
  onFine(`${place}: ${who}${machines.length} machines`);
  for (const { code, what, why, next } of unreached) onWarning(`${code}: ${what} ${why} ${next}`);
  for (const { message } of (await source.prerequisites(timer.signal)).values()) onWarning(message);
}

function toldOf(error: unknown): string {
  if (!(error instanceof DryliftError)) throw error;
  return `${error.code}: ${error.what} ${error.why} ${error.next}`;
}

/** A check leaves nothing behind. */
function forgetful(): SourceMemory {
  const memory = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(memory.get(key)),
    set(key, value) {
      memory.set(key, value);
      return Promise.resolve();
    },
  };
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
