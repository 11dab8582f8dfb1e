"""The HTML page of a report.

- `page` is the whole, put together from `tables` and `plots`; `page_links` are its languages.
- figures: `figures` computes what they show, `charts` and `host_plot` draw it by `svg`.
"""
