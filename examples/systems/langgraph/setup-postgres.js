// The tables of the PostgreSQL checkpointer, as its documentation has them made: once, before it is used.
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'

const saver = PostgresSaver.fromConnString(process.env['DATABASE_URL'])
await saver.setup()
await saver.end()
