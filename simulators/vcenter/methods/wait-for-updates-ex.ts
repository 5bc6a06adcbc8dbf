/**
 * WaitForUpdatesEx: what changed since a version, waiting for it if need be; and what it shares with its older
 * forms. No answer within the time allowed is an empty response.
 */
import { assert } from '#core/assert.ts';
import { CollectorObject, type WaitOptions } from '../property/collector.ts';
import { versionOf } from '../schema/versions.ts';
import { type Call, defineMethod, type Outcome, Written } from './method.ts';

/** UpdateSet.truncated; older clients ask again by themselves. */
const TRUNCATED_SINCE = versionOf('4.1');

interface Args {
  readonly version?: string;
  readonly options?: WaitOptions;
}

export const waitForUpdatesEx = defineMethod<Args>({
  on: 'PropertyCollector',
  name: 'WaitForUpdatesEx',
  since: '4.1',
  takes: 'version string?, options WaitOptions?',
  returns: 'UpdateSet?',
  privilege: 'System.View',
  faults: ['InvalidCollectorVersion', 'RequestCanceled'],
  run: ({ version, options }, call) => updates(version, options ?? {}, call),
});

export async function updates(
  version: string | undefined,
  options: WaitOptions,
  call: Call,
): Promise<Outcome> {
  assert(call.self instanceof CollectorObject, 'a session has a real property collector');
  const set = await call.self.wait(version ?? '', options, call.find, () => call.reading(), call.signal);
  if (!set) return undefined;
  const isTold = set.isTruncated && call.encoder.version >= TRUNCATED_SINCE;
  return new Written([
    '<returnval>',
    ...set.pieces,
    `${isTold ? '<truncated>true</truncated>' : ''}</returnval>`,
  ]);
}
