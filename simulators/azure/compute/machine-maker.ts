/**
 * Machines that other services of the cloud make of disks, at once: a request to the same shelf as everybody's, with a
 * network interface made for it.
 */
import { assert } from '#core/assert.ts';
import { VM_SIZES } from '#core/assessment/vm-sizes.ts';
import { ArmError, type ArmRequest } from '../arm/provider.ts';
import type { ResourceShelf } from '../arm/resource-shelf.ts';
import { NETWORK_NAMESPACE } from '../network/network.ts';
import type { VirtualMachineOptions } from '../replication-service/target.ts';
import { COMPUTE_NAMESPACE, type Machine, type MachinesOptions, VM_API_VERSIONS } from './vm-model.ts';

/** What a machine gets whose maker leaves it to the cloud. */
const DEFAULT_SIZE = 'Standard_D2s_v3';

export class MachineMaker {
  readonly #options: MachinesOptions;
  readonly #shelf: ResourceShelf<Machine>;

  constructor(options: MachinesOptions, shelf: ResourceShelf<Machine>) {
    this.#options = options;
    this.#shelf = shelf;
  }

  /** For other services of the cloud: made at once. @returns its ARM id. @throws ArmError */
  create(options: VirtualMachineOptions): string {
    const { name, resourceGroupId, size, osType, osDiskId, dataDiskIds, networkId, subnetName, tags } =
      options;
    const nic = networkId === undefined ? undefined : this.#makeInterface(options, networkId, subnetName);
    const parts = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)$/i.exec(resourceGroupId);
    assert(parts, `${resourceGroupId} is the id of a group`);
    const [, subscriptionId = '', resourceGroup = ''] = parts;
    const disk = (id: string) => ({ createOption: 'Attach', managedDisk: { id } });
    const body = {
      location: this.#options.region,
      tags,
      properties: {
        hardwareProfile: { vmSize: size ?? this.#sizeFor(dataDiskIds.length) },
        storageProfile: {
          osDisk: { ...disk(osDiskId), osType },
          dataDisks: dataDiskIds.map((id, lun) => ({ ...disk(id), lun })),
        },
        ...(nic === undefined
          ? {}
          : { networkProfile: { networkInterfaces: [{ id: nic, properties: { primary: true } }] } }),
      },
    };
    try {
      this.#ask('PUT', { subscriptionId, resourceGroup, name, body });
    } catch (error) {
      if (nic !== undefined) this.#deleteInterface(nic);
      throw error;
    }
    return `${resourceGroupId}/providers/${COMPUTE_NAMESPACE}/virtualMachines/${name}`;
  }

  /** Deletes a machine with its interfaces, at once; its disks stay. */
  delete(id: string): void {
    const machine = this.#shelf.find(id);
    if (!machine) return;
    const interfaces = machine.properties.interfaces.map((nic) => nic.id);
    const [, , subscriptionId = '', , resourceGroup = ''] = id.split('/');
    this.#ask('DELETE', { subscriptionId, resourceGroup, name: machine.name, body: undefined });
    for (const nic of interfaces) this.#deleteInterface(nic);
  }

  /** A request of the cloud's own to the shelf, carried out at once. */
  #ask(
    method: 'PUT' | 'DELETE',
    {
      subscriptionId,
      resourceGroup,
      name,
      body,
    }: Pick<ArmRequest, 'subscriptionId' | 'resourceGroup' | 'name' | 'body'>,
  ): void {
    const given = this.#shelf.type.handle({
      method,
      subscriptionId,
      resourceGroup,
      type: 'virtualMachines',
      names: [name],
      name,
      segments: [],
      apiVersion: VM_API_VERSIONS.at(-1)!,
      query: new URLSearchParams(),
      body,
      principal: { objectId: 'system', appId: 'system' },
      now: this.#options.context.clock.wall(),
      addresses: this.#options.addresses,
    });
    if ('operation' in given) given.operation.run();
  }

  #makeInterface(
    { name, resourceGroupId, tags }: VirtualMachineOptions,
    networkId: string,
    subnetName: string | undefined,
  ): string {
    const { network, region, context } = this.#options;
    const found = network.networks.find(networkId);
    const subnet = found?.properties.subnets.find(
      (known) => subnetName === undefined || known.name.toLowerCase() === subnetName.toLowerCase(),
    );
    if (!found || !subnet)
      throw new ArmError(
        400,
        'InvalidResourceReference',
        `Resource ${networkId}${subnetName === undefined ? '' : `/subnets/${subnetName}`} referenced by ${name} was not found.`,
      );
    const [, , subscriptionId = '', , resourceGroup = ''] = resourceGroupId.split('/');
    const nicName = `nic-${name}-00`;
    const given = network.interfaces.type.handle({
      method: 'PUT',
      subscriptionId,
      resourceGroup,
      type: 'networkInterfaces',
      names: [nicName],
      name: nicName,
      segments: [],
      apiVersion: '2022-01-01',
      query: new URLSearchParams(),
      body: {
        location: region,
        tags,
        properties: {
          ipConfigurations: [
            { name: 'ipconfig', properties: { subnet: { id: network.subnetId(found, subnet) } } },
          ],
        },
      },
      principal: { objectId: 'system', appId: 'system' },
      now: context.clock.wall(),
      addresses: this.#options.addresses,
    });
    if ('operation' in given) given.operation.run();
    return `${resourceGroupId}/providers/${NETWORK_NAMESPACE}/networkInterfaces/${nicName}`;
  }

  #deleteInterface(id: string): void {
    const { network } = this.#options;
    const found = network.interfaces.find(id);
    if (found && found.properties.machineId === undefined) network.interfaces.remove(found);
  }

  #sizeFor(dataDisks: number): string {
    const usual = VM_SIZES.find(({ name }) => name === DEFAULT_SIZE)!;
    if (usual.dataDisks >= dataDisks) return DEFAULT_SIZE;
    const fits = VM_SIZES.filter((size) => size.premium && size.dataDisks >= dataDisks);
    return fits.sort((a, b) => a.vCpus - b.vCpus)[0]?.name ?? DEFAULT_SIZE;
  }
}
