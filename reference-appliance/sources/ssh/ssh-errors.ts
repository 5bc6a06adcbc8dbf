/** What keeps the appliance from working over SSH, and what a person can do about it. */
import { defineErrors } from '#core/errors.ts';

export const errors = defineErrors({
  'ssh.login.refused': {
    blame: 'input',
    retry: 'after-change',
    why: 'The server does not accept that account with that password or key: it does not exist there, the password has changed, it is locked or expired, or the server lets only others log in (AllowUsers, PermitRootLogin).',
    next: 'Try the account with ssh from another machine, and look at the log of sshd on the server; then correct the credential. One that a server refused twice is not shown to it again for half an hour, so that no account gets locked.',
  },
  'ssh.login.method': {
    blame: 'input',
    retry: 'after-change',
    why: 'The server offers no way to log in that the credential could take: it wants a key where only a password is known, or the other way round.',
    next: 'Give the credential what the server asks for, or allow PasswordAuthentication, KbdInteractiveAuthentication or PubkeyAuthentication in its sshd_config.',
  },
  'ssh.login.expired': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The password of the account has expired: the server runs nothing for it before it was changed.',
    next: 'Change it (passwd, or chage -M -1 ACCOUNT for an account of a service), and give the appliance the new one.',
  },
  'ssh.login.tries': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The server ended the connection because of too many failed attempts (MaxAuthTries).',
    next: 'Correct the credential; raise MaxAuthTries where a key and a password are both needed.',
  },
  'ssh.login.held': {
    blame: 'input',
    retry: 'after-change',
    why: 'The account was refused twice within half an hour, by this password or by another credential with the same user. Trying on would lock it.',
    next: 'Correct the credential, or the account on the server, or name the one right credential beside the server in the list; the appliance tries again by itself when the half hour is over.',
  },
  'ssh.login.none': {
    blame: 'input',
    retry: 'after-change',
    why: 'None of the credentials that the appliance was given is for Linux, or has the name that the list of servers says.',
    next: 'Add a credential of the kind "linux", or correct the name in the list.',
  },
  'ssh.key.unreadable': {
    blame: 'input',
    retry: 'after-change',
    why: 'The private key of the credential is in no form that is understood (OpenSSH, PEM), it is a public key, or its passphrase is missing or wrong.',
    next: 'Check the file with "ssh-keygen -y -f FILE", and give the passphrase of the key.',
  },
  'ssh.hostKey.changed': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The server shows another host key than the one that is pinned or that it showed the first time: it was installed anew, another machine has its address, or somebody stands in between.',
    next: 'Compare the fingerprint with the one that "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" prints on the server itself. If it is right, set it as "hostKey" of the server; nothing is sent to the server before.',
  },
  'ssh.algorithms': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The two sides know no common key exchange, host key, cipher or MAC; the server is very old, or is restricted to what this side lacks.',
    next: 'Update OpenSSH on the server, or allow one of curve25519-sha256, ecdh-sha2-nistp256, diffie-hellman-group14-sha256 with aes128-ctr or aes128-gcm there.',
  },
  'ssh.notSsh': {
    blame: 'peer',
    retry: 'after-change',
    why: 'What stands at that port does not speak SSH, or breaks it.',
    next: 'Check address and port, and what listens there.',
  },
  'ssh.timeout': {
    blame: 'peer',
    retry: 'safe',
    why: 'The server accepted the connection, or the command, and did not answer in time: it is overloaded, a file system hangs, or something on the way swallows packets.',
    next: 'Look at the load of the server and run the same with ssh from another machine; the appliance tries again by itself.',
  },
  'ssh.dropped': {
    blame: 'peer',
    retry: 'safe',
    why: 'The connection ended before the answer was there: the server is going down, sshd was restarted, or a firewall cut the connection.',
    next: 'Nothing is to be done if the server was restarted: the appliance only reads, and tries again by itself.',
  },
  'ssh.exec.refused': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The server let the account in but runs no command for it: its shell is nologin, a ForceCommand or sftp-only rule holds, or MaxSessions is too small.',
    next: 'Give the account a shell and let it run commands.',
  },
  'ssh.output.tooLarge': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The command wrote more than the appliance takes; a start-up file of the shell may print without end.',
    next: 'Run the command by hand with the same account, and look at what is written.',
  },
  'ssh.sudo.denied': {
    blame: 'input',
    retry: 'after-change',
    why: 'The account is neither root nor may it become root with sudo without a password, and its own password does not serve either.',
    next: 'Add the account to /etc/sudoers with NOPASSWD for dmidecode, fdisk, netstat, ls and cat (visudo -f /etc/sudoers.d/migrate), or use root.',
  },
  'ssh.sudo.tty': {
    blame: 'input',
    retry: 'after-change',
    why: 'The sudoers file of the server demands a terminal (requiretty), which a program that collects does not have.',
    next: 'Add "Defaults:ACCOUNT !requiretty" to /etc/sudoers.',
  },
  'ssh.sudo.missing': {
    blame: 'input',
    retry: 'after-change',
    why: 'There is no sudo on the server, and the account is not root.',
    next: 'Install sudo and allow the account to use it, or use root.',
  },
});
