'use strict';
module.exports = { pickUser, logDone, sign, logHeaders, notReady };
function pickUser(context, events, done) { context.vars.userId = Math.ceil(Math.random() * 100); return done(); }
function logDone(context, ee, next) { ee.emit('counter', 'done', 1); next(); }
function sign(requestParams, context, ee, next) { requestParams.headers['x-sig'] = Date.now().toString(36); return next(); }
function logHeaders(req, res, context, ee, next) { console.log(res.headers); next(); }
function notReady(context, next) { next(context.vars.state !== 'done'); }
