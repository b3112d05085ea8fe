import type { RequestListener } from "node:http";
import { USERS } from "./seed.ts";

/** The other service: `GET /users?id=u1&id=u2`. */
export const usersService: RequestListener = (req, res) => {
  const { searchParams } = new URL(req.url ?? "/", "http://localhost");
  const known = Array.from({ length: USERS }, (_, i) => ({ id: `u${i}`, name: `User u${i}` }));
  const asked = searchParams.getAll("id");
  res.setHeader("content-type", "application/json");
  res.end(JSON.stringify(known.filter(({ id }) => asked.includes(id))));
};
