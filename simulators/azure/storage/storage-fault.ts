/**
 * The storage services' own errors, in one table: code, HTTP status and text. Operations throw these; the HTTP
 * side turns them into answers.
 *
 * Codes and statuses: learn.microsoft.com, rest/api/storageservices/blob-service-error-codes,
 * queue-service-error-codes, table-service-error-codes and common-rest-api-error-codes.
 */
const HEADER_FORMAT = 'The value for one of the HTTP headers is not in the correct format.';
const AUTHENTICATION =
  'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.';
const NO_INFORMATION =
  'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';
const CONDITION = 'The condition specified using HTTP conditional header(s) is not met.';

const FAULTS = {
  AppendPositionConditionNotMet: [412, 'The append position condition specified was not met.'],
  AtomFormatNotSupported: [415, 'Atom format is not supported.'],
  AuthenticationFailed: [403, AUTHENTICATION],
  AuthorizationFailure: [403, 'This request is not authorized to perform this operation.'],
  AuthorizationPermissionMismatch: [
    403,
    'This request is not authorized to perform this operation using this permission.',
  ],
  AuthorizationProtocolMismatch: [
    403,
    'This request is not authorized to perform this operation using this protocol.',
  ],
  AuthorizationResourceTypeMismatch: [
    403,
    'This request is not authorized to perform this operation using this resource type.',
  ],
  AuthorizationServiceMismatch: [
    403,
    'This request is not authorized to perform this operation using this service.',
  ],
  AuthorizationSourceIPMismatch: [
    403,
    'This request is not authorized to perform this operation using this source IP.',
  ],
  BlobArchived: [409, 'This operation is not permitted on an archived blob.'],
  BlobAlreadyExists: [409, 'The specified blob already exists.'],
  BlobBeingRehydrated: [409, 'This operation is not permitted because the blob is being rehydrated.'],
  BlobIsSealed: [409, 'The specified blob is sealed and its contents cannot be modified.'],
  BlobNotFound: [404, 'The specified blob does not exist.'],
  BlobNotArchived: [409, 'The blob is not archived.'],
  BlobOperationNotSupported: [409, 'The operation is not supported in this scenario.'],
  BlobOverwritten: [409, 'The blob has been recreated since the previous snapshot was taken.'],
  BlockCountExceedsLimit: [
    409,
    'The committed block count cannot exceed the maximum limit of 50,000 blocks.',
  ],
  BlockListTooLong: [400, 'The block list may not contain more than 50,000 blocks.'],
  BothUserTagsAndSourceTagsCopyPresentException: [
    400,
    'x-ms-tags header must not be present with x-ms-copy-source-tag-option as COPY.',
  ],
  CannotVerifyCopySource: [404, 'The specified blob does not exist.'],
  CommandsInBatchActOnDifferentPartitions: [
    400,
    'All commands in a batch must operate on same entity group.',
  ],
  ConditionNotMet: [412, CONDITION],
  ContainerAlreadyExists: [409, 'The specified container already exists.'],
  ContainerNotFound: [404, 'The specified container does not exist.'],
  ContainerBeingDeleted: [409, 'The specified container is being deleted. Try operation later.'],
  CopyAcrossAccountsNotSupported: [400, 'The copy source account and destination account must be the same.'],
  CopyIdMismatch: [409, 'The specified copy ID did not match the copy ID for the pending copy operation.'],
  CorsPreflightFailure: [403, 'CORS not enabled or no matching rule found for this request.'],
  Crc64Mismatch: [
    400,
    'The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.',
  ],
  DuplicateTagNames: [400, 'The tags specified contain duplicate names.'],
  EmptyMetadataKey: [400, 'The key for one of the metadata key-value pairs is empty.'],
  EmptyTagName: [400, 'The name of one of the tag key-value pairs is empty.'],
  EncryptionScopeNotFound: [404, 'The specified encryption scope does not exist.'],
  EntityAlreadyExists: [409, 'The specified entity already exists.'],
  EntityTooLarge: [400, 'The entity is larger than the maximum allowed size (1MB).'],
  IncrementalCopyBlobMismatch: [
    409,
    'The specified source blob is different than the copy source of the existing incremental copy blob.',
  ],
  IncrementalCopyOfEarlierSnapshotNotAllowed: [
    409,
    'The specified snapshot is earlier than the last snapshot copied into the incremental copy blob.',
  ],
  IncrementalCopySourceMustBeSnapshot: [409, 'The source for incremental copy request must be a snapshot.'],
  InsufficientAccountPermissions: [
    403,
    'The account being accessed does not have sufficient permissions to execute this operation.',
  ],
  InternalError: [500, 'The server encountered an internal error. Please retry the request.'],
  InvalidAuthenticationInfo: [401, NO_INFORMATION],
  InvalidBlobOrBlock: [400, 'The specified blob or block content is invalid.'],
  InvalidBlobType: [409, 'The blob type is invalid for this operation.'],
  InvalidBlockId: [400, 'The specified block ID is invalid. The block ID must be Base64-encoded.'],
  InvalidBlockList: [400, 'The specified block list is invalid.'],
  InvalidDuplicateRow: [
    400,
    'A command with the same RowKey is already present in the batch. An entity can appear only once in a batch.',
  ],
  InvalidHeaderValue: [400, HEADER_FORMAT],
  InvalidInput: [400, 'One of the request inputs is not valid.'],
  InvalidMd5: [
    400,
    'The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.',
  ],
  InvalidMetadata: [400, 'The metadata specified is invalid. It has characters that are not permitted.'],
  InvalidPageRange: [416, 'The page range specified is invalid.'],
  InvalidQueryParameterValue: [
    400,
    'Value for one of the query parameters specified in the request URI is invalid.',
  ],
  InvalidRange: [416, 'The range specified is invalid for the current size of the resource.'],
  InvalidResourceName: [400, 'The specified resource name contains invalid characters.'],
  InvalidTag: [400, 'The tags specified are invalid. It contains characters that are not permitted.'],
  InvalidUri: [400, 'The requested URI does not represent any resource on the server.'],
  InvalidVersionForPageBlobOperation: [
    400,
    'All operations on page blobs require at least version 2009-09-19.',
  ],
  InvalidXmlDocument: [400, 'XML specified is not syntactically valid.'],
  InvalidXmlNodeValue: [400, 'The value for one of the XML nodes is not in the correct format.'],
  KeyBasedAuthenticationNotPermitted: [
    403,
    'Key based authentication is not permitted on this storage account.',
  ],
  KeyValueTooLarge: [400, 'The key value specified is too large.'],
  LeaseAlreadyPresent: [409, 'There is already a lease present.'],
  LeaseIdMismatchWithBlobOperation: [412, 'The lease ID specified did not match the lease ID for the blob.'],
  LeaseIdMismatchWithContainerOperation: [
    412,
    'The lease ID specified did not match the lease ID for the container.',
  ],
  LeaseIdMismatchWithLeaseOperation: [
    409,
    'The lease ID specified did not match the lease ID for the blob/container.',
  ],
  LeaseIdMissing: [
    412,
    'There is currently a lease on the blob/container and no lease ID was specified in the request.',
  ],
  LeaseIsBreakingAndCannotBeAcquired: [
    409,
    'The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.',
  ],
  LeaseIsBreakingAndCannotBeChanged: [
    409,
    'The lease ID matched, but the lease is currently in breaking state and cannot be changed.',
  ],
  LeaseIsBrokenAndCannotBeRenewed: [
    409,
    'The lease ID matched, but the lease has been broken explicitly and cannot be renewed.',
  ],
  LeaseLost: [412, 'A lease ID was specified, but the lease for the blob/container has expired.'],
  LeaseNotPresentWithBlobOperation: [412, 'There is currently no lease on the blob.'],
  LeaseNotPresentWithContainerOperation: [412, 'There is currently no lease on the container.'],
  LeaseNotPresentWithLeaseOperation: [409, 'There is currently no lease on the blob/container.'],
  MaxBlobSizeConditionNotMet: [412, 'The max blob size condition specified was not met.'],
  MessageNotFound: [404, 'The specified message does not exist.'],
  Md5Mismatch: [
    400,
    'The MD5 value specified in the request did not match with the MD5 value calculated by the server.',
  ],
  MetadataTooLarge: [400, 'The size of the metadata exceeds the maximum size permitted.'],
  MissingContentLengthHeader: [411, 'Content-Length HTTP header is not specified.'],
  MissingRequiredHeader: [400, 'An HTTP header that is mandatory for this request is not specified.'],
  MissingRequiredQueryParameter: [
    400,
    'A query parameter that is mandatory for this request is not specified.',
  ],
  MultipleConditionHeadersNotSupported: [400, 'Multiple condition headers are not supported.'],
  NoAuthenticationInformation: [401, NO_INFORMATION],
  NoPendingCopyOperation: [409, 'There is currently no pending copy operation.'],
  NotImplemented: [501, 'The requested operation is not implemented on the specified resource.'],
  OperationTimedOut: [500, 'Operation could not be completed within the specified time.'],
  OutOfRangeInput: [400, 'One of the request inputs is out of range.'],
  OutOfRangeQueryParameterValue: [
    400,
    'One of the query parameters specified in the request URI is outside the permissible range.',
  ],
  PendingCopyOperation: [409, 'There is currently a pending copy operation.'],
  PopReceiptMismatch: [
    400,
    'The specified pop receipt did not match the pop receipt for a dequeued message.',
  ],
  PreviousSnapshotCannotBeNewer: [
    400,
    'The prevsnapshot query parameter value cannot be newer than snapshot query parameter value.',
  ],
  PreviousSnapshotNotFound: [409, 'The previous snapshot is not found.'],
  PropertiesNeedValue: [400, 'The values are not specified for all properties in the entity.'],
  PropertyNameInvalid: [400, 'The property name is invalid.'],
  PropertyNameTooLong: [400, 'The property name exceeds the maximum allowed length (255).'],
  PropertyValueTooLarge: [
    400,
    'The property value exceeds the maximum allowed size (64KB). If the property value is a string, it is UTF-16 encoded and the maximum number of characters should be 32K or less.',
  ],
  PublicAccessNotPermitted: [409, 'Public access is not permitted on this storage account.'],
  QueueAlreadyExists: [409, 'The specified queue already exists.'],
  QueueNotFound: [404, 'The specified queue does not exist.'],
  RequestBodyTooLarge: [413, 'The request body is too large and exceeds the maximum permissible limit.'],
  ResourceNotFound: [404, 'The specified resource does not exist.'],
  SequenceNumberConditionNotMet: [412, 'The sequence number condition specified was not met.'],
  SequenceNumberIncrementTooLarge: [
    409,
    'The sequence number increment cannot be performed because it would result in overflow of the sequence number.',
  ],
  ServerBusy: [503, 'The server is busy.'],
  SnapshotsPresent: [409, 'This operation is not permitted while the blob has snapshots.'],
  TableAlreadyExists: [409, 'The table specified already exists.'],
  TableNotFound: [404, 'The table specified does not exist.'],
  TagsTooLarge: [400, 'The tags specified exceed the maximum permissible limit.'],
  TooManyProperties: [
    400,
    'The entity contains more properties than allowed. Each entity can include up to 252 properties to store data.',
  ],
  UnsupportedHeader: [400, 'One of the HTTP headers specified in the request is not supported.'],
  UnsupportedHttpVerb: [405, "The resource doesn't support specified Http Verb."],
  UnsupportedXmlNode: [400, 'One of the XML nodes specified in the request body is not supported.'],
  UpdateConditionNotSatisfied: [412, 'The update condition specified in the request was not satisfied.'],
} as const satisfies Readonly<Record<string, readonly [status: number, text: string]>>;

export type FaultCode = keyof typeof FAULTS;

export interface FaultOptions {
  /** In place of the table's, where one code stands for several texts or statuses. */
  readonly status?: number;
  readonly text?: string;
  /** Further elements of the error document: `AuthenticationErrorDetail`, `HeaderName`. Never secrets. */
  readonly detail?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class StorageFault extends Error {
  override readonly name = 'StorageFault';
  readonly code: FaultCode;
  readonly status: number;
  readonly detail: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: FaultCode, { status, text, detail, headers }: FaultOptions) {
    super(text ?? FAULTS[code][1]);
    this.code = code;
    this.status = status ?? FAULTS[code][0];
    this.detail = detail ?? {};
    this.headers = headers ?? {};
  }
}

/** Makes, does not throw: `throw storageFault('BlobNotFound')`. */
export function storageFault(code: FaultCode, options: FaultOptions = {}): StorageFault {
  return new StorageFault(code, options);
}

/** A header whose value cannot be used. */
export function badHeader(name: string, value: string): StorageFault {
  return storageFault('InvalidHeaderValue', {
    detail: { HeaderName: name, HeaderValue: value.slice(0, 200) },
  });
}

/** A query parameter whose value cannot be used. */
export function badParameter(name: string, value: string, reason?: string): StorageFault {
  return storageFault('InvalidQueryParameterValue', {
    detail: {
      QueryParameterName: name,
      QueryParameterValue: value.slice(0, 200),
      ...(reason ? { Reason: reason } : {}),
    },
  });
}
