// Uses an application as its users and its developers would, and prints what it saw as JSON. What is to be seen stands in seen.ts.
const { once } = require("node:events");
const http = require("node:http");

exports.exercise = async function exercise(parts) {
  const { app, redis, plain, page, reader } = parts;
  await plain.rpush("posts", "1", "2", "3");
  for (const id of ["1", "2", "3"]) await plain.hset(`post:${id}`, "title", `Post ${id}`);
  await redis.ping();

  const { countSocketWrites } = await import("./socket-writes.mjs");
  const writes = countSocketWrites(redis.tickpipe.client.stream);
  const seen = { calls: await seenOfCalls(parts, writes), errors: seenOfErrors(parts) };

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const get = (path) => request(server.address().port, path);
  seen.http = await seenOverHttp(get, writes);
  seen.inspector = await seenOfInspector(get, seen.http.inspected);
  delete seen.http.inspected;
  seen.metrics = await seenOfMetrics(get, parts);
  seen.testing = await seenOfTesting(parts);

  // Nothing else may keep the process.
  page.close();
  server.close();
  await reader.shutdown();
  await Promise.all([redis.quit(), plain.quit()]);
  console.log(JSON.stringify(seen));
};

/** A tick's calls of every kind, and the same ones with the plain client. */
async function seenOfCalls({ redis, plain }, writes) {
  const calls = (client, own) => [
    client.set(`${own}:text`, "ä", "EX", 100),
    client.get(`${own}:text`),
    client.getBuffer(`${own}:text`),
    client.incrby(`${own}:count`, 41),
    client.incr(`${own}:count`),
    client.mset({ [`${own}:a`]: "1", [`${own}:b`]: 2 }),
    client.mget([`${own}:a`, `${own}:b`, `${own}:none`]),
    client.hset(`${own}:hash`, new Map([["field", Buffer.from([0, 255])]])),
    client.hgetallBuffer(`${own}:hash`),
    client.zadd(`${own}:set`, 1.5, "member"),
    client.zrange(`${own}:set`, "0", "-1", "WITHSCORES"),
    client.lpush(`${own}:text`, "of the wrong type"),
    client.pipeline().get(`${own}:a`).hget(`${own}:hash`, "none").exec(),
    client.multi().incr(`${own}:count`).get(`${own}:count`).exec(),
    client.eval("return {KEYS[1], ARGV[1]}", 1, "key", "argument"),
    client.get(`${own}:count`),
  ];
  const outcomes = async (made) =>
    (await Promise.allSettled(made)).map(({ status, value, reason }) => (status === "fulfilled" ? value : `${reason}`));
  writes.take();
  const wrapped = await outcomes(calls(redis, "own"));
  const taken = writes.take();
  const native = await outcomes(calls(plain, "own2"));
  return {
    calls: wrapped.length,
    failed: wrapped.filter((outcome) => /^ReplyError: WRONGTYPE/.test(outcome)).length,
    last: wrapped.at(-1),
    sameAsPlain: JSON.stringify(wrapped) === JSON.stringify(native),
    writes: taken,
  };
}

function seenOfErrors({ redis, tickpipe, TickpipeTypeError }) {
  let refused;
  try {
    tickpipe("redis://localhost");
  } catch (error) {
    refused = error;
  }
  return {
    code: refused?.code,
    isOwnClass: refused instanceof TickpipeTypeError && refused instanceof TypeError,
    wrappedOnce: tickpipe(redis) === redis && tickpipe(redis.tickpipe.client) === redis,
  };
}

async function seenOverHttp(get, writes) {
  writes.take();
  const posts = await get("/posts");
  const taken = writes.take();
  const careless = await get("/careless");
  return {
    status: posts.status,
    titles: JSON.parse(posts.body).map(({ title }) => title),
    writes: taken,
    hasServerTiming: /redis/.test(posts.headers["server-timing"]),
    inspected: careless.headers["x-tickpipe-inspect"],
  };
}

async function seenOfInspector(get, inspected) {
  const page = await get("/_tickpipe/");
  const links = [...page.body.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, link]) => link);
  const libraries = ["preact.js", "preact-hooks.js", "htm.js", "uplot.js", "uplot.css"];
  const files = [...links, ...libraries.map((file) => `assets/library/${file}`)];
  const answers = await Promise.all(files.map((file) => get(`/_tickpipe/${file}`)));
  const { requests } = JSON.parse((await get("/_tickpipe/requests.json")).body);
  const [problem] = JSON.parse((await get(`${inspected}.json`)).body).problems;
  return {
    page: page.status,
    ...(page.status === 200
      ? { hasLinks: links.length > 3, missingFiles: files.filter((_, index) => answers[index].status !== 200) }
      : { says: /Leave .* out of the bundle/.exec(page.body)?.[0] }),
    routes: requests.map(({ route, status }) => `${route} ${status}`).sort(),
    finding: problem?.kind,
    place: problem?.at?.file,
  };
}

async function seenOfMetrics(get, { reader, exporter }) {
  const scraped = (await get("/metrics")).body;
  await reader.forceFlush();
  const exported = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  const names = exported.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
  return {
    hgetall: Number(/^tickpipe_commands_total\{.*command="hgetall".*outcome="ok".*\} (\d+)$/m.exec(scraped)?.[1]),
    wrongtype: /^tickpipe_commands_total\{.*command="lpush".*outcome="error".*\} 1$/m.test(scraped),
    pending: /^tickpipe_pending\{client="default"\} 0$/m.test(scraped),
    exported: ["db.client.operation.duration", "tickpipe.batch.size"].filter((name) => names.includes(name)),
  };
}

async function seenOfTesting({ redis, countRoundTrips, expectNoWaterfall, expectRoundTrips }) {
  const inTwo = async (client) => {
    for (const key of ["a", "b"]) await client.get(key);
  };
  const nameOf = (made) =>
    made.then(
      () => "nothing",
      ({ name, message }) => `${name}: ${message.split("\n")[0]}`,
    );
  return {
    roundTrips: await countRoundTrips(redis, inTwo),
    limit: await nameOf(expectRoundTrips(redis, inTwo, { atMost: 1 })),
    waterfall: await nameOf(expectNoWaterfall(redis, inTwo)),
    fine: await expectRoundTrips(redis, (client) => client.get("own:count"), { atMost: 1 }),
  };
}

/** Without an agent, so that no connection is kept. */
function request(port, path) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      })
      .on("error", reject);
  });
}
