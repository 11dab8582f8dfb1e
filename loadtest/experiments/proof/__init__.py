"""The proof: every experiment's outcome, predicted beside measured, on one page.

- `assemble` makes an entry of an experiment's directory; `models` has the whole, `history` older proofs.
- `write` writes all forms: `page` with the `rows` of its table and the `axis` of each experiment; `card`,
  `markdown`, `junit`, `terminal`; `excerpt` for the report on the loads.
"""
