// Lets go of visitors who have left, so that V8's collections of the young generation have little to copy.
//
// V8 allocates a function in the old generation if it is written where a property is assigned, `x.f = () => ...`
// (13.6: CheckAssigningFunctionLiteralToProperty in parsing/parser.h), until TurboFan has optimized the code
// around it; and so it does with the accessors of a property (Factory::NewAccessorPair). Such a function keeps
// all that it closes over, even after everybody else has let go of it, because a collection of the young
// generation takes everything old for alive. For each request that was the request, its answer and its visitor:
// 50 kB a visitor, copied twice, in pauses that are part of what the others' requests take
// (docs/adr/0088-artillery-lets-go-of-visitors.md).
//
// Three places do that for each request, and all of them have to be mended, for each keeps the same visitor:
//   got        as-promise/index.js assigns five functions to its promise     -> read with `own = ` before each
//   p-cancelable  defines accessors that close over the request              -> read with accessors of the class
//   Node       WritableState, in each stream that can be written to          -> optimized before the load
// The files on disk stay as they are. What is not as it is known is left alone.

const fs = require('node:fs');
const module_ = require('node:module');
const net = require('node:net');
const { Duplex, Writable } = require('node:stream');

const EDITS = {
  'got/dist/source/as-promise/index.js': [
    [/const emitter = new EventEmitter\(\);/, '$&\n    let own;'],
    [/^( +promise\.\w+ = )(?=\(|function\b)/gm, '$1own = ']
  ],
  'p-cancelable/index.js': [
    [
      /^export default class PCancelable \{/m,
      `$&
	static #shouldReject = {
		get() {
			return this.owner.#rejectOnCancel;
		},
		set(boolean) {
			this.owner.#rejectOnCancel = boolean;
		},
	};
`
    ],
    [
      /Object\.defineProperties\(onCancel, \{\s+shouldReject: \{\s+get: \(\) => this\.#rejectOnCancel,\s+set: boolean => \{\s+this\.#rejectOnCancel = boolean;\s+\},\s+\},\s+\}\);/,
      `Object.defineProperty(onCancel, 'owner', {value: this});
			Object.defineProperty(onCancel, 'shouldReject', PCancelable.#shouldReject);`
    ]
  ]
};

// The source with all edits of a file, or null if one of them does not apply.
function edited(file, source) {
  let text = source;
  for (const [known, instead] of EDITS[file]) {
    const before = text;
    text = text.replace(known, instead);
    if (text === before) return null;
  }
  return text;
}

// Loads got, for whoever imports it later, with the edits. Returns the files that are not as they are known.
function loadGot(from) {
  const left = new Set(Object.keys(EDITS));
  const hooks = module_.registerHooks({
    load(url, context, next) {
      const found = next(url, context);
      const file = [...left].find((one) => url.endsWith(`/node_modules/${one}`));
      if (!file || found.source === null || found.source === undefined) return found;
      const source = edited(file, Buffer.from(found.source).toString());
      if (source === null) return found;
      left.delete(file);
      return { ...found, source };
    }
  });
  try {
    module_.createRequire(from)('got');
  } finally {
    hooks.deregister();
  }
  return [...left];
}

const STREAMS = 20000; // TurboFan compiles what was called 3,000 times, once Maglev has
const ALIKE = 8; // more shapes of objects than the four that V8's code tells apart, so that no other is a surprise

// Has TurboFan optimize WritableState, for streams and options of any kind and values of any kind.
function optimizeStreams() {
  const options = [
    () => ({ autoDestroy: false, highWaterMark: 0 }), // as got's
    () => ({ highWaterMark: 0, autoDestroy: false }),
    () => ({ emitClose: false, autoDestroy: true }),
    () => ({ allowHalfOpen: true, emitClose: false }),
    () => ({ decodeStrings: false }),
    () => ({ __proto__: null, autoDestroy: false }),
    () => ({ objectMode: false, defaultEncoding: 'utf8' }),
    () => undefined
  ];
  const kinds = options.map((_, number) => {
    const kind = class extends Duplex {};
    kind.prototype[`kind${number}`] = number;
    return kind;
  });
  for (const Kind of kinds) for (const made of options) alter(new Kind(made()));
  for (let number = 0; number < STREAMS; number++) {
    const made = options[Math.floor(number / ALIKE) % ALIKE];
    const Kind = kinds[number % ALIKE];
    new Kind(made());
    if (number % ALIKE === 0) new net.Socket({});
    if (number % ALIKE === 1) new Writable(made());
  }
}

// Code that V8 optimized while all values of a field were alike is thrown away when one is not.
function alter({ _writableState: state }) {
  for (const key of Reflect.ownKeys(state)) {
    const value = state[key];
    state[key] = typeof value === 'number' ? value + 1 : {};
    state[key] = value;
  }
}

// Returns what could not be mended, or an empty text; `from` is a file of Artillery's.
function letGo(from) {
  if (!module_.registerHooks) return `Node ${process.version} cannot edit modules as it loads them`;
  const left = loadGot(fs.realpathSync(from));
  if (left.length > 0) return `not as they are known: ${left.join(', ')}`;
  optimizeStreams();
  return '';
}

module.exports = { letGo };
