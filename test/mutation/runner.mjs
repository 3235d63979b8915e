import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'

/**
 * Runs the tests of tap in the process that Stryker gives it, one test of the top level at a time, and of those
 * only what reaches the mutant. Stryker's own runner for tap starts a process for each file and mutant, and takes
 * ten times as long. A test file is loaded anew for each run; what it tests is loaded once.
 */
class RunnerInProcess {
  /** Stryker starts a new process for what is only run while it is loaded. */
  capabilities = () => ({ reloadEnvironment: false })
  #stryker
  #files

  constructor({ mutation }, namespace) {
    globalThis[namespace] ??= {}
    this.#stryker = globalThis[namespace]
    this.#files = mutation.testFiles.map((file) => pathToFileURL(resolve(file)).href)
  }

  async dryRun() {
    const run = await this.#run(() => true)
    return { ...run, mutantCoverage: this.#stryker.mutantCoverage }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    this.#stryker.activeMutant = activeMutant.id
    this.#stryker.hitCount = 0
    this.#stryker.hitLimit = hitLimit
    const chosen = testFilter && new Set(testFilter)
    const run = await this.#run((id) => chosen === undefined || chosen.has(id), true)
    const hitLimitReached = determineHitLimitReached(this.#stryker.hitCount, hitLimit)
    return toMutantRunResult(hitLimitReached ?? run)
  }

  async #run(isChosen, isBailing = false) {
    const tests = []
    for (const file of this.#files) {
      await runFile(file, async (name, run) => {
        const id = `${file.slice(file.lastIndexOf('/') + 1)}: ${name}`
        const hasFailed = tests.some(({ status }) => status === TestStatus.Failed)
        if (!isChosen(id) || (isBailing && hasFailed)) return
        this.#stryker.currentTestId = id
        const start = performance.now()
        const failure = await run()
        this.#stryker.currentTestId = undefined
        const timeSpentMs = performance.now() - start
        const status = failure === undefined ? TestStatus.Success : TestStatus.Failed
        tests.push({ id, name: id, timeSpentMs, status, failureMessage: failure })
      })
    }
    return { status: DryRunStatus.Complete, tests }
  }
}

/**
 * Longer than any test takes on a busy machine, else good code fails. In a process of its own a test would end when
 * nothing is left that could go on.
 */
const PATIENCE_MS = 10_000

// The tests that tap would run in this process by itself are none, and need not end in time. When it is loaded it
// tells a runner of its own how long it will wait, which Stryker would not understand.
process.env.TAP_TIMEOUT = '0'
const { send } = process
process.send = undefined
const { Test } = await import('tap')
process.send = send

let runs = 0
let strayed
process.on('unhandledRejection', (reason) => {
  strayed = reason
})

/** Calls `each` for each test of the top level of a file; what that is given runs it and returns what failed. */
async function runFile(file, each) {
  runs += 1
  const found = []
  globalThis.topLevel = { test: (name, run) => found.push({ name, run }) }
  await import(`${file}?run=${runs}`)
  for (const { name, run } of found) {
    await each(name, async () => {
      strayed = undefined
      const test = new Test({ name, timeout: PATIENCE_MS })
      test.resume()
      const ended = new Promise((resolve) => test.on('complete', resolve))
      test.test(name, { timeout: PATIENCE_MS }, run)
      test.end()
      await ended
      if (test.passing() && strayed === undefined) return undefined
      return String(strayed ?? test.results?.failures?.[0]?.name ?? 'failed')
    })
  }
}

const sources = new Map()
registerHooks({
  resolve(specifier, context, next) {
    const isOfTest = specifier === 'tap' && context.parentURL?.includes('?run=')
    return isOfTest
      ? { url: `data:text/javascript,export default topLevel//${runs}`, shortCircuit: true }
      : next(specifier, context)
  },
  load(url, context, next) {
    const [file, run] = url.split('?run=')
    if (run === undefined) return next(url, context)
    const path = fileURLToPath(file)
    if (!sources.has(path)) sources.set(path, stripTypeScriptTypes(readFileSync(path, 'utf8')))
    return { format: 'module', source: sources.get(path), shortCircuit: true }
  },
})

const create = Object.assign((options, namespace) => new RunnerInProcess(options, namespace), {
  inject: tokens(commonTokens.options, 'globalNamespace'),
})
const createFor = Object.assign(
  (injector) => create(injector.resolve(commonTokens.options), '__stryker__'),
  { inject: tokens(commonTokens.injector) },
)

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'in-process', createFor)]
