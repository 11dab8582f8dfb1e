import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Vars } from './types.js';

export const config = { target: 'http://ignored.example' };

export async function prepare(context: { vars: Vars }): Promise<void> {
  const words: string[] = JSON.parse(readFileSync(path.join(__dirname, '../words.json'), 'utf8'));
  context.vars.word = words[0];
}
