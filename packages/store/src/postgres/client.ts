import type { Socket } from "node:net";

/** What `pg` hands to a query of one's own while it runs. */
export interface PostgresConnection {
  readonly stream: Socket;
  /** Sends a statement by the simple protocol. */
  query(text: string): void;
}

/** A query of one's own: `pg` gives it the connection, then what the server says. */
export interface PostgresSubmittable {
  submit(connection: PostgresConnection): void;
  handleError(error: Error): void;
  handleReadyForQuery(): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handleCopyInResponse(connection: PostgresConnection): void;
  handleCopyData(): void;
  handleRowDescription(): void;
  handleDataRow(): void;
  handleEmptyQuery(): void;
  handlePortalSuspended(): void;
}

/** What is used of a client that a `pg` pool lends. */
export interface PostgresClient {
  /** Runs a statement, or a query that speaks the copy protocol itself. */
  query(query: object): unknown;
  /** Listens to the loss of the connection. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Stops to listen. */
  off(event: "error", listener: (error: Error) => void): unknown;
  /** `true` closes the connection instead of lending it again. */
  release(destroy?: boolean): void;
}

/** What is used of a `pg` pool: give your own `new pg.Pool(...)`. */
export interface PostgresPool {
  /** Lends a client. */
  connect(): Promise<PostgresClient>;
}
