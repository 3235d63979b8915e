import { once } from 'node:events'

/**
 * Serves an Express application and returns how it is asked: with a token, for the claims that it
 * answers.
 */
export async function serve(app) {
  // Without it Express prints every refusal.
  app.set('env', 'test')
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  const url = `http://127.0.0.1:${server.address().port}/`
  return async (token) => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (answer.status === 200) return answer.json()
    await answer.arrayBuffer()
    throw new Error(`${answer.status} ${answer.headers.get('www-authenticate')}`)
  }
}
