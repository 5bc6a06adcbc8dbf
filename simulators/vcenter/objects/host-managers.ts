/**
 * What hangs on a host: its services, its clock, its advanced settings, and which machines it starts by itself. What
 * clients set is kept and shown; a service that is stopped stops nothing else.
 */
import { invalidArgument, vimFault } from '../faults.ts';
import { type Data, fieldValue, type Ref, ref, type Value } from '../values.ts';
import type { HostObject } from './host.ts';
import { hostNetworkOf } from './host-network.ts';
import { type Entity, ManagedObject, type Properties } from './object.ts';

export const AUTO_START: Properties<AutoStartObject> = { config: (self) => self.config };
export const SERVICE_SYSTEM: Properties<ServiceSystemObject> = {
  value: () => [],
  availableField: () => [],
  serviceInfo: (self) => self.info,
};
export const DATE_TIME_SYSTEM: Properties<DateTimeSystemObject> = { dateTimeInfo: (self) => self.info };
export const NETWORK_SYSTEM: Properties<NetworkSystemObject> = {
  value: () => [],
  availableField: () => [],
  networkInfo: (self) => hostNetworkOf(self.host),
  dnsConfig: (self) => hostNetworkOf(self.host).dnsConfig as Data,
  networkConfig: (self) => networkConfigOf(self.host),
};
export const HOST_OPTIONS: Properties<HostOptionsObject> = { setting: (self) => self.options() };

abstract class HostManager extends ManagedObject {
  readonly host: HostObject;

  constructor(type: string, prefix: string, host: HostObject) {
    super(type, `${prefix}-${host.ref.id.slice('host-'.length)}`);
    this.host = host;
  }

  override get label(): string {
    return this.host.label;
  }

  override get entity(): Entity {
    return this.host;
  }
}

export interface AutoStartEntry extends Data {
  readonly key: Ref;
  readonly startOrder: number;
  readonly startAction: string;
}

const DEFAULTS: Data = {
  $: 'AutoStartDefaults',
  enabled: false,
  startDelay: 120,
  stopDelay: 120,
  waitForHeartbeat: false,
  stopAction: 'PowerOff',
};

export class AutoStartObject extends HostManager {
  #defaults: Data = DEFAULTS;
  #entries: readonly AutoStartEntry[] = [];

  constructor(host: HostObject) {
    super('HostAutoStartManager', 'autoStartManager', host);
  }

  protected get properties(): Properties<AutoStartObject> {
    return AUTO_START;
  }

  /** Machines in the order in which they start. */
  get entries(): readonly AutoStartEntry[] {
    const here = new Set(this.host.vms.refs().map(({ id }) => id));
    return this.#entries.filter(({ key }) => here.has(key.id));
  }

  get config(): Data {
    return { $: 'HostAutoStartManagerConfig', defaults: this.#defaults, powerInfo: this.entries };
  }

  /** Defaults that are given, and machines one by one: others stay. @throws VimFault InvalidArgument */
  configure(defaults: Data | undefined, entries: readonly AutoStartEntry[]): void {
    const here = new Set(this.host.vms.refs().map(({ id }) => id));
    if (entries.some(({ key }) => !here.has(key.id))) throw invalidArgument('spec.powerInfo.key');
    if (defaults) {
      const given = Object.entries(defaults).filter(([, value]) => value !== undefined);
      this.#defaults = { ...this.#defaults, ...Object.fromEntries(given), $: 'AutoStartDefaults' };
    }
    const others = this.entries.filter(({ key }) => !entries.some((each) => each.key.id === key.id));
    this.#entries = [...others, ...entries].sort((a, b) => order(a) - order(b));
  }
}

/** −1 stands for any time after the others. */
function order({ startOrder }: AutoStartEntry): number {
  return startOrder < 0 ? Number.POSITIVE_INFINITY : startOrder;
}

/** Key, label, does it run at first, policy, and the rule set of the firewall. */
const SERVICES: ReadonlyArray<readonly [string, string, boolean, string, string?]> = [
  ['DCUI', 'Direct Console UI', true, 'on'],
  ['TSM', 'ESXi Shell', false, 'off'],
  ['TSM-SSH', 'SSH', false, 'off', 'sshServer'],
  ['lbtd', 'Load-Based Teaming Daemon', true, 'on'],
  ['lwsmd', 'Active Directory Service', false, 'off'],
  ['ntpd', 'NTP Daemon', true, 'on', 'ntpClient'],
  ['pcscd', 'PC/SC Smart Card Daemon', false, 'off'],
  ['sfcbd-watchdog', 'CIM Server', false, 'on', 'CIMHttpServer'],
  ['snmpd', 'SNMP Server', false, 'on', 'snmp'],
  ['vmsyslogd', 'Syslog Server', true, 'on'],
  ['vpxa', 'VMware vCenter Agent', true, 'on', 'vpxHeartbeats'],
  ['xorg', 'X.Org Server', false, 'on'],
];

export class ServiceSystemObject extends HostManager {
  readonly #states = new Map(SERVICES.map(([key, , runs, policy]) => [key, { runs, policy }]));

  constructor(host: HostObject) {
    super('HostServiceSystem', 'serviceSystem', host);
  }

  protected get properties(): Properties<ServiceSystemObject> {
    return SERVICE_SYSTEM;
  }

  get info(): Data {
    return {
      $: 'HostServiceInfo',
      service: SERVICES.map(([key, label, , , ruleset]) => ({
        $: 'HostService',
        key,
        label,
        required: key === 'vmsyslogd',
        uninstallable: false,
        running: this.#states.get(key)!.runs,
        ruleset: ruleset === undefined ? [] : [ruleset],
        policy: this.#states.get(key)!.policy,
        sourcePackage: {
          $: 'HostServiceSourcePackage',
          sourcePackageName: 'esx-base',
          description: 'ESXi base system',
        },
      })),
    };
  }

  /** @throws VimFault NotFound, InvalidState */
  switch(id: string, to: 'started' | 'stopped' | 'restarted'): void {
    const state = this.#state(id);
    if (to !== 'restarted' && state.runs === (to === 'started'))
      throw vimFault('InvalidState', `The service '${id}' is ${to} already.`);
    state.runs = to !== 'stopped';
  }

  /** @throws VimFault NotFound, InvalidArgument */
  setPolicy(id: string, policy: string): void {
    const state = this.#state(id);
    if (!['on', 'off', 'automatic'].includes(policy)) throw invalidArgument('policy');
    state.policy = policy;
  }

  #state(id: string): { runs: boolean; policy: string } {
    const state = this.#states.get(id);
    if (!state) throw vimFault('NotFound', `There is no service '${id.slice(0, 100)}'.`);
    return state;
  }
}

export const TIME_ZONE: Data = {
  $: 'HostDateTimeSystemTimeZone',
  key: 'UTC',
  name: 'UTC',
  description: 'UTC',
  gmtOffset: 0,
};

const DATE_TIME_INFO: Data = {
  $: 'HostDateTimeInfo',
  timeZone: TIME_ZONE,
  ntpConfig: { $: 'HostNtpConfig', server: ['ntp.example'], configFile: ['server ntp.example'] },
};

export class DateTimeSystemObject extends HostManager {
  constructor(host: HostObject) {
    super('HostDateTimeSystem', 'dateTimeSystem', host);
  }

  protected get properties(): Properties<DateTimeSystemObject> {
    return DATE_TIME_SYSTEM;
  }

  get info(): Data {
    return DATE_TIME_INFO;
  }
}

/** The cards, which is what clients look for in it. */
function networkConfigOf(host: HostObject): Data {
  const network = hostNetworkOf(host);
  return {
    $: 'HostNetworkConfig',
    pnic: (fieldValue(network, 'pnic') as readonly Data[]).map(({ device, spec }) => ({
      $: 'PhysicalNicConfig',
      device,
      spec: spec ?? { $: 'PhysicalNicSpec' },
    })),
    dnsConfig: network.dnsConfig,
  };
}

export class NetworkSystemObject extends HostManager {
  constructor(host: HostObject) {
    super('HostNetworkSystem', 'networkSystem', host);
  }

  protected get properties(): Properties<NetworkSystemObject> {
    return NETWORK_SYSTEM;
  }
}

const OPTIONS: ReadonlyArray<readonly [string, Value]> = [
  ['Annotations.WelcomeMessage', ''],
  ['Config.HostAgent.log.level', 'info'],
  ['Config.HostAgent.plugins.solo.enableMob', false],
  ['Mem.ShareForceSalting', 2],
  ['Net.BlockGuestBPDU', 0],
  ['NFS.MaxVolumes', 32],
  ['Security.AccountLockFailures', 5],
  ['Syslog.global.logHost', ''],
  ['UserVars.ESXiShellInteractiveTimeOut', 0],
  ['UserVars.ESXiShellTimeOut', 0],
  ['UserVars.SuppressShellWarning', 0],
  ['VMFS3.HardwareAcceleratedLocking', 1],
];
const OPTIONS_MAX = 1000;

/** The advanced settings of a host, in the form of an OptionManager. */
export class HostOptionsObject extends HostManager {
  readonly #settings = new Map<string, Value>(OPTIONS);

  constructor(host: HostObject) {
    super('OptionManager', 'EsxHostAdvSettings', host);
  }

  protected get properties(): Properties<HostOptionsObject> {
    return HOST_OPTIONS;
  }

  options(): Data[] {
    return [...this.#settings].map(([key, value]) => ({ $: 'OptionValue', key, value }));
  }

  /** @returns false when there is no room for it */
  set(key: string, value: Value): boolean {
    if (!this.#settings.has(key) && this.#settings.size >= OPTIONS_MAX) return false;
    this.#settings.set(key, value);
    return true;
  }
}

/** All of a host, made with it. */
export class HostManagers {
  readonly autoStart: AutoStartObject;
  readonly services: ServiceSystemObject;
  readonly dateTime: DateTimeSystemObject;
  readonly options: HostOptionsObject;
  readonly network: NetworkSystemObject;

  constructor(host: HostObject) {
    this.autoStart = new AutoStartObject(host);
    this.services = new ServiceSystemObject(host);
    this.dateTime = new DateTimeSystemObject(host);
    this.options = new HostOptionsObject(host);
    this.network = new NetworkSystemObject(host);
  }

  all(): readonly ManagedObject[] {
    return [this.autoStart, this.services, this.dateTime, this.options, this.network];
  }

  /** HostSystem.configManager */
  get data(): Data {
    return {
      $: 'HostConfigManager',
      networkSystem: this.network.ref,
      serviceSystem: this.services.ref,
      advancedOption: this.options.ref,
      autoStartManager: this.autoStart.ref,
      dateTimeSystem: this.dateTime.ref,
      licenseManager: ref('LicenseManager', 'LicenseManager'),
    };
  }
}
