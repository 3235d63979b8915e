import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

/** Installs what the peers need, unless it is there. Rejects when npm fails. */
export async function installPackages(): Promise<void> {
  if (existsSync(`${FOLDER}node_modules`)) return
  console.log('Installing what Mintmark is measured beside: npm ci in bench/')
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: 'inherit' })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`npm ci in ${FOLDER} ended with ${code}`)
}
