// examples/systems/vercel-workflow/worker.ts
import { readFileSync } from "node:fs";
import { getStepMetadata, RetryableError } from "@workflow/core";
import { registerStepFunction } from "@workflow/core/private";
import { getRun, setWorld, start, stepEntrypoint, workflowEntrypoint } from "@workflow/core/runtime";

// harness/worker.ts
import { writeSync } from "node:fs";

// harness/life.ts
var systemVariables = {
  /** `run` (start or resume, run to the end, exit 0), `signal`, `cancel`. */
  verb: "KILLPOINT_VERB",
  runId: "KILLPOINT_RUN_ID",
  /** The system's own source of randomness for this life, text. */
  seed: "KILLPOINT_SEED",
  /** Path of a JSON file with the workload (`workload.ts`). */
  workload: "KILLPOINT_WORKLOAD",
  /** The directory that survives lives; the system keeps its whole state in it. */
  directory: "KILLPOINT_DIR",
  /** Milliseconds since the epoch at the start of this life, where the system can take its clock from outside. */
  clockMs: "KILLPOINT_CLOCK_MS",
  /** `if-dead` or `always`. */
  takeover: "KILLPOINT_TAKEOVER",
  /** Number of this life in the case: 1, 2, 3 …; part of every mark. */
  life: "KILLPOINT_LIFE",
  /** Name and payload, JSON, for verb `signal`. */
  signal: "KILLPOINT_SIGNAL",
  /** Path of the ledger, for processes that a life starts without its descriptors: open it for append. */
  ledger: "KILLPOINT_LEDGER",
  /** Identity of this life for systems that take one: host and boot id, JSON. */
  identity: "KILLPOINT_IDENTITY"
};
var hookVariables = {
  /** `plain` (a counter), `counted` (one byte per op phase to the count file), `recording` (payloads, sites, an op log). */
  lane: "KILLPOINT_LANE",
  /** `serial` (default) or `native`. */
  order: "KILLPOINT_ORDER",
  /** The faults of this life, in the schedule grammar of `fault.ts`. */
  faults: "KILLPOINT_FAULTS",
  /** Directory for op logs and count files of this life, outside the state directory. */
  traceDirectory: "KILLPOINT_TRACE_DIR",
  /** The same for the native hooks, a line each (`native/faults.ts`). */
  nativeFaults: "KILLPOINT_NATIVE_FAULTS",
  /** Directory for what the native hooks of one life share, and for their op log and count file. */
  nativeDirectory: "KILLPOINT_NATIVE_DIR",
  /** Op stream of this process: `1`, and `1.1`, `1.2` … for threads and children, in order of start. */
  stream: "KILLPOINT_STREAM"
};
var ledgerFd = 3;

// harness/worker.ts
var ledgerLineBytesMax = 1024 * 1024;
function mark(body) {
  const life2 = process.env[systemVariables.life];
  if (life2 === void 0) return;
  const line = Buffer.from(`${JSON.stringify({ life: Number(life2), ...body })}
`);
  if (line.length > ledgerLineBytesMax)
    throw new Error(
      `a ${body.mark} mark of ${line.length} bytes; the ledger takes ${ledgerLineBytesMax}`
    );
  const written = writeSync(ledgerFd, line);
  if (written !== line.length)
    throw new Error(`the ledger took ${written} of ${line.length} bytes: its disk is full`);
}
function beginEffect(details) {
  const nonce = drawNonce();
  mark({ mark: "effect", ...details, nonce });
  return nonce;
}
var counterKey = /* @__PURE__ */ Symbol.for("killpoint.nonces");
var shared = globalThis;
function drawNonce() {
  const count = (shared[counterKey] ?? 0) + 1;
  shared[counterKey] = count;
  const { env } = process;
  const stream = env[hookVariables.stream] ?? `p${process.pid}`;
  const thread = threadName();
  const name = `${env[systemVariables.life] ?? "0"}.${stream}${thread}.${count}`;
  return `${name}.${hash(`${env[systemVariables.seed] ?? ""} ${name}`)}`;
}
function threadName() {
  if (process.chdir.disabled !== true) return "";
  return `t${process.getBuiltinModule("node:worker_threads").threadId}`;
}
function readLife() {
  const verb = oneOf("verb", ["run", "signal", "cancel"]);
  const signal = json("signal", ["name", "payload"]);
  const identity = json("identity", ["host", "bootId"]);
  return {
    verb,
    runId: text("runId"),
    seed: text("seed"),
    workload: text("workload"),
    directory: text("directory"),
    clockMs: wholeNumber("clockMs"),
    takeover: oneOf("takeover", ["if-dead", "always"]),
    life: wholeNumber("life"),
    ...signal === void 0 ? {} : { signal },
    ...identity === void 0 ? {} : { identity }
  };
}
function text(variable) {
  const value = process.env[systemVariables[variable]];
  if (value === void 0 || value === "") throw refuse(variable, "a text");
  return value;
}
function wholeNumber(variable) {
  const value = Number(text(variable));
  if (!Number.isSafeInteger(value)) throw refuse(variable, "a whole number");
  return value;
}
function oneOf(variable, words) {
  const value = text(variable);
  const word = words.find((each) => each === value);
  if (word === void 0) throw refuse(variable, words.join(" or "));
  return word;
}
function json(variable, members) {
  const value = process.env[systemVariables[variable]];
  if (value === void 0 || value === "") return void 0;
  const expected = `a JSON object with the texts ${members.join(" and ")}`;
  let parsed;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    throw refuse(variable, expected, error);
  }
  if (typeof parsed !== "object" || parsed === null) throw refuse(variable, expected);
  const record = parsed;
  if (!members.every((member) => typeof record[member] === "string"))
    throw refuse(variable, expected);
  return record;
}
function refuse(variable, expected, cause) {
  const name = systemVariables[variable];
  const found = JSON.stringify(process.env[name]);
  return new Error(
    `${name}: expected ${expected}, found ${found ?? "nothing"}; start this worker through killpoint`,
    cause === void 0 ? void 0 : { cause }
  );
}
function hash(value) {
  let sum = 2166136261;
  for (let index = 0; index < value.length; index += 1)
    sum = Math.imul(sum ^ value.charCodeAt(index), 16777619);
  return (sum >>> 0).toString(16).padStart(8, "0");
}

// examples/systems/vercel-workflow/worlds.ts
import { createServer } from "node:http";
import { createLocalWorld } from "@workflow/world-local";
import { createWorld } from "@workflow/world-postgres";

// examples/systems/case-database.ts
import { createHash } from "node:crypto";
import postgres from "postgres";
var templateDatabase = "template_of_engine";
async function caseDatabase(directory) {
  const server = process.env["KILLPOINT_POSTGRES_URL"];
  const name = `case_${createHash("sha256").update(directory).digest("hex").slice(0, 20)}`;
  const sql = postgres(databaseUrl(server, "postgres"), { max: 1, fetch_types: false });
  try {
    await sql.unsafe(`create database ${name} template ${templateDatabase}`);
  } catch (error) {
    const { code } = error;
    if (code !== "42P04" && code !== "23505") throw error;
  } finally {
    await sql.end();
  }
  return databaseUrl(server, name);
}
function databaseUrl(server, database) {
  if (server === void 0) throw new Error("KILLPOINT_POSTGRES_URL is not set");
  const url = new URL(server);
  url.pathname = database;
  return url.href;
}

// examples/systems/vercel-workflow/worlds.ts
function overFiles(directory) {
  const world = createLocalWorld({ dataDir: directory });
  const serve = ({ step, workflow }) => {
    world.registerHandler("__wkf_step_", step);
    world.registerHandler("__wkf_workflow_", workflow);
  };
  return { world, serve };
}
async function overPostgres(directory) {
  const world = createWorld({
    connectionString: await caseDatabase(directory),
    queueConcurrency: 1
  });
  const serve = async ({ step, workflow }) => {
    const server = createServer((incoming, outgoing) => {
      const handler = incoming.url?.endsWith("/step") === true ? step : workflow;
      void requestOf(incoming).then(handler).then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    process.env["WORKFLOW_LOCAL_BASE_URL"] = `http://127.0.0.1:${port}`;
  };
  return { world, serve };
}
async function requestOf(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = Object.entries(incoming.headers).map(([name, value]) => [
    name,
    String(value)
  ]);
  const { method = "POST", url = "/" } = incoming;
  return new Request(new URL(url, "http://127.0.0.1"), {
    method,
    headers,
    ...method === "GET" || method === "HEAD" ? {} : { body: Buffer.concat(chunks) }
  });
}

// examples/systems/vercel-workflow/worker.ts
var life = readLife();
var workload = JSON.parse(readFileSync(life.workload, "utf8"));
async function doStep({ id, effect, fails = 0, resultBytes = 0 }) {
  const { stepId, attempt } = getStepMetadata();
  const nonce = beginEffect({ step: id, effect, key: stepId, args: id, epoch: life.life, attempt });
  if (attempt <= fails) throw new RetryableError(`attempt ${attempt} fails`, { retryAfter: 0 });
  return nonce + " ".repeat(resultBytes);
}
doStep.maxRetries = 20;
registerStepFunction("step//./worker//doStep", doStep);
var observed = /* @__PURE__ */ new Set();
console.debug = (what, step, result) => {
  if (what !== "observed" || observed.has(step)) return;
  observed.add(step);
  mark({ mark: "observed", step, nonce: result.trimEnd(), state: "done" });
};
async function main() {
  mark({ mark: "begin" });
  let open = () => void 0;
  const opened = new Promise((resolve) => open = resolve);
  const code = readFileSync(process.env["WORKFLOW_CODE"] ?? "", "utf8");
  const isPostgres = process.env["KILLPOINT_POSTGRES_URL"] !== void 0;
  const { world, serve } = isPostgres ? await overPostgres(life.directory) : overFiles(life.directory);
  setWorld(world);
  const workflow = workflowEntrypoint(code);
  await serve({
    step: async (request) => {
      await opened;
      return await stepEntrypoint(request);
    },
    workflow: async (request) => {
      await opened;
      const response = await workflow(request);
      await endIfOver(world);
      return response;
    }
  });
  try {
    await world.start?.();
  } catch (error) {
    const { name, message } = error;
    mark({ mark: "refused", at: "open", code: name, message });
    throw error;
  }
  mark({ mark: "resolved", epoch: life.life });
  open();
  const known = await world.runs.list({});
  if (known.data.length === 0) {
    const run = Object.assign((_root) => Promise.resolve({}), {
      workflowId: "workflow//./worker//run"
    });
    await start(run, [workload.root]);
  } else await endIfOver(world);
}
async function endIfOver(world) {
  const [run] = (await world.runs.list({})).data;
  if (run === void 0) return;
  if (run.status === "failed" || run.status === "cancelled") {
    mark({ mark: "done", status: "failed", outcome: {}, code: run.error?.code ?? run.status });
    process.exit(0);
  }
  if (run.status !== "completed") return;
  const results = await getRun(run.runId).returnValue;
  const outcome = Object.fromEntries(
    Object.entries(results).map(([step, result]) => [step, result.trimEnd()])
  );
  mark({ mark: "done", status: "done", outcome });
  process.exit(0);
}
void main();
