export interface Vars {
  word?: string;
  [name: string]: unknown;
}
