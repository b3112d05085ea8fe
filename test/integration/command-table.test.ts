import { exists, hasFlag, list } from "@ioredis/commands";
import { describe, expect, it } from "vitest";
import { type CommandRow, rowOf, TABLE } from "../../packages/core/src/commands/table.ts";
import { useServer } from "../engine.ts";

/*
 * The table of commands beside the two authorities on them: the server's COMMAND, and the package that ioredis asks.
 * A command that is new to both lists below, or of which the table says something else, fails by its name.
 */

/** A command as the server tells of it. */
interface ServerCommand {
  readonly name: string;
  readonly flags: ReadonlySet<string>;
  readonly firstKey: number;
  readonly lastKey: number;
  readonly step: number;
}

/** Commands that are treated as unknown on purpose: they may read and write anything. */
const TREATED_AS_UNKNOWN: ReadonlySet<string> = new Set(
  [
    // Several keys with different parts, or keys among options.
    "bitop copy rename renamenx move sort sort_ro migrate dump restore restore-asking lmove lmpop rpoplpush smove",
    "sdiffstore sinterstore sunionstore zdiffstore zinterstore zunionstore zrangestore zmpop geosearchstore",
    "georadius georadiusbymember pfmerge pfdebug pfselftest lmovem msetex",
    // Groups of streams, whose reads take entries.
    "xack xackdel xautoclaim xclaim xdelex xgroup xsetid xcfgset xidmprecord xnack",
    // About the server, its other connections, or all data.
    "acl bgrewriteaof bgsave cluster config debug failover flushall flushdb latency lolwut module publish",
    "pubsub replconf replicaof role save slaveof slowlog spublish swapdb hotkeys backup trimslots commandlog",
    // Of versions that the servers of these tests do not have, or of one engine alone.
    "arcount ardel ardelrange arget argetrange argrep arinfo arinsert arlastitems arlen armget armset arnext arop",
    "arring arscan arseek arset delex delifeq digest hexpire hexpireat hgetdel hgetex hpersist hpexpire hpexpireat",
    "hsetex increx sdiffcard sunioncard vadd vcard vdim vemb vgetattr vinfo vismember vlinks vrandmember vrange vrem",
    "vsetattr vsim clusterscan",
    // In the place of "host:" and "post", which a browser may be made to send.
    "host: post",
  ].flatMap((line) => line.split(" ")),
);

/** Where the table knows more than the flags do, by the command. */
const DISAGREES: Readonly<Record<string, string>> = {
  bitfield: "a write, whatever its subcommands do",
  eval_ro: "a script, of which no more is known",
  evalsha_ro: "a script, of which no more is known",
  fcall_ro: "a script, of which no more is known",
  xread: "not a read to share: it answers with what has come since",
};

const server = useServer();

async function commandsOfServer(): Promise<ServerCommand[]> {
  const info = (await server.client().call("COMMAND")) as [string, number, string[], number, number, number][];
  return info.map(([name, , flags, firstKey, lastKey, step]) => ({
    name: name.toLowerCase(),
    flags: new Set(flags),
    firstKey,
    lastKey,
    step,
  }));
}

/** What the table and the server say differently of one command. */
function differences({ name, flags, firstKey, lastKey, step }: ServerCommand, row: CommandRow): string[] {
  const found: string[] = [];
  if (row.effect === "read" && !flags.has("readonly")) found.push("the server does not call it readonly");
  if (row.effect !== "write" && flags.has("write")) found.push("the server says that it writes");
  if (row.effect === "write" && flags.has("readonly")) found.push("the server calls it readonly");
  // Redis does not flag WAIT as blocking, Valkey does.
  if (row.blocks !== "own writes" && (row.blocks !== "never") !== flags.has("blocking"))
    found.push(`blocks is "${row.blocks}"`);
  if (row.keys === "first" && !(firstKey === 1 && lastKey === 1)) found.push("its keys are not the first argument");
  if (row.keys === "all" && !(firstKey === 1 && lastKey === -1 && step === 1)) found.push("its keys are not all");
  if (row.split?.step === 2 && step !== 2) found.push("its keys are not every other argument");
  if (row.join !== null && !TABLE.has(row.join)) found.push(`${row.join}, which joins it, is not in the table`);
  if (flags.has("noscript") && flags.has("pubsub") && row.state !== "subscription" && name !== "pubsub") {
    found.push("it changes the subscriptions of its connection");
  }
  return found.map((difference) => `${name}: ${difference}`);
}

describe("the table of commands", () => {
  it("knows every command of the server and of ioredis, or leaves it out by name", async () => {
    const names = new Set([...(await commandsOfServer()).map(({ name }) => name), ...list]);
    const unheardOf = [...names].filter((name) => !TABLE.has(name) && !TREATED_AS_UNKNOWN.has(name));
    expect(unheardOf).toEqual([]);
    expect([...TREATED_AS_UNKNOWN].filter((name) => TABLE.has(name))).toEqual([]);
  });

  it("says what the server says", async () => {
    const commands = await commandsOfServer();
    const found = commands
      .filter(({ name }) => TABLE.has(name) && DISAGREES[name] === undefined)
      .flatMap((command) => differences(command, rowOf(command.name)));
    expect(found).toEqual([]);
  });

  it("says what ioredis says of the commands that a server of today does not have", () => {
    const found = [...TABLE].flatMap(([name, { effect, blocks }]) => {
      if (!exists(name)) return [`${name} is no command of ioredis`];
      if (DISAGREES[name] !== undefined) return [];
      const waits = blocks !== "never";
      return [
        ...(effect === "read" && !hasFlag(name, "readonly") ? [`${name} is not readonly`] : []),
        ...(effect === "write" && hasFlag(name, "readonly") ? [`${name} is readonly`] : []),
        ...(waits === hasFlag(name, "blocking") ? [] : [`${name}: blocks is "${blocks}"`]),
      ];
    });
    expect(found).toEqual([]);
  });

  it("has every command in one line", () => {
    const names = [...TABLE.keys()];
    expect(names).toEqual([...new Set(names)]);
    expect(names.filter((name) => name !== name.toLowerCase())).toEqual([]);
  });
});
