/**
 * Guest operations: managers, data and faults. Notation: notation.ts. Field names, order, optionality and first
 * versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const GUEST = `
managed GuestAuthManager @5.0:
managed GuestFileManager @5.0:
managed GuestProcessManager @5.0:
managed GuestWindowsRegistryManager @6.0:
managed GuestAliasManager @6.0:
GuestAuthSubject @6.0:
GuestAuthNamedSubject < GuestAuthSubject @6.0: name string
GuestAuthAnySubject < GuestAuthSubject @6.0:
GuestAuthAliasInfo @6.0: subject GuestAuthSubject, comment string
GuestAliases @6.0: base64Cert string, aliases GuestAuthAliasInfo[]!
GuestMappedAliases @6.0: base64Cert string, username string, subjects GuestAuthSubject[]!
GuestAuthentication @5.0: interactiveSession boolean
NamePasswordAuthentication < GuestAuthentication @5.0: username string, password string
TicketedSessionAuthentication < GuestAuthentication @5.0: ticket string
SSPIAuthentication < GuestAuthentication @5.0: sspiToken string
SAMLTokenAuthentication < GuestAuthentication @6.0: token string, username string?
GuestProgramSpec @5.0: programPath string, arguments string, workingDirectory string?, envVariables string[]
GuestWindowsProgramSpec < GuestProgramSpec @5.0: startMinimized boolean
GuestProcessInfo @5.0: name string, pid long, owner string, cmdLine string, startTime dateTime,
  endTime dateTime?, exitCode int?
GuestFileAttributes @5.0: modificationTime dateTime?, accessTime dateTime?, symlinkTarget string?
GuestPosixFileAttributes < GuestFileAttributes @5.0: ownerId int?, groupId int?, permissions long?
GuestWindowsFileAttributes < GuestFileAttributes @5.0: hidden boolean?, readOnly boolean?,
  createTime dateTime?
GuestFileInfo @5.0: path string, type string, size long, attributes GuestFileAttributes
GuestListFileInfo @5.0: files GuestFileInfo[], remaining int
FileTransferInformation @5.0: attributes GuestFileAttributes, size long, url string
GuestRegKeyNameSpec @6.0: registryPath string, wowBitness string
GuestRegKeySpec @6.0: keyName GuestRegKeyNameSpec, classType string, lastWritten dateTime
GuestRegKeyRecordSpec @6.0: key GuestRegKeySpec, fault LocalizedMethodFault?
GuestRegValueNameSpec @6.0: keyName GuestRegKeyNameSpec, name string
GuestRegValueDataSpec @6.0:
GuestRegValueDwordSpec < GuestRegValueDataSpec @6.0: value int
GuestRegValueQwordSpec < GuestRegValueDataSpec @6.0: value long
GuestRegValueStringSpec < GuestRegValueDataSpec @6.0: value string?
GuestRegValueExpandStringSpec < GuestRegValueDataSpec @6.0: value string?
GuestRegValueMultiStringSpec < GuestRegValueDataSpec @6.0: value string[]
GuestRegValueBinarySpec < GuestRegValueDataSpec @6.0: value base64Binary?
GuestRegValueSpec @6.0: name GuestRegValueNameSpec, data GuestRegValueDataSpec
FileAlreadyExists < FileFault:
NotADirectory < FileFault @5.0:
NotAFile < FileFault @5.0:
DirectoryNotEmpty < FileFault @5.0:
GuestOperationsFault < VimFault @5.0:
GuestOperationsUnavailable < GuestOperationsFault @5.0:
GuestMultipleMappings < GuestOperationsFault @6.0:
GuestPermissionDenied < GuestOperationsFault @5.0:
GuestProcessNotFound < GuestOperationsFault @5.0: pid long
InvalidGuestLogin < GuestOperationsFault @5.0:
OperationNotSupportedByGuest < GuestOperationsFault @5.0:
GuestRegistryFault < GuestOperationsFault @6.0: windowsSystemErrorCode long
GuestRegistryKeyFault < GuestRegistryFault @6.0: keyName string
GuestRegistryKeyInvalid < GuestRegistryKeyFault @6.0:
GuestRegistryKeyAlreadyExists < GuestRegistryKeyFault @6.0:
GuestRegistryKeyHasSubkeys < GuestRegistryKeyFault @6.0:
GuestRegistryValueFault < GuestRegistryFault @6.0: keyName string, valueName string
GuestRegistryValueNotFound < GuestRegistryValueFault @6.0:
`;
