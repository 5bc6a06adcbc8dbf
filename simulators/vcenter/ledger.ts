/**
 * The coverage ledger of the vCenter simulator, docs/coverage/vcenter.md: offered, refused, verified against whom.
 * Offered comes from the tables that dispatch requests and that objects are encoded by, so it cannot say more than
 * there is.
 */
import { faultPoints } from './fault-points.ts';
import { METHODS } from './methods/table.ts';
import { allTypes } from './schema/schema.ts';
import { VERSIONS } from './schema/versions.ts';

/** Who has judged a part, and on what. A part that nobody outside has judged says so. */
const JUDGES: ReadonlyArray<readonly [part: string, judge: string]> = [
  [
    'Every type, field, method, enumeration up to 6.7: name, order, kind, optionality, first version, privilege',
    'pyVmomi 6.7.1, by its own tables (crosscheck vcenter)',
  ],
  [
    'Login, inventory walk, performance in both formats, snapshots, changed areas, task updates, datastore paths',
    'pyVmomi 6.7.1 (crosscheck vcenter)',
  ],
  [
    'RetrieveProperties, WaitForUpdates, FindByUuid, VMX files, power, snapshots, datastores',
    'libvirt 9.0 with virsh, vpx:// (crosscheck vcenter)',
  ],
  ['Datastore paths: HEAD, GET, ranges, Basic', 'curl 7.88 (guide third-party-clients)'],
  ['Fields and methods newer than 6.7', 'unverified'],
];

/** Asked for often enough to be named; everything else that is not offered is refused as well. */
const REFUSED: ReadonlyArray<readonly [what: string, answer: string]> = [
  ['A method that no table names', 'InvalidRequest or MethodNotFound'],
  [
    'An element, or a field newer than the version that the client asks for',
    'InvalidRequest; InvalidProperty in a path',
  ],
  [
    'Event and alarm managers, guest operations, OVF and NFC leases, life cycle beyond power and snapshots',
    'MethodNotFound',
  ],
  [
    'Performance of an interval other than 20 s',
    'InvalidArgument, or no samples, as QueryAvailablePerfMetric says',
  ],
  ['REST: /rest, /api; single sign-on: /sts; policies: /pbm', '404'],
  ['PUT, POST and DELETE below /folder', '405'],
];

export function vcenterLedger(): string {
  const lines = [
    '# vCenter: what the simulator offers',
    '',
    'Generated from the tables that answer requests (`simulators/vcenter/ledger.ts`); a test holds this page against them.',
    '',
    '## Verified against',
    '',
    '| part | judge |',
    '|---|---|',
    ...JUDGES.map(([part, judge]) => `| ${part} | ${judge} |`),
    '',
    '## Methods',
    '',
    '| object | method | since | privilege |',
    '|---|---|---|---|',
  ];
  const methods = [...METHODS].sort((a, b) => compare(a.on, b.on) || compare(a.name, b.name));
  for (const { on, name, since, privilege } of methods)
    lines.push(`| ${on} | ${name} | ${VERSIONS[since]} | ${privilege ?? 'checked by the method'} |`);
  lines.push('', '## Properties of managed objects', '', '| object | own properties |', '|---|---|');
  for (const { kind, name, own } of [...allTypes()].sort((a, b) => compare(a.name, b.name)))
    if (kind === 'managed' && own.length > 0)
      lines.push(`| ${name} | ${own.map((field) => field.name).join(', ')} |`);
  lines.push('', '## Refused', '', '| what | answer |', '|---|---|');
  for (const [what, answer] of REFUSED) lines.push(`| ${what} | ${answer} |`);
  lines.push('', `Faults can act at ${faultPoints().length} points: \`drylift explain points\`.`, '');
  return lines.join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
