"""What `heard` costs beside other ways to read a message: `python -m bench`, from the root.

texts <- prepare, peers, inside, limits, memory <- worker <- processes <- parts, cold
<- page, plot.
"""
