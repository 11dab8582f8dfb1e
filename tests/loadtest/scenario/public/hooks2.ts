import { randomUUID } from 'node:crypto';
type Ctx = { vars: Record<string, unknown> };
export async function createUser(context: Ctx) { context.vars.email = `${randomUUID()}@example.com`; }
export const sign = async (req: any, context: Ctx) => { req.headers = { ...req.headers, 'x-id': String(context.vars.email) }; };
export function check(req: unknown, res: { statusCode: number }, _c: Ctx, _e: unknown, done: () => void) { done(); }
