/* global hexo */
'use strict';

// Hexo runs this file once, with itself as `hexo`. Everything is in lib/, and takes what it needs as arguments.
require('./lib/plugin')(hexo);
