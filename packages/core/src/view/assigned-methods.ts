import type { ClientInternals } from "../client.ts";
import { descriptorOn } from "./property.ts";

interface Assigned {
  /** The view that it was assigned to. */
  readonly view: object;
  /** What the client itself had before. */
  readonly before: PropertyDescriptor | undefined;
}

/**
 * The methods that were assigned to a view, as in `redis.connect = f`: they are the view's own, so that `delete` takes them off again, and ioredis's own code
 * meets them on the client until then.
 */
export class AssignedMethods {
  readonly #internals: ClientInternals;
  readonly #assigned = new Map<PropertyKey, Assigned>();

  constructor(internals: ClientInternals) {
    this.#internals = internals;
  }

  /** Shows on the client what a view has for a property. */
  show(property: PropertyKey, view: object): void {
    const before = Reflect.getOwnPropertyDescriptor(this.#internals, property);
    const original: unknown = this.#internals[property];
    const done = Reflect.defineProperty(this.#internals, property, {
      get: (): unknown => {
        const shown = Reflect.getOwnPropertyDescriptor(view, property);
        return shown === undefined ? original : shown.value;
      },
      // As the assignment of any other property, by ioredis or by the user on the client.
      set: (value: unknown) => {
        this.#assigned.delete(property);
        Object.defineProperty(this.#internals, property, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
      enumerable: true,
      configurable: true,
    });
    if (done) this.#assigned.set(property, { view, before });
  }

  /** Takes a property off the client again, if its view has it no longer. */
  tidy(property: PropertyKey): void {
    const assigned = this.#assigned.get(property);
    if (assigned === undefined || Object.hasOwn(assigned.view, property)) return;
    this.#assigned.delete(property);
    if (assigned.before === undefined) Reflect.deleteProperty(this.#internals, property);
    else Object.defineProperty(this.#internals, property, assigned.before);
  }

  /** The client's own method, which whoever replaced it on the view may call. */
  originalOf(property: PropertyKey): unknown {
    const assigned = this.#assigned.get(property);
    if (assigned === undefined) return this.#internals[property];
    const parent = Reflect.getPrototypeOf(this.#internals) ?? {};
    return (assigned.before ?? descriptorOn(parent, property))?.value;
  }
}
