/** What a host says of a machine, and what the machine says of itself from inside: one truth. */
import { expect, test } from 'vitest';
import { HOUR, SECOND } from '#core/units.ts';
import { generateHyperv } from '../estate/generate-sites.ts';
import { netCountsOf } from '../estate/guest/counters.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import { guestCommands } from '../windows/guest-commands.ts';
import { windowsHost } from '../windows/host.ts';
import { cimClient, texts } from '../winrm/testing/cim-client.ts';
import { RELEASES } from './hyperv-host.ts';
import { stage } from './testing/stage.ts';

const V2 = 'root/virtualization/v2';
const CIMV2 = 'root/cimv2';

const facts = generateHyperv('inside out', {
  servers: 8,
  clusters: [],
  standalone: 1,
  version: RELEASES['2019'].version,
});
const on = stage({ facts });
const [host] = on.hosts;
const client = on.client(host!);
const guests = guestsOf(on.estate);
const ask = (query: string, name: string, namespace: string): string =>
  texts(client.ask(query, namespace)[0]!, name)[0]!;

test('serial number, name and system of a machine', () => {
  for (const machine of on.machinesOn(host!)) {
    if (on.estate.power(machine.id) !== 'on') continue;
    const guest = guests.guest(machine.id)!;
    const of = `'${machine.instanceUuid}'`;
    expect(
      ask(
        `SELECT BIOSSerialNumber FROM Msvm_BIOSElement WHERE SoftwareElementID = ${of}`,
        'BIOSSerialNumber',
        V2,
      ),
    ).toBe(guest.serialNumber());
    const told = client
      .ask(`SELECT * FROM Msvm_KvpExchangeComponent WHERE SystemName = ${of}`, V2)
      .flatMap((xml) => texts(xml, 'GuestIntrinsicExchangeItems'))
      .join('');
    expect(told).toContain(`<VALUE>${guest.hostName}.example</VALUE>`);
    if (guest.os.family !== 'windows') continue;
    const inside = cimClient(
      windowsHost({
        guest,
        clock: on.clock,
        accounts: [],
        settings: { basic: false, allowUnencrypted: false },
        commands: guestCommands(guest, on.clock),
      })!.cim,
    );
    const [bios] = inside.ask('SELECT SerialNumber FROM Win32_BIOS', CIMV2);
    expect(texts(bios!, 'SerialNumber')).toEqual([guest.serialNumber()]);
    expect(told).toContain(
      `<VALUE>${texts(inside.ask('SELECT Version FROM Win32_OperatingSystem', CIMV2)[0]!, 'Version')[0]}</VALUE>`,
    );
  }
});

test('bytes that an adapter has received, by the host’s counter and by the kernel’s', () => {
  on.pass(3 * HOUR + 7 * SECOND);
  let seen = 0;
  for (const machine of on.machinesOn(host!)) {
    if (on.estate.power(machine.id) !== 'on' || !machine.nics[0]?.connected) continue;
    const { received } = netCountsOf(guests.guest(machine.id)!, 0, on.clock.wall());
    const row = ask(
      `SELECT BytesReceivedPersec FROM Win32_PerfRawData_NvspNicStats_HyperVVirtualNetworkAdapter WHERE Name LIKE '${machine.name}[_]%'`,
      'BytesReceivedPersec',
      CIMV2,
    );
    expect(Number(row)).toBe(received);
    seen++;
  }
  expect(seen).toBeGreaterThan(2);
});
