# frozen_string_literal: true

require "fileutils"

# What the packages share is copied in a checkout; in a gem it is there
shared = { "templates/enishi.css" => "assets/enishi.css", "LICENSE" => "LICENSE" }
shared.transform_keys { |from| File.expand_path("../../#{from}", __dir__) }.each do |from, to|
  next unless File.file?(from)

  FileUtils.mkdir_p(File.dirname(File.expand_path(to, __dir__)))
  FileUtils.cp(from, File.expand_path(to, __dir__))
end

Gem::Specification.new do |spec|
  spec.name = "jekyll-enishi"
  spec.version = "0.1.0"
  spec.summary = "Related posts for Jekyll, found by Enishi in what the posts themselves say"
  spec.authors = ["The Enishi maintainers"]
  spec.homepage = "https://github.com/OWNER/enishi"
  spec.license = "Apache-2.0"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "assets/*", "README.md", "LICENSE"].sort }
  spec.required_ruby_version = ">= 2.7"
  spec.add_runtime_dependency "jekyll", ">= 4.2", "< 5"
  spec.metadata["rubygems_mfa_required"] = "true"
end
