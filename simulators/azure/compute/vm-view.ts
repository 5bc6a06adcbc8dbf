/** Virtual machines as ARM shows them: the model, and the instance view with what the disks say. */
import { GIB } from '#core/units.ts';
import type { ArmRequest } from '../arm/provider.ts';
import type { Shelved } from '../arm/resource-shelf.ts';
import { iso } from '../http.ts';
import { installedSystem } from './disk-inspection.ts';
import type { Attachment, Machine, PowerState } from './vm-model.ts';

const POWER_WORDS: Readonly<Record<PowerState, string>> = {
  starting: 'VM starting',
  running: 'VM running',
  stopped: 'VM stopped',
  deallocated: 'VM deallocated',
};

export function machineView(machine: Shelved<Machine>, { query }: ArmRequest): object {
  const { properties, state } = machine;
  const { size, os, osType, data, interfaces, kept, vmId, createdAt } = properties;
  const expand = (query.get('$expand') ?? '').toLowerCase();
  const { userData, ...shown } = kept;
  return {
    vmId,
    hardwareProfile: { vmSize: size.name },
    storageProfile: {
      osDisk: { osType, ...attachmentView(os) },
      dataDisks: data.map((disk) => ({ lun: disk.lun, toBeDetached: false, ...attachmentView(disk) })),
      diskControllerType: 'SCSI',
    },
    networkProfile: {
      networkInterfaces: interfaces.map(({ id, primary, deleteWithMachine }) => ({
        id,
        properties: { primary, deleteOption: deleteWithMachine ? 'Delete' : 'Detach' },
      })),
    },
    ...shown,
    ...(expand.includes('userdata') && userData !== undefined ? { userData } : {}),
    provisioningState: state,
    timeCreated: iso(createdAt),
    ...(expand.includes('instanceview') ? { instanceView: instanceView(machine) } : {}),
  };
}

function attachmentView({ disk, caching, createOption, deleteWithMachine }: Attachment): object {
  return {
    name: disk.name,
    createOption,
    caching,
    writeAcceleratorEnabled: false,
    managedDisk: { id: disk.id, storageAccountType: disk.settings.sku },
    deleteOption: deleteWithMachine ? 'Delete' : 'Detach',
    diskSizeGB: Math.ceil(disk.space.sizeBytes / GIB),
  };
}

export function instanceView({ name, properties, state }: Shelved<Machine>): object {
  const { os, data, power, createdAt, startedAt, osType } = properties;
  const system = installedSystem(os.disk.space);
  const generation = os.disk.settings.kept['hyperVGeneration'] ?? 'V1';
  const isRunning = power === 'running';
  return {
    // what a machine tells of itself it tells while it runs
    ...(isRunning
      ? {
          computerName: system?.hostName ?? name,
          osName: system?.name ?? osType.toLowerCase(),
          ...(system && system.version !== '' ? { osVersion: system.version } : {}),
          vmAgent: {
            vmAgentVersion: 'Unknown',
            statuses: [
              {
                code: 'ProvisioningState/Unavailable',
                level: 'Warning',
                displayStatus: 'Not Ready',
                message: 'VM status blob is found but not yet populated.',
                time: iso(startedAt),
              },
            ],
          },
        }
      : {}),
    hyperVGeneration: generation,
    disks: [os, ...data].map(({ disk }) => ({
      name: disk.name,
      statuses: [status('ProvisioningState/succeeded', 'Provisioning succeeded', createdAt)],
    })),
    statuses: [
      status(`ProvisioningState/${state.toLowerCase()}`, `Provisioning ${state.toLowerCase()}`, createdAt),
      status(`PowerState/${power}`, POWER_WORDS[power]),
    ],
  };
}

function status(code: string, displayStatus: string, at?: number): object {
  return { code, level: 'Info', displayStatus, ...(at === undefined ? {} : { time: iso(at) }) };
}
