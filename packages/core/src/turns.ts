import { throwIfAborted } from "./abort.ts";

/** The event loop gets its turn so often: a signal can only fire while others get theirs. */
const turnMs = 50;

/** Asked between pieces of long work: a promise to wait for where it is time that others have their turn, else undefined. It rejects where the signal has fired. */
export type Turns = () => Promise<void> | undefined;

/** Turns for work that would hold the event loop: asked every few milliseconds. Await only what is not undefined: a wait costs more than a short piece of work. */
export function turnsOf(signal: AbortSignal | undefined): Turns {
  let last = performance.now();
  const giveTurn = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
    last = performance.now();
  };
  return () => (performance.now() - last < turnMs ? undefined : giveTurn());
}
