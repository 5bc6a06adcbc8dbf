/**
 * Virtual devices and their backings. Notation: notation.ts. Field names, order, optionality and first
 * versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const VIRTUAL_DEVICES = `
Description: label string, summary string
VirtualDevice: key int, deviceInfo Description?, backing VirtualDeviceBackingInfo?,
  connectable VirtualDeviceConnectInfo?, slotInfo VirtualDeviceBusSlotInfo? @5.1, controllerKey int?, unitNumber int?,
  numaNode int? @8.0.0.1, deviceGroupInfo VirtualDeviceDeviceGroupInfo? @8.0.0.1
VirtualDeviceBackingInfo:
VirtualDeviceFileBackingInfo < VirtualDeviceBackingInfo: fileName string, datastore &Datastore?,
  backingObjectId string? @5.5
VirtualDeviceDeviceBackingInfo < VirtualDeviceBackingInfo: deviceName string, useAutoDetect boolean?
VirtualDeviceRemoteDeviceBackingInfo < VirtualDeviceBackingInfo: deviceName string, useAutoDetect boolean?
VirtualDeviceConnectInfo: migrateConnect string? @6.7, startConnected boolean, allowGuestControl boolean,
  connected boolean, status string? @4.0
VirtualDeviceBusSlotInfo @5.1:
VirtualDevicePciBusSlotInfo < VirtualDeviceBusSlotInfo @5.1: pciSlotNumber int
VirtualController < VirtualDevice: busNumber int, device int[]
VirtualPCIController < VirtualController:
VirtualPS2Controller < VirtualController:
VirtualSIOController < VirtualController:
VirtualIDEController < VirtualController:
VirtualSCSIController < VirtualController: hotAddRemove boolean?, sharedBus %VirtualSCSISharing,
  scsiCtlrUnitNumber int?
ParaVirtualSCSIController < VirtualSCSIController:
VirtualBusLogicController < VirtualSCSIController:
VirtualLsiLogicController < VirtualSCSIController:
VirtualLsiLogicSASController < VirtualSCSIController:
VirtualSATAController < VirtualController @5.5:
VirtualAHCIController < VirtualSATAController @5.5:
VirtualNVMEController < VirtualController @6.5: sharedBus string? @8.0.2.0
VirtualKeyboard < VirtualDevice:
VirtualPointingDevice < VirtualDevice:
VirtualPointingDeviceDeviceBackingInfo < VirtualDeviceDeviceBackingInfo: hostPointingDevice string
VirtualMachineVideoCard < VirtualDevice: videoRamSizeInKB long?, numDisplays int?, useAutoDetect boolean?,
  enable3DSupport boolean?, use3dRenderer string? @5.1, graphicsMemorySizeInKB long? @6.0
VirtualMachineVMCIDevice < VirtualDevice: id long?, allowUnrestrictedCommunication boolean?,
  filterEnable boolean? @6.0, filterInfo VirtualMachineVMCIDeviceFilterInfo? @6.0
VirtualCdrom < VirtualDevice:
VirtualCdromIsoBackingInfo < VirtualDeviceFileBackingInfo:
VirtualTPM < VirtualDevice @6.7: endorsementKeyCertificateSigningRequest base64Binary[],
  endorsementKeyCertificate base64Binary[]
VirtualUSBController < VirtualController: autoConnectDevices boolean?, ehciEnabled boolean?
VirtualUSBXHCIController < VirtualController @5.0: autoConnectDevices boolean?
VirtualUSB < VirtualDevice: connected boolean, vendor int? @4.1, product int? @4.1, family string[] @4.1,
  speed string[] @4.1
VirtualUSBUSBBackingInfo < VirtualDeviceDeviceBackingInfo:
VirtualPCIPassthrough < VirtualDevice @4.0:
VirtualPCIPassthroughDeviceBackingInfo < VirtualDeviceDeviceBackingInfo @4.0: id string, deviceId string,
  systemId string, vendorId short
VirtualFloppy < VirtualDevice:
VirtualFloppyRemoteDeviceBackingInfo < VirtualDeviceRemoteDeviceBackingInfo:
VirtualSerialPort < VirtualDevice: yieldOnPoll boolean
VirtualDeviceURIBackingInfo < VirtualDeviceBackingInfo @4.1: serviceURI string, direction string,
  proxyURI string?
VirtualSerialPortURIBackingInfo < VirtualDeviceURIBackingInfo @4.1:
VirtualParallelPort < VirtualDevice:
VirtualParallelPortDeviceBackingInfo < VirtualDeviceDeviceBackingInfo:
VirtualSoundCard < VirtualDevice:
VirtualHdAudioCard < VirtualSoundCard @5.0:
VirtualSoundCardDeviceBackingInfo < VirtualDeviceDeviceBackingInfo:
VirtualCdromRemotePassthroughBackingInfo < VirtualDeviceRemoteDeviceBackingInfo: exclusive boolean
VirtualDisk < VirtualDevice: capacityInKB long, capacityInBytes long? @5.5, shares SharesInfo?,
  storageIOAllocation StorageIOAllocationInfo? @4.1, diskObjectId string? @5.5,
  vFlashCacheConfigInfo VirtualDiskVFlashCacheConfigInfo? @5.5, iofilter string[] @6.0, vDiskId ID? @6.5,
  vDiskVersion int? @8.0.1.0, nativeUnmanagedLinkedClone boolean? @6.7,
  independentFilters VirtualMachineBaseIndependentFilterSpec[] @7.0.2.1, guestReadOnly boolean? @8.0.2.0
VirtualDiskFlatVer2BackingInfo < VirtualDeviceFileBackingInfo: diskMode string, split boolean?,
  writeThrough boolean?, thinProvisioned boolean?, eagerlyScrub boolean? @4.0, uuid string?,
  contentId string? @4.0, changeId string? @4.0, parent VirtualDiskFlatVer2BackingInfo? @4.0,
  deltaDiskFormat string? @5.0, digestEnabled boolean? @5.0, deltaGrainSize int? @5.1,
  deltaDiskFormatVariant string? @6.0, sharing string? @6.0, keyId CryptoKeyId? @6.5
VirtualDiskRawDiskMappingVer1BackingInfo < VirtualDeviceFileBackingInfo: lunUuid string?, deviceName string?,
  compatibilityMode string?, diskMode string?, uuid string?, contentId string? @4.0, changeId string? @4.0,
  parent VirtualDiskRawDiskMappingVer1BackingInfo? @4.0, deltaDiskFormat string? @6.7,
  deltaGrainSize int? @6.7, sharing string? @6.0
StorageIOAllocationInfo @4.1: limit long?, shares SharesInfo?, reservation int? @5.5
VirtualEthernetCard < VirtualDevice: addressType string?, macAddress string?, wakeOnLanEnabled boolean?,
  resourceAllocation VirtualEthernetCardResourceAllocation? @6.0, externalId string? @6.0,
  uptCompatibilityEnabled boolean? @6.0
VirtualEthernetCardResourceAllocation @6.0: reservation long?, share SharesInfo, limit long?
VirtualVmxnet < VirtualEthernetCard:
VirtualVmxnet2 < VirtualVmxnet:
VirtualVmxnet3 < VirtualVmxnet: uptv2Enabled boolean? @8.0.0.1
VirtualE1000 < VirtualEthernetCard:
VirtualE1000e < VirtualEthernetCard @5.0:
VirtualPCNet32 < VirtualEthernetCard:
VirtualSriovEthernetCard < VirtualEthernetCard @5.5: allowGuestOSMtuChange boolean?,
  sriovBacking VirtualSriovEthernetCardSriovBackingInfo?,
  dvxBackingInfo VirtualPCIPassthroughDvxBackingInfo? @8.0.0.1
VirtualSriovEthernetCardSriovBackingInfo < VirtualDeviceBackingInfo @5.5:
  physicalFunctionBacking VirtualPCIPassthroughDeviceBackingInfo?,
  virtualFunctionBacking VirtualPCIPassthroughDeviceBackingInfo?, virtualFunctionIndex int?
VirtualEthernetCardNetworkBackingInfo < VirtualDeviceDeviceBackingInfo: network &Network?,
  inPassthroughMode boolean?
VirtualEthernetCardDistributedVirtualPortBackingInfo < VirtualDeviceBackingInfo @4.0:
  port DistributedVirtualSwitchPortConnection
DistributedVirtualSwitchPortConnection @4.0: switchUuid string, portgroupKey string?, portKey string?,
  connectionCookie int?
enum VirtualSCSISharing: noSharing virtualSharing physicalSharing
`;
