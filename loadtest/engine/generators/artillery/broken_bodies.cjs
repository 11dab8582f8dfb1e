'use strict';

// A compressed body that ends too early, or is not compressed at all, would end Artillery: it unpacks each answer a
// second time, beside its HTTP client (`decompressResponse` in core/engine_http.js of 2.0.34), and nobody listens to what
// comes out. Node ends a process if nobody takes an error. The client unpacks the same body, and its error is that of the
// request: it fails one visitor, and is recorded as any other.

const zlib = require('node:zlib');

const UNPACKERS = ['createUnzip', 'createBrotliDecompress'];

// Lets somebody listen, whoever unpacks: the client and Artillery ask Node's module each time.
function listenToBodies() {
  for (const name of UNPACKERS) {
    const create = zlib[name];
    Object.defineProperty(zlib, name, {
      ...Object.getOwnPropertyDescriptor(zlib, name),
      value: (...given) => {
        const unpacking = create(...given);
        unpacking.prependOnceListener('error', () => listenBehind(unpacking));
        return unpacking;
      }
    });
  }
}

// What it is piped into is destroyed next, and passes the error on.
function listenBehind(unpacking) {
  for (const one of unpacking._readableState?.pipes ?? []) one.on('error', () => {});
}

module.exports = { listenToBodies };
