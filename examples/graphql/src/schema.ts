import type { LoaderCalls, Tickpiped } from "@tickpipe/core";
import { buildSchema, type GraphQLSchema } from "graphql";
import type { Redis } from "ioredis";
import type { User } from "./users.ts";

export const schema: GraphQLSchema = buildSchema(`
  type Query {
    posts(first: Int! = 10): [Post!]!
  }
  type Post {
    id: ID!
    title: String!
    likes: Int!
    author: User
    comments(first: Int! = 3): [Comment!]!
  }
  type Comment {
    text: String!
    author: User
  }
  type User {
    id: ID!
    name: String!
  }
`);

/** What each resolver is given of its request. */
export interface Context {
  readonly redis: Tickpiped<Redis>;
  readonly users: LoaderCalls<string, User | null>;
}

const MOST = 100;

// Each resolver asks for its own field, as if it were alone: what those of one level ask leaves as one write.
class Post {
  readonly id: string;
  readonly title: string;
  readonly #authorId: string;

  constructor(id: string, { title = "", author = "" }: Record<string, string>) {
    this.id = id;
    this.title = title;
    this.#authorId = author;
  }

  likes(_args: object, { redis }: Context): Promise<number> {
    return redis.scard(`likes:${this.id}`);
  }

  author(_args: object, { users }: Context): Promise<User | null> {
    return users.load(this.#authorId);
  }

  async comments({ first }: { first: number }, { redis }: Context): Promise<Comment[]> {
    const texts = await redis.lrange(`comments:${this.id}`, 0, Math.min(first, MOST) - 1);
    return texts.map((text) => new Comment(JSON.parse(text)));
  }
}

class Comment {
  readonly text: string;
  readonly #authorId: string;

  constructor({ text, author }: { text: string; author: string }) {
    this.text = text;
    this.#authorId = author;
  }

  author(_args: object, { users }: Context): Promise<User | null> {
    return users.load(this.#authorId);
  }
}

export const root = {
  async posts({ first }: { first: number }, { redis }: Context): Promise<Post[]> {
    const ids = await redis.lrange("posts", 0, Math.min(first, MOST) - 1);
    return Promise.all(ids.map(async (id) => new Post(id, await redis.hgetall(`post:${id}`))));
  },
} as const;
