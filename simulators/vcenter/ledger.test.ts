import { expect, test } from 'vitest';
import { vcenterLedger } from './ledger.ts';

test('docs/coverage/vcenter.md says what the tables say', async () => {
  await expect(vcenterLedger()).toMatchFileSnapshot('../../docs/coverage/vcenter.md');
});
