"""`enishi report`: what a blog is about, what is untidy in it, and what to do next.

analysis.py    the last build with the posts that it was made from
map.py         vectors -> places on a map
trends.py      posts, topics and tags over the years
links.py       what links to what, what no list shows, near-duplicates
tags.py        tags to tidy up, and tags that are missing
next_steps.py  what to do, what helps most readers first
run.py         all of these as the values of one JSON document
"""
