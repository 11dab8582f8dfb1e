module.exports = { setup, teardown, getAuthToken, cleanup, setHeaders, logResponse, saveId, browse };
function setup(c, e, done) { done(); }
function teardown(c,e,done){done();}
function getAuthToken(c,e,done){c.vars.authToken='x';done();}
function cleanup(c,e,done){done();}
function setHeaders(r,c,e,done){r.headers.x='1';done();}
function logResponse(r,s,c,e,done){done();}
function saveId(r,s,c,e,done){c.vars.itemId=1;done();}
async function browse(page){}
