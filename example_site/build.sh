#!/bin/sh
# The finished example blog: install Hexo and the plugin, build with the real Enishi, check every link.
# Needs Node 20.19 or newer, and `enishi` (in PATH, or as `python3 -m enishi`).
set -eu
cd "$(dirname "$0")"
[ -d node_modules/hexo ] || npm ci --no-audit --no-fund --loglevel=error
npx hexo generate >/dev/null # warnings and errors still show
node check-links.js
echo "The blog is in $(pwd)/public. To read it: cd $(pwd) && npx hexo server, then open http://localhost:4000/"
