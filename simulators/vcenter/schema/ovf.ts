/**
 * Leases, OVF descriptors and virtual disks by themselves. Notation: notation.ts. Field names, order, optionality
 * and first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const OVF = `
managed HttpNfcLease @4.0: initializeProgress int, transferProgress int @6.7, mode string @6.7,
  capabilities HttpNfcLeaseCapabilities @6.7, info HttpNfcLeaseInfo?, state %HttpNfcLeaseState,
  error LocalizedMethodFault?
HttpNfcLeaseInfo @4.0: lease &HttpNfcLease, entity &ManagedEntity, deviceUrl HttpNfcLeaseDeviceUrl[],
  totalDiskCapacityInKB long, leaseTimeout int, hostMap HttpNfcLeaseDatastoreLeaseInfo[] @4.1
HttpNfcLeaseDeviceUrl @4.0: key string, importKey string, url string, sslThumbprint string,
  disk boolean? @4.1, targetId string? @4.1, datastoreKey string? @4.1, fileSize long? @4.1
HttpNfcLeaseDatastoreLeaseInfo @4.1: datastoreKey string, hosts HttpNfcLeaseHostInfo[]!
HttpNfcLeaseHostInfo @4.1: url string, sslThumbprint string
HttpNfcLeaseManifestEntry @4.1: key string, sha1 string, checksum string? @6.7, checksumType string? @6.7,
  size long, disk boolean, capacity long?, populatedSize long?
enum HttpNfcLeaseState: initializing ready done error
HttpNfcLeaseCapabilities @6.7: pullModeSupported boolean, corsSupported boolean
OvfCreateDescriptorParams @4.0: ovfFiles OvfFile[], name string?, description string?,
  includeImageFiles boolean? @4.1, exportOption string[] @5.1, snapshot &VirtualMachineSnapshot? @5.5
OvfFile @4.0: deviceId string, path string, compressionMethod string?, chunkSize long?, size long,
  capacity long? @4.1, populatedSize long? @4.1
OvfCreateDescriptorResult @4.0: ovfDescriptor string, error LocalizedMethodFault[],
  warning LocalizedMethodFault[], includeImageFiles boolean? @4.1
OvfOptionInfo @5.1: option string, description LocalizableMessage
OvfManagerCommonParams @4.0: locale string, deploymentOption string, msgBundle KeyValue[],
  importOption string[] @5.1
OvfParseDescriptorParams < OvfManagerCommonParams @4.0:
OvfParseDescriptorResult @4.0: eula string[], network OvfNetworkInfo[], ipAllocationScheme string[],
  ipProtocols string[], property VAppPropertyInfo[], productInfo VAppProductInfo?, annotation string,
  approximateDownloadSize long?, approximateFlatDeploymentSize long?, approximateSparseDeploymentSize long?,
  defaultEntityName string, virtualApp boolean, deploymentOption OvfDeploymentOption[],
  defaultDeploymentOption string, entityName KeyValue[] @4.1, annotatedOst OvfConsumerOstNode? @5.0,
  error LocalizedMethodFault[], warning LocalizedMethodFault[]
OvfNetworkInfo @4.0: name string, description string
OvfDeploymentOption @4.0: key string, label string, description string
OvfCreateImportSpecParams < OvfManagerCommonParams @4.0: entityName string, hostSystem &HostSystem?,
  networkMapping OvfNetworkMapping[], ipAllocationPolicy string?, ipProtocol string?,
  propertyMapping KeyValue[], resourceMapping OvfResourceMap[] @4.1, diskProvisioning string? @4.1,
  instantiationOst OvfConsumerOstNode? @5.0
OvfNetworkMapping @4.0: name string, network &Network
OvfResourceMap @4.1: source string, parent &ResourcePool?, resourceSpec ResourceConfigSpec?,
  datastore &Datastore?
OvfCreateImportSpecResult @4.0: importSpec ImportSpec?, fileItem OvfFileItem[],
  warning LocalizedMethodFault[], error LocalizedMethodFault[]
OvfFileItem @4.0: deviceId string, path string, compressionMethod string?, chunkSize long?, size long?,
  cimType int, create boolean
ImportSpec @4.0: entityConfig VAppEntityConfigInfo?, instantiationOst OvfConsumerOstNode? @5.0
VirtualMachineImportSpec < ImportSpec @4.0: configSpec VirtualMachineConfigSpec,
  resPoolEntity &ResourcePool? @4.1
OvfFault < VimFault @4.0:
OvfInvalidPackage < OvfFault @4.0: lineNumber int
OvfXmlFormat < OvfInvalidPackage @4.0: description string
HostDiskDimensionsChs: cylinder long, head int, sector int
VirtualDiskSpec: diskType string, adapterType string
FileBackedVirtualDiskSpec < VirtualDiskSpec: capacityKb long, profile VirtualMachineProfileSpec[] @5.5,
  crypto CryptoSpec? @6.5
`;
