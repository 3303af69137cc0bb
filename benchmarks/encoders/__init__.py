"""Encoders side by side: fitted on the blog, pretrained, distilled and trained, alone and together."""
