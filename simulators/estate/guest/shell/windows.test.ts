import { describe, expect, test } from 'vitest';
import { tierWorld } from '#core/testing/tier-world.ts';
import { Estate } from '../../estate.ts';
import { generateEstate } from '../../generate.ts';
import { estateAccounts } from '../accounts.ts';
import { Guests } from '../guests.ts';
import { runCmd } from './cmd.ts';

async function windows(role: string) {
  const tier = await tierWorld('memory', 'cmd');
  const facts = generateEstate({ seed: 'cmd', machines: 60, mix: { windows: 1, linux: 0 } });
  const estate = new Estate(facts, { clock: tier.clock, entropy: tier.entropy });
  const guests = new Guests(estate);
  const account = estateAccounts('cmd').find(({ id }) => id === 'windows')!;
  const guest = estate
    .machines()
    .filter(({ name, power, os }) => name.startsWith(role) && power === 'on' && /201[69]/.test(os.fullName))
    .map(({ id }) => guests.guest(id)!)
    .find((each) => each.logIn(account.user, account.password))!;
  const user = guest.logIn(account.user, account.password)!;
  const now = tier.clock.wall();
  return {
    guest,
    now,
    run(line: string) {
      const { stdout, stderr, exitCode } = runCmd(line, { guest, user, now });
      return { out: stdout.toString(), err: stderr.toString(), exitCode };
    },
  };
}

describe('the command lines of a Windows guest', () => {
  test('netstat -ano and Win32_Process tell of the same processes', async () => {
    const { run, guest, now } = await windows('db');
    const { out } = run('netstat -ano');
    const server = guest.listeners(now).find(({ port }) => port === 1433)!;
    expect(out).toMatch(
      new RegExp(`TCP +0\\.0\\.0\\.0:1433 +0\\.0\\.0\\.0:0 +LISTENING +${server.process.pid}\\r\\n`),
    );
    const csv = run(
      'powershell -NoProfile -Command "Get-WmiObject Win32_Process | Select-Object ProcessId,Name,CommandLine | ConvertTo-Csv -NoTypeInformation"',
    ).out;
    expect(csv).toContain(
      `"${server.process.pid}","sqlservr.exe","${server.process.commandLine.replaceAll('"', '""')}"`,
    );
  });

  test('the inventory of software is in the registry, roles and features in Get-WindowsFeature', async () => {
    const { run, guest } = await windows('web');
    const { out } = run('reg query HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall /s');
    for (const { name } of guest.stack.packages)
      if (!name.includes('(x86)')) expect(out).toContain(`    DisplayName    REG_SZ    ${name}\r\n`);
    const features = run(
      'powershell "Get-WindowsFeature | Where-Object {$_.Installed} | Select-Object -ExpandProperty Name"',
    ).out.split('\r\n');
    expect(features).toContain('Web-Server');
    expect(features).not.toContain('DNS');
    const encoded = Buffer.from(
      "Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion' | Select-Object -ExpandProperty CurrentBuild",
      'utf16le',
    ).toString('base64');
    expect(run(`powershell -NoProfile -ExecutionPolicy Bypass -EncodedCommand ${encoded}`).out).toBe(
      `${guest.os.family === 'windows' ? guest.os.build : ''}\r\n`,
    );
    expect(run('powershell (Get-WmiObject Win32_OperatingSystem).Caption').out).toMatch(
      /^Microsoft Windows Server 201[69]/,
    );
  });

  test('a SQL Server instance is where Azure Migrate looks for it', async () => {
    const { run, guest } = await windows('db');
    const { name, id, edition } = guest.stack.sql[0]!;
    expect(
      run('reg query "HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server\\Instance Names\\SQL"').out,
    ).toContain(`    ${name}    REG_SZ    ${id}\r\n`);
    expect(
      run(`reg query "HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server\\${id}\\Setup" /v Edition`).out,
    ).toContain(edition);
  });

  test('redirection, chaining and variables work as in cmd.exe', async () => {
    const { run, guest } = await windows('web');
    expect(
      run('cmd.exe /c "hostname > C:\\Windows\\Temp\\a.txt 2>&1 & type C:\\Windows\\Temp\\a.txt"').out,
    ).toBe(`${guest.hostName}\r\n`);
    expect(run('echo %COMPUTERNAME%&& echo two || echo three').out).toBe(
      `${guest.hostName.toUpperCase()}\r\ntwo \r\n`,
    );
    expect(run('frobnicate')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("'frobnicate' is not recognized"),
    });
    expect(run('powershell Get-Frobnicated')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('CommandNotFoundException'),
    });
    expect(run('tasklist | findstr /i lsass').out).toMatch(/^lsass\.exe +\d+/);
    expect(run('type C:\\nowhere.txt').exitCode).toBe(1);
  });
});
