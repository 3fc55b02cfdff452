"""Pages for people on call: what is wrong, since when, who was told, and what to do about it.

`site` puts them together and `server` serves them. Every page is built on the server from the store and works
without JavaScript; what a person does is a form.
"""
