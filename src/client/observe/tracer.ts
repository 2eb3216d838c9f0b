/** What of an OpenTelemetry span is used. */
export type Span = {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
};

/** What of an OpenTelemetry tracer is used. */
export type Tracer = {
  startSpan(
    name: string,
    options: { readonly kind: number; readonly attributes: Readonly<Record<string, string | number>> },
  ): Span;
};

/** Where `@opentelemetry/api` keeps what the host application has registered, in each of its versions 1.x. */
const GLOBAL_API = Symbol.for("opentelemetry.js.api.1");

/**
 * The host application's tracer, if it has OpenTelemetry: found where that package keeps it, so that this one need not
 * depend on it. Undefined where there is none.
 */
export function findHostTracer(): Tracer | undefined {
  const api: unknown = Reflect.get(globalThis, GLOBAL_API);
  const provider: unknown = typeof api === "object" && api !== null ? Reflect.get(api, "trace") : undefined;
  if (typeof provider !== "object" || provider === null || !("getTracer" in provider)) return undefined;
  const { getTracer } = provider;
  return typeof getTracer === "function" ? (getTracer.call(provider, "tenantry") as Tracer) : undefined;
}
