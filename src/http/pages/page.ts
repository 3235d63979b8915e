import { createHash } from 'node:crypto'

const STYLE = `
:root { color-scheme: light dark; --quiet: #57606a; --line: #d0d7de; --soft: #f3f4f6; --link: #0756b0 }
@media (prefers-color-scheme: dark) {
  :root { --quiet: #a3adb8; --line: #3b434c; --soft: #22272e; --link: #7db7ff }
}
body { margin: 0 auto; max-width: 44rem; padding: 1.5rem 1rem 4rem; font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
a { color: var(--link) }
p, ul, dl { margin: .5rem 0 }
ul { padding-left: 1.25rem }
dt { font-weight: 600; margin-top: .75rem }
dd { margin: 0 }
code { font: .9em ui-monospace, monospace; background: var(--soft); border-radius: .25rem; padding: .1em .3em }
.quiet { color: var(--quiet); font-size: .9rem }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: .75rem }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** The pages bring their style along, and neither run nor fetch anything. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A whole page of HTML around a content that has been escaped. */
export function toPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${content}
</body>
</html>
`
}

/** A text as HTML; what stands in backticks becomes code. */
export function toHtml(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
