/* pnpm bench:http: Express apps, each subject in a process of its own, take turns under the same load. */
import { access, constants, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { HOST, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { barLines } from "../bars.ts";
import { environmentOf } from "../environment.ts";
import { subjects } from "../micro/subjects.ts";
import { type HttpCase, type HttpResults, type HttpUrlResults, toJson } from "../results.ts";
import { BASELINE, isLimit, NO_REDIS, WITHOUT_SCOPES } from "../subject-names.ts";
import { casesOf } from "./cases.ts";
import { isInspected } from "./inspected.ts";
import { type BenchOptions, CONNECTIONS, readOptions, USAGE } from "./options.ts";
import { report, reportOfUrls } from "./report.ts";
import { type RunningApp, startApp } from "./running-app.ts";
import { type RunningLoad, startLoad } from "./running-load.ts";
import { scopedApps } from "./scoped-apps.ts";
import { failureOfUrls, loadUrls, nameOf } from "./url-mode.ts";
import { seed } from "./values.ts";

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const warn = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const INSPECTED =
  "the inspector is on, and takes a good part of what is measured. Start the app with NODE_ENV=production.";

async function bench(
  { calls, only, scopes, rounds, seconds }: BenchOptions,
  load: RunningLoad,
): Promise<Pick<HttpResults, "environment" | "cases">> {
  // The limits of the other benchmark read no values that an app could answer with.
  const all = scopes ? scopedApps : subjects;
  const names = Object.keys(all).filter((name) => !isLimit(name) && name.includes(only));
  if (names.length === 0) throw new Error("Expected --only to be a part of a subject's name; none has it.");
  const server = await startRedisServer();
  const apps: RunningApp[] = [];
  try {
    say(`${server.description}, Node ${process.version}, ${CONNECTIONS} connections; medians of ${rounds} rounds`);
    await fill(server.port, Math.max(...calls));
    const started = await Promise.allSettled([...names, NO_REDIS].map((name) => startApp(name, server.port)));
    for (const app of started) if (app.status === "fulfilled") apps.push(app.value);
    for (const app of started) if (app.status === "rejected") throw app.reason;
    const withoutRedis = apps.filter(({ name }) => name === NO_REDIS);
    const cases: HttpCase[] = [];
    for (const each of calls) {
      for await (const measured of casesOf(each, each === 0 ? withoutRedis : apps, load, { rounds, seconds })) {
        say(`\n${report(measured, scopes ? WITHOUT_SCOPES : BASELINE)}`);
        cases.push(measured);
      }
    }
    const bars = scopes ? "" : barLines({ http: { cases } });
    if (bars !== "") say(`\n${bars}`);
    return { environment: environmentOf(server.description), cases };
  } finally {
    await Promise.all(apps.map((app) => app.stop()));
    await server.stop();
  }
}

async function fill(port: number, mostCalls: number): Promise<void> {
  const client = new Redis(port, HOST);
  try {
    await seed(client, mostCalls);
  } finally {
    client.disconnect();
  }
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) {
    say(USAGE);
    return;
  }
  const { json, urls } = options;
  // Before minutes of work, not after.
  if (json !== undefined) await access(dirname(resolve(json)), constants.W_OK);
  const shown = args.map((arg) => {
    const url = urls?.find((url) => arg === url || arg === `--url=${url}`);
    return url === undefined ? arg : arg.replace(url, () => nameOf(url));
  });
  const command = ["pnpm bench:http", ...shown].join(" ");
  const save = async (results: HttpResults | HttpUrlResults): Promise<void> => {
    if (json !== undefined) await writeFile(json, toJson(results));
  };
  const load = await startLoad();
  try {
    if (options.urls === undefined) {
      await save({ kind: "http", command, ...(await bench(options, load)) });
      return;
    }
    for (const url of options.urls) if (await isInspected(url)) warn(`${nameOf(url)}: ${INSPECTED}`);
    const measured = await loadUrls(options, load);
    say(reportOfUrls(measured));
    await save({ kind: "http-url", command, cases: [measured] });
    const failure = failureOfUrls(measured);
    if (failure !== null) throw new Error(failure);
  } finally {
    await load.stop();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  warn(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
