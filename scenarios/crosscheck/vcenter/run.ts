/** Other people's programs, as child processes beside a server of this one: so never synchronously. */
import { spawn } from 'node:child_process';

/** What the program prints. @throws an Error with what it complained of when it does not end well */
export function run(command: string, args: readonly string[], env = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '';
    let complained = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      complained += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${command} ended with ${code}\n${complained}\n${said}`)),
    );
  });
}
