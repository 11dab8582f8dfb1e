const crypto = require('crypto');
const path = require('node:path');
const words = require('./words');
const { sign } = require('./lib');

module.exports = { setHeader, makeUser, logError, more, sign, isMember };

function makeUser(context, events, done) {
  context.vars.email = `${crypto.randomUUID()}@example.com`;
  context.vars.word = words[0];
  return done();
}

function setHeader(requestParams, context, ee, next) {
  requestParams.headers = { ...requestParams.headers, 'x-request-id': crypto.randomUUID() };
  return next();
}

function logError(error, requestParams, context, ee, next) {
  console.log(path.basename(__filename), error.message);
  return next();
}

function more(context, next) {
  context.vars.page = (context.vars.page ?? 0) + 1;
  return next(context.vars.page < 3);
}

function isMember(vars) {
  return vars.word === 'rock';
}
