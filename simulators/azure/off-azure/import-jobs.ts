/**
 * Lists of servers instead of an appliance: a client asks where to bring the file, brings it, and the service
 * reads it (collected-data.md, section 11). What is wrong with rows is told row by row, in the job and as a file.
 */
import { type ImportedServers, readImportCsv } from '#core/assessment/import-csv.ts';
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import { DryliftError } from '#core/errors.ts';
import { HOUR, MIB, SECOND, type UnixMillis } from '#core/units.ts';
import { badRequest } from '../arm/faults.ts';
import type { ArmAnswer } from '../arm/provider.ts';
import type { DiscoveredMachine } from '../discovery-service/machine-shape.ts';
import { iso } from '../http.ts';
import type { OffAzureState } from './requests.ts';
import { csvOf } from './site-reports.ts';
import { type ImportJob, type Site, tokenOf } from './sites.ts';
import { typeOf } from './views.ts';

const FOLDER = 'imports';
/** How often the service looks whether the file has come, and for how long. */
const LOOK_EVERY_MS = 10 * SECOND;
const LOOK_MS_MAX = 4 * HOUR;
const FILE_BYTES_MAX = 64 * MIB;
const ERRORS_SHOWN = 1_000;
const JOBS_KEPT = 100;

/** @returns undefined for an action that import sites do not have */
export function handleImportAction(state: OffAzureState, site: Site, verb: string): ArmAnswer | undefined {
  switch (verb) {
    case 'importuri':
      return expectFile(state, site);
    case 'exporturi':
      return exportMachines(state, site);
    case 'deleteimportedmachines':
      return deleteMachines(state, site);
    default:
      return undefined;
  }
}

function newJob(
  { context, nextJob }: OffAzureState,
  site: Site,
  given: Pick<ImportJob, 'kind' | 'displayName' | 'result' | 'blobName' | 'blobSasUri'>,
): ImportJob {
  const job: ImportJob = {
    ...given,
    name: context.entropy.uuid('azure.offazure.job', nextJob()),
    startedAt: context.clock.wall(),
    machines: 0,
    errors: [],
    errorCount: 0,
    warningCount: 0,
  };
  site.imports.set(job.name, job);
  if (site.imports.size > JOBS_KEPT) site.imports.delete(site.imports.keys().next().value!);
  return job;
}

function accepted(site: Site, job: ImportJob): ArmAnswer {
  return { status: 200, body: { jobArmId: `${site.id}/${job.kind}/${job.name}`, uri: job.blobSasUri } };
}

function expectFile(state: OffAzureState, site: Site): ArmAnswer {
  const { context, files } = state;
  const blobName = `${context.entropy.uuid('azure.offazure.import', state.nextJob())}.csv`;
  const { blobUri, sasToken } = files.expect(FOLDER, blobName);
  const job = newJob(state, site, {
    kind: 'importJobs',
    displayName: 'Import servers',
    result: 'WaitingForBlobUpload',
    blobName,
    blobSasUri: `${blobUri}?${sasToken}`,
  });
  look(state, site, job);
  return accepted(site, job);
}

/** The storage tells nobody of a file that has come, so the service looks. */
function look(state: OffAzureState, site: Site, job: ImportJob): void {
  const { context, files } = state;
  context.clock.schedule(context.clock.wall() + LOOK_EVERY_MS, 'azure.import', () => {
    const now = context.clock.wall();
    const content = files.fetch(FOLDER, job.blobName);
    if (content) readFile(state, site, job, content, now);
    else if (now - job.startedAt >= LOOK_MS_MAX)
      fail(job, now, 'BlobNotUploaded', `No file was brought within ${LOOK_MS_MAX / HOUR} hours.`);
    else look(state, site, job);
  });
}

function fail(job: ImportJob, now: UnixMillis, code: string, message: string): void {
  const errors = [{ code, message, severity: 'Error' }];
  Object.assign(job, { result: 'Failed', endedAt: now, errors, errorCount: 1 });
}

function readFile(
  { files }: OffAzureState,
  site: Site,
  job: ImportJob,
  content: Buffer,
  now: UnixMillis,
): void {
  if (content.length > FILE_BYTES_MAX)
    return fail(job, now, 'FileTooLarge', `The file has more than ${FILE_BYTES_MAX / MIB} MiB.`);
  let read: ImportedServers;
  try {
    read = readImportCsv([content.toString('utf8')], job.blobName);
  } catch (error) {
    if (!(error instanceof DryliftError)) throw error;
    return fail(job, now, 'InvalidFile', error.what);
  }
  for (const machine of read.machines) site.inventory.put(importedMachine(machine), now);
  const { problems } = read;
  const count = (severity: string) => problems.filter((problem) => problem.severity === severity).length;
  Object.assign(job, {
    machines: read.machines.length,
    errorCount: count('error'),
    warningCount: count('warning'),
    endedAt: now,
    errors: problems.slice(0, ERRORS_SHOWN).map(({ line, column, severity, what }) => ({
      code: severity === 'error' ? 'InvalidRow' : 'RowWarning',
      message: `Line ${line}${column === '' ? '' : `, ${column}`}: ${what}.`,
      severity: severity === 'error' ? 'Error' : 'Warning',
    })),
    result:
      count('error') > 0
        ? 'CompletedWithErrors'
        : problems.length > 0
          ? 'CompletedWithWarnings'
          : 'Completed',
  });
  if (problems.length === 0) return;
  const rows = problems.map(({ line, column, severity, what }) => [String(line), column, severity, what]);
  const name = job.blobName.replace(/\.csv$/, '-errors.csv');
  const file = files.publish(
    FOLDER,
    name,
    csvOf(['Line', 'Column', 'Severity', 'Message'], rows),
    'text/csv',
  );
  job.errorsUri = `${file.blobUri}?${file.sasToken}`;
}

/** A machine of the list as the service keeps it; its name is its identity, so a later list updates it. */
function importedMachine(imported: MachineFacts): DiscoveredMachine {
  const { displayName, cores, memoryMiB, bootType, os, disks, nics } = imported;
  return {
    displayName,
    instanceUuid: tokenOf(displayName),
    numberOfProcessorCore: cores,
    allocatedMemoryInMB: memoryMiB,
    operatingSystemDetails: {
      osName: os.name,
      ...(os.bits === undefined ? {} : { osArchitecture: String(os.bits) }),
    },
    firmware: bootType === 'EFI' ? 'EFI' : 'BIOS',
    powerStatus: 'ON',
    vCenterFQDN: '',
    disks: disks.map(({ id, label, sizeBytes, isOs }, lun) => ({
      uuid: id,
      label,
      maxSizeInBytes: sizeBytes,
      isOSDisk: isOs ? 'true' : 'false',
      instance: id,
      lun,
    })),
    networkAdapters: nics.map(({ id, macAddress, ipAddresses }) => ({
      nicId: id,
      ...(macAddress === undefined ? {} : { macAddress }),
      ...(ipAddresses === undefined ? {} : { ipAddressList: [...ipAddresses] }),
    })),
    imported,
  };
}

function exportMachines(state: OffAzureState, site: Site): ArmAnswer {
  const machines = [...site.inventory.machines().values()].filter(({ isDeleted }) => !isDeleted);
  if (machines.length === 0) throw badRequest(`The site '${site.name}' has no servers to export.`);
  const rows = machines.map(({ facts }) => [
    facts.displayName,
    String(facts.numberOfProcessorCore),
    String(facts.allocatedMemoryInMB),
    facts.operatingSystemDetails.osName ?? '',
  ]);
  const blobName = `${state.context.entropy.uuid('azure.offazure.export', state.nextJob())}.csv`;
  const content = csvOf(['Server name', 'Cores', 'Memory', 'OS name'], rows);
  const { blobUri, sasToken } = state.files.publish(FOLDER, blobName, content, 'text/csv');
  const job = newJob(state, site, {
    kind: 'exportJobs',
    displayName: 'Export servers',
    result: 'Completed',
    blobName,
    blobSasUri: `${blobUri}?${sasToken}`,
  });
  Object.assign(job, { endedAt: job.startedAt, machines: machines.length });
  return accepted(site, job);
}

function deleteMachines(state: OffAzureState, site: Site): ArmAnswer {
  const job = newJob(state, site, {
    kind: 'deleteJobs',
    displayName: 'Delete imported servers',
    result: 'Completed',
    blobName: '',
    blobSasUri: '',
  });
  const present = [...site.inventory.machines()].filter(([, { isDeleted }]) => !isDeleted);
  for (const [uuid] of present) site.inventory.markDeleted(uuid, job.startedAt);
  Object.assign(job, { endedAt: job.startedAt, machines: present.length });
  return accepted(site, job);
}

/** @param kind all of them without one */
export function importJobViews(site: Site, kind?: ImportJob['kind']): object[] {
  return [...site.imports.values()]
    .filter((job) => kind === undefined || job.kind === kind)
    .map((job) => {
      const isRunning = job.result === 'WaitingForBlobUpload' || job.result === 'InProgress';
      const shown = {
        displayName: job.displayName,
        status: isRunning ? 'InProgress' : job.result === 'Failed' ? 'Failed' : 'Completed',
        startTime: iso(job.startedAt),
        ...(job.endedAt === undefined ? {} : { endTime: iso(job.endedAt) }),
      };
      return {
        id: `${site.id}/${job.kind}/${job.name}`,
        name: job.name,
        type: `${typeOf(site)}/${job.kind}`,
        ...shown,
        properties: {
          ...shown,
          jobResult: job.result,
          blobName: job.blobName,
          blobSasUri: job.blobSasUri,
          blobCreationTimeStamp: iso(job.startedAt),
          numberOfMachinesImported: job.machines,
          errorSummary: { errorCount: job.errorCount, warningCount: job.warningCount },
          ...(job.errorsUri === undefined ? {} : { errorsBlobSasUri: job.errorsUri }),
          errors: job.errors,
        },
      };
    });
}
