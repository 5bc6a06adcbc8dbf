/** The discovery data plane: heartbeats, inventory and points. [docs/protocols/appliance-data-planes.md §1] */
import { z } from 'zod';
import { defineErrors } from '#core/errors.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Accepted, BatchKind, Heartbeat, Sequences } from '../../app/cloud-ports.ts';
import type { Warning } from '../../app/ports.ts';
import { type AzureHttp, errors, readAs } from './azure-http.ts';

const TIME = z.object({ serverTime: z.iso.datetime() });
const SEQUENCE = z.int().min(0);
const STATE = z.object({
  inventorySequence: SEQUENCE,
  pointsSequence: SEQUENCE,
  applicationsSequence: SEQUENCE.default(0),
  dependenciesSequence: SEQUENCE.default(0),
});
const GAP = z.object({
  error: z.object({ code: z.literal('SequenceGap') }).loose(),
  expected: z.int().min(1),
});

const WARNINGS_MAX = 64;
const WARNING_TEXT_MAX = 1_024;

/** Never thrown: what `drylift explain` says of the warning. */
const warningErrors = defineErrors({
  'limit.warnings': {
    blame: 'input',
    retry: 'after-change',
    why: 'A heartbeat takes 64 warnings; this appliance has more.',
    next: 'Look at the standard output or the log of the appliance: they show all of them.',
  },
});

export interface DiscoveryOptions {
  azure: AzureHttp;
  /** The site's serviceEndpoint. */
  base: string;
  audience: string;
  applianceName: string;
}

export type CredentialType =
  | 'VMwareFabric'
  | 'HyperVFabric'
  | 'WindowsGuest'
  | 'LinuxGuest'
  | 'WindowsServer'
  | 'LinuxServer';

export interface DiscoveryService {
  heartbeat(beat: Heartbeat, time: UnixMillis, signal: AbortSignal): Promise<UnixMillis>;
  /** Names an account that this appliance holds; its secret stays here. */
  putRunAsAccount(
    name: string,
    displayName: string,
    credentialType: CredentialType,
    signal: AbortSignal,
  ): Promise<void>;
  sequences(signal: AbortSignal): Promise<Sequences>;
  send(kind: BatchKind, sequence: number, body: Buffer, signal: AbortSignal): Promise<Accepted>;
}

export function discoveryService({
  azure,
  base,
  audience,
  applianceName,
}: DiscoveryOptions): DiscoveryService {
  const name = encodeURIComponent(applianceName);
  return {
    async heartbeat({ warnings, ...beat }, time, signal) {
      const { json } = await azure.send({
        method: 'PUT',
        url: `${base}/heartbeats/${name}`,
        audience,
        body: {
          ...beat,
          time: new Date(time).toISOString(),
          ...(warnings.length > 0 ? { warnings: fewEnough(warnings).map(shortened) } : {}),
        },
        expect: [200],
        signal,
      });
      return Date.parse(readAs(TIME, 'a heartbeat', json).serverTime);
    },
    async putRunAsAccount(account, displayName, credentialType, signal) {
      await azure.send({
        method: 'PUT',
        url: `${base}/run-as-accounts/${encodeURIComponent(account)}`,
        audience,
        body: { displayName, credentialType },
        expect: [200, 201],
        signal,
      });
    },
    async sequences(signal) {
      const { json } = await azure.send({
        method: 'GET',
        url: `${base}/state/${name}`,
        audience,
        expect: [200],
        signal,
      });
      const state = readAs(STATE, 'the state', json);
      return {
        inventory: state.inventorySequence,
        points: state.pointsSequence,
        applications: state.applicationsSequence,
        dependencies: state.dependenciesSequence,
      };
    },
    async send(kind, sequence, body, signal) {
      const { status, json } = await azure.send({
        method: 'PUT',
        url: `${base}/${kind}/${sequence}`,
        audience,
        body,
        expect: [200, 409],
        signal,
      });
      if (status === 200) return { ok: true };
      const gap = GAP.safeParse(json);
      if (gap.success) return { ok: false, expected: gap.data.expected };
      throw errors.make('azure.refused', {
        what: `The service refused ${kind} ${sequence} with a conflict that is no SequenceGap.`,
      });
    },
  };
}

/** The last one says how many there is no room for. */
function fewEnough(warnings: readonly Warning[]): readonly Warning[] {
  if (warnings.length <= WARNINGS_MAX) return warnings;
  const more = warnings.length - WARNINGS_MAX + 1;
  const { code, what, next } = warningErrors.make('limit.warnings', {
    what: `${more} more warnings than a heartbeat takes.`,
  });
  const last = { code, message: `${what} ${next}` };
  return [...warnings.slice(0, WARNINGS_MAX - 1), last];
}

function shortened({ code, message }: Warning): Warning {
  return { code, message: message.slice(0, WARNING_TEXT_MAX) };
}
