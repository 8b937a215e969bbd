import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type MlflowSettings, mlflowSettingsFrom } from "./settings.ts";
import { mlflowTracker } from "./tracker.ts";

const url = "http://127.0.0.1:5000";

describe("settings of an MLflow server", () => {
  it("come from the variables of MLflow's own clients", () => {
    const pem = join(temporaryDirectory().path, "ca.pem");
    writeFileSync(pem, "certificate");
    expect(mlflowSettingsFrom({})).toBeNull();
    expect(mlflowSettingsFrom({ MLFLOW_TRACKING_URI: "", MLFLOW_TRACKING_TOKEN: "t" })).toBeNull();
    expect(
      mlflowSettingsFrom({
        MLFLOW_TRACKING_URI: url,
        MLFLOW_TRACKING_USERNAME: "ada",
        MLFLOW_TRACKING_PASSWORD: "a:b",
        MLFLOW_TRACKING_TOKEN: "t-1",
        MLFLOW_TRACKING_INSECURE_TLS: "True",
        MLFLOW_TRACKING_SERVER_CERT_PATH: pem,
        MLFLOW_TRACKING_CLIENT_CERT_PATH: pem,
        MLFLOW_HTTP_REQUEST_TIMEOUT: "7",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
      }),
    ).toEqual({
      url,
      username: "ada",
      password: "a:b",
      token: "t-1",
      insecureTls: true,
      ca: "certificate",
      clientCertificate: "certificate",
      timeoutMs: 7000,
      retries: 0,
    });
    expect(mlflowSettingsFrom({ MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_INSECURE_TLS: "0" })).toEqual({
      url,
    });
  });

  it.each([
    [{ MLFLOW_TRACKING_URI: "sqlite:///mlflow.db" }, "sqlite:///mlflow.db"],
    [{ MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_INSECURE_TLS: "yes" }, "MLFLOW_TRACKING_INSECURE_TLS"],
    [{ MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_SERVER_CERT_PATH: "/none" }, "/none"],
    [{ MLFLOW_TRACKING_URI: url, MLFLOW_HTTP_REQUEST_TIMEOUT: "1.5" }, "MLFLOW_HTTP_REQUEST_TIMEOUT"],
    [{ MLFLOW_TRACKING_URI: url, MLFLOW_HTTP_REQUEST_TIMEOUT: "0" }, "timeoutMs"],
    [{ MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_PASSWORD: "hidden" }, "no user name"],
  ])("are refused by name: %o", (environment, said) => {
    expect(() => mlflowSettingsFrom(environment)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(said) }),
    );
  });

  it.each<Partial<MlflowSettings>>([
    { url: "http://ada:hidden@127.0.0.1:5000" },
    { url: "http://127.0.0.1:5000/?token=hidden" },
    { url: "http://127.0.0.1:5000/#/experiments" },
    { username: "ada:hidden" },
    { token: "hidden\n" },
    { token: "" },
    { timeoutMs: 0 },
    { retries: -1 },
    { connections: 0.5 },
    { user_name: "ada" } as Partial<MlflowSettings>,
  ])("that no server can be reached with are refused before the first request: %o", (settings) => {
    const make = () => mlflowTracker({ url, ...settings });
    expect(make).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(make).not.toThrow(/hidden/);
  });
});
