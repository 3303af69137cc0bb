'use strict';

// The plugin's settings stand in Hexo's _config.yml under `enishi: hexo:`. All other settings below `enishi:` are
// read by Enishi itself.

const DEFAULTS = { command: null, inject: false, stylesheet: null, strict: false };

/**
 * @param {object} config Hexo's own settings
 * @param {(message: string) => void} warn told once for each setting that is not what it should be
 */
function readSettings(config, warn) {
  const given = isTable(config.enishi) ? config.enishi.hexo : undefined;
  if (given != null && !isTable(given)) warn('the setting `enishi.hexo` has to be a table');
  const settings = { ...DEFAULTS };
  for (const [name, value] of Object.entries(isTable(given) ? given : {})) {
    const problem = check(name, value);
    if (problem) warn(problem);
    else if (value != null) settings[name] = value;
  }
  settings.command = words(settings.command);
  // Whoever lets us add the list has no styles for it.
  if (settings.stylesheet === null) settings.stylesheet = settings.inject;
  return settings;
}

function check(name, value) {
  if (!Object.hasOwn(DEFAULTS, name)) {
    return `there is no setting \`enishi.hexo.${name}\`; there are: ${Object.keys(DEFAULTS).join(', ')}`;
  }
  if (value == null) return '';
  if (name === 'command') {
    const list = words(value);
    return list && list.length > 0 ? '' : '`enishi.hexo.command` has to be a command, or a list of its words';
  }
  return typeof value === 'boolean' ? '' : `\`enishi.hexo.${name}\` has to be true or false`;
}

/** `uvx enishi` as text is split at blanks; a path that holds blanks has to come as a list. */
function words(command) {
  if (typeof command === 'string') return command.split(/\s+/).filter(Boolean);
  const isList = Array.isArray(command) && command.every(word => ['string', 'number'].includes(typeof word));
  return isList ? command.map(String) : null;
}

function isTable(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

module.exports = { readSettings };
