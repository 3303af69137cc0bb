"""`enishi review`: a page on this machine on which suggestions are worked off."""
