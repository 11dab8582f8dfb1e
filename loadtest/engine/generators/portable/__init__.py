"""A script as plain steps and planned visitors, for generators that need a program of their own.

- `translation` makes `steps` of a script, or says by `support` why not; `texts` are what is filled in,
  `extraction` what is taken from answers, by `expressions` of JavaScript; `unrolled` has no loops left.
- `visitors` are who arrives when, with which values.
- `javascript_numbers` goes to the generators as it is.
"""
