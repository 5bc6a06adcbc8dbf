/**
 * The coverage ledger of WinRM and CIM, docs/coverage/winrm.md: offered, refused, verified against whom. It is made from
 * the tables that dispatch requests and from what hosts show, so that it cannot say more than there is.
 */
import type { CimClass } from './cim/values.ts';
import { winrmFaultPoints } from './fault-points.ts';
import { CONTEXT_OPERATIONS, type Family, OPERATIONS } from './operations.ts';
import { type Quotas, quotasOf } from './quotas.ts';
import type { WinrmHost } from './server.ts';

/** Who has judged a part, and on what. A part that nobody outside has judged says so. */
const JUDGES: ReadonlyArray<readonly [part: string, judge: string]> = [
  [
    'NTLMv2 raw inside Negotiate, sealed messages over HTTP, NTLM and Basic over TLS; cmd shells: streams, exit codes, output beyond an envelope; WQL with pages; faults of WQL and classes',
    'pywinrm 0.3.0 (crosscheck winrm)',
  ],
  [
    'Whole classes of root/cimv2 and their agreement with each other, StdRegProv, processes by method, PowerShell; machines with all their parts, the summary, disks by method, changes of state by jobs, the cluster, counters of machines',
    'pywinrm 0.3.0 (crosschecks windows and hyperv)',
  ],
  ['NTLM handshake, Identify with and without credentials', 'curl 7.88 (crosscheck winrm)'],
  ['Certificates of clients', 'pywinrm 0.3.0, curl 7.88 (crosscheck winrm-more)'],
  [
    'Basic over TLS and over HTTP with AllowUnencrypted; shells opened and closed by the dozen, command lines of 8,000 characters, PowerShell by encoded command',
    'winrmcp of 2018-09 on masterzen/winrm (crosscheck winrm-more)',
  ],
  [
    'NTLM inside SPNEGO with MIC, sealing over HTTP, channel binding over TLS; PSRP: pools, pipelines of cmdlets and scripts, objects and errors, state, free runspaces, the list of shells and of their commands; a broken pool on the exchange of keys; winrm/config by which it sizes its packets',
    'pypsrp 0.9.1 with pyspnego 0.12.0 (by hand, 2026-11-22)',
  ],
  [
    'Identify, Get, fragments, Enumerate with one item per Pull where MaxElements is absent, optimised with pages, EPR and ObjectAndEPR, polymorphism modes, WQL, association filters of both kinds, xsi:nil scalars read and printed, faults of Put and of methods that are not there; Basic over HTTP and over TLS with a CA',
    'wsmancli 2.8.0 on openwsman 2.8.1, built from source (by hand, 2026-11-22)',
  ],
  [
    'WQL grammar and evaluation',
    'a plain evaluator of our own (property test); libvirt’s and virt-who’s queries as tests',
  ],
  ['NTLM keys, proofs, sealing; RC4; MD4', 'the vectors of MS-NLMP 4.2.4, RFC 6229, RFC 1320'],
  [
    'Version, node, capabilities, list, dominfo, dumpxml with disks and networks, start, suspend, resume, save, reset, destroy, shutdown, keys, virtual processors’ times and their maximum, networks; full instances of 25 classes, references by path, ASSOCIATORS OF; Basic over HTTP',
    'virsh of libvirt 9.0.0 with its Hyper-V driver, built from Debian’s source on openwsman 2.8.1 (by hand, 2026-11-22); what is paused or saved has “no state” there, since it knows the old numbers only; autostart, undefine, reboot and screenshots need what is not offered',
  ],
  [
    'The old namespace refused, machines with their state, the host with its identity and version; Basic over HTTP with an empty first request, selectors in part, blanks around URIs',
    'virt-who’s Hyper-V backend, commit 0dbd1f4 of 2026-08 (by hand, 2026-11-22)',
  ],
  ['Quotas and their faults; Put on winrm/config; the faults of PSRP', 'unverified'],
];

const SCHEMES: ReadonlyArray<readonly [scheme: string, how: string]> = [
  ['Basic', 'offered where the host is told to (`--basic`); over HTTP only with AllowUnencrypted'],
  ['Negotiate with raw NTLMv2', 'offered, under the scheme words Negotiate and NTLM'],
  ['Negotiate with SPNEGO around NTLMv2', 'offered, with mechListMIC'],
  ['Message sealing (HTTP-SPNEGO-session-encrypted)', 'offered; required over HTTP unless AllowUnencrypted'],
  ['Certificate', 'offered where the host is told to (`--certificate`), by user principal name and issuer'],
  ['NTLMv1, LM', 'refused: 401'],
  ['Kerberos', 'listed, as Windows does, and refused: 401; inside SPNEGO with negState reject'],
  ['CredSSP, Digest, Bearer', 'refused: 401'],
];

const DIALECTS: ReadonlyArray<readonly [dialect: string, how: string]> = [
  ['WQL: select, projection, where with all operators, ISA, ASSOCIATORS OF, REFERENCES OF', 'offered'],
  [
    'WQL: events, schema queries, ClassDefsOnly, KeysOnly, SchemaOnly, RequiredQualifier',
    'n:CannotProcessFilter, 0x80041017',
  ],
  [
    'cimbinding/associationFilter: AssociatedInstances, AssociationInstances',
    'offered; IncludeResultProperty is refused',
  ],
  ['SelectorFilter', 'offered for the commands of a shell; n:FilterDialectRequestedUnavailable elsewhere'],
  [
    'XPath of fragments: a property, an element of an array, its text',
    'offered for Get; other paths w:CannotProcessFilter',
  ],
  ['XPath and other dialects of filters', 'n:FilterDialectRequestedUnavailable'],
];

/** Asked for often enough to be named; everything else that is not offered is refused as well. */
const REFUSED: ReadonlyArray<readonly [what: string, answer: string]> = [
  [
    'Put, Create and Delete of instances other than Win32_Environment',
    'w:InternalError, 0x80041024 (provider not capable)',
  ],
  ['Methods that no provider has; eventing (Subscribe, Renew, Unsubscribe)', 'a:ActionNotSupported'],
  ['Connect, Disconnect and Reconnect of shells', 'a:ActionNotSupported'],
  [
    'Session configurations other than Microsoft.PowerShell and Microsoft.PowerShell32',
    'a:DestinationUnreachable',
  ],
  ['PSRP: input objects, metadata of commands', 'the pipeline fails'],
  ['PSRP: exchange of keys and thus secure strings', 'the pool is broken'],
  ['Scripts with language beyond pipelines', 'CommandNotFoundException, as an unknown command'],
  ['Listeners, certificate mappings and plug-ins below winrm/config', 'a:DestinationUnreachable'],
];

/** Where the simulator takes, or says, what a real host might not. */
const LAXER: readonly string[] = [
  'Objects of pipelines are PSCustomObjects with the properties that were asked for, not the types that Windows deserialises.',
  'A program in a shell reads no standard input: what is sent is taken and dropped.',
  'TrustedHosts is the affair of Windows clients: a host answers them like all others.',
  'In memory, a client’s certificate is believed when its own side holds the key; over TCP the handshake proves it.',
  'The groups of an account decide by namespace, not by class.',
];

export interface ShownHost {
  /** "Windows Server 2019 with Hyper-V" */
  readonly name: string;
  readonly host: WinrmHost;
}

/** @param shown hosts whose classes and methods the page lists */
export function winrmLedger(shown: readonly ShownHost[]): string {
  const lines = [
    '# WinRM and CIM: what the simulator offers',
    '',
    'Generated from the tables that answer requests (`simulators/winrm/ledger.ts`); a test holds this page against them.',
    '',
    ...table(['part', 'verified against'], JUDGES),
    '',
    '## Operations',
    '',
    ...table(['operation', ...FAMILIES.map(([, says]) => says)], operationRows()),
    '',
    'Identify is offered to everybody, without a version to those who are not known. What is not offered here is refused with',
    'a:ActionNotSupported. Methods are listed with their classes.',
    '',
    '## Authentication',
    '',
    ...table(['scheme', 'how'], SCHEMES),
    '',
    '## Filters and fragments',
    '',
    ...table(['dialect', 'how'], DIALECTS),
    '',
    '## Quotas',
    '',
    ...table(['quota', '2008 R2', '2012, 2012 R2', 'later'], quotaRows()),
    '',
    ...shown.flatMap(({ name, host }) => classLines(name, host)),
    '## Refused',
    '',
    ...table(['what', 'answer'], REFUSED),
    '',
    '## Laxer than the product',
    '',
    ...LAXER.map((line) => `- ${line}`),
    '',
    `Faults can act at ${winrmFaultPoints().length} points of every host, and at more of Hyper-V: \`drylift explain points\`.`,
    '',
  ];
  return lines.join('\n');
}

const FAMILIES: ReadonlyArray<readonly [Family, string]> = [
  ['cim', 'CIM classes'],
  ['cmd', 'shells of cmd'],
  ['powershell', 'shells of PowerShell'],
  ['shells', 'shells as such'],
  ['config', 'winrm/config'],
];

function operationRows(): string[][] {
  const mark = (offered: boolean): string => (offered ? 'yes' : '–');
  return [
    ...OPERATIONS.map(({ name, on }) => [
      name,
      ...FAMILIES.map(([family]) => mark(on[family] !== undefined)),
    ]),
    ...CONTEXT_OPERATIONS.map(({ name }) => [
      name,
      ...FAMILIES.map(([family]) => mark(family === 'cim' || family === 'shells')),
    ]),
  ].map((row) =>
    /^(?:Put|Create|Delete)$/.test(row[0]!) ? [row[0]!, 'where the provider can', ...row.slice(2)] : row,
  );
}

function quotaRows(): string[][] {
  const versions = ['6.1.7601', '6.3.9600', '10.0.17763'].map(quotasOf);
  const unit = (name: keyof Quotas): string =>
    /Bytes/.test(name) ? ' bytes' : /Ms/.test(name) ? ' ms' : /Mb$/.test(name) ? ' MB' : '';
  return (Object.keys(versions[0]!) as Array<keyof Quotas>).map((name) => [
    name,
    ...versions.map((quotas) => `${quotas[name]}${unit(name)}`),
  ]);
}

function classLines(name: string, { cim }: WinrmHost): string[] {
  const { classes, associations } = cim.repository.offered();
  const rows = new Map<string, { readonly classes: string[]; readonly associations: string[] }>();
  const rowOf = (namespace: string) => {
    const row = rows.get(namespace) ?? { classes: [], associations: [] };
    rows.set(namespace, row);
    return row;
  };
  const withMethods = ({ namespace, name }: CimClass): string => {
    const methods = cim.methods
      .filter(({ class: of }) => of.name === name && of.namespace === namespace)
      .map((method) => method.name);
    return methods.length === 0 ? name : `${name} (${methods.sort().join(', ')})`;
  };
  for (const of of classes) rowOf(of.namespace).classes.push(withMethods(of));
  for (const of of associations) rowOf(of.namespace).associations.push(of.name);
  for (const { class: of } of cim.methods) {
    const { classes: listed } = rowOf(of.namespace);
    const entry = withMethods(of);
    if (!listed.includes(entry)) listed.push(entry);
  }
  return [
    `## ${name}`,
    '',
    ...table(
      ['namespace', 'classes, with their methods', 'associations'],
      [...rows]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([namespace, row]) => [
          namespace,
          [...new Set(row.classes)].sort().join(', ') || '–',
          [...new Set(row.associations)].sort().join(', ') || '–',
        ]),
    ),
    '',
  ];
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)];
}
