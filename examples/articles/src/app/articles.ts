import type { Loader, Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

export interface Article {
  readonly id: number;
  readonly title: string;
}

/** What is asked of the database. PGlite has it, and so has a `Pool` of node-postgres. */
export interface Database {
  query<Row>(sql: string, parameters: unknown[]): Promise<{ rows: Row[] }>;
}

/** The articles of the database, in front of which stands Redis. To be made once. */
export function articleLoader(redis: Tickpiped<Redis>, database: Database): Loader<number, Article | null> {
  return redis.tickpipe.loader({
    key: (id: number) => `article:${id}`,
    load: async (ids): Promise<(Article | null)[]> => {
      const { rows } = await database.query<Article>("SELECT id, title FROM articles WHERE id = ANY($1)", [[...ids]]);
      // The database answers in any order, and without what does not exist.
      const byId = new Map(rows.map((article) => [article.id, article]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    ttl: 5 * 60,
    negativeTtl: 30,
  });
}

/** @returns whether there is such an article */
export async function renameArticle(database: Database, id: number, title: string): Promise<boolean> {
  const { rows } = await database.query("UPDATE articles SET title = $2 WHERE id = $1 RETURNING id", [id, title]);
  return rows.length > 0;
}
