"""Labels that persons give: out to a spreadsheet or Label Studio, and back as messages."""
