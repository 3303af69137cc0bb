"""How much longer `hexo generate` takes with the plugin."""
