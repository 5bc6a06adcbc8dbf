/**
 * Licences: evaluation mode until keys are added and assigned. A key is any five groups of five letters and digits;
 * what the product reads out of its keys nobody else can know, so every key is one for all products here.
 */
import { DAY, HOUR, MINUTE, type UnixMillis } from '#core/units.ts';
import { invalidArgument, vimFault } from './faults.ts';
import type { Inventory } from './inventory.ts';
import type { HostObject } from './objects/host.ts';
import type { Data, Value } from './values.ts';

const EVALUATION_KEY = '00000-00000-00000-00000-00000';
const KEY = /^[0-9A-Z]{5}(-[0-9A-Z]{5}){4}$/;
const EVALUATION_DAYS = 60;
const LICENSES_MAX = 100;
const LABELS_MAX = 100;
/** Processors that a key is good for. */
const TOTAL = 1000;

interface License {
  readonly key: string;
  readonly labels: Map<string, string>;
}

export class Licenses {
  readonly #inventory: Inventory;
  /** What vCenter itself is licensed under. */
  readonly #own: { readonly id: string; readonly name: string };
  readonly #startedAt: UnixMillis;
  readonly #licenses = new Map<string, License>([
    [EVALUATION_KEY, { key: EVALUATION_KEY, labels: new Map() }],
  ]);
  /** Key by what it is assigned to; everything else is evaluated. */
  readonly #assigned = new Map<string, string>();

  constructor(
    inventory: Inventory,
    own: { readonly id: string; readonly name: string },
    startedAt: UnixMillis,
  ) {
    this.#inventory = inventory;
    this.#own = own;
    this.#startedAt = startedAt;
  }

  all(): Data[] {
    return [...this.#licenses.values()].map((license) => this.#data(license));
  }

  /** What is left of the evaluation, as `properties` of LicenseManager.evaluation. */
  evaluation(now: UnixMillis): Data[] {
    const until = this.#startedAt + EVALUATION_DAYS * DAY;
    const left = Math.max(0, until - now);
    const property = (key: string, value: Value): Data => ({ $: 'KeyAnyValue', key, value });
    return [
      property('expirationHours', Math.floor(left / HOUR)),
      property('expirationMinutes', Math.floor(left / MINUTE)),
      property('expirationDate', new Date(until).toISOString()),
    ];
  }

  /** @throws VimFault InvalidArgument, LimitExceeded */
  add(key: string, labels: ReadonlyArray<{ readonly key: string; readonly value: string }>): Data {
    const plain = checked(key);
    const license = this.#licenses.get(plain) ?? { key: plain, labels: new Map<string, string>() };
    if (!this.#licenses.has(plain) && this.#licenses.size >= LICENSES_MAX)
      throw vimFault('LimitExceeded', `There can be at most ${LICENSES_MAX} licenses.`, {
        limit: LICENSES_MAX,
      });
    for (const label of labels) setLabel(license, label.key, label.value);
    this.#licenses.set(plain, license);
    return this.#data(license);
  }

  /** @throws VimFault InvalidArgument, ResourceInUse */
  remove(key: string): void {
    const { key: plain } = this.#known(key);
    if (plain === EVALUATION_KEY) throw invalidArgument('licenseKey');
    if ([...this.#assigned.values()].includes(plain))
      throw vimFault('ResourceInUse', 'The license is assigned.', { name: plain });
    this.#licenses.delete(plain);
  }

  /** @throws VimFault InvalidArgument */
  label(key: string, name: string, value: string | undefined): void {
    const license = this.#known(key);
    if (value === undefined) license.labels.delete(name);
    else setLabel(license, name, value);
  }

  /** What a key is, whether it has been added or not; one that is none says so in its properties. */
  decode(key: string): Data {
    const plain = key.trim().toUpperCase();
    if (KEY.test(plain)) return this.#data(this.#licenses.get(plain) ?? { key: plain, labels: new Map() });
    return {
      $: 'LicenseManagerLicenseInfo',
      licenseKey: key.slice(0, 100),
      editionKey: '',
      name: '',
      total: 0,
      costUnit: '',
      properties: [
        {
          $: 'KeyAnyValue',
          key: 'lc_error',
          value: {
            $: 'LocalizableMessage',
            key: 'com.vmware.vim.vc.license.error.decode',
            message: 'License is not valid for this product',
          },
        },
      ],
    };
  }

  /** @throws VimFault LicenseEntityNotFound, InvalidArgument */
  assign(entityId: string, key: string): Data {
    this.#requireEntity(entityId);
    const data = this.add(key, []);
    if (data.licenseKey === EVALUATION_KEY) this.#assigned.delete(entityId);
    else this.#assigned.set(entityId, data.licenseKey as string);
    return this.#data(this.#licenses.get(data.licenseKey as string)!);
  }

  /** @throws VimFault LicenseEntityNotFound */
  unassign(entityId: string): void {
    this.#requireEntity(entityId);
    this.#assigned.delete(entityId);
  }

  /** @param entityId one of them; all of them when it is left out. @throws VimFault LicenseEntityNotFound */
  assigned(entityId?: string): Data[] {
    if (entityId !== undefined && entityId !== '') this.#requireEntity(entityId);
    return this.#entities()
      .filter(({ id }) => entityId === undefined || entityId === '' || id === entityId)
      .map(({ id, name, host }) => ({
        $: 'LicenseAssignmentManagerLicenseAssignment',
        entityId: id,
        scope: this.#own.id,
        entityDisplayName: name,
        assignedLicense: () => this.#data(this.#licenses.get(this.#assigned.get(id) ?? EVALUATION_KEY)!),
        properties: [
          {
            $: 'KeyAnyValue',
            key: 'ProductName',
            value: host ? 'VMware ESX Server' : 'VMware VirtualCenter Server',
          },
          {
            $: 'KeyAnyValue',
            key: 'EntityCost',
            value: {
              $: 'KeyValue',
              key: host ? 'cpuPackage' : 'server',
              value: String(host?.facts.cpuPackages ?? 1),
            },
          },
        ],
      }));
  }

  #entities(): Array<{ readonly id: string; readonly name: string; readonly host: HostObject | undefined }> {
    return [
      { ...this.#own, host: undefined },
      ...Array.from(this.#inventory.hosts(), (host) => ({ id: host.ref.id, name: host.name, host })),
    ];
  }

  #requireEntity(entityId: string): void {
    if (this.#entities().some(({ id }) => id === entityId)) return;
    throw vimFault(
      'LicenseEntityNotFound',
      'There is nothing of that id that a license can be assigned to.',
      {
        entityId,
      },
    );
  }

  /** @throws VimFault InvalidArgument */
  #known(key: string): License {
    const license = this.#licenses.get(checked(key));
    if (!license) throw invalidArgument('licenseKey');
    return license;
  }

  #data({ key, labels }: License): Data {
    const label = [...labels].map(([name, value]) => ({ $: 'KeyValue', key: name, value }));
    if (key === EVALUATION_KEY)
      return {
        $: 'LicenseManagerLicenseInfo',
        licenseKey: key,
        editionKey: 'eval',
        name: 'Evaluation Mode',
        total: 0,
        used: 0,
        costUnit: '',
        labels: label,
      };
    const used = this.#entities()
      .filter(({ id }) => this.#assigned.get(id) === key)
      .reduce((sum, { host }) => sum + (host?.facts.cpuPackages ?? 1), 0);
    return {
      $: 'LicenseManagerLicenseInfo',
      licenseKey: key,
      editionKey: 'vSphere8.foundation',
      name: 'VMware vSphere Foundation',
      total: TOTAL,
      used,
      costUnit: 'cpuPackage',
      labels: label,
    };
  }
}

/** @throws VimFault InvalidArgument */
function checked(key: string): string {
  const plain = key.trim().toUpperCase();
  if (!KEY.test(plain)) throw invalidArgument('licenseKey');
  return plain;
}

function setLabel({ labels }: License, name: string, value: string): void {
  if (labels.size >= LABELS_MAX || name.length > 200 || value.length > 200) throw invalidArgument('labels');
  labels.set(name, value);
}
