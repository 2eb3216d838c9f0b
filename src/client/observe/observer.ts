import { codeOf } from "../../core/errors.js";
import { findHostTracer, type Span, type Tracer } from "./tracer.js";

/** One thing that a service asked of its database, when it is over. */
export type ClientOperation = {
  readonly kind: "statement" | "batch" | "transaction";
  readonly tenant: string;
  /** From the call to its end, waiting for a connection included. */
  readonly milliseconds: number;
  /** Statements sent at once; 0 for a transaction, whose statements are its callback's. */
  readonly statements: number;
  readonly server: "primary" | "replica";
  readonly outcome: "done" | "failed";
  /** Of what failed: a `TenantryError`'s code, PostgreSQL's or Node.js's; undefined where it has none. */
  readonly errorCode: string | undefined;
};

/** What an operation is called in a span. */
export type Observed = Pick<ClientOperation, "kind" | "tenant" | "statements"> & {
  /** With placeholders, never with values. */
  readonly sql: string | undefined;
};

/** Where an operation says that it went to a replica. */
export type Observation = { server: "primary" | "replica" };

/** Runs an operation, and tells of it. */
export type Observe = <T>(what: Observed, run: (observation: Observation) => Promise<T>) => Promise<T>;

/** Who is told. */
export type ObserverOptions = {
  readonly tracer: Tracer | false | undefined;
  readonly onOperation: ((operation: ClientOperation) => void) | undefined;
  readonly url: URL;
};

const KIND_CLIENT = 2;
const STATUS_ERROR = 2;

/**
 * Tells a tracer and a callback of each operation, in the words of OpenTelemetry's conventions for databases. A callback
 * that throws is the caller's mistake and must not cost a committed transaction its result: what it throws is left alone.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/database/postgresql/
 */
export function createObserver({ tracer: given, onOperation, url }: ObserverOptions): Observe {
  const common = {
    "db.system.name": "postgresql",
    "db.namespace": decodeURIComponent(url.pathname.slice(1)),
    "server.address": url.hostname,
    "server.port": Number(url.port || 5432),
  };
  return async (what, run) => {
    // Asked each time: a host may start its telemetry after it has connected.
    const tracer = given === false ? undefined : (given ?? findHostTracer());
    const observation: Observation = { server: "primary" };
    if (tracer === undefined && onOperation === undefined) return await run(observation);
    const { kind, tenant, statements, sql } = what;
    const span = tracer?.startSpan(`tenantry ${kind}`, {
      kind: KIND_CLIENT,
      attributes: {
        ...common,
        "tenantry.tenant": tenant,
        ...(sql === undefined ? {} : { "db.query.text": sql }),
        ...(kind === "batch" ? { "db.operation.batch.size": statements } : {}),
      },
    });
    const started = performance.now();
    const end = (outcome: ClientOperation["outcome"], errorCode?: string) => {
      endSpan(span, observation, errorCode ?? (outcome === "failed" ? "_OTHER" : undefined));
      const milliseconds = performance.now() - started;
      tell(onOperation, {
        ...{ kind, tenant, statements, milliseconds, outcome, errorCode },
        server: observation.server,
      });
    };
    try {
      const result = await run(observation);
      end("done");
      return result;
    } catch (thrown) {
      end("failed", codeOf(thrown));
      throw thrown;
    }
  };
}

function endSpan(span: Span | undefined, { server }: Observation, failure: string | undefined): void {
  if (span === undefined) return;
  span.setAttribute("tenantry.server", server);
  if (failure !== undefined) {
    span.setAttribute("error.type", failure);
    span.setStatus({ code: STATUS_ERROR });
  }
  span.end();
}

function tell(onOperation: ObserverOptions["onOperation"], operation: ClientOperation): void {
  try {
    onOperation?.(operation);
  } catch (thrown) {
    // Surfaces as an uncaught exception would, but not here.
    queueMicrotask(() => {
      throw thrown;
    });
  }
}
