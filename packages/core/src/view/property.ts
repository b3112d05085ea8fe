/** The descriptor that an object has, or inherits, for a property. */
export function descriptorOn(object: object, property: PropertyKey): PropertyDescriptor | undefined {
  for (let holder: object | null = object; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(holder, property);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}

/** Defines a property that is writable, so that a double can take its place, and not enumerable, so that the view lists no keys of its own. */
export function defineHidden(target: object, property: PropertyKey, value: unknown): void {
  Object.defineProperty(target, property, { value, writable: true, configurable: true, enumerable: false });
}
