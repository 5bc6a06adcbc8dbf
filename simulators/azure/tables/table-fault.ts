/** The table service's error document. [learn.microsoft.com, rest/api/storageservices/table-service-error-codes] */
import type { WrittenFault } from '../storage/service-handler.ts';
import type { StorageFault } from '../storage/storage-fault.ts';

export function writeTableFault({ code }: StorageFault, message: string): WrittenFault {
  return {
    contentType: 'application/json;odata=minimalmetadata;streaming=true;charset=utf-8',
    body: JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: message } } }),
  };
}
