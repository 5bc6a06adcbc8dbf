/** What a datastore browser finds: HostDatastoreBrowserSearchResults of directories. */
import { KIB } from '#core/units.ts';
import { vimFault } from '../faults.ts';
import type { DatastoreBrowserObject, DatastoreObject } from '../objects/datastore.ts';
import type { Data } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import { placeOf, type VmFile } from '../vm/files.ts';
import { fileNameOf, formatDatastorePath, parseDatastorePath } from '../vm/paths.ts';

export interface SearchSpec {
  readonly query: ReadonlyArray<{
    readonly $: string;
    readonly filter?: Data;
    readonly details?: Readonly<Record<string, boolean>>;
  }>;
  readonly details?: {
    readonly fileType: boolean;
    readonly fileSize: boolean;
    readonly modification: boolean;
    readonly fileOwner?: boolean;
  };
  readonly searchCaseInsensitive?: boolean;
  readonly matchPattern: readonly string[];
}

export interface SearchPlace {
  readonly datastore: DatastoreObject;
  readonly path: string;
}

/** @throws VimFault InvalidDatastorePath, InvalidDatastore */
export function searchPlace(browser: DatastoreBrowserObject, datastorePath: string): SearchPlace {
  const parsed = parseDatastorePath(datastorePath);
  if (!parsed)
    throw vimFault('InvalidDatastorePath', `Invalid datastore path '${datastorePath.slice(0, 200)}'.`, {
      datastorePath,
    });
  const datastore = browser.datastores().find(({ name }) => name === parsed.datastore);
  if (!datastore)
    throw vimFault('InvalidDatastore', `There is no datastore '${parsed.datastore}' here.`, {
      name: parsed.datastore,
    });
  return { datastore, path: parsed.path };
}

/** @throws VimFault FileNotFound */
export function searchDirectory(vcenter: Vcenter, place: SearchPlace, spec: SearchSpec | undefined): Data {
  const { datastore, path } = place;
  const directory = vcenter.files.directory(datastore, path);
  const folderPath = formatDatastorePath({ datastore: datastore.name, path });
  if (!directory) throw vimFault('FileNotFound', `File ${folderPath} was not found.`, { file: folderPath });
  const matches = matcherOf(spec);
  const found: Data[] = [];
  if (wants(spec, 'FolderFileQuery'))
    for (const name of directory.directories)
      if (matches(name))
        found.push({
          $: spec?.details?.fileType ? 'FolderFileInfo' : 'FileInfo',
          path: name,
          modification: spec?.details?.modification ? vcenter.inventory.createdAt : undefined,
        });
  for (const file of directory.files) {
    const query = QUERY_OF[file.type] ?? 'FileQuery';
    const name = fileNameOf(placeOf(file).path);
    if (wants(spec, query) && matches(name)) found.push(infoOf(vcenter, file, name, spec));
  }
  return {
    $: 'HostDatastoreBrowserSearchResults',
    datastore: datastore.ref,
    folderPath: path === '' ? folderPath : `${folderPath}/`,
    file: found,
  };
}

/** The directory and all below it, parents first. */
export function searchTree(vcenter: Vcenter, place: SearchPlace, spec: SearchSpec | undefined): Data[] {
  const results = [searchDirectory(vcenter, place, spec)];
  const { directories } = vcenter.files.directory(place.datastore, place.path)!;
  for (const name of directories)
    results.push(
      ...searchTree(
        vcenter,
        { datastore: place.datastore, path: place.path === '' ? name : `${place.path}/${name}` },
        spec,
      ),
    );
  return results;
}

const QUERY_OF: Readonly<Partial<Record<VmFile['type'], string>>> = {
  config: 'VmConfigFileQuery',
  nvram: 'VmNvramFileQuery',
  diskDescriptor: 'VmDiskFileQuery',
  snapshotData: 'VmSnapshotFileQuery',
};

const INFO_OF: Readonly<Partial<Record<VmFile['type'], string>>> = {
  config: 'VmConfigFileInfo',
  nvram: 'VmNvramFileInfo',
  diskDescriptor: 'VmDiskFileInfo',
  snapshotData: 'VmSnapshotFileInfo',
};

/** Without queries everything is found; a query of the base type finds everything too. */
function wants(spec: SearchSpec | undefined, query: string): boolean {
  const queries = spec?.query ?? [];
  return queries.length === 0 || queries.some(({ $ }) => $ === query || $ === 'FileQuery');
}

function matcherOf(spec: SearchSpec | undefined): (name: string) => boolean {
  const patterns = (spec?.matchPattern ?? []).map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .replace(/[.+^${}()|[\]\\]/g, '\\$&')
          .replace(/\*+/g, '.*')
          .replaceAll('?', '.')}$`,
        spec?.searchCaseInsensitive === true ? 'i' : '',
      ),
  );
  return (name) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name));
}

function infoOf(vcenter: Vcenter, file: VmFile, name: string, spec: SearchSpec | undefined): Data {
  const { details } = spec ?? {};
  const common = {
    path: name,
    fileSize: details?.fileSize ? file.used() : undefined,
    modification: details?.modification ? vcenter.inventory.createdAt : undefined,
    owner: details?.fileOwner ? 'root' : undefined,
  };
  const query = spec?.query.find(({ $ }) => $ === QUERY_OF[file.type]);
  const type = details?.fileType || query ? (INFO_OF[file.type] ?? 'FileInfo') : 'FileInfo';
  if (type !== 'VmDiskFileInfo') return { $: type, ...common };
  const flags = query?.details ?? {};
  const { vm, disk } = file;
  return {
    $: type,
    ...common,
    diskType: flags.diskType
      ? disk?.raw
        ? 'VirtualDiskRawDiskMappingVer1BackingInfo'
        : 'VirtualDiskFlatVer2BackingInfo'
      : undefined,
    capacityKb: flags.capacityKb && disk ? Math.floor(disk.sizeBytes / KIB) : undefined,
    hardwareVersion: flags.hardwareVersion ? vm?.machine.hardwareVersion : undefined,
    controllerType: flags.controllerType && disk ? CONTROLLERS[disk.controller] : undefined,
    thin: flags.thin ? disk?.thin : undefined,
  };
}

const CONTROLLERS: Readonly<Record<string, string>> = {
  pvscsi: 'ParaVirtualSCSIController',
  lsilogic: 'VirtualLsiLogicController',
  lsilogicsas: 'VirtualLsiLogicSASController',
  sata: 'VirtualAHCIController',
  nvme: 'VirtualNVMEController',
  ide: 'VirtualIDEController',
};
