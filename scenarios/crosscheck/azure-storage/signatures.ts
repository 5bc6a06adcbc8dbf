/** Signatures of every kind: of an account, a container, a blob, a policy, a user's key; and what they do not allow. */
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  BlobSASPermissions,
  BlobServiceClient,
  BlockBlobClient,
  ContainerClient,
  ContainerSASPermissions,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { credential, options, service } from './blob-account.ts';
import { all, inOneHour, input, refusal, seen } from './case-kit.ts';

const { origin, account, bearer } = input;

export async function signatures(): Promise<void> {
  const accountQuery = generateAccountSASQueryParameters(
    {
      expiresOn: inOneHour,
      permissions: AccountSASPermissions.parse('rl'),
      resourceTypes: AccountSASResourceTypes.parse('sco').toString(),
      services: AccountSASServices.parse('b').toString(),
      protocol: SASProtocol.Https,
    },
    credential,
  );
  const byAccount = new BlobServiceClient(`${origin}/${account}?${accountQuery}`, undefined, options);
  seen['account sas reads'] = (
    await byAccount.getContainerClient('box-a').getBlobClient('docs/hello.txt').downloadToBuffer()
  ).toString();
  seen['account sas lists'] = (await all(byAccount.listContainers())).map(({ name }) => name);
  seen['account sas writes'] = await refusal(() => byAccount.createContainer('box-d'));

  const containerSas = (permissions: string, from = new Date(0), to = inOneHour, version?: string): string =>
    `${origin}/${account}/box-a?${generateBlobSASQueryParameters(
      {
        containerName: 'box-a',
        permissions: ContainerSASPermissions.parse(permissions),
        startsOn: from,
        expiresOn: to,
        ...(version ? { version } : {}),
      },
      credential,
    )}`;
  const box = new ContainerClient(containerSas('cwl'), undefined, options);
  await box.getBlockBlobClient('by-sas').upload('sas', 3);
  seen['container sas lists'] = (await all(box.listBlobsFlat({ prefix: 'by-' }))).map(({ name }) => name);
  seen['container sas may not read'] = await refusal(() => box.getBlobClient('by-sas').download());
  seen['sas of older versions'] = [];
  for (const version of [
    '2018-11-09',
    '2019-12-12',
    '2020-02-10',
    '2020-12-06',
    '2022-11-02',
    '2026-10-06',
  ]) {
    const older = new ContainerClient(containerSas('r', new Date(0), inOneHour, version), undefined, options);
    (seen['sas of older versions'] as string[]).push(
      (await older.getBlobClient('by-sas').downloadToBuffer()).toString(),
    );
  }
  const expired = new ContainerClient(
    containerSas('rl', new Date(0), new Date(Date.now() - 1000)),
    undefined,
    options,
  );
  seen['expired sas'] = await refusal(() => expired.getBlobClient('by-sas').download());
  const tampered = new ContainerClient(containerSas('r').replace('sp=r', 'sp=rw'), undefined, options);
  seen['tampered sas'] = await refusal(() => tampered.getBlobClient('by-sas').download());
  const creator = new ContainerClient(containerSas('c'), undefined, options);
  await creator.getBlockBlobClient('made-once').upload('1', 1);
  seen['create-only sas overwrites'] = await refusal(() =>
    creator.getBlockBlobClient('made-once').upload('2', 1),
  );

  await service
    .getContainerClient('box-a')
    .setAccessPolicy(undefined, [
      { id: 'readers', accessPolicy: { permissions: 'r', startsOn: new Date(0), expiresOn: inOneHour } },
    ]);
  const policies = await service.getContainerClient('box-a').getAccessPolicy();
  seen['stored policy'] = policies.signedIdentifiers.map(({ id, accessPolicy }) => [
    id,
    accessPolicy?.permissions,
  ]);
  const byPolicy = `${origin}/${account}/box-a/by-sas?${generateBlobSASQueryParameters(
    { containerName: 'box-a', blobName: 'by-sas', identifier: 'readers' },
    credential,
  )}`;
  const policyBlob = new BlockBlobClient(byPolicy, undefined, options);
  seen['policy sas reads'] = (await policyBlob.downloadToBuffer()).toString();
  await service.getContainerClient('box-a').setAccessPolicy(undefined, []);
  seen['revoked policy'] = await refusal(() => policyBlob.download());

  const wrongKey = new StorageSharedKeyCredential(account, Buffer.from('wrong').toString('base64'));
  seen['wrong key'] = await refusal(() =>
    new BlobServiceClient(`${origin}/${account}`, wrongKey, options)
      .getContainerClient('box-a')
      .getProperties(),
  );
  seen['anonymous'] = await refusal(() =>
    new ContainerClient(`${origin}/${account}/box-a`, undefined, options).getProperties(),
  );

  const token = (value: string) => ({
    getToken: async () => ({ token: value, expiresOnTimestamp: inOneHour.getTime() }),
  });
  const byToken = new BlobServiceClient(`${origin}/${account}`, token(bearer), options);
  seen['token reads'] = (
    await byToken.getContainerClient('box-a').getBlobClient('by-sas').downloadToBuffer()
  ).toString();
  seen['bad token'] = await refusal(() =>
    new BlobServiceClient(`${origin}/${account}`, token('bad'), options)
      .getContainerClient('box-a')
      .getProperties(),
  );
  const delegation = await byToken.getUserDelegationKey(new Date(Date.now() - 60_000), inOneHour);
  const delegated = `${origin}/${account}/box-a/by-sas?${generateBlobSASQueryParameters(
    {
      containerName: 'box-a',
      blobName: 'by-sas',
      permissions: BlobSASPermissions.parse('r'),
      expiresOn: inOneHour,
    },
    delegation,
    account,
  )}`;
  seen['user delegation sas'] = (
    await new BlockBlobClient(delegated, undefined, options).downloadToBuffer()
  ).toString();
}
