# frozen_string_literal: true

module Jekyll
  # Related posts: Jekyll hands its list of posts to Enishi, and Enishi's lists stand below the posts.
  module Enishi
    SETTINGS = { "command" => nil, "strict" => nil, "inject" => true, "stylesheet" => true }.freeze
    # Where a list goes in a post's content.  It is put there at the very end, so that no theme counts its words or
    # takes its heading into a table of contents.
    PLACE = "<enishi-related></enishi-related>"
    STYLESHEET = "assets/enishi.css"
    GEM = File.expand_path("../../..", __dir__)
    NOT_PUBLISHED = %w[enishi.toml .enishi].freeze

    # One for each site that this process builds.
    def self.of(site)
      @sites ||= {}.compare_by_identity
      @sites[site] ||= Plugin.new(site)
    end

    class Plugin
      include Filters::URLFilters # Jekyll's own rules for addresses

      def initialize(site)
        @site = site
        @context = Struct.new(:registers).new({ :site => site })
        @root = folder_of_settings
        @lists = Lists.new(@root)
        @told = []
        @paths = {}
        given = site.config["enishi"]
        @settings = given.is_a?(Hash) ? SETTINGS.merge(given) : SETTINGS
        (@settings.keys - SETTINGS.keys).each { |name| warn("there is no setting `enishi: #{name}`") }
      end

      # Neither is published, and that we write there is no reason to build again.
      def keep_out
        @site.exclude.concat(NOT_PUBLISHED - @site.exclude)
      end

      def update
        posts = @site.posts.docs.map { |doc| entry(doc) }
        @paths = @site.posts.docs.map(&:relative_path).zip(posts.map { |post| post["source"] }).to_h
        build(posts.sort_by { |post| post["source"] })
        @site.posts.docs.each { |doc| doc.data["enishi_related"] = @lists.entries(@paths[doc.relative_path]) }
        add_stylesheet if @settings["stylesheet"]
        name_other_lists
      end

      # The list of a page that a template knows by Jekyll's own path.
      def list(relative_path)
        path = @paths[relative_path]
        path ? @lists.html(path) : ""
      end

      # The list of the page that is being rendered, in its layout's own place.
      def list_in_layout(relative_path)
        @placed = relative_path
        list(relative_path)
      end

      def before_layouts(doc)
        @placed = nil
        doc.content += "\n#{PLACE}\n" if @settings["inject"] && !list(doc.relative_path).empty?
      end

      # What feeds and other pages show of the post stays free of its list.
      def after_layouts(doc)
        doc.content = doc.content.delete_suffix("\n#{PLACE}\n")
        html = list(doc.relative_path)
        return if html.empty?

        doc.output = doc.output.sub(PLACE) { @placed == doc.relative_path ? "" : html }
        doc.output = doc.output.sub("</head>") { "#{stylesheet_link}</head>" } if @settings["stylesheet"]
        @site.regenerator.add_dependency(doc.path, @lists.file(@paths[doc.relative_path])) # for --incremental
      end

      private

      # The folder that `enishi` is told about is that of _config.yml.
      def folder_of_settings
        names = %w[_config.yml _config.yaml _config.toml enishi.toml].map { |name| File.join(@site.source, name) }
        names.any? { |name| File.file?(name) } ? @site.source : Dir.pwd
      end

      def entry(doc)
        data = doc.data
        path = Pathname.new(doc.path).relative_path_from(Pathname.new(@root)).to_s
        given = {
          "source"     => path.scrub.unicode_normalize(:nfc),
          "url"        => relative_url(doc.url),
          "title"      => data["title"].to_s,
          "tags"       => Array(data["tags"]).map(&:to_s),
          "categories" => Array(data["categories"]).map(&:to_s),
          "published"  => doc.published? && !doc.draft?,
        }
        given["date"] = doc.date.iso8601 unless doc.draft? # whose date is that of its file
        given["lang"] = data["lang"] if data["lang"].is_a?(String)
        given
      end

      def build(posts)
        started = Time.now
        manifest = JSON.generate({ "version" => 1, "posts" => posts })
        command = Command.run(commands, ["build", @root, "--manifest", "-", "--quiet"], @root, manifest)
        @lists.load
        how = command.first == "uvx" && !@settings["command"] ? " with `uvx enishi`" : ""
        Jekyll.logger.info "Enishi:", "related posts are up to date#{how} (#{(Time.now - started).round(1)} s)"
      rescue Command::Missing, Command::Failed, JSON::GeneratorError => e
        raise Errors::FatalException, "Enishi: #{e.message}" if strict?

        keep_last(e.message)
      end

      def keep_last(reason)
        @lists.load unless @lists.any?
        warn("#{reason}\nThe lists are those of the last time.")
      rescue Command::Failed
        warn("#{reason}\nThere are no lists of related posts.")
      end

      # The same failure at each save under `jekyll serve` is no news.
      def warn(message)
        Jekyll.logger.warn "Enishi:", message unless @told.include?(message)
        @told << message
      end

      def strict?
        @settings["strict"].nil? ? !["", "false", "0"].include?(ENV["CI"].to_s) : @settings["strict"]
      end

      def commands
        given = @settings["command"]
        given ? [given.is_a?(String) ? given.split : given.map(&:to_s)] : Command::USUAL
      end

      def name_other_lists
        @site.layouts.each_value do |layout|
          next unless layout.content.include?("site.related_posts")

          warn("#{layout.relative_path} shows `site.related_posts`, a list of its own. Delete one of the two.")
        end
      end

      def add_stylesheet
        return if @site.static_files.any? { |file| file.relative_path.delete_prefix("/") == STYLESHEET }

        @site.static_files << StaticFile.new(@site, GEM, *File.split(STYLESHEET))
      end

      def stylesheet_link
        %(<link rel="stylesheet" href="#{relative_url(STYLESHEET)}">)
      end
    end

    class Generator < Jekyll::Generator
      priority :lowest

      def generate(site)
        Enishi.of(site).update
      end
    end

    # `{% enishi %}`: the list in the layout's own place.
    class Tag < Liquid::Tag
      def render(context)
        path = context.registers[:page]&.[]("relative_path")
        Enishi.of(context.registers[:site]).list_in_layout(path)
      end
    end

    Liquid::Template.register_tag("enishi", Tag)
    Hooks.register(:site, :after_reset) { |site| Enishi.of(site).keep_out }
    Hooks.register(:posts, :post_convert) { |doc| Enishi.of(doc.site).before_layouts(doc) }
    Hooks.register(:posts, :post_render) { |doc| Enishi.of(doc.site).after_layouts(doc) }
  end
end
