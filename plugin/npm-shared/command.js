'use strict';

const { spawn } = require('child_process');
const { resolve } = require('path');

const LAST_LINES = 20;

/** What is tried, in this order, where the settings name no command. */
function usualCommands(platform = process.platform) {
  const pythons = platform === 'win32' ? ['py', 'python'] : ['python3', 'python'];
  return [['enishi'], ...pythons.map(python => [python, '-m', 'enishi'])];
}

/** What is tried last: uv fetches the version that goes with this package, unless it has it already. */
function fallback() {
  return ['uvx', `enishi@${require('../package.json').version}`];
}

class NotFound extends Error {}

/**
 * Run the command or, without one, the first of the usual ones that exists.
 * @param {string[] | null} command
 * @param {string[]} args added to it
 * @param {object} options
 * @param {string} options.cwd
 * @param {string | Promise<string>} options.input may come later; until then, nothing here keeps this process alive
 * @param {string} [options.setting] the name of the setting that holds the command
 * @param {(child: import('child_process').ChildProcess, command: string[], isFallback: boolean) => void}
 *   [options.onStart]
 * @returns {Promise<string>} what it wrote to stderr
 * @throws NotFound if none exists, Error if it failed
 */
async function runFirst(command, args, options) {
  const commands = command ? [command] : [...usualCommands(), fallback()];
  const advice = 'Install it, for example with `pipx install enishi`' +
    (options.setting ? `, or say in the setting \`${options.setting}\` how it is started` : '');
  for (const one of commands) {
    const isFallback = !command && one === commands.at(-1);
    try {
      return await run(one, args, { ...options, isFallback });
    } catch (error) {
      if (!(error instanceof NotFound)) throw isFallback ? new Error(`${error.message}\n${advice}.`) : error;
    }
  }
  const tried = commands.map(one => `\`${one.join(' ')}\``).join(', ');
  throw new NotFound(`Enishi was not found (tried ${tried}). ${advice}.`);
}

function run(command, args, { cwd, input, onStart, isFallback }) {
  return new Promise((fulfil, reject) => {
    const [program, ...rest] = [...command, ...args];
    const child = spawn(locate(program, cwd), rest, {
      cwd,
      // Pipes on Windows would be in an old code page; and `-m` would look for modules in the blog's folder first
      env: { ...process.env, PYTHONUTF8: '1', PYTHONSAFEPATH: '1' },
      stdio: ['pipe', 'ignore', 'pipe'],
      windowsHide: true
    });
    if (onStart && child.pid) onStart(child, command, isFallback);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', text => { errors += text; });
    // A program that ends without reading breaks the pipe. Why it ended, `close` tells.
    child.stdin.on('error', () => {});
    if (typeof input === 'string') child.stdin.end(input);
    else endWith(child, input);
    // A missing program is told twice, by `error` and by `close`; the first one counts.
    child.on('error', error => reject(error.code === 'ENOENT' ? new NotFound(program) : error));
    child.on('close', (code, signal) => {
      if (code === 0) fulfil(errors);
      else if (isMissingModule(command, errors)) reject(new NotFound(command.join(' ')));
      else reject(new Error(failure(command, code, signal, errors)));
    });
  });
}

/** Gives its input to a command that has begun before it was known. */
async function endWith(child, input) {
  const handles = [child, child.stdin, child.stderr];
  for (const one of handles) one.unref();
  const text = await input;
  for (const one of handles) one.ref();
  child.stdin.end(text);
}

/** A path is meant from the site's folder, wherever the generator was started; a bare name is looked up in PATH. */
function locate(program, cwd) {
  return /[\\/]/.test(program) ? resolve(cwd, program) : program;
}

function isMissingModule(command, errors) {
  return command.includes('-m') && /No module named '?enishi'?\s*$/m.test(errors);
}

function failure(command, code, signal, errors) {
  const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
  const said = errors.trim().split('\n').slice(-LAST_LINES).join('\n');
  return `\`${command.join(' ')}\` ${how}${said ? `:\n${said}` : ''}`;
}

module.exports = { NotFound, runFirst, usualCommands };
