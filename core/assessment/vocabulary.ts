/**
 * Words of the Microsoft.Migrate assessment API, version 2019-10-01 (type listing in bicep-types-azure).
 * Codes that later versions added, and that we can mean exactly, stand apart as `LaterCode`.
 */

/** Portal: Ready, Ready with conditions, Not ready, Readiness unknown. */
export type Suitability = 'Suitable' | 'ConditionallySuitable' | 'NotSuitable' | 'ReadinessUnknown';

/** Worst last: NotReady > Unknown > ReadyWithConditions > Ready (assessment.md A9). */
const SEVERITY: Readonly<Record<Suitability, number>> = {
  Suitable: 0,
  ConditionallySuitable: 1,
  ReadinessUnknown: 2,
  NotSuitable: 3,
};

export function worse(a: Suitability, b: Suitability): Suitability {
  return SEVERITY[b] > SEVERITY[a] ? b : a;
}

/** What the portal calls it. */
export const READINESS_NAMES: Readonly<Record<Suitability, string>> = {
  Suitable: 'Ready',
  ConditionallySuitable: 'Ready with conditions',
  NotSuitable: 'Not ready',
  ReadinessUnknown: 'Readiness unknown',
};

/** `suitabilityExplanation` of a machine: those the engine gives. */
export type VmExplanation =
  | 'NotApplicable'
  | 'GuestOperatingSystemArchitectureNotSupported'
  | 'GuestOperatingSystemNotSupported'
  | 'GuestOperatingSystemUnknown'
  | 'BootTypeNotSupported'
  | 'BootTypeUnknown'
  | 'MoreDisksThanSupported'
  | 'NoSuitableVmSizeFound'
  | 'OneOrMoreDisksNotSuitable'
  | 'OneOrMoreAdaptersNotSuitable'
  | 'NoVmSizeSupportsStoragePerformance'
  | 'NoVmSizeSupportsNetworkPerformance'
  | 'NoVmSizeForSelectedPricingTier'
  | 'NoVmSizeForSelectedAzureLocation'
  | 'CheckRedHatLinuxVersion'
  | 'CheckCentOsVersion'
  | 'CheckDebianLinuxVersion'
  | 'CheckSuseLinuxVersion'
  | 'CheckOracleLinuxVersion'
  | 'CheckUbuntuLinuxVersion'
  | 'CheckCoreOsLinuxVersion'
  | 'CheckWindowsServer2008R2Version'
  | 'WindowsServerVersionConditionallySupported'
  | 'WindowsClientVersionsConditionallySupported'
  | 'WindowsOSNoLongerUnderMSSupport'
  | 'EndorsedWithConditionsLinuxDistributions'
  | 'UnendorsedLinuxDistributions';

/** Codes of later API versions that say more exactly what a 2019 code says. */
export type LaterCode = 'StandardNotReady2TBBiosBoot' | 'AnyDiskSizeExceeds4TB';

/** `suitabilityDetail` of a machine. */
export type VmDetail =
  | 'None'
  | 'RecommendedSizeHasLessNetworkAdapters'
  | 'CannotReportStorageCost'
  | 'PercentageOfCoresUtilizedMissing'
  | 'PercentageOfMemoryUtilizedMissing'
  | 'PercentageOfCoresUtilizedOutOfRange'
  | 'PercentageOfMemoryUtilizedOutOfRange';

export type DiskExplanation =
  | 'NotApplicable'
  | 'DiskSizeGreaterThanSupported'
  | 'NoSuitableDiskSizeForIops'
  | 'NoSuitableDiskSizeForThroughput'
  | 'NoDiskSizeFoundInSelectedLocation'
  | 'NoDiskSizeFoundForSelectedRedundancy'
  | 'NoEaPriceFoundForDiskSize';

export type DiskDetail =
  | 'None'
  | 'NumberOfReadOperationsPerSecondMissing'
  | 'NumberOfWriteOperationsPerSecondMissing'
  | 'MegabytesPerSecondOfReadMissing'
  | 'MegabytesPerSecondOfWriteMissing';

export type AdapterDetail = 'None' | 'MegabytesOfDataTransmittedMissing';

/** `azureDiskType`; Ultra and PremiumV2 are later. StandardOrPremium is what the portal calls Automatic. */
export const DISK_TYPES = [
  'StandardOrPremium',
  'Standard',
  'StandardSSD',
  'Premium',
  'PremiumV2',
  'Ultra',
] as const;
export type AzureDiskType = (typeof DISK_TYPES)[number];
/** A type a disk can have (Automatic is a choice among types). */
export type DiskType = Exclude<AzureDiskType, 'StandardOrPremium'>;

export const SIZING_CRITERIA = ['PerformanceBased', 'AsOnPremises'] as const;
export type SizingCriterion = (typeof SIZING_CRITERIA)[number];

export const TIME_RANGES = ['Day', 'Week', 'Month', 'Custom'] as const;
export type TimeRange = (typeof TIME_RANGES)[number];

export const PERCENTILES = ['Percentile50', 'Percentile90', 'Percentile95', 'Percentile99'] as const;
export type PercentileName = (typeof PERCENTILES)[number];

/** Where the migrated machine may run: a plain one, a trusted launch one where it fits, a confidential one. */
export const VM_SECURITY_TYPES = ['Standard', 'TVM', 'CVM'] as const;
export type VmSecurityType = (typeof VM_SECURITY_TYPES)[number];

/** What API 2025 says of the two kinds of machine that need no confidential hardware. */
export type SecurityTypeCode =
  | 'TVMReady'
  | 'TVMCanMigrateConditional'
  | 'TVMNotSupportedForBiosBoot'
  | 'TVMNotReadyOSNotSupported'
  | 'TVMCannotMigrateOSNotSupported'
  | 'StandardReady'
  | 'StandardCanMigrate'
  | 'StandardNotReadyOSNotSupported'
  | 'StandardCannotMigrateOSNotSupported'
  | 'StandardNotReady2TBBiosBoot'
  | 'OSNameCannotBeRead';

/** What a disk is sized by: what the source has, or what is used of it. */
export const DISK_CAPACITIES = ['Allocated', 'Used'] as const;
export type DiskCapacity = (typeof DISK_CAPACITIES)[number];

/** At most one: `reservedInstance` of 2019-10-01, and the savings plans of later versions. */
export const SAVINGS_OPTIONS = [
  'None',
  'RI1Year',
  'RI3Year',
  'SavingsPlan1Year',
  'SavingsPlan3Year',
] as const;
export type SavingsOption = (typeof SAVINGS_OPTIONS)[number];

export const STORAGE_REDUNDANCIES = [
  'LocallyRedundant',
  'ZoneRedundant',
  'GeoRedundant',
  'ReadAccessGeoRedundant',
] as const;
export type StorageRedundancy = (typeof STORAGE_REDUNDANCIES)[number];

/** The 25 codes of API 2019-10-01. */
export const CURRENCIES =
  'ARS AUD BRL CAD CHF CNY DKK EUR GBP HKD IDR INR JPY KRW MXN MYR NOK NZD RUB SAR SEK TRY TWD USD ZAR'.split(
    ' ',
  );

/** Offers whose prices a Retail Prices sheet can tell: pay-as-you-go, enterprise agreement, dev/test. */
export const OFFERS = ['MSAZR0003P', 'EA', 'MSAZR0023P'] as const;
export type AzureOfferCode = (typeof OFFERS)[number];
