# frozen_string_literal: true

require "jekyll"
require "jekyll/enishi/command"
require "jekyll/enishi/lists"
require "jekyll/enishi/plugin"
