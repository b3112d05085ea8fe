import type { EventEmitter } from "node:events";
import type { IoredisClient } from "../client.ts";
import type { ClientEvents } from "../client-events.ts";

type Question = (client: IoredisClient, events: ClientEvents) => Answer;
type EventName = string | symbol;
type Answer = (event: EventName, listener?: unknown) => unknown;

/**
 * What a view answers about the listeners of its client: as if Tickpipe's own were not there. Applications and libraries decide by the count
 * whether they listen already, or whether all that listened are gone.
 */
export const LISTENER_QUESTIONS: Readonly<Record<string, Question>> = {
  listenerCount: (client, events) => (event: EventName, listener?: unknown) => {
    const count = emitterOf(client).listenerCount(event, listener as never);
    return listener === undefined
      ? count - emitterOf(client).listeners(event).filter(isOwn(events, event)).length
      : count;
  },
  getMaxListeners: (client, events) => () => events.limitFor(emitterOf(client).getMaxListeners()),
  listeners: (client, events) => (event: EventName) =>
    emitterOf(client)
      .listeners(event)
      .filter(not(isOwn(events, event))),
  rawListeners: (client, events) => (event: EventName) =>
    emitterOf(client)
      .rawListeners(event)
      .filter(not(isOwn(events, event))),
  eventNames: (client, events) => () =>
    emitterOf(client)
      .eventNames()
      .filter((event) =>
        emitterOf(client)
          .listeners(event)
          .some(not(isOwn(events, event))),
      ),
};

/** Every client of ioredis is one, which the part of it that Tickpipe relies on does not say. */
function emitterOf(client: IoredisClient): EventEmitter {
  return client as unknown as EventEmitter;
}

function isOwn(events: ClientEvents, event: EventName): (listener: unknown) => boolean {
  return (listener) => typeof event === "string" && events.owns(event, listener);
}

const not =
  (is: (listener: unknown) => boolean) =>
  (listener: unknown): boolean =>
    !is(listener);
