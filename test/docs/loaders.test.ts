import { PGlite } from "@electric-sql/pglite";
import request from "supertest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { service } from "../../examples/docs/src/loaders.ts";
import { range } from "../engine.ts";
import { usePageServer } from "./page-server.ts";

const page = usePageServer();
const database = new PGlite();
let queries: unknown[] = [];
/** The database, with the first parameter of each of its queries noted. */
const pool = {
  query: async <Row>(sql: string, parameters: unknown[]) => {
    queries.push(parameters[0]);
    return database.query<Row>(sql, parameters);
  },
};

beforeAll(async () => {
  await database.exec(
    "CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob')",
  );
});
afterAll(() => database.close());

it("docs/loaders.md: the service asks the database once for what is not in Redis, and again after a change", async () => {
  const { redis, app } = service(page.Redis, pool);
  const get = async (path: string) => (await request(app).get(path)).body;

  expect(await get("/users/1")).toEqual({ id: 1, name: "Ann" });
  expect(await get("/users/7")).toBeNull();
  expect(queries).toEqual([[1], [7]]);
  expect(await redis.ttl("user:1")).toBeGreaterThan(200);
  expect(await redis.ttl("user:7")).toBeLessThanOrEqual(30);

  expect(await Promise.all(["/users/1", "/users/7"].map(get))).toEqual([{ id: 1, name: "Ann" }, null]);
  expect(queries).toHaveLength(2);

  const many = range(10).map(() => get("/users/2"));
  expect(await Promise.all(many)).toEqual(range(10).map(() => ({ id: 2, name: "Bob" })));
  expect(queries.slice(2)).toEqual([[2]]);

  queries = [];
  await request(app).put("/users/1/Anna").expect(200);
  expect(await get("/users/1")).toEqual({ id: 1, name: "Anna" });
  expect(queries).toEqual([1, [1]]);
});
