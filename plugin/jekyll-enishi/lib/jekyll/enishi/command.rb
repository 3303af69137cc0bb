# frozen_string_literal: true

require "open3"

module Jekyll
  module Enishi
    # Starts the program: the first of the commands that there is.
    module Command
      class Missing < StandardError; end
      class Failed < StandardError; end

      USUAL = [%w[enishi], %w[python3 -m enishi], %w[python -m enishi], %w[uvx enishi]].freeze
      # `-m` would look for modules in the blog's folder first; pipes on Windows would be in an old code page
      ENVIRONMENT = { "PYTHONUTF8" => "1", "PYTHONSAFEPATH" => "1" }.freeze
      LAST_LINES = 20

      # Returns the command that ran.
      def self.run(commands, arguments, folder, input)
        commands.find { |command| start(command, arguments, folder, input) } || raise(
          Missing, "Enishi was not found (tried #{commands.map { |words| "`#{words.join(" ")}`" }.join(", ")}). " \
                   "Install it, for example with `pipx install enishi`, or say in _config.yml how to start it: " \
                   "`enishi: {command: [uvx, enishi]}`."
        )
      end

      # Whether there is such a command; it is started without a shell.
      def self.start(command, arguments, folder, input)
        program, *rest = command
        program = File.expand_path(program, folder) if program.include?("/")
        _, said, status = Open3.capture3(
          ENVIRONMENT, [program, program], *rest, *arguments, :stdin_data => input, :chdir => folder
        )
        return true if status.success?
        return false if rest.first == "-m" && said.match?(/No module named '?enishi'?\s*\z/)

        said = said.strip.lines.last(LAST_LINES).join
        raise Failed, "`#{command.join(" ")}` failed (#{status.to_s.sub(/\Apid \d+ /, "")}):\n#{said}"
      rescue Errno::ENOENT, Errno::EACCES
        false
      end
      private_class_method :start
    end
  end
end
