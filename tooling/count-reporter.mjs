// Ends a run with `N passed, N failed, N skipped`, and names each skipped test: a green run says what it covered.
export default class CountReporter {
  onTestRunEnd(modules, errors) {
    let [passed, failed, skipped] = [0, 0, 0];
    const skips = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else {
          skipped += 1;
          skips.push(`skipped: [${module.project.name}] ${test.fullName}${note ? ` (${note})` : ''}`);
        }
      }
      // A file that could not load, and a suite whose preparation failed, hold no failed tests and are failures all the same.
      for (const suite of [module, ...module.children.allSuites()])
        if (suite.errors().length > 0) failed += 1;
    }
    failed += errors.length;
    // Each file of long tests counts as one: what is in it is not known.
    for (const file of (process.env.BITGRAD_LONG ?? '').split(',').filter(Boolean)) {
      skipped += 1;
      skips.push(`skipped: ${file} (long: .ci/run runs it, and so does BITGRAD_ENDURANCE=1)`);
    }
    // What `npm test` did before the tests, and where it failed.
    const steps = (process.env.BITGRAD_FAILED_STEPS ?? '').split(',').filter(Boolean);
    failed += steps.length;
    process.on('exit', () => {
      if (skips.length > 0) process.stdout.write(`\n${skips.join('\n')}\n`);
      for (const step of steps)
        process.stdout.write(`\nfailed: ${step} (what it printed is above the tests)\n`);
      process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }
}
