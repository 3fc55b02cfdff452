"""Pictures as data: what is drawn goes in as frozen values, a Vega-Lite specification comes out.

`values` has what goes in, `over_time`, `both_sides` and `many_columns` have one function for each picture.
Every picture says what it shows in a sentence, and has the same numbers as a table. Nothing here draws: a
browser does (see `driftwatch/web/static/charts.js`), or `driftwatch.jobs.pictures`.

*Why a frame is made once:* making one with Altair takes some 70 ms, most of it for checking it against the
schema of Vega-Lite, and it is the same whatever the numbers are.
"""
