'use strict';

/** Of every package. Without `strict`, Enishi's failing stops a build where it has to: in CI. */
const DEFAULTS = { command: null, strict: null };

/**
 * What an author set, checked: what is not as it should be is told, and passed over.
 * @param {object} given as it was written
 * @param {object} more further settings with their defaults; true, false or null
 * @param {string} place what stands before a setting's name: `enishi.hexo.`
 * @param {(message: string) => void} warn
 */
function readSettings(given, more, place, warn) {
  const settings = { ...DEFAULTS, ...more };
  if (given != null && !isTable(given)) warn(`the setting \`${place.replace(/\.$/, '')}\` has to be a table`);
  for (const [name, value] of Object.entries(isTable(given) ? given : {})) {
    const problem = check(name, value, settings, place);
    if (problem) warn(problem);
    else if (value != null) settings[name] = value;
  }
  settings.command = words(settings.command);
  return settings;
}

function check(name, value, settings, place) {
  if (!Object.hasOwn(settings, name)) {
    return `there is no setting \`${place}${name}\`; there are: ${Object.keys(settings).join(', ')}`;
  }
  if (value == null) return '';
  if (name === 'command') {
    const list = words(value);
    return list && list.length > 0 ? '' : `\`${place}command\` has to be a command, or a list of its words`;
  }
  return typeof value === 'boolean' ? '' : `\`${place}${name}\` has to be true or false`;
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
