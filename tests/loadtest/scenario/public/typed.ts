import { randomUUID } from 'crypto';
import type { Ctx } from './types';
export async function makeUser(ctx: Ctx): Promise<void> { ctx.vars.user = { id: randomUUID() }; }
export const sign = async (req: any, ctx: any) => { req.headers['x-sig'] = '1'; };
export function notDone(ctx: any, next: any) { next(ctx.vars.state !== 'done'); }
export async function poll(ctx: any) { await new Promise(r => setTimeout(r, 10)); }
