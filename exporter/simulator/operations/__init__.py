"""The operations: for each a function and a row of a table, a file per component of the API.

Every function takes the world, which it may change, and the call, and returns the answer; its
docstring names the operation and what is not plain from the API's document.
"""
