/** Why a machine could not be looked into. */
import { defineErrors } from '#core/errors.ts';

export const errors = defineErrors({
  'guest.login.refused': {
    blame: 'input',
    retry: 'after-change',
    why: 'The guest does not accept that user and password: the account does not exist there, the password has changed, or it may not log on.',
    next: 'Add a credential that works on this machine to "guests" of the configuration, or correct the one that is there.',
  },
  'guest.login.none': {
    blame: 'input',
    retry: 'after-change',
    why: 'None of the credentials that the appliance was given is for this kind of system.',
    next: 'Add a credential of the family named above to "guests" of the configuration.',
  },
  'guest.tools.notRunning': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Guest operations need VMware Tools 10.2.1 or later, installed and running in the guest.',
    next: 'Install VMware Tools on the machine, or start them.',
  },
  'guest.off': {
    blame: 'peer',
    retry: 'safe',
    why: 'Only a machine that runs can be looked into.',
    next: 'Nothing is to be done: the appliance looks again when the machine runs.',
  },
  'guest.denied': {
    blame: 'input',
    retry: 'after-change',
    why: 'The account may log on to the guest, but not run what discovery needs to run, or not write to its temporary folder.',
    next: 'Give the account administrator rights on Windows, or a shell and a writable /tmp on Linux.',
  },
  'guest.unsupported': {
    blame: 'peer',
    retry: 'never',
    why: 'The operating system of this machine does not offer guest operations.',
    next: 'Nothing is to be done; its applications and dependencies stay unknown.',
  },
  'guest.slow': {
    blame: 'peer',
    retry: 'safe',
    why: 'The program that was started in the guest did not end within two minutes.',
    next: 'Look at the load of the machine; the appliance tries again at the next collection.',
  },
  'guest.answer': {
    blame: 'peer',
    retry: 'safe',
    why: 'What the program wrote could not be fetched, or is not what it writes.',
    next: 'Look at the free space of the guest; the appliance tries again at the next collection.',
  },
});
