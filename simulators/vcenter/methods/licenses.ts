/** Methods of LicenseManager and LicenseAssignmentManager. */
import { invalidArgument } from '../faults.ts';
import type { Licenses } from '../licenses.ts';
import type { Data } from '../values.ts';
import { type Call, defineMethod, type Method } from './method.ts';

interface Label extends Data {
  readonly key: string;
  readonly value: string;
}

const PRIVILEGE = 'Global.Licenses';

/** Clients that wait are told that the list is another. */
function changed<T>(call: Call, act: (licenses: Licenses) => T): T {
  const done = act(call.vcenter.licenses);
  const manager = call.vcenter.managers.get('LicenseManager');
  if (manager) call.vcenter.changes.changed(manager, 'licenses');
  return done;
}

function licenseMethod<Args>(
  name: string,
  takes: string,
  act: (licenses: Licenses, args: Args) => Data | undefined,
): Method {
  return defineMethod<Args>({
    on: 'LicenseManager',
    name,
    since: '4.0',
    takes,
    ...(name.startsWith('Remove') || name.endsWith('Label') ? {} : { returns: 'LicenseManagerLicenseInfo' }),
    privilege: PRIVILEGE,
    run: (args, call) => changed(call, (licenses) => act(licenses, args)),
  });
}

type Keyed = { licenseKey: string };
type Labelled = Keyed & { labels: readonly Label[] };
const KEY_AND_LABELS = 'licenseKey string @4.0, labels KeyValue[] @4.0';

const updateAssignedLicense = defineMethod<{ entity: string; licenseKey: string }>({
  on: 'LicenseAssignmentManager',
  name: 'UpdateAssignedLicense',
  since: '4.0',
  takes: 'entity string @4.0, licenseKey string @4.0, entityDisplayName string? @4.0',
  returns: 'LicenseManagerLicenseInfo',
  privilege: PRIVILEGE,
  faults: ['LicenseEntityNotFound'],
  run: ({ entity, licenseKey }, call) => changed(call, (licenses) => licenses.assign(entity, licenseKey)),
});

const removeAssignedLicense = defineMethod<{ entityId: string }>({
  on: 'LicenseAssignmentManager',
  name: 'RemoveAssignedLicense',
  since: '4.0',
  takes: 'entityId string @4.0',
  privilege: PRIVILEGE,
  faults: ['LicenseEntityNotFound'],
  run({ entityId }, call) {
    changed(call, (licenses) => licenses.unassign(entityId));
    return undefined;
  },
});

const queryAssignedLicenses = defineMethod<{ entityId?: string }>({
  on: 'LicenseAssignmentManager',
  name: 'QueryAssignedLicenses',
  since: '4.0',
  takes: 'entityId string? @4.0',
  returns: 'LicenseAssignmentManagerLicenseAssignment[]',
  privilege: 'System.View',
  run: ({ entityId }, { vcenter }) => vcenter.licenses.assigned(entityId),
});

const decodeLicense = defineMethod<Keyed>({
  on: 'LicenseManager',
  name: 'DecodeLicense',
  since: '4.0',
  takes: 'licenseKey string @4.0',
  returns: 'LicenseManagerLicenseInfo',
  privilege: PRIVILEGE,
  run: ({ licenseKey }, { vcenter }) => vcenter.licenses.decode(licenseKey),
});

const checkLicenseFeature = defineMethod<{ featureKey: string }>({
  on: 'LicenseManager',
  name: 'CheckLicenseFeature',
  takes: 'host &HostSystem?, featureKey string',
  returns: 'boolean',
  privilege: 'System.Read',
  faults: ['InvalidState'],
  run({ featureKey }) {
    // An evaluation has every feature; only something that names none is refused.
    if (!/^\w{1,100}$/.test(featureKey)) throw invalidArgument('featureKey');
    return true;
  },
});

export const LICENSE_METHODS: readonly Method[] = [
  licenseMethod<Labelled>('AddLicense', KEY_AND_LABELS, (licenses, { licenseKey, labels }) =>
    licenses.add(licenseKey, labels),
  ),
  licenseMethod<Labelled>('UpdateLicense', KEY_AND_LABELS, (licenses, { licenseKey, labels }) =>
    licenses.add(licenseKey, labels),
  ),
  licenseMethod<Keyed>('RemoveLicense', 'licenseKey string @4.0', (licenses, { licenseKey }) => {
    licenses.remove(licenseKey);
    return undefined;
  }),
  licenseMethod<Keyed & { labelKey: string; labelValue: string }>(
    'UpdateLicenseLabel',
    'licenseKey string @4.0, labelKey string @4.0, labelValue string @4.0',
    (licenses, { licenseKey, labelKey, labelValue }) => {
      licenses.label(licenseKey, labelKey, labelValue);
      return undefined;
    },
  ),
  licenseMethod<Keyed & { labelKey: string }>(
    'RemoveLicenseLabel',
    'licenseKey string @4.0, labelKey string @4.0',
    (licenses, { licenseKey, labelKey }) => {
      licenses.label(licenseKey, labelKey, undefined);
      return undefined;
    },
  ),
  decodeLicense,
  checkLicenseFeature,
  updateAssignedLicense,
  removeAssignedLicense,
  queryAssignedLicenses,
];
