#!/usr/bin/env node
import { existsSync } from 'node:fs'

// Built where it was installed; in a checkout Node runs the source by itself (22.18, 24 or newer).
const built = new URL('./dist/cli/main.js', import.meta.url)
await import(existsSync(built) ? built.href : new URL('./cli/main.ts', import.meta.url).href)
