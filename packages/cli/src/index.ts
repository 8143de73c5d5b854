export { backendTable, probeBackends, startBackend, type BackendListing } from './backends.js';
export { exitCodeOf, exitCodes } from './exit.js';
export { chooseEngine, engineTable, probeEngines, type EngineListing } from './engines.js';
export { runBench, type BenchOptions, type BenchResult } from './commands/bench.js';
export { runCompile, type CompileCommandOptions, type CompileCommandResult } from './commands/compile.js';
export { runDataGet, type DataGetOptions } from './commands/data-get.js';
export { runDoctor, type DoctorOptions, type DoctorResult } from './commands/doctor.js';
export { runEval, type EvalOptions, type EvalResult } from './commands/eval.js';
export {
  runImport,
  type ImportCommandOptions,
  type ImportCommandResult,
  type ImportLayersResult,
} from './commands/import.js';
export { runExport, type ExportCommandOptions, type ExportResult } from './commands/export.js';
export { inspectModel, runInspect, type Inspection } from './commands/inspect.js';
export { runList } from './commands/list.js';
export type { Listing } from './listing.js';
export { runRun, type RunCommandOptions, type RunDataResult, type RunImageResult } from './commands/run.js';
export { runTrain, type TrainOptions, type TrainResult } from './commands/train.js';
export { createNodeIo, type CliIo } from './io.js';
export type { Run, RunInfo, RecipeInput, ModelAbout } from '@bitgrad/recipe';
export { openModel, readRunInfo, saveModel } from './model-dir/folder.js';
export { builtInPlugins, usePlugins } from './plugins.js';
export { createProgram, runCli, runWith } from './program.js';
export { openRun, type OpenRunOptions } from './run.js';
export { loadModel, type Classification, type Classifier, type ClassifyOptions } from '@bitgrad/classify';
