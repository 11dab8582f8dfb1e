exports.sign = async function (requestParams, context) {
  context.vars.signature = requestParams.url.length;
};
