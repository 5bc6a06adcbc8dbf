import { expect, test } from 'vitest';
import { azureLedger } from './ledger.ts';
import { startAzure } from './server.ts';
import { testSeed } from './testing/seed.ts';
import { testWorld } from './testing/test-world.ts';

test('docs/coverage/azure.md says what the tables say', async () => {
  await using world = await testWorld();
  const azure = await startAzure({ context: world.context, seed: testSeed });
  await expect(azureLedger(azure.offered)).toMatchFileSnapshot('../../docs/coverage/azure.md');
  await azure.stop();
});
