/** The account that the cases of @azure/storage-blob work in. */
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { input } from './case-kit.ts';

const { origin, account, key } = input;
export const credential = new StorageSharedKeyCredential(account, key);
export const options = { retryOptions: { maxTries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 2 } };
export const service = new BlobServiceClient(`${origin}/${account}`, credential, options);
