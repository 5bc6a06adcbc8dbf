/** Asks a served host with pywinrm, over HTTP with NTLM and sealing. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ServeOutcome } from '#simulators/kit/serve.ts';

const PYTHON = '/usr/bin/python3';

export const hasPywinrm = spawnSync(PYTHON, ['-c', 'import winrm, requests_ntlm, xmltodict']).status === 0;

export interface Question {
  readonly name: string;
  readonly namespace?: string;
  readonly class?: string;
  readonly wql?: string;
  readonly method?: string;
  readonly input?: Readonly<Record<string, string>>;
  readonly selectors?: Readonly<Record<string, string>>;
  readonly powershell?: string;
}

export type Instance = Readonly<Record<string, string | readonly string[] | null>>;

/** @returns by name what was heard: instances, what a method gave, or `{refused}` */
export async function asked(
  { exports }: ServeOutcome,
  questions: readonly Question[],
): Promise<Readonly<Record<string, readonly Instance[] & Instance>>> {
  const { WINRM_HOST, WINRM_PORT, WINRM_USER, WINRM_PASS } = exports;
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(
    PYTHON,
    [
      here('classes.py'),
      `http://${WINRM_HOST}:${WINRM_PORT}/wsman`,
      WINRM_USER!,
      WINRM_PASS!,
      JSON.stringify(questions),
    ],
    {
      env: { PATH: process.env['PATH'], OPENSSL_CONF: here('../winrm/legacy.cnf') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return JSON.parse((await text(child.stdout)) || '{}') as Readonly<
    Record<string, readonly Instance[] & Instance>
  >;
}
