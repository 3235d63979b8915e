import { PARTS } from './parts.ts'

const part = process.env.MUTATION_PART
const { mutate, tests } = PARTS[part]

/** As `run.ts` runs it: from the root of the checkout, one part of the verifier at a time. */
export default {
  mutate,
  testRunner: 'in-process',
  mutation: { testFiles: tests.map((name) => `test/verifier/${name}.test.ts`) },
  plugins: ['./test/mutation/runner.mjs', './test/mutation/texts.mjs'],
  ignorers: ['texts'],
  ignorePatterns: ['/bench', '/docs', '/openapi', '/examples', '/test/mutation', '/test/interop'],
  // It would be rewritten with the compiler's own reader, which TypeScript 7 does not have any more.
  tsconfigFile: 'none.json',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  maxTestRunnerReuse: 150,
  timeoutMS: 20_000,
  timeoutFactor: 2,
  warnings: { unknownOptions: false },
  tempDirName: 'test/mutation/.stryker-tmp',
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false },
  jsonReporter: { fileName: `test/mutation/reports/${part}.json` },
  thresholds: { high: 95, low: 85, break: 85 },
}
