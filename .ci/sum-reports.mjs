// Prints "N passed, N failed" over several reports of vitest (--reporter=json); exits with 1 unless all passed.
import { readFileSync } from "node:fs";

/** A run without a report has failed, and so has a file that fell over outside of any test. */
function countReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, "utf8"));
    const broken = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === "failed" && !assertionResults.some((assertion) => assertion.status === "failed"),
    );
    const failed = report.numFailedTests + broken.length;
    return { passed: report.numPassedTests, failed: report.success || failed > 0 ? failed : 1 };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const counts = process.argv.slice(2).map(countReport);
const sum = (key) => counts.reduce((all, count) => all + count[key], 0);
process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
