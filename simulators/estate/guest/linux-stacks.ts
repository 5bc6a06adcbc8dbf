/** What Linux machines run, by role: believable products with versions that fit the release. */
import type { Role } from '../workload-guess.ts';
import type { LinuxOs } from './guest-os.ts';
import type { PackageSpec, ProcessSpec, ServiceSpec, Stack } from './stack.ts';

type Choices = Readonly<Partial<Record<Role, ReadonlyArray<Partial<Stack>>>>>;

const VENDORS: Readonly<Record<LinuxOs['id'], string>> = {
  ubuntu: 'Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>',
  debian: 'Debian Maintainers <debian-devel@lists.debian.org>',
  rhel: 'Red Hat, Inc.',
  centos: 'CentOS',
  amzn: 'Amazon Linux',
  ol: 'Oracle America',
  sles: 'SUSE LLC <https://www.suse.com/>',
};

const kernelThread = (key: string, name: string): ProcessSpec => ({
  key,
  name,
  executable: '',
  arguments: '',
  user: 'root',
  parent: 'kthreadd',
  cpu: 1,
  memory: 0,
});

const daemon = (
  key: string,
  executable: string,
  args: string,
  user = 'root',
  more: Partial<ProcessSpec> = {},
): ProcessSpec => ({
  key,
  name: executable.slice(executable.lastIndexOf('/') + 1).slice(0, 15),
  executable,
  arguments: args,
  user,
  cpu: 1,
  memory: 2,
  ...more,
});

const service = (name: string, process: string): ServiceSpec => ({
  name,
  displayName: name,
  process,
  start: 'auto',
});

/** Versions by release: index 0 for the oldest kind, 2 for the newest. */
function generation({ id, versionId }: LinuxOs): 0 | 1 | 2 {
  const version = Number(versionId);
  if (id === 'ubuntu') return version < 18 ? 0 : version < 22 ? 1 : 2;
  if (id === 'debian') return version < 10 ? 0 : version < 12 ? 1 : 2;
  if (id === 'sles') return version < 12 ? 0 : version < 15 ? 1 : 2;
  return version < 7 ? 0 : version < 8 ? 1 : 2;
}

function packaged(os: LinuxOs, name: string, versions: readonly [string, string, string]): PackageSpec {
  const version = versions[generation(os)];
  const major = os.versionId.split('.')[0];
  const revision =
    os.id === 'ubuntu'
      ? `-0ubuntu${os.versionId}.1`
      : os.id === 'debian'
        ? `-1+deb${major}u2`
        : os.id === 'sles'
          ? `-${Number(major) * 10}.3.1`
          : `-${generation(os) + 3}.el${major}`;
  return { name, version: version + revision, vendor: VENDORS[os.id] };
}

export function LINUX_BASE(os: LinuxOs): Partial<Stack> {
  const dpkg = os.packages === 'dpkg';
  const sbin = os.systemd ? '/usr/sbin' : '/sbin';
  const processes: ProcessSpec[] = [
    os.systemd
      ? daemon('init', '/usr/lib/systemd/systemd', '--switched-root --system --deserialize 22', 'root')
      : daemon('init', '/sbin/init', '', 'root'),
    { ...kernelThread('kthreadd', 'kthreadd'), parent: '' },
    kernelThread('ksoftirqd', 'ksoftirqd/0'),
    kernelThread('migration', 'migration/0'),
    kernelThread('kswapd', 'kswapd0'),
    kernelThread('jbd2', 'jbd2/sda1-8'),
    ...(os.systemd
      ? [
          daemon('journald', '/usr/lib/systemd/systemd-journald', ''),
          daemon('udevd', '/usr/lib/systemd/systemd-udevd', ''),
          daemon('logind', '/usr/lib/systemd/systemd-logind', ''),
          daemon(
            'dbus',
            '/usr/bin/dbus-daemon',
            '--system --address=systemd: --nofork --nopidfile',
            dpkg ? 'messagebus' : 'dbus',
          ),
        ]
      : [daemon('udevd', '/sbin/udevd', '-d')]),
    daemon('rsyslogd', '/usr/sbin/rsyslogd', '-n'),
    daemon('cron', dpkg ? '/usr/sbin/cron' : '/usr/sbin/crond', dpkg ? '-f' : '-n'),
    daemon('sshd', '/usr/sbin/sshd', '-D'),
    daemon('vmtoolsd', '/usr/bin/vmtoolsd', ''),
    daemon('sssd', '/usr/sbin/sssd', '-i --logger=files'),
    daemon(
      'sssd_be',
      '/usr/libexec/sssd/sssd_be',
      '--domain example --uid 0 --gid 0 --logger=files',
      'root',
      { parent: 'sssd' },
    ),
    daemon('agent', '/usr/sbin/zabbix_agentd', '-c /etc/zabbix/zabbix_agentd.conf', 'zabbix'),
    daemon('getty', `${sbin}/agetty`, '--noclear tty1 linux'),
  ];
  return {
    processes,
    listens: [
      { port: 22, process: 'sshd' },
      { port: 10050, process: 'agent' },
    ],
    offers: {},
    uses: { ldap: 'sssd_be', monitoring: 'agent' },
    packages: [
      packaged(os, 'bash', ['4.2.46', '4.4.20', '5.1.16']),
      packaged(os, 'coreutils', ['8.22', '8.30', '8.32']),
      packaged(os, dpkg ? 'libc6' : 'glibc', ['2.17', '2.28', '2.35']),
      packaged(os, os.systemd ? 'systemd' : 'upstart', ['219', '239', '249']),
      packaged(os, 'openssl', ['1.0.2k', '1.1.1k', '3.0.2']),
      packaged(os, 'openssh-server', ['7.4p1', '8.0p1', '8.9p1']),
      packaged(os, 'rsyslog', ['8.24.0', '8.1911.0', '8.2112.0']),
      packaged(os, dpkg ? 'cron' : 'cronie', ['1.4.11', '1.5.2', '1.5.7']),
      packaged(os, 'sudo', ['1.8.23', '1.8.29', '1.9.9']),
      packaged(os, 'sssd', ['1.16.5', '2.2.3', '2.6.3']),
      packaged(os, dpkg ? 'python3-minimal' : 'python3', ['3.6.8', '3.6.9', '3.10.6']),
      packaged(os, 'curl', ['7.29.0', '7.61.1', '7.81.0']),
      packaged(os, 'net-tools', ['2.0', '2.0', '2.10']),
      packaged(os, dpkg ? 'iproute2' : 'iproute', ['4.11.0', '5.3.0', '5.15.0']),
      packaged(os, 'tar', ['1.26', '1.30', '1.34']),
      packaged(os, 'gzip', ['1.5', '1.9', '1.10']),
      packaged(os, 'tzdata', ['2023c', '2024a', '2024a']),
      packaged(os, 'open-vm-tools', ['11.0.5', '11.3.0', '12.3.5']),
      {
        name: 'zabbix-agent',
        version: `5.0.42-1${os.packages === 'rpm' ? `.el${os.versionId.split('.')[0]}` : ''}`,
        vendor: 'Zabbix SIA',
      },
    ],
    services: [
      service('sshd', 'sshd'),
      service('rsyslog', 'rsyslogd'),
      service(dpkg ? 'cron' : 'crond', 'cron'),
      service('vmtoolsd', 'vmtoolsd'),
      service('sssd', 'sssd'),
      service('zabbix-agent', 'agent'),
      { name: 'rsync', displayName: 'rsync', start: 'disabled' },
    ],
    features: [],
  };
}

export function LINUX_STACKS(os: LinuxOs): Choices {
  const dpkg = os.packages === 'dpkg';
  const javaHome = dpkg ? '/usr/lib/jvm/java-8-openjdk-amd64/jre' : '/usr/lib/jvm/jre-1.8.0-openjdk';
  const java = (key: string, args: string, user: string): ProcessSpec =>
    daemon(key, `${javaHome}/bin/java`, args, user, { cpu: 60, memory: 60 });
  const jre = packaged(os, dpkg ? 'openjdk-8-jre-headless' : 'java-1.8.0-openjdk-headless', [
    '1.8.0.342',
    '1.8.0.382',
    '1.8.0.412',
  ]);
  const wwwUser = dpkg ? 'www-data' : 'nginx';
  const nginx: Partial<Stack> = {
    processes: [
      daemon('nginx', '/usr/sbin/nginx', '-g daemon on; master_process on;', 'root', { memory: 1 }),
      daemon('worker', '/usr/sbin/nginx', 'worker process', wwwUser, {
        parent: 'nginx',
        count: 4,
        cpu: 18,
        memory: 12,
      }),
    ],
    listens: [
      { port: 80, process: 'nginx' },
      { port: 443, process: 'nginx' },
    ],
    offers: { web: { port: 443, process: 'worker' } },
    uses: { app: 'worker' },
    packages: [packaged(os, 'nginx', ['1.16.1', '1.18.0', '1.20.1'])],
    services: [service('nginx', 'nginx')],
  };
  const httpd = dpkg ? '/usr/sbin/apache2' : '/usr/sbin/httpd';
  const apache: Partial<Stack> = {
    processes: [
      daemon('httpd', httpd, '-DFOREGROUND', 'root', { memory: 2 }),
      daemon('worker', httpd, '-DFOREGROUND', dpkg ? 'www-data' : 'apache', {
        parent: 'httpd',
        count: 5,
        cpu: 15,
        memory: 10,
      }),
    ],
    listens: [
      { port: 80, process: 'httpd' },
      { port: 443, process: 'httpd' },
    ],
    offers: { web: { port: 443, process: 'worker' } },
    uses: { app: 'worker' },
    packages: [packaged(os, dpkg ? 'apache2' : 'httpd', ['2.4.6', '2.4.37', '2.4.52'])],
    services: [service(dpkg ? 'apache2' : 'httpd', 'httpd')],
  };
  const tomcat: Partial<Stack> = {
    processes: [
      java(
        'java',
        `-Xms1g -Xmx4g -Dcatalina.base=/opt/tomcat -classpath /opt/tomcat/bin/bootstrap.jar org.apache.catalina.startup.Bootstrap start`,
        'tomcat',
      ),
    ],
    listens: [
      { port: 8080, process: 'java' },
      { port: 8005, process: 'java', local: true },
    ],
    offers: { app: { port: 8080, process: 'java' } },
    uses: { sql: 'java', files: 'java', smtp: 'java' },
    packages: [jre, packaged(os, dpkg ? 'tomcat9' : 'tomcat', ['7.0.76', '9.0.31', '9.0.58'])],
    services: [service('tomcat', 'java')],
  };
  const node: Partial<Stack> = {
    processes: [
      daemon('node', '/usr/bin/node', '/srv/orders/server.js --port 3000', 'orders', { cpu: 55, memory: 45 }),
    ],
    listens: [{ port: 3000, process: 'node' }],
    offers: { app: { port: 3000, process: 'node' } },
    uses: { sql: 'node', files: 'node', smtp: 'node' },
    packages: [packaged(os, 'nodejs', ['10.24.0', '12.22.9', '18.19.0'])],
    services: [service('orders', 'node')],
  };
  const pgVersion = (['9.6', '12', '14'] as const)[generation(os)];
  const postgres: Partial<Stack> = {
    processes: [
      daemon(
        'postgres',
        dpkg ? `/usr/lib/postgresql/${pgVersion}/bin/postgres` : `/usr/pgsql-${pgVersion}/bin/postgres`,
        `-D /var/lib/pgsql/${pgVersion}/data`,
        'postgres',
        { cpu: 40, memory: 60 },
      ),
      daemon('writer', '/usr/bin/postgres', 'background writer', 'postgres', {
        parent: 'postgres',
        cpu: 6,
        memory: 8,
      }),
      daemon('wal', '/usr/bin/postgres', 'walwriter', 'postgres', { parent: 'postgres', cpu: 4, memory: 2 }),
    ],
    listens: [{ port: 5432, process: 'postgres' }],
    offers: { sql: { port: 5432, process: 'postgres' } },
    packages: [
      packaged(os, dpkg ? `postgresql-${pgVersion}` : `postgresql${pgVersion.replace('.', '')}-server`, [
        '9.6.24',
        '12.19',
        '14.11',
      ]),
    ],
    services: [service(`postgresql-${pgVersion}`, 'postgres')],
  };
  const mysql: Partial<Stack> = {
    processes: [
      daemon('mysqld', '/usr/sbin/mysqld', '--basedir=/usr --datadir=/var/lib/mysql', 'mysql', {
        cpu: 50,
        memory: 75,
      }),
    ],
    listens: [{ port: 3306, process: 'mysqld' }],
    offers: { sql: { port: 3306, process: 'mysqld' } },
    packages: [
      packaged(os, dpkg ? 'mysql-server' : 'mysql-community-server', ['5.7.44', '8.0.36', '8.0.36']),
    ],
    services: [service('mysqld', 'mysqld')],
  };
  const samba: Partial<Stack> = {
    processes: [
      daemon('smbd', '/usr/sbin/smbd', '--foreground --no-process-group', 'root', { cpu: 40, memory: 40 }),
      daemon('nmbd', '/usr/sbin/nmbd', '--foreground --no-process-group', 'root', { cpu: 2 }),
    ],
    listens: [
      { port: 445, process: 'smbd' },
      { port: 139, process: 'smbd' },
    ],
    offers: { files: { port: 445, process: 'smbd' } },
    packages: [packaged(os, 'samba', ['4.10.16', '4.13.17', '4.15.13'])],
    services: [service('smb', 'smbd'), service('nmb', 'nmbd')],
  };
  const openldap: Partial<Stack> = {
    processes: [
      daemon('slapd', '/usr/sbin/slapd', '-u ldap -h ldapi:/// ldap:///', 'ldap', { cpu: 30, memory: 40 }),
      daemon('krb5kdc', '/usr/sbin/krb5kdc', '-P /var/run/krb5kdc.pid', 'root', { cpu: 8, memory: 6 }),
      daemon('named', '/usr/sbin/named', '-u named -c /etc/named.conf', 'named', { cpu: 10, memory: 14 }),
    ],
    listens: [
      { port: 389, process: 'slapd' },
      { port: 88, process: 'krb5kdc' },
      { port: 53, process: 'named' },
    ],
    offers: { ldap: { port: 389, process: 'slapd' }, kerberos: { port: 88, process: 'krb5kdc' } },
    packages: [
      packaged(os, dpkg ? 'slapd' : 'openldap-servers', ['2.4.44', '2.4.49', '2.5.16']),
      packaged(os, dpkg ? 'krb5-kdc' : 'krb5-server', ['1.15.1', '1.17', '1.19.2']),
      packaged(os, dpkg ? 'bind9' : 'bind', ['9.11.4', '9.16.1', '9.18.18']),
    ],
    services: [service('slapd', 'slapd'), service('krb5kdc', 'krb5kdc'), service('named', 'named')],
  };
  const postfix: Partial<Stack> = {
    processes: [
      daemon('master', '/usr/libexec/postfix/master', '-w', 'root', { cpu: 4 }),
      daemon('smtpd', '/usr/libexec/postfix/smtpd', '-n smtp -t inet -u', 'postfix', {
        parent: 'master',
        count: 2,
        cpu: 14,
        memory: 10,
      }),
      daemon('dovecot', '/usr/sbin/dovecot', '-F', 'root', { cpu: 20, memory: 30 }),
    ],
    listens: [
      { port: 25, process: 'master' },
      { port: 143, process: 'dovecot' },
      { port: 993, process: 'dovecot' },
    ],
    offers: { smtp: { port: 25, process: 'smtpd' } },
    packages: [
      packaged(os, 'postfix', ['2.10.1', '3.4.13', '3.6.4']),
      packaged(os, 'dovecot', ['2.2.36', '2.3.7', '2.3.16']),
    ],
    services: [service('postfix', 'master'), service('dovecot', 'dovecot')],
  };
  const batch: Partial<Stack> = {
    processes: [
      java('java', '-Xmx2g -jar /opt/batch/scheduler.jar --nightly', 'batch'),
      daemon('director', '/usr/sbin/bacula-dir', '-f -c /etc/bacula/bacula-dir.conf', 'bacula', {
        cpu: 8,
        memory: 10,
      }),
    ],
    listens: [{ port: 9101, process: 'director' }],
    offers: { backup: { port: 9101, process: 'director' } },
    uses: { sql: 'java', files: 'java', backup: 'director' },
    packages: [jre, packaged(os, 'bacula-director', ['5.2.13', '9.4.4', '9.6.7'])],
    services: [service('batch', 'java'), service('bacula-dir', 'director')],
  };
  const zabbix: Partial<Stack> = {
    processes: [
      daemon('server', '/usr/sbin/zabbix_server', '-c /etc/zabbix/zabbix_server.conf', 'zabbix', {
        cpu: 40,
        memory: 45,
      }),
      daemon('grafana', '/usr/sbin/grafana-server', '--config=/etc/grafana/grafana.ini', 'grafana', {
        cpu: 12,
        memory: 18,
      }),
    ],
    listens: [
      { port: 10051, process: 'server' },
      { port: 3000, process: 'grafana' },
    ],
    offers: { monitoring: { port: 10051, process: 'server' } },
    uses: { sql: 'server' },
    packages: [
      { name: 'zabbix-server-pgsql', version: '5.0.42-1', vendor: 'Zabbix SIA' },
      { name: 'grafana', version: '9.5.18-1', vendor: 'Grafana Labs' },
    ],
    services: [service('zabbix-server', 'server'), service('grafana-server', 'grafana')],
  };
  const python: Partial<Stack> = {
    processes: [
      daemon('python', '/usr/bin/python3', '/home/dev/app.py --port 8000', 'dev', { cpu: 20, memory: 20 }),
    ],
    listens: [{ port: 8000, process: 'python' }],
    uses: { sql: 'python' },
    packages: [packaged(os, dpkg ? 'python3-flask' : 'python3-flask', ['0.12.2', '1.1.1', '2.0.1'])],
  };
  return {
    web: [nginx, apache],
    app: [tomcat, node],
    db: [postgres, mysql],
    file: [samba],
    directory: [openldap],
    mail: [postfix],
    batch: [batch],
    monitoring: [zabbix],
    test: [python],
  };
}
