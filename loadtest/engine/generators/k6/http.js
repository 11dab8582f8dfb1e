// Redirects, and the names of what went wrong.

// k6's codes (lib/netext/httpext/error_codes.go) as the names that Node has for the same: one table
// classifies requests, whichever generator sent them (`loadtest/outcomes.py`).
const CODES = {
  1050: 'ETIMEDOUT', // the request's time limit
  1100: 'ENOTFOUND',
  1101: 'ENOTFOUND',
  1201: 'EPIPE',
  1211: 'ETIMEDOUT', // while connecting
  1212: 'ECONNREFUSED',
  1220: 'ECONNRESET'
};

// k6 has a code for statuses from 400 on too, 1400 and more: those are answers.
export function errorCode({ error_code: code, error }) {
  if (!code || (code >= 1400 && code < 1600)) return null;
  if (CODES[code] !== undefined) return CODES[code];
  if (/timeout|deadline exceeded/i.test(error)) return 'ETIMEDOUT';
  if (/connection reset|\bEOF\b|server closed/i.test(error)) return 'ECONNRESET';
  if (/connection refused/i.test(error)) return 'ECONNREFUSED';
  if (/broken pipe/i.test(error)) return 'EPIPE';
  return code >= 1300 && code < 1400 ? 'EPROTO' : error || `k6 error ${code}`;
}

const REDIRECTS = [300, 301, 302, 303, 304, 307, 308];
const PARTS = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?([^?#]*)/i;

export const isRedirect = (status) => status >= 300 && REDIRECTS.includes(status);

// The request that follows a redirect; null if the answer does not say to where. As in got, Artillery's HTTP
// client, it is the same one, with its body; only 303 makes a GET of it.
export function location(request, status, headers) {
  const to = headers.Location;
  if (!to) return null;
  const url = resolve(request.url, to);
  if (status !== 303 || request.method === 'HEAD') return { ...request, url };
  const kept = Object.entries(request.headers).filter(([name]) => !name.startsWith('content-'));
  return { ...request, url, method: 'GET', body: null, headers: Object.fromEntries(kept) };
}

// Scheme, authority, path and query; what follows `#` is not sent.
const REFERENCE = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?/i;

// Where a redirect leads, written as Node's URL writes it, which k6 does not have: a percent sign that encodes
// nothing stays as it is. `toolchain/k6/user/redirect.go` has the same.
function resolve(base, to) {
  const [, given, host, way, asked = ''] = REFERENCE.exec(plain(to));
  const [, ownScheme, ownHost, ownPath, ownQuery = ''] = REFERENCE.exec(base);
  if (given !== undefined && !/^https?$/i.test(given)) return to;
  let path = way;
  let query = asked;
  if (!host) {
    if (path === '' && query === '') query = ownQuery;
    if (path === '') path = ownPath;
    else if (!path.startsWith('/')) path = ownPath.slice(0, ownPath.lastIndexOf('/') + 1) + path;
  }
  const scheme = (given ?? ownScheme).toLowerCase();
  const where = climbed(path).replace(/[^\x21-\x7e]+|["<>^`{}]/g, encodeURIComponent);
  return `${scheme}://${host || ownHost}${where}${query.replace(/[^\x21-\x7e]+|["<>']/g, encoded)}`;
}

// encodeURIComponent leaves the apostrophe.
const encoded = (text) => encodeURIComponent(text).replaceAll("'", '%27');

// Without blanks around it; a backslash before the query is a slash.
function plain(to) {
  const text = to.replaceAll('\t', '').trim();
  const end = text.search(/[?#]/);
  const start = end < 0 ? text : text.slice(0, end);
  return start.replaceAll('\\', '/') + text.slice(start.length);
}

// A path from the root on, without its steps `.` and `..`.
function climbed(path) {
  const kept = [];
  const steps = path.replace(/^\//, '').split('/');
  steps.forEach((step, at) => {
    const read = step.replace(/%2e/gi, '.');
    if (read !== '.' && read !== '..') kept.push(step);
    else {
      if (read === '..') kept.pop();
      if (at === steps.length - 1) kept.push(''); // of `/a/..` the slash stays
    }
  });
  return `/${kept.join('/')}`;
}

// Any of the usual ports: a stack may redirect from HTTP to HTTPS.
export function sameHost(url, target) {
  const [, scheme, host, port] = PARTS.exec(url) ?? [];
  const [, targetScheme, targetHost, targetPort] = PARTS.exec(target);
  const usual = { http: 80, https: 443 };
  const own = [Number(targetPort) || usual[targetScheme.toLowerCase()], 80, 443];
  const used = Number(port) || usual[(scheme ?? '').toLowerCase()];
  return host !== undefined && host.toLowerCase() === targetHost.toLowerCase() && own.includes(used);
}
