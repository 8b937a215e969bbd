import { type CallOptions, TsopsError } from "@tsops/core";
import { get, type MlflowClient, put } from "./client.ts";
import { isRefusal } from "./rest-error.ts";

interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly lifecycle_stage: string;
}

/** For how long a name that was read may stand for its id: reading many runs asks once, and a renaming is seen soon. */
const nameLifeMs = 10_000;

/** Experiments by name and by id. The server is asked each time for an id, as others may delete and rename experiments. */
export class Experiments {
  readonly #client: MlflowClient;
  readonly #names = new Map<string, { readonly name: string; readonly at: number }>();

  constructor(client: MlflowClient) {
    this.#client = client;
  }

  /** The experiment's id; creates it when there is none. @throws TsopsError STORE_CONFLICT when it was deleted */
  async idOf(name: string, options: CallOptions = {}): Promise<string> {
    return (await this.find(name, options)) ?? (await this.#create(name, options));
  }

  /** The experiment's id, or null. */
  async find(name: string, options: CallOptions = {}): Promise<string | null> {
    try {
      const { experiment } = await this.#client.json<{ experiment: Experiment }>(
        get("experiments/get-by-name", { experiment_name: name }, options),
      );
      if (experiment.lifecycle_stage === "deleted")
        throw new TsopsError("STORE_CONFLICT", `Experiment "${name}" was deleted.`, {
          hint: "Restore it with MLflow's client (restore_experiment), or use another name.",
        });
      return experiment.experiment_id;
    } catch (error) {
      if (isRefusal(error, "RESOURCE_DOES_NOT_EXIST")) return null;
      throw error;
    }
  }

  /** The name of an experiment. */
  async nameOf(id: string, options: CallOptions = {}): Promise<string> {
    const known = this.#names.get(id);
    const now = performance.now();
    if (known !== undefined && now - known.at < nameLifeMs) return known.name;
    const { experiment } = await this.#client.json<{ experiment: Experiment }>(
      get("experiments/get", { experiment_id: id }, options),
    );
    this.#names.set(id, { name: experiment.name, at: now });
    return experiment.name;
  }

  async #create(name: string, options: CallOptions): Promise<string> {
    try {
      const { experiment_id } = await this.#client.json<{ experiment_id: string }>(
        put("experiments/create", { name }, options),
      );
      return experiment_id;
    } catch (error) {
      // A name is taken once, so the request may be sent again: another writer was first, or this very one, whose answer was lost.
      const mayExist =
        isRefusal(error, "RESOURCE_ALREADY_EXISTS") ||
        TsopsError.is(error, "ADAPTER_UNAVAILABLE") ||
        TsopsError.is(error, "VALUE_INVALID");
      const found = mayExist ? await this.find(name, options) : null;
      if (found !== null) return found;
      throw error;
    }
  }
}
