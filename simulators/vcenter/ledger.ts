/**
 * The coverage ledger of the vCenter simulator, docs/coverage/vcenter.md: offered, refused, verified against
 * whom. It is made from the tables that dispatch requests and that objects are read by, so that it cannot say
 * more than there is.
 */
import { faultPoints } from './fault-points.ts';
import { METHODS } from './methods/table.ts';
import { offeredProperties } from './offered.ts';
import { typeNamed } from './schema/schema.ts';
import { VERSIONS } from './schema/versions.ts';

/** Who has judged a part, and on what. A part that nobody outside has judged says so. */
const JUDGES: ReadonlyArray<readonly [part: string, judge: string]> = [
  [
    'Every type, field, method and enumeration up to 6.7.1: name, order, kind, optionality, first version, privilege',
    'pyVmomi 6.7.1, by its own tables (crosscheck vcenter)',
  ],
  [
    'Login, walk of the inventory, every offered property of every object, QueryPerf in both formats, search, snapshots, changed areas and ranges through three replication cycles, waiting for tasks and views, faults',
    'pyVmomi 6.7.1 (crosscheck vcenter); pyVmomi 8.0.3.0.1, which reads by Fetch (by hand, 2026-11-22)',
  ],
  [
    'RetrieveProperties, WaitForUpdates, FindByUuid, VMX files, power, snapshots, datastores and their files',
    'libvirt 9.0 with virsh, vpx:// (crosscheck vcenter) and esx:// (crosscheck vcenter-esx)',
  ],
  [
    'Paths of the inventory, container views, counters by name, snapshots, waiting for tasks and properties, files of a datastore',
    'govmomi 0.24.2 (crosscheck vcenter, where a Go compiler is)',
  ],
  [
    'Datastore paths: HEAD, GET, ranges, Basic and cookie; descriptors and flat files',
    'curl 7.88 and qemu-img 7.2 (crosscheck vcenter)',
  ],
  [
    'The same read as virt-v2v reads it, to the end of the inspection of a guest; a disk copied whole',
    'virt-v2v 2.2 with nbdkit 1.32 (crosscheck vcenter-v2v, vcenter-ansible)',
  ],
  [
    'Machines and one in detail, its disks, a snapshot taken and removed, power, hosts, datastores; clusters, folders, services and settings of hosts; roles, licences, pools, folders, machines made, cloned, grown and removed, custom attributes, start with the host',
    'Ansible 2.14 with community.vmware (crosschecks vcenter-ansible, vcenter-ansible-manage)',
  ],
  [
    'Machines made, reconfigured, cloned, linked, migrated, relocated, renamed, templated, unregistered, registered, destroyed; folders and pools; disks added, grown, attached and taken off; events, collectors of events and tasks; roles and permissions; leases both ways; OVF descriptors and import specifications; virtual disks and files of datastores',
    'pyVmomi 6.7.1, and qemu-img 7.2 for the disks (crosscheck vcenter-lifecycle); the same with pyVmomi 8.0.3.0.1 (by hand, 2026-11-22); some of it govmomi 0.24.2, where a Go compiler is',
  ],
  [
    'REST: sessions, lists, tags',
    'curl 7.88 (crosscheck vcenter-lifecycle); sessions and tags govmomi 0.24.2, where a Go compiler is',
  ],
  [
    'One ESXi host by itself: lists, domain XML, dominfo, power',
    'libvirt 9.0 with virsh, esx:// (crosschecks vcenter-lifecycle, vcenter-esx)',
  ],
  [
    'Guest operations: credentials, programs, processes, environment, files with /guestFile, registry, their faults and privileges',
    'pyVmomi 6.7.1 (crosscheck vcenter-guest)',
  ],
  [
    'Paths, counters, power, snapshots, events and tasks, files of datastores, programs and files in guests, pools with limits, custom attributes, roles and permissions, tags, machines made, cloned, moved, registered, exported and imported, licences, options for machines, services of hosts',
    'govc 0.38.0 (vcenter-govc of the long tier, 2026-11-22)',
  ],
  [
    'Data sources, folder, pool, tag, custom attribute, role, machine and vApp made and destroyed; storage policies as far as it asks for them',
    'Terraform 0.13.7 with the provider vsphere 2.0.2 (by hand, 2026-11-22)',
  ],
  [
    'History at every interval against the next finer one, QueryPerf of hosts, clusters and pools against what is in them',
    'pyVmomi 6.7.1 (crosscheck vcenter)',
  ],
  [
    'The WSDL, and every property of every entity strictly by it',
    'zeep 4.2.1, a client made of it (crosscheck vcenter)',
  ],
  [
    'Fields newer than 6.7.1, of the types that are described: name, order, kind, optionality, first version',
    'pyVmomi 8.0.3.0.1, by its own tables (by hand, 2026-11-22: eight differences, where 8.0 changed older fields)',
  ],
  [
    'Values of fields newer than 6.7.1, and methods newer than that',
    'unverified, where the lines above do not name them',
  ],
];

/** Asked for often enough to be named; everything else that is not offered is refused as well. */
const REFUSED: ReadonlyArray<readonly [what: string, answer: string]> = [
  ['Guest operations in other systems than Linux and Windows', 'OperationNotSupportedByGuest'],
  [
    'Credentials for guests other than name and password or a ticket: SAML tokens, which aliases are for',
    'InvalidArgument',
  ],
  [
    'Registering an uploaded .vmx that cannot be read, or whose disks are not there',
    'GenericVmConfigFault, FileNotFound',
  ],
  [
    'A program that the shells of guests do not know',
    'it ends with 127 (Linux) or 1 (Windows), as a shell says it',
  ],
  ['A method that the table does not name', 'InvalidRequest'],
  ['A method of another type than that of the object', 'MethodNotFound'],
  [
    'An element that the schema does not know, or not at the version that the client asks for',
    'InvalidRequest',
  ],
  ['A path that the schema does not know at that version', 'InvalidProperty'],
  ['A property that every such object has in vSphere and that has no reader here', 'NotSupported'],
  [
    "Fields of a machine's specification that are neither its facts nor among the settings that are kept (NPIV, vApp options, replication, managedBy, crypto)",
    'NotSupported',
  ],
  [
    'Changing hosts, clusters, datacenters, datastores and networks, and folders of them; vApps in vApps, products and properties of vApps',
    'NotSupported',
  ],
  [
    'Customizing guests; moving between vCenters; exporting, cloning and unregistering vApps as a whole',
    'NotSupported',
  ],
  ['Removing a disk that snapshots hold', 'GenericVmConfigFault'],
  ['Cancelling a task other than of making, registering or cloning a machine', 'NotSupported'],
  ['Disks of machines that share them, in snapshots', 'GenericVmConfigFault'],
  ['An interval other than 20, 300, 1800, 7200 and 86400 s', 'InvalidArgument'],
  [
    'REST beside sessions, cis/tagging, lists of vcenter/…, vcenter/vm/*/power and appliance/system/version',
    '404',
  ],
  ['Single sign-on: /sts', '404'],
  ['Storage policies (/pbm) beside their lists and which a machine has', 'InvalidRequest'],
  ['Writing files of machines, and virtual disks, below /folder', '403'],
  ['Reading swap files and delta extents below /folder', '403'],
];

/** Where the simulator takes what a real server might not. */
const LAXER: readonly string[] = [
  'What a program in a guest writes is there when it starts, though it ends later; a program that sleeps is not seen half done.',
  'AcquireCredentialsInGuest gives a ticket for a name and password; a real server knows that for single sign-on only.',
  'Groups do not count in the rights of guest files: owner, others and administrators do.',
  'The flat file of a running machine without a snapshot can be read; a host would keep it locked.',
  'Every machine has a CD drive, one that was made without, too; removing it is refused.',
  "A machine's storage policies (vmProfile) are taken and not kept.",
  'quickStats move with time, and nobody who waits is told of it until something else changes.',
];

export function vcenterLedger(): string {
  const lines = [
    '# vCenter: what the simulator offers',
    '',
    'Generated from the tables that answer requests (`simulators/vcenter/ledger.ts`); a test holds this page against them.',
    '',
    ...table(['part', 'verified against'], JUDGES),
    '',
    '## Methods',
    '',
    ...table(
      ['object', 'method', 'since', 'privilege'],
      [...METHODS]
        .sort((a, b) => compare(a.on, b.on) || compare(a.name, b.name))
        .map(({ on, name, since, privilege }) => [
          on,
          name,
          VERSIONS[since]!,
          privilege ?? 'depends on the arguments',
        ]),
    ),
    '',
    '## Properties of managed objects',
    '',
    'Those of ExtensibleManagedObject and ManagedEntity are offered wherever they exist. What is not offered and',
    'optional is unset; what is not offered and required is refused.',
    '',
    ...table(['object', 'offered', 'not offered'], propertyRows()),
    '',
    '## Refused',
    '',
    ...table(['what', 'answer'], REFUSED),
    '',
    '## Laxer than the product',
    '',
    ...LAXER.map((line) => `- ${line}`),
    '',
    `Faults can act at ${faultPoints().length} points: \`drylift explain points\`.`,
    '',
  ];
  return lines.join('\n');
}

function propertyRows(): string[][] {
  const inherited = typeNamed('ManagedEntity');
  return [...offeredProperties()]
    .sort(([a], [b]) => compare(a, b))
    .map(([type, offered]) => {
      const { fields, base } = typeNamed(type);
      const own = [...fields.keys()].filter(
        (name) => !base || fields.get(name) !== inherited.fields.get(name),
      );
      const list = (names: readonly string[]) => names.join(', ') || '–';
      return [
        type,
        list(own.filter((name) => offered.has(name))),
        list(own.filter((name) => !offered.has(name))),
      ];
    });
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
