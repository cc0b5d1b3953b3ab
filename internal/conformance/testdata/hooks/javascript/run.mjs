// Invokes a handler as Lambda's runtime for Node does: node run.mjs FILE EVENT.
import { pathToFileURL } from 'node:url'

const [file, event] = process.argv.slice(2)
const { handler } = await import(pathToFileURL(file))
try {
  const answer = await new Promise((resolve, reject) => {
    const returned = handler(JSON.parse(event), {}, (error, result) => error ? reject(error) : resolve(result))
    if (handler.length < 3) resolve(returned)
  })
  console.log(JSON.stringify(answer))
} catch (error) {
  console.error(String(error))
  process.exit(1)
}
