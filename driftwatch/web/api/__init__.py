"""What programs ask: everything that the pages show and do, as JSON under `/api/v1`.

`routes` puts the parts together, `shapes` describe what they answer, and `document` is all of it as OpenAPI.
Answers are built by what builds them for the command line, and what is done is done by what does it for the
pages.
"""
