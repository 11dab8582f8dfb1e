const faker = require('@faker-js/faker-nowhere');
const helpers = require('./helpers');
const fs = require('fs');
const users = JSON.parse(fs.readFileSync('./load/users.json', 'utf8'));

exports.pick = (context, events, done) => {
  const lazy = () => require('never-asked-for');
  // require('./commented-out')
  context.vars.user = users[0];
  return done();
};
