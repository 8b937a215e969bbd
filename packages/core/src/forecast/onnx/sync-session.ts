import { createRequire } from "node:module";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { TsopsError } from "../../errors.ts";
import { type InputMetadata, type InputValues, type OutputValues, runtimeError } from "./layout.ts";

/** An ONNX model that answers at once: this thread waits for it. */
export interface SyncSession {
  readonly inputs: InputMetadata;
  readonly outputName: string;
  /** @throws TsopsError MODEL_FORMAT_INVALID when the model fails. */
  run(feeds: readonly InputValues[]): OutputValues;
}

/** What the thread runs. It is text, so that it needs no file beside it: a program that was bundled into one has none. */
const threadSource = `
const { workerData: { runtime, port, signal } } = require("node:worker_threads");
const sessions = new Map();
async function answer({ id, bytes, feeds, isDone }) {
  if (isDone) {
    const session = sessions.get(id);
    sessions.delete(id);
    return session.release();
  }
  const ort = require(runtime);
  if (bytes !== undefined) {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3,
    });
    sessions.set(id, session);
    return { inputs: session.inputMetadata.map((input) => ({ ...input })), outputName: session.outputNames[0] };
  }
  const session = sessions.get(id);
  const [output] = session.outputNames;
  const tensors = feeds.map(({ name, type, data, dims }) => [name, new ort.Tensor(type, data, dims)]);
  const { dims, type, data } = (await session.run(Object.fromEntries(tensors), [output]))[output];
  return { dims: [...dims], type, data };
}
port.on("message", async (asked) => {
  let told;
  try { told = { value: await answer(asked) }; }
  catch (error) { told = { error: error instanceof Error ? error.message : String(error) }; }
  if (asked.isDone) return;
  port.postMessage(told);
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
});
`;

/** Longest wait for one answer; only a thread that is gone takes so long. */
const mostWaitMs = 600_000;

interface Thread {
  readonly port: MessagePort;
  /** Counts the answers. */
  readonly signal: Int32Array;
}

let thread: Thread | undefined;
let sessionCount = 0;

function startThread(neededBy: string): Thread {
  let runtime: string;
  try {
    runtime = createRequire(import.meta.url).resolve("onnxruntime-node");
  } catch (cause) {
    throw new TsopsError(
      "ADAPTER_MISSING_DEPENDENCY",
      `${neededBy} needs the package "onnxruntime-node", which could not be loaded.`,
      { hint: "Run `npm install onnxruntime-node`.", cause },
    );
  }
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(threadSource, {
    eval: true,
    workerData: { runtime, port: port2, signal },
    transferList: [port2],
  });
  // It waits for work as long as the process does something else.
  worker.unref();
  port1.unref();
  return { port: port1, signal };
}

/** @throws TsopsError MODEL_FORMAT_INVALID with what the runtime says. */
function ask(neededBy: string, what: string, asked: object): unknown {
  thread ??= startThread(neededBy);
  const { port, signal } = thread;
  const before = Atomics.load(signal, 0);
  port.postMessage(asked);
  Atomics.wait(signal, 0, before, mostWaitMs);
  const received = receiveMessageOnPort(port) as
    | { readonly message: { readonly value?: unknown; readonly error?: string } }
    | undefined;
  if (received === undefined) {
    thread = undefined;
    throw runtimeError(what, "its thread gave no answer");
  }
  const { value, error } = received.message;
  if (error !== undefined) throw runtimeError(what, error);
  return value;
}

const forgotten = new FinalizationRegistry<number>((id) => {
  thread?.port.postMessage({ id, isDone: true });
});

/**
 * Opens a model on a thread of its own kind, one for all of them: `onnxruntime-node` answers through promises, and a regressor has to answer at once.
 * @param neededBy - Who asks, for errors.
 * @throws TsopsError MODEL_FORMAT_INVALID, ADAPTER_MISSING_DEPENDENCY.
 */
export function openSync(bytes: Uint8Array, neededBy: string): SyncSession {
  const id = ++sessionCount;
  const opened = ask(neededBy, "The bytes are no ONNX model that onnxruntime-node can run", {
    id,
    bytes: bytes.slice(),
  }) as Pick<SyncSession, "inputs" | "outputName">;
  const session: SyncSession = {
    ...opened,
    run: (feeds) => ask(neededBy, "The ONNX model failed", { id, feeds }) as OutputValues,
  };
  forgotten.register(session, id);
  return session;
}
