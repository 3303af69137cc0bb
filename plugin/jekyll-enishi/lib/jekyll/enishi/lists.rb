# frozen_string_literal: true

require "json"

module Jekyll
  module Enishi
    # What Enishi wrote last, as it lies in `.enishi/`.
    class Lists
      VERSION = 1
      SHARDED = 2 # of a related.json that only names the files of its posts
      SHARD = %r!\Arelated/[0-9a-f]{2}\.json\z!.freeze
      PARTIAL = /\A[0-9a-f]{32}\.html\z/.freeze

      def initialize(root)
        @folder = File.join(root, ".enishi")
        @posts = {}
      end

      def load
        index = read("related.json")
        files = index["version"] == SHARDED ? index["shards"].grep(SHARD).map { |name| read(name) } : [index]
        unless files.all? { |file| file["version"] == VERSION }
          raise Command::Failed, ".enishi/related.json is of another version"
        end

        @posts = files.map { |file| file["posts"] }.reduce({}, :merge!)
      rescue Errno::ENOENT
        raise Command::Failed, "there is no .enishi/related.json"
      rescue JSON::ParserError
        raise Command::Failed, ".enishi/related.json is broken"
      end

      def any?
        @posts.any?
      end

      # The entries of related.json for the post at a path from the site's folder.
      def entries(path)
        @posts.dig(path, "related") || []
      end

      # The file of the finished list of that post; nil if there is none.
      def file(path)
        name = @posts.dig(path, "partial")
        File.join(@folder, "partials", name) if name&.match?(PARTIAL)
      end

      def html(path)
        found = file(path)
        found ? File.read(found, :encoding => "UTF-8") : ""
      rescue Errno::ENOENT
        "" # taken away by hand
      end

      private

      def read(name)
        JSON.parse(File.read(File.join(@folder, name), :encoding => "UTF-8"))
      end
    end
  end
end
