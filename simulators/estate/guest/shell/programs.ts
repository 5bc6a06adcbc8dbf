/** Every program of the system, by name. Which of them a release has is linux-tools.ts's to say. */
import { archiveCommands } from './archive-commands.ts';
import { awk } from './awk.ts';
import { diskCommands } from './disk-commands.ts';
import { fileCommands } from './file-commands.ts';
import { findCommands } from './find-commands.ts';
import { identityCommands } from './identity-commands.ts';
import { launchers } from './launchers.ts';
import { networkCommands } from './network-commands.ts';
import { packageCommands } from './package-commands.ts';
import { processCommands } from './process-commands.ts';
import { sedCommand } from './sed.ts';
import type { LinuxCommands } from './shell.ts';
import { textCommands } from './text-commands.ts';

export const PROGRAMS: LinuxCommands = {
  ...textCommands,
  ...fileCommands,
  ...findCommands,
  ...archiveCommands,
  ...processCommands,
  ...identityCommands,
  ...packageCommands,
  ...diskCommands,
  ...networkCommands,
  ...launchers,
  awk,
  gawk: awk,
  mawk: awk,
  sed: sedCommand,
};
