// The process: arguments in, exit code out.
import { runCli } from './program.js';

// Who reads the output may have seen enough, as in `bitgrad train --help | head`.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    // As a process that SIGPIPE ends.
    process.exit(141);
  });

process.exitCode = await runCli(process.argv.slice(2));
