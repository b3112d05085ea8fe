/** The part of cluster-key-slot 1.1 that is used here; the package has no types of its own. */
declare module "cluster-key-slot" {
  function generate(key: string | Uint8Array): number;
  export = generate;
}
