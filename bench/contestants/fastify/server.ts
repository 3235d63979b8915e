import fastify from 'fastify'

// What Fastify costs when nothing is done: an answer of so many bytes, ready as a text.
const app = fastify()
const answers = new Map<string, string>()
app.get<{ Params: { bytes: string } }>('/constant/:bytes', (request, reply) => {
  const { bytes } = request.params
  let answer = answers.get(bytes)
  if (answer === undefined) {
    answer = JSON.stringify({ filling: 'x'.repeat(Math.max(0, Number(bytes) - 14)) })
    answers.set(bytes, answer)
  }
  reply.header('content-type', 'application/json; charset=utf-8').send(answer)
})
process.once('SIGTERM', () => process.exit())
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
console.log('ready')
