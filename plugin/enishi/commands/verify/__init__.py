"""`enishi verify`: a finished site, looked at from outside."""
