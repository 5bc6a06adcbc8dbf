import { expect, test } from 'vitest';
import { winrmLedger } from '../winrm/ledger.ts';
import { stage } from './testing/stage.ts';

test('docs/coverage/winrm.md says what the tables and the hosts say', async () => {
  const { winrm, hosts } = stage({ release: '2022', machines: 2, hosts: 2 });
  const shown = [{ name: 'Windows Server 2022 with Hyper-V in a cluster', host: winrm(hosts[0]!) }];
  await expect(winrmLedger(shown)).toMatchFileSnapshot('../../docs/coverage/winrm.md');
});
