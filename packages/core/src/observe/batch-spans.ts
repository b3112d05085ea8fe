import {
  type Attributes,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { BatchMessage } from "./channels.ts";
import type { Watcher } from "./watchers.ts";

/** The most links of one span, as the SDK's own default has it. */
const MOST_LINKS = 128;

/** A batch that is held, or that waits for its replies. */
interface Batch {
  readonly startedAt: number;
  /** The spans in which its commands were called, by their ids. */
  readonly callers: Map<string, SpanContext>;
  waiting: number;
  span: Span | null;
}

/**
 * Makes a span of each batch: from its first call to its last reply, a child of nobody, since its commands may be those of many requests, to whose spans
 * it has links.
 */
export class BatchSpans implements Watcher {
  readonly #tracer: Tracer;
  readonly #attributes: () => Attributes;
  /** The batch that is held now, by its connection. */
  readonly #held = new WeakMap<object, Batch>();

  constructor(tracer: Tracer, attributes: () => Attributes) {
    this.#tracer = tracer;
    this.#attributes = attributes;
  }

  batchBegins(on: object): void {
    this.#held.set(on, { startedAt: Date.now(), callers: new Map(), waiting: 0, span: null });
  }

  command(_name: string, on: object): () => void {
    const batch = this.#held.get(on);
    if (batch === undefined) return () => {};
    batch.waiting += 1;
    const caller = trace.getSpanContext(context.active());
    if (caller !== undefined && batch.callers.size < MOST_LINKS) batch.callers.set(caller.spanId, caller);
    return () => {
      batch.waiting -= 1;
      if (batch.waiting === 0) batch.span?.end();
    };
  }

  batch({ commands }: BatchMessage, on: object): void {
    const batch = this.#held.get(on);
    this.#held.delete(on);
    // One command is no batch to the conventions.
    if (batch === undefined || commands < 2) return;
    const links: Link[] = [...batch.callers.values()].map((caller) => ({ context: caller }));
    const attributes = { ...this.#attributes(), "db.operation.batch.size": commands };
    const { startedAt: startTime } = batch;
    batch.span = this.#tracer.startSpan(
      "PIPELINE",
      { kind: SpanKind.CLIENT, startTime, attributes, links },
      ROOT_CONTEXT,
    );
    if (batch.waiting === 0) batch.span.end();
  }
}
