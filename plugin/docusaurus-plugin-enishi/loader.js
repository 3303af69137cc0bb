'use strict';

/** Lets a compiled post export the data of its list, so that both come and go together. */
module.exports = function exportRelated(source) {
  const data = this.getOptions().moduleOf(this.resourcePath);
  return `${source}\nexport { default as enishi } from ${JSON.stringify(data)};\n`;
};
