// The process: arguments in, exit code out.
import { runCli } from './program.js';

process.exitCode = await runCli(process.argv.slice(2));
