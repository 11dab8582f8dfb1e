"""The command line of the load test: one module per command, put together in `main`.

Shared options are declared once: `load_options` and `load_request` (the load), `judged_load`,
`series_options`, `fargate_options`, `options`, `optional_value`. `output` prints tables and JSON,
`change_points` one of `history`'s, and `tools` is the only module that knows where tools are installed.
"""
