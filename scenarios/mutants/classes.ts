/**
 * The classes of real bugs that mutants stand for: what goes wrong, by which cause, and where it was seen in public.
 *
 * B01 to B22 were collected from the issue threads of agent and workflow runtimes, journals and stores; what comes after them
 * are promises of a durable run that any runtime can break. `N01`: negative controls, stores that are not durable at all.
 */

export interface BugClass {
  readonly title: string
  /** Real cases: `owner/repository#number`. */
  readonly cites: readonly string[]
}

export const bugClasses: Readonly<Record<string, BugClass>> = {
  B01: {
    title: 'an effect is done, its result is not recorded, so it is repeated',
    cites: ['langchain-ai/langgraph#8039', 'vercel/workflow#2675', 'crewAIInc/crewAI#5802'],
  },
  B02: {
    title: 'recorded or acknowledged before it is done, so it is lost',
    cites: [
      'openai/openai-agents-python#4615',
      'vercel/workflow#1531',
      'dbos-inc/dbos-transact-py#716',
    ],
  },
  B03: {
    title: 'one decision is split over two records',
    cites: ['OpenHands/software-agent-sdk#4487', 'langchain-ai/langgraphjs#1996'],
  },
  B04: {
    title: 'a torn tail is read as a record, or stands in the way of the next one',
    cites: [
      'octos-org/octos#2006',
      'can1357/oh-my-pi#8596',
      'openai/codex#24425',
      'anthropics/claude-code#81843',
    ],
  },
  B05: {
    title: 'a reader stops at damage, or skips it, and goes on as if nothing were there',
    cites: [
      'anthropics/claude-code#50347',
      'anthropics/claude-code#49876',
      'github/copilot-cli#2490',
    ],
  },
  B06: {
    title: 'an append is buffered in user space, or not waited for',
    cites: ['MoonshotAI/kimi-code#3531', 'typicode/lowdb#27', 'chroma-core/chroma#674'],
  },
  B07: {
    title: 'acknowledged without a sync',
    cites: ['Lingtai-AI/lingtai-kernel#1547', 'nodejs/node#60552', 'oven-sh/bun#36485'],
  },
  B08: {
    title: 'published without a directory sync',
    cites: [
      'npm/write-file-atomic#64',
      'google/leveldb#195',
      'etcd-io/etcd#6368',
      'louischatriot/nedb#235',
    ],
  },
  B09: {
    title: 'overwritten in place',
    cites: ['RooCodeInc/Roo-Code#722', 'louischatriot/nedb#92'],
  },
  B10: {
    title: 'disk errors are swallowed, or a failed sync is retried',
    cites: [
      'google-gemini/gemini-cli#27277',
      'cockroachdb/cockroach#37102',
      'tursodatabase/turso#3077',
    ],
  },
  B12: {
    title: 'two start, or resume, the same run',
    cites: ['mastra-ai/mastra#20512', 'dbos-inc/dbos-transact-java#491', 'vercel/workflow#3553'],
  },
  B13: {
    title: 'an owner that was replaced goes on writing',
    cites: ['Altinn/altinn-studio#18506', 'aegra/aegra#547', 'windmill-labs/windmill#9214'],
  },
  B14: {
    title: 'whether the owner lives is judged wrongly',
    cites: ['anthropics/claude-code#72898', 'moxystudio/node-proper-lockfile#121'],
  },
  B15: {
    title: 'the replay takes another path than the live run',
    cites: ['vercel/workflow#3139', 'temporalio/sdk-typescript#1744', 'inngest/inngest-js#1248'],
  },
  B16: {
    title: 'a timer or a signal is lost, or clocks are mixed up',
    cites: ['vercel/workflow#679', 'ablative-io/aion#159', 'Effect-TS/effect#6318'],
  },
  B17: {
    title: 'a settled child is lost, run again or revived; a cancel is forgotten',
    cites: ['mastra-ai/mastra#24780', 'n8n-io/n8n#23807', 'openclaw/openclaw#142445'],
  },
  B18: {
    title: 'the cursor of a loop is lost or runs ahead',
    cites: ['microsoft/agent-framework#5009', 'mastra-ai/mastra#21749'],
  },
  B19: {
    title: 'a budget is counted twice, lost or minted',
    cites: ['hojinzs/github-symphony#147', 'vectorize-io/hindsight#2675'],
  },
  B20: {
    title: 'a tool call dangles, or is repaired wrongly',
    cites: [
      'letta-ai/letta#3250',
      'strands-agents/harness-sdk#2025',
      'OpenHands/software-agent-sdk#2298',
      'anomalyco/opencode#10616',
    ],
  },
  B21: {
    title: 'state that cannot be read is taken for no state',
    cites: ['agentjido/jido#315', 'trpc-group/trpc-agent-go#1123'],
  },
  B22: {
    title: 'the cost of a commit grows with the length of the run',
    cites: ['PwnKit-Labs/pwnkit#415', 'ohdearquant/lionagi#3109'],
  },
  B23: { title: 'a finished run, or another one, is mixed up with this one', cites: [] },
  B24: { title: 'a run that kills its process is started again for ever', cites: [] },
  B25: { title: 'a run that is asked to stop goes on', cites: [] },
  N01: { title: 'negative control: the store is not durable at all', cites: [] },
}
