/**
 * The version of this copy of the package, as its package.json has it. An application may hold several: a package manager may install one for each
 * package that asks for it, and a bundler may join one into each of its files.
 */
export const VERSION = "0.1.0";

/**
 * State that all copies of one version have in common, so that one knows of a client what another has done with it.
 *
 * @param name what it is, in this package
 */
export function sharedByCopies<State extends object>(name: string, make: () => State): State {
  return sharedAs(`tickpipe.${name}@${VERSION}`, make);
}

/** State that all copies have in common, of whatever version: its shape must never change. */
export function sharedByVersions<State extends object>(name: string, make: () => State): State {
  return sharedAs(`tickpipe.${name}`, make);
}

function sharedAs<State extends object>(name: string, make: () => State): State {
  const shared = globalThis as unknown as { [key: symbol]: State | undefined };
  const key = Symbol.for(name);
  shared[key] ??= make();
  return shared[key];
}
