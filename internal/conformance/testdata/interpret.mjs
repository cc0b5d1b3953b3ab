// Plays recorded executions on aws-local-stepfunctions: every call of a task is
// answered as it was recorded. It reads {definition, executions} from the standard
// input and prints what became of each execution, and which of the known faults it has.
//
// This engine fills nothing of the context object in but the item of a Map, so the
// rest stands there from the beginning and stays as it is.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { StateMachine } = createRequire(process.argv[2] + "/")("aws-local-stepfunctions");
const { definition, executions } = JSON.parse(await text(process.stdin));

// named lists the states of a definition, those inside of Maps too.
function named(states) {
  return Object.entries(states).flatMap(([name, state]) => [
    [name, state],
    ...(state.ItemProcessor ? named(state.ItemProcessor.States) : []),
  ]);
}
const states = named(definition.States);
const tasks = states.filter(([, state]) => state.Type === "Task").map(([name]) => name);
const waits = states.filter(([, state]) => state.Type === "Wait").map(([name]) => name);

// What is known of the engine's faults, and does not stand in the way of everything, is
// listed in interpreter_test.go. These do, and are gone around; below, showsFaults says
// whether it still has them.

// It takes the ResultPath "$" for a member of that name. The field's default means the
// same.
for (const [, state] of states) {
  for (const place of [state, ...(state.Catch ?? [])]) {
    if (place.ResultPath === "$") delete place.ResultPath;
  }
}

// It looks for TimeoutSecondsPath in what Parameters have made, and not
// in the state's input.
for (const [, state] of states) {
  if (state.TimeoutSecondsPath) {
    delete state.TimeoutSecondsPath;
    state.TimeoutSeconds = 3600;
  }
}

async function run(states, input, handlers) {
  const { result } = new StateMachine({ StartAt: "S", States: states }, {
    validationOptions: { noValidate: true },
  }).run(input, { overrides: { taskResourceLocalHandlers: handlers } });
  return await result;
}

// showsFaults asks the engine for what is gone around above.
async function showsFaults() {
  const task = { Type: "Task", Resource: "arn:aws:lambda:us-east-1:123456789012:function:f", End: true };
  const passed = await run({ S: { Type: "Pass", Result: { a: 1 }, ResultPath: "$", End: true } }, {}, {});
  let timed;
  try {
    timed = await run({ S: { ...task, Parameters: { b: 2 }, TimeoutSecondsPath: "$.t" } }, { t: 60 }, { S: async () => "done" });
  } catch {
    timed = "failed";
  }
  return { resultPath: passed.a !== 1, timeoutPath: timed !== "done" };
}

class Failure extends Error {
  constructor({ error, cause }) {
    super(cause);
    this.name = error;
  }
}

async function play({ input, context, calls }) {
  const left = [...calls];
  const asked = [];
  const answer = (state) => async (payload) => {
    const call = left.shift();
    asked.push({ state, payload });
    if (!call) throw new Failure({ error: "NotRecorded", cause: "nobody has recorded another call" });
    if (call.failure) throw new Failure(call.failure);
    return call.output;
  };
  const { result, eventLogs } = new StateMachine(definition, {
    validationOptions: { noValidate: true },
  }).run(input, {
    context,
    overrides: {
      taskResourceLocalHandlers: Object.fromEntries(tasks.map((name) => [name, answer(name)])),
      waitTimeOverrides: Object.fromEntries(waits.map((name) => [name, 0])),
      retryIntervalOverrides: Object.fromEntries(tasks.map((name) => [name, 0])),
    },
  });
  const path = [];
  const log = (async () => {
    for await (const event of eventLogs) {
      if (event.type === "StateEntered") path.push(event.state.name);
    }
  })();
  const played = { path, asked };
  try {
    played.output = await result;
  } catch (error) {
    played.error = error.cause.name;
    played.cause = error.cause.message;
  }
  await log;
  return played;
}

const faults = await showsFaults();
const all = [];
for (const execution of executions) all.push(await play(execution));
process.stdout.write(JSON.stringify({ executions: all, faults }), () => process.exit(0)); // timers of tasks may still run
