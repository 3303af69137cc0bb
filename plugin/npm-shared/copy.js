'use strict';

// `node ../npm-shared/copy.js` in the folder of a package: its own copy of this folder, of the stylesheet and of the
// licence, so that what is packed is whole. Each file is replaced whole: several packings may be at work.

const { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } = require('fs');
const { basename, join } = require('path');

const REPOSITORY = join(__dirname, '..', '..');

function copy(file, target) {
  const unfinished = `${target}.${process.pid}.tmp`;
  writeFileSync(unfinished, readFileSync(file));
  renameSync(unfinished, target);
}

mkdirSync('shared', { recursive: true });
for (const name of readdirSync(__dirname)) {
  if (name !== basename(__filename)) copy(join(__dirname, name), join('shared', name));
}
copy(join(REPOSITORY, 'templates', 'enishi.css'), join('shared', 'enishi.css'));
copy(join(REPOSITORY, 'LICENSE'), 'LICENSE');
