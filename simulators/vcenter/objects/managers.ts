/**
 * The managers that ServiceContent names. Some of them do nothing yet: they exist, so that clients can keep
 * references to them, and refuse what is asked of them.
 */
import { PRIVILEGE_DESCRIPTION, PRIVILEGE_LIST } from '../authorization/descriptions.ts';
import { EVENT_DESCRIPTION, taskDescription } from '../events/descriptions.ts';
import { COUNTERS, HISTORICAL_INTERVALS, PERFORMANCE_DESCRIPTION } from '../performance/counters.ts';
import { DEFAULT_COLLECTOR } from '../property/collector.ts';
import { type Data, ref, type Value } from '../values.ts';
import { ManagedObject, type Properties, type Reading } from './object.ts';

export type Managers = ReadonlyMap<string, ManagedObject>;

/** Field of ServiceContent, type and id, as vCenter has them. */
const MANAGERS: ReadonlyArray<readonly [field: string, type: string, id: string]> = [
  ['viewManager', 'ViewManager', 'ViewManager'],
  ['setting', 'OptionManager', 'VpxSettings'],
  ['userDirectory', 'UserDirectory', 'UserDirectory'],
  ['sessionManager', 'SessionManager', 'SessionManager'],
  ['authorizationManager', 'AuthorizationManager', 'AuthorizationManager'],
  ['perfManager', 'PerformanceManager', 'PerfMgr'],
  ['scheduledTaskManager', 'ScheduledTaskManager', 'ScheduledTaskManager'],
  ['alarmManager', 'AlarmManager', 'AlarmManager'],
  ['eventManager', 'EventManager', 'EventManager'],
  ['taskManager', 'TaskManager', 'TaskManager'],
  ['extensionManager', 'ExtensionManager', 'ExtensionManager'],
  ['customFieldsManager', 'CustomFieldsManager', 'CustomFieldsManager'],
  ['diagnosticManager', 'DiagnosticManager', 'DiagMgr'],
  ['licenseManager', 'LicenseManager', 'LicenseManager'],
  ['searchIndex', 'SearchIndex', 'SearchIndex'],
  ['fileManager', 'FileManager', 'FileManager'],
  ['virtualDiskManager', 'VirtualDiskManager', 'virtualDiskManager'],
  ['ovfManager', 'OvfManager', 'OvfManager'],
  ['guestOperationsManager', 'GuestOperationsManager', 'guestOperationsManager'],
];

/** Managers below GuestOperationsManager: property, type and id. */
const GUEST_MANAGERS: ReadonlyArray<readonly [property: string, type: string, id: string]> = [
  ['authManager', 'GuestAuthManager', 'guestOperationsAuthManager'],
  ['fileManager', 'GuestFileManager', 'guestOperationsFileManager'],
  ['processManager', 'GuestProcessManager', 'guestOperationsProcessManager'],
  ['aliasManager', 'GuestAliasManager', 'guestOperationsAliasManager'],
  ['guestWindowsRegistryManager', 'GuestWindowsRegistryManager', 'guestOperationsWindowsRegistryManager'],
];

const LICENSE_ASSIGNMENT = ref('LicenseAssignmentManager', 'LicenseAssignmentManager');

const TASK_DESCRIPTION = taskDescription();

/** Readers by type: of those that are not here nothing can be read. */
export const MANAGER_READERS: Readonly<Record<string, Properties<never>>> = {
  ServiceInstance: {
    serverClock: (_self, { now }) => now,
    capability: () => ({
      $: 'Capability',
      provisioningSupported: true,
      multiHostSupported: true,
      userShellAccessSupported: false,
      networkBackupAndRestoreSupported: true,
      ftDrsWithoutEvcSupported: true,
    }),
    content: (_self, reading) => serviceContent(reading),
  },
  GuestOperationsManager: Object.fromEntries(
    GUEST_MANAGERS.map(([property, type, id]) => [property, () => ref(type, id)]),
  ),
  ViewManager: {
    viewList: (_self, { session }) =>
      session
        ? [...session.objects()].map((object) => object.ref).filter((view) => view.type.endsWith('View'))
        : [],
  },
  SessionManager: {
    sessionList: (_self, { vcenter, session }) =>
      session?.may('Sessions.TerminateSession')
        ? vcenter.sessions.all().map((each) => each.data)
        : session
          ? [session.data]
          : [],
    currentSession: (_self, { session }) => session?.data,
    message: () => '',
    messageLocaleList: () => ['en'],
    supportedLocaleList: () => ['en'],
    defaultLocale: () => 'en',
  },
  AuthorizationManager: {
    privilegeList: () => PRIVILEGE_LIST,
    roleList: (_self, { vcenter }) => vcenter.authorization.roles(),
    description: () => PRIVILEGE_DESCRIPTION,
  },
  OptionManager: { setting: (_self, { vcenter }) => vcenter.options() },
  AlarmManager: {
    defaultExpression: (_self, { vcenter }) =>
      vcenter.alarms.on(undefined).map(({ definition }) => definition.expression),
  },
  PerformanceManager: {
    description: () => PERFORMANCE_DESCRIPTION,
    historicalInterval: () => HISTORICAL_INTERVALS.map((interval) => interval.data),
    perfCounter: () => COUNTERS.map((counter) => counter.data),
  },
  TaskManager: {
    recentTask: (_self, { vcenter }) => vcenter.tasks.recent().map((task) => task.ref),
    maxCollector: () => 32,
    description: () => TASK_DESCRIPTION,
  },
  EventManager: {
    description: () => EVENT_DESCRIPTION,
    latestEvent: (_self, { vcenter }) => vcenter.events.latest?.data,
    maxCollector: () => 1000,
  },
  LicenseManager: {
    licenses: (_self, { vcenter }) => vcenter.licenses.all(),
    licenseAssignmentManager: () => LICENSE_ASSIGNMENT,
    licensedEdition: () => 'eval',
    source: () => ({ $: 'EvaluationLicenseSource', remainingHours: 1440 }),
    sourceAvailable: () => true,
    featureInfo: () => [],
    evaluation: (_self, { vcenter, now }) => ({
      $: 'LicenseManagerEvaluationInfo',
      properties: vcenter.licenses.evaluation(now),
    }),
  },
  ExtensionManager: { extensionList: () => [] },
  CustomFieldsManager: { field: (_self, { vcenter }) => vcenter.customFields.definitions() },
  UserDirectory: {
    domainList: (_self, { vcenter }) => [
      ...new Set(['vsphere.local', ...vcenter.authorization.directory.domains()]),
    ],
  },
};

class ManagerObject extends ManagedObject {
  protected get properties(): Properties<never> {
    return MANAGER_READERS[this.ref.type] ?? {};
  }
}

/** What stands behind the default property collector's id before login. */
export const ANONYMOUS_COLLECTOR: ManagedObject = new ManagerObject('PropertyCollector', DEFAULT_COLLECTOR);

export function managersOf(): Managers {
  const managers = new Map<string, ManagedObject>();
  const add = (type: string, id: string) => managers.set(id, new ManagerObject(type, id));
  add('ServiceInstance', 'ServiceInstance');
  for (const [, type, id] of [...MANAGERS, ...GUEST_MANAGERS]) add(type, id);
  add(LICENSE_ASSIGNMENT.type, LICENSE_ASSIGNMENT.id);
  return managers;
}

export function serviceContent({ vcenter }: Pick<Reading, 'vcenter'>): Data {
  const content: Record<string, Value> = {
    rootFolder: vcenter.inventory.root.ref,
    propertyCollector: ref('PropertyCollector', DEFAULT_COLLECTOR),
    about: vcenter.about,
  };
  for (const [field, type, id] of MANAGERS) content[field] = ref(type, id);
  return { $: 'ServiceContent', ...content };
}
