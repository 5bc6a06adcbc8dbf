/** What keeps a server from being discovered though it answers, and what keeps the inside of a machine closed. */
import { defineErrors } from '#core/errors.ts';

export const errors = defineErrors({
  'server.credential.none': {
    blame: 'input',
    retry: 'after-change',
    why: 'None of the credentials is for this kind of system, or has the name that the list of servers says.',
    next: 'Add a credential of the kind named above to "credentials", or correct the name in the list.',
  },
  'server.twice': {
    blame: 'input',
    retry: 'after-change',
    why: 'Two entries of the list lead to one machine (the same SMBIOS UUID and adapters): it has several addresses, or it took over the address of another.',
    next: 'Delete one of the entries; the machine is discovered under the first.',
  },
  'server.changed': {
    blame: 'peer',
    retry: 'safe',
    why: 'None of the adapters that the machine had is there: another machine has taken over the address.',
    next: 'Nothing is to be done where addresses are given by DHCP: the appliance looks again at who is there. Names instead of addresses in the list follow the machine.',
  },
  'server.answer': {
    blame: 'peer',
    retry: 'safe',
    why: 'What the server answered is not what a system of this kind answers, or breaks off before its end.',
    next: 'Check that the list names the right operating system; run "uname -a", or Get-CimInstance Win32_OperatingSystem, by hand with the same account.',
  },
  'server.slow': {
    blame: 'peer',
    retry: 'safe',
    why: 'The server did not come to an end with what it was asked within the time of one look.',
    next: 'Look at the load of the server; the appliance tries again by itself.',
  },
  'server.list': {
    blame: 'input',
    retry: 'after-change',
    why: 'The list of servers is a CSV file with the columns address, os (linux or windows), and, as needed, port, credential, name.',
    next: 'Correct the places named above; nothing of the list is used before all of it can be read.',
  },
  'guest.unreachable': {
    blame: 'peer',
    retry: 'safe',
    why: 'The appliance asks the operating system itself, over SSH or WinRM, and does not get through to it.',
    next: 'Check that the appliance can reach the machine on port 22 (Linux) or 5986 and 5985 (Windows); it tries again at the next collection.',
  },
});
